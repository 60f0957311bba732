// A small State Backed server on XState itself, in memory, that can be told to be wrong in one way at a time.

import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { decodeProtectedHeader, jwtVerify } from "jose";
import { getInitialSnapshot, getNextSnapshot } from "xstate";

/** The ways to be wrong. */
export type Fault =
  | "duplicate-accepted"
  | "duplicate-race"
  | "private-context-shown"
  | "context-replaced"
  | "ts-as-text"
  | "ts-backwards"
  | "wrong-content-type"
  | "redirects"
  | "unknown-is-400"
  | "lost-update"
  | "any-signature"
  | "expired-accepted"
  | "reads-unguarded"
  | "refusal-stored"
  | "page-repeats"
  | "page-shifts"
  | "never-done"
  | "history-incomplete"
  | "current-ignored"
  | "hangs-up"
  | "body-unchecked"
  | "extra-refused"
  | "codes-of-its-own"
  | "created-with-body"
  | "pause-ignored"
  | "hmac-ignored"
  | "deleted-with-instances"
  | "deleted-readable"
  | "remade-remembers";

export const fakeCredentials = { orgId: "org_fake", keyId: "sbk_fake", secretKey: "sbsec_fake" };

// biome-ignore lint/suspicious/noExplicitAny: code that comes from outside
type Loaded = { default: any; allowRead: (request: object) => unknown; allowWrite: (request: object) => unknown };
interface Version {
  id: string;
  clientInfo: string;
  module: Loaded;
}
interface Instance {
  slug: string;
  version: Version;
  // biome-ignore lint/suspicious/noExplicitAny: XState 4's or 5's
  snapshot: any;
  ts: number;
  status: "running" | "paused";
  history: { createdAt: string; state: unknown; event: object }[];
}
interface Machine {
  slug: string;
  indexes: string[];
  current?: Version;
  versions: Version[];
  instances: Instance[];
}
interface Reply {
  status: number;
  body?: unknown;
  allow?: string;
}

const createdAt = "2026-01-05T09:00:00.000Z";
const pageSize = 50;

/** Refuses with an error of the API. */
class Refusal extends Error {
  readonly reply: Reply;
  constructor(status: number, code: string, parameter?: string) {
    super(code);
    this.reply = { status, body: { error: `refused: ${code}`, code, ...(parameter ? { parameter } : {}) } };
  }
}

export async function startFake(fault?: Fault): Promise<{ url: string; close: () => Promise<void> }> {
  const service = new FakeService(fault);
  const server: Server = createServer((request, response) => void service.serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  service.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: service.url,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

class FakeService {
  url = "";
  readonly #fault: Fault | undefined;
  readonly #machines = new Map<string, Machine>();
  readonly #uploads = new Map<string, Buffer>();
  /** Histories of deleted instances, which nobody should see again. */
  readonly #graves = new Map<string, Instance["history"]>();
  #ids = 0;
  #now = 1767607200000;

  constructor(fault: Fault | undefined) {
    this.#fault = fault;
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const bytes = Buffer.concat(await request.toArray());
    const url = new URL((request.url ?? "/").replace(/^\/+/, "/"), this.url);
    let reply: Reply;
    try {
      reply = await this.#answer(request, url, bytes);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      reply = error.reply;
    }
    if (this.#fault === "hangs-up" && request.method === "POST" && url.pathname.endsWith("/events")) {
      response.destroy();
      return;
    }
    const isVoid = reply.body === undefined && this.#fault !== "created-with-body";
    const type = this.#fault === "wrong-content-type" && reply.status === 200 ? "text/html" : "application/json";
    if (!isVoid) response.setHeader("content-type", type);
    if (reply.allow) response.setHeader("allow", reply.allow);
    const isMoved = this.#fault === "redirects" && request.method === "GET" && reply.status === 200;
    response.writeHead(isMoved ? 302 : reply.status).end(isVoid ? undefined : JSON.stringify(reply.body ?? {}));
  }

  async #answer(request: IncomingMessage, url: URL, bytes: Buffer): Promise<Reply> {
    const [, head = "", slug = "", part = "", name = "", last = ""] = url.pathname.split("/").map(decodeURIComponent);
    if (head === "uploads") return this.#upload(request, bytes);
    if (head !== "machines") throw new Refusal(404, "not-found");
    if (request.method === "PATCH") return { ...new Refusal(405, "method-not-allowed").reply, allow: "GET, POST" };
    const act = await this.#authenticate(request);
    const body = bytes.length === 0 ? {} : this.#parse(bytes, request.headers["content-type"] ?? "");
    const isPost = request.method === "POST";
    const isDelete = request.method === "DELETE";
    if (slug === "") return isPost ? this.#createMachine(body) : this.#listMachines(url);
    const machine = this.#machines.get(slug);
    if (!machine) throw this.#missing();
    if (part === "" && isDelete) return this.#deleteMachine(machine, body);
    if (part === "") return isPost ? this.#createInstance(machine, body, act) : this.#machineInfo(machine);
    if (part === "v") {
      if (request.method === "PUT") return this.#finalize(machine, name, body);
      return isPost ? this.#provisional() : { status: 200, body: { versions: machine.versions.map(info) } };
    }
    if (name === "")
      return this.#page(machine.instances, url, "instances", ({ slug, version }) => ({
        slug,
        createdAt,
        status: "running",
        machineVersion: info(version),
      }));
    const instance = machine.instances.find((one) => one.slug === name);
    if (!instance) throw this.#missing();
    if (isDelete) return this.#deleteInstance(machine, instance, body);
    if (last === "status") return this.#setStatus(instance, body);
    if (last === "admin") return this.#admin(instance);
    if (last === "events") return isPost ? this.#sendEvent(instance, body, act) : this.#history(instance, url);
    return this.#read(instance, act);
  }

  #missing(): Refusal {
    return this.#fault === "unknown-is-400" ? new Refusal(400, "invalid-parameter") : new Refusal(404, "not-found");
  }

  async #authenticate({ headers }: IncomingMessage): Promise<{ sub?: string }> {
    if (headers["x-statebacked-org-id"] !== undefined) throw new Refusal(403, "missing-org");
    const token = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
    try {
      const { kid } = decodeProtectedHeader(token);
      if (kid !== fakeCredentials.keyId) throw new Error("unknown key");
      const payload =
        this.#fault === "any-signature"
          ? JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString())
          : (await jwtVerify(token, Buffer.from(fakeCredentials.secretKey), this.#tolerance())).payload;
      return { ...(payload.sub === undefined ? {} : { sub: payload.sub }), ...payload.act };
    } catch {
      throw new Refusal(403, "missing-user");
    }
  }

  #tolerance() {
    return { audience: "https://api.statebacked.dev/", clockTolerance: this.#fault === "expired-accepted" ? 3600 : 5 };
  }

  #parse(bytes: Buffer, type: string): { [name: string]: unknown } {
    if (type !== "application/json") throw new Refusal(415, "unsupported-media-type");
    try {
      const body: unknown = JSON.parse(bytes.toString());
      if (typeof body === "object" && body !== null) return body as { [name: string]: unknown };
    } catch {
      // told below
    }
    throw new Refusal(400, "invalid-parameter", "body");
  }

  #requireName(body: { [name: string]: unknown }, known: string[]): string {
    const { slug } = body;
    if (this.#fault === "extra-refused" && Object.keys(body).some((name) => !known.includes(name))) {
      throw new Refusal(400, "invalid-parameter");
    }
    if (typeof slug === "string" && /^[\w-]{1,128}$/.test(slug)) return slug;
    throw new Refusal(400, "invalid-parameter", "slug");
  }

  #createMachine(body: { [name: string]: unknown }): Reply {
    const slug = this.#requireName(body, ["slug", "indexes"]);
    const { indexes = [] } = body;
    if (!Array.isArray(indexes)) throw new Refusal(400, "invalid-parameter", "indexes");
    if (this.#machines.has(slug))
      throw new Refusal(409, this.#fault === "codes-of-its-own" ? "already-there" : "invalid-state");
    this.#machines.set(slug, { slug, indexes, versions: [], instances: [] });
    return { status: 201 };
  }

  #machineInfo({ indexes, current }: Machine): Reply {
    return {
      status: 200,
      body: { machine: { createdAt, indexes, ...(current ? { currentVersion: info(current) } : {}) } },
    };
  }

  #confirm(body: { [name: string]: unknown }, key: string, name: string, field: string): void {
    const danger = "dangerDataWillBeDeletedForever";
    if (body[danger] !== true) throw new Refusal(400, "invalid-parameter", danger);
    const hmac = createHmac("sha256", key).update(name).digest("base64url");
    if (body[field] !== hmac && this.#fault !== "hmac-ignored") throw new Refusal(400, "invalid-parameter", field);
  }

  #deleteMachine(machine: Machine, body: { [name: string]: unknown }): Reply {
    const { slug, instances } = machine;
    this.#confirm(body, slug, slug, "hmacSha256OfMachineNameWithMachineNameKey");
    const isKept = instances.length > 0 && this.#fault !== "deleted-with-instances";
    if (isKept) throw new Refusal(409, "invalid-state");
    this.#machines.delete(slug);
    return { status: 204 };
  }

  #deleteInstance(machine: Machine, instance: Instance, body: { [name: string]: unknown }): Reply {
    this.#confirm(body, machine.slug, instance.slug, "hmacSha256OfMachineInstanceNameWithMachineNameKey");
    this.#graves.set(instance.slug, instance.history);
    if (this.#fault !== "deleted-readable") machine.instances.splice(machine.instances.indexOf(instance), 1);
    return { status: 204 };
  }

  #setStatus(instance: Instance, { status }: { [name: string]: unknown }): Reply {
    if (status !== "running" && status !== "paused") throw new Refusal(400, "invalid-parameter", "status");
    instance.status = status;
    return { status: 204 };
  }

  #listMachines(url: URL): Reply {
    return this.#page([...this.#machines.values()], url, "machines", ({ slug }) => ({ slug, createdAt }));
  }

  #page<T>(all: T[], url: URL, name: string, project: (item: T) => object): Reply {
    const cursor = url.searchParams.get("cursor") ?? "0";
    if (!/^\d+$/.test(cursor)) throw new Refusal(400, "invalid-parameter", "cursor");
    // A shifting page counts from the end, so that a new entry moves the old ones.
    const items = this.#fault === "page-shifts" ? all.toReversed() : all;
    const start = Number(cursor) - (this.#fault === "page-repeats" && cursor !== "0" ? 1 : 0);
    const end = start + pageSize;
    const page = items.slice(start, end).map(project);
    return { status: 200, body: { [name]: page, ...(end < items.length ? { cursor: String(end) } : {}) } };
  }

  #provisional(): Reply {
    const id = `ver_${++this.#ids}`;
    const body = { machineVersionId: `${id}.signed`, codeUploadUrl: `${this.url}/uploads`, codeUploadFields: { id } };
    return { status: 200, body };
  }

  async #upload(request: IncomingMessage, bytes: Buffer): Promise<Reply> {
    const headers = { "content-type": request.headers["content-type"] ?? "" };
    const form = await new Response(new Uint8Array(bytes), { headers }).formData();
    const file = Buffer.from(await (form.get("file") as File).arrayBuffer());
    this.#uploads.set(String(form.get("id")), form.get("content-encoding") === "gzip" ? gunzipSync(file) : file);
    return { status: 204 };
  }

  async #finalize(machine: Machine, signed: string, body: { [name: string]: unknown }): Promise<Reply> {
    const id = signed.replace(".signed", "");
    const code = this.#uploads.get(id)?.toString();
    if (code === undefined) throw new Refusal(409, "invalid-state");
    const module = await load(code);
    if (!module) throw new Refusal(400, "invalid-parameter", "code");
    const version = { id, clientInfo: String(body.clientInfo ?? ""), module };
    machine.versions.push(version);
    if (body.makeCurrent === true && (this.#fault !== "current-ignored" || !machine.current)) machine.current = version;
    if (this.#fault === "current-ignored") machine.current = version;
    return { status: 200, body: { machineVersionId: id } };
  }

  async #createInstance(machine: Machine, body: { [name: string]: unknown }, authContext: object): Promise<Reply> {
    const slug = this.#requireName(body, ["slug", "context", "machineVersionId"]);
    const { context = {}, machineVersionId } = body;
    const isMalformed = typeof context !== "object" || Array.isArray(context) || context === null;
    if (isMalformed && this.#fault !== "body-unchecked") throw new Refusal(400, "invalid-parameter", "context");
    const version = machineVersionId ? machine.versions.find(({ id }) => id === machineVersionId) : machine.current;
    if (!version) throw new Refusal(404, "not-found");
    const existing = machine.instances.find((one) => one.slug === slug);
    if (existing && this.#fault === "duplicate-accepted") return this.#state(existing);
    if (existing) throw new Refusal(409, "invalid-state");
    if (this.#fault === "duplicate-race") await sleep(5);
    const isAllowed = await permits(version.module.allowWrite, {
      type: "initialization",
      machineInstanceName: slug,
      context,
      authContext,
    });
    if (!isAllowed && this.#fault !== "refusal-stored") throw new Refusal(403, "rejected-by-machine-authorizer");
    if (!existing && machine.instances.some((one) => one.slug === slug) && this.#fault !== "duplicate-race") {
      throw new Refusal(409, "invalid-state");
    }
    const snapshot = begin(version.module.default, context as object, this.#fault === "context-replaced");
    const history = this.#fault === "remade-remembers" ? (this.#graves.get(slug) ?? []) : [];
    const instance: Instance = { slug, version, snapshot, ts: ++this.#now, status: "running", history };
    machine.instances.push(instance);
    if (!isAllowed) throw new Refusal(403, "rejected-by-machine-authorizer");
    return this.#state(instance);
  }

  #state({ snapshot, ts }: Instance): Reply {
    const { value: state, tags, context } = snapshot;
    const publicContext = this.#fault === "private-context-shown" ? context : context.public;
    const isDone = this.#fault !== "never-done" && (snapshot.done ?? snapshot.status === "done");
    const body = {
      ts: this.#fault === "ts-as-text" ? String(ts) : ts,
      state,
      ...(publicContext === undefined ? {} : { publicContext }),
      tags: [...tags],
      done: isDone,
    };
    return { status: 200, body };
  }

  #admin(instance: Instance): Reply {
    const { state, tags, done } = this.#state(instance).body as { [name: string]: unknown };
    const rest = { status: instance.status, machineVersion: info(instance.version), createdAt };
    return { status: 200, body: { state, tags, done, context: instance.snapshot.context, ...rest } };
  }

  async #read(instance: Instance, authContext: object): Promise<Reply> {
    const { slug, snapshot, version } = instance;
    const request = { machineInstanceName: slug, authContext, state: snapshot.value, context: snapshot.context };
    if (this.#fault === "reads-unguarded" || (await permits(version.module.allowRead, request)))
      return this.#state(instance);
    throw new Refusal(403, "rejected-by-machine-authorizer");
  }

  #history({ history }: Instance, url: URL): Reply {
    const entries = this.#fault === "history-incomplete" ? history.slice(1) : history;
    return this.#page(entries, url, "transitions", (entry) => entry);
  }

  async #sendEvent(instance: Instance, body: { [name: string]: unknown }, authContext: object): Promise<Reply> {
    const event = typeof body.event === "string" ? { type: body.event } : body.event;
    const type = (event as { type?: unknown } | undefined)?.type;
    if (typeof type !== "string") throw new Refusal(400, "invalid-parameter", "event");
    if (/^$|^\*$|^(done|error|xstate|statebacked)\./.test(type)) throw new Refusal(400, "invalid-parameter", "event");
    const { slug, version } = instance;
    if (instance.status === "paused" && this.#fault !== "pause-ignored") throw new Refusal(409, "invalid-state");
    const before = instance.snapshot;
    const request = {
      type: "event",
      event,
      machineInstanceName: slug,
      authContext,
      state: before.value,
      context: before.context,
    };
    const isAllowed = await permits(version.module.allowWrite, request);
    if (!isAllowed && this.#fault !== "refusal-stored") throw new Refusal(403, "rejected-by-machine-authorizer");
    const base = this.#fault === "lost-update" ? before : instance.snapshot;
    if (this.#fault === "lost-update") await sleep(5);
    const next = attempt(() => step(version.module.default, base, event as { type: string }));
    if (JSON.stringify(next.context).length > 400_000) throw new Refusal(400, "context-too-large");
    instance.snapshot = next;
    instance.ts = this.#fault === "ts-backwards" ? instance.ts - 1 : ++this.#now;
    instance.history.push({ createdAt, state: instance.snapshot.value, event: event as object });
    if (!isAllowed) throw new Refusal(403, "rejected-by-machine-authorizer");
    return this.#state(instance);
  }
}

function info({ id, clientInfo }: Version) {
  return { id, createdAt, clientInfo };
}

async function permits(authorizer: (request: object) => unknown, request: object): Promise<boolean> {
  try {
    return Boolean(await authorizer(request));
  } catch {
    return false;
  }
}

/** Null for code that does not load, has no machine or lacks an authorizer. */
async function load(code: string): Promise<Loaded | null> {
  const source = code
    .replace('"npm:xstate@5"', `"${import.meta.resolve("xstate")}"`)
    .replace('"npm:xstate"', `"${import.meta.resolve("xstate4")}"`);
  try {
    const module = await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(source)}`);
    const isWhole = module.default?.__xstatenode && module.allowRead && module.allowWrite;
    return isWhole ? module : null;
  } catch {
    return null;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: XState 4's or 5's
function begin(machine: any, given: object, isReplaced: boolean): any {
  if (machine.withContext) {
    const context = isReplaced && Object.keys(given).length > 0 ? given : { ...machine.context, ...given };
    return machine.withContext(context).initialState;
  }
  const initial = getInitialSnapshot(machine, given);
  const context = isReplaced && Object.keys(given).length > 0 ? given : { ...initial.context, ...given };
  return machine.resolveState({ value: (initial as { value?: unknown }).value, context });
}

function attempt<T>(compute: () => T): T {
  try {
    return compute();
  } catch {
    throw new Refusal(400, "machine-error");
  }
}

// biome-ignore lint/suspicious/noExplicitAny: XState 4's or 5's
function step(machine: any, snapshot: any, event: { type: string }): any {
  if (machine.withContext) return snapshot.done ? snapshot : machine.transition(snapshot, event);
  return snapshot.status === "done" ? snapshot : getNextSnapshot(machine, snapshot, event);
}
