// Somebody who uses a server for a moment, under names that nobody else has: for tests that look whether a fault shows.

import { readFileSync } from "node:fs";
import { type JWTPayload, SignJWT } from "jose";
import type { JsonObject } from "../../src/domain/json.ts";
import { openSocket, type TestSocket } from "../http/socket.ts";
import { confirmation } from "./areas/status.ts";
import type { BrokenServer } from "./start.ts";

export interface Answer {
  status: number;
  body: JsonObject;
}

/** In whose name, and by which key; the server's own without one. */
export interface Caller {
  act?: JsonObject;
  sub?: string;
  key?: { id: string; secret: string };
  /** Seconds from now. @default 300 */
  expS?: number;
  /** A token as it is, null for none. */
  token?: string | null;
}

/** How a machine is published, beside its code. */
export interface Publication {
  /** Its slug without the client's prefix. @default the code's name */
  name?: string;
  code?: string;
  indexes?: string[];
  indexSelectors?: { [index: string]: string };
  makeCurrent?: boolean;
}

export interface Client {
  server: BrokenServer;
  /** A name that only this client uses. */
  name(text: string): string;
  call(method: string, path: string, body?: unknown, as?: Caller): Promise<Answer>;
  token(as?: Caller): Promise<string | null>;
  /** Publishes the machine of `contracts/machines` in its XState 5 form, or `code`. @returns the version's id */
  publish(machine: string, publication?: Publication): Promise<string>;
  migrate(from: string, to: string, machine: string, code: string): Promise<void>;
  /** `instance` is the machine's and the instance's name, as in `toggle/light`, without the prefix. */
  create(instance: string, context?: unknown, as?: Caller): Promise<Answer>;
  send(instance: string, event: unknown, as?: Caller): Promise<Answer>;
  get(instance: string, as?: Caller): Promise<Answer>;
  admin(instance: string): Promise<Answer>;
  pause(instance: string, status?: "paused" | "running"): Promise<Answer>;
  remove(instance: string, hmac?: string): Promise<Answer>;
  /** Types of the events of the first page, or of all pages. */
  history(instance: string): Promise<unknown[]>;
  socket(as?: Caller): Promise<TestSocket & { watch(requestId: string, instance: string): void }>;
  /** Asks until the answer is right, for at most 3 seconds. @returns whether it ever was */
  eventually(ask: () => Promise<unknown>): Promise<boolean>;
}

export function contractsFile(path: string): string {
  return readFileSync(new URL(`../../contracts/${path}`, import.meta.url), "utf8");
}

/** What was asked, without names that change, and what came back. */
export type OnAnswer = (what: string, headers: Headers, text: string) => void;

export function createClient(server: BrokenServer, prefix: string, onAnswer: OnAnswer = () => {}): Client {
  const name = (text: string) => `${prefix}-${text}`;
  const pathOf = (instance: string) => {
    const [machine = "", slug = ""] = instance.split("/");
    return `/machines/${name(machine)}/i/${slug}`;
  };

  async function token({
    act = { sub: "ann" },
    sub,
    key,
    expS = 300,
    token: given,
  }: Caller = {}): Promise<string | null> {
    if (given !== undefined) return given;
    const { id, secret } = key ?? { id: server.keyId, secret: server.secretKey };
    const exp = Math.floor(Date.now() / 1_000) + expS;
    const claims: JWTPayload = { act, aud: "https://api.statebacked.dev/", exp, ...(sub ? { sub } : {}) };
    return new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: id }).sign(new TextEncoder().encode(secret));
  }

  async function call(method: string, path: string, body?: unknown, as?: Caller): Promise<Answer> {
    const bearer = await token(as);
    const isForm = body instanceof URLSearchParams;
    const headers = {
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
      ...(isForm ? {} : { "content-type": "application/json" }),
    };
    const payload = isForm || typeof body === "string" ? body : JSON.stringify(body);
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: payload }),
    });
    const text = await response.text();
    onAnswer(`${method} ${path.replaceAll(/\b(ver|sbk|org|mig)_[\w.-]+/g, "$1_")}`, response.headers, text);
    return { status: response.status, body: (text.startsWith("{") ? JSON.parse(text) : {}) as JsonObject };
  }

  async function upload({ codeUploadUrl, codeUploadFields }: JsonObject, code: string): Promise<void> {
    const form = new FormData();
    for (const [field, value] of Object.entries(codeUploadFields as { [name: string]: string }))
      form.append(field, value);
    form.append("file", new Blob([code], { type: "application/javascript" }), "machine.js");
    await fetch(String(codeUploadUrl), { method: "POST", body: form });
  }

  const client: Client = {
    server,
    name,
    call,
    token,
    async publish(machine, { name: slug = machine, code, indexes, makeCurrent = true, ...details } = {}) {
      const path = `/machines/${name(slug)}`;
      await call("POST", "/machines", { slug: name(slug), ...(indexes ? { indexes } : {}) });
      const begun = await call("POST", `${path}/v`);
      const written = (code ?? contractsFile(`machines/${machine}.v5.js`)).replaceAll(
        /"\{(\w+)\}"/g,
        (_, other: string) => JSON.stringify(name(other)),
      );
      await upload(begun.body, written);
      const done = await call("PUT", `${path}/v/${begun.body.machineVersionId}`, { makeCurrent, ...details });
      return String(done.body.machineVersionId);
    },
    async migrate(fromMachineVersionId, toMachineVersionId, machine, code) {
      const path = `/machines/${name(machine)}/migrations`;
      const begun = await call("POST", path, { fromMachineVersionId, toMachineVersionId });
      await upload(begun.body, code);
      await call("PUT", `${path}/${begun.body.machineVersionMigrationId}`);
    },
    create(instance, context, as) {
      const [machine = "", slug] = instance.split("/");
      return call("POST", `/machines/${name(machine)}`, { slug, ...(context === undefined ? {} : { context }) }, as);
    },
    send: (instance, event, as) => call("POST", `${pathOf(instance)}/events`, { event }, as),
    get: (instance, as) => call("GET", pathOf(instance), undefined, as),
    admin: (instance) => call("GET", `${pathOf(instance)}/admin`),
    pause: (instance, status = "paused") => call("PUT", `${pathOf(instance)}/status`, { status }),
    remove(instance, hmac) {
      const [machine = "", slug = ""] = instance.split("/");
      return call("DELETE", pathOf(instance), {
        dangerDataWillBeDeletedForever: true,
        hmacSha256OfMachineInstanceNameWithMachineNameKey: hmac ?? confirmation(name(machine), slug),
      });
    },
    async history(instance) {
      const types: unknown[] = [];
      for (let cursor = ""; ; ) {
        const { body } = await call("GET", `${pathOf(instance)}/events${cursor}`);
        for (const { event } of body.transitions as { event?: { type: string } }[]) types.push(event?.type);
        if (typeof body.cursor !== "string" || types.length > 1_000) return types;
        cursor = `?cursor=${encodeURIComponent(body.cursor)}`;
      }
    },
    async socket(as) {
      const bearer = await token(as);
      const socket = await openSocket(server.url, `/rt${bearer === null ? "" : `?token=${bearer}`}`);
      return Object.assign(socket, {
        watch(requestId: string, instance: string) {
          const [machine = "", slug = ""] = instance.split("/");
          socket.subscribe(requestId, slug, name(machine));
        },
      });
    },
    async eventually(ask) {
      for (const end = performance.now() + 3_000; performance.now() < end; ) {
        if (await ask()) return true;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return false;
    },
  };
  return client;
}
