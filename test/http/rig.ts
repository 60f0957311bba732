// A server with one published machine, tokens of every kind, and raw sockets, for the tests of the edge.

import { once } from "node:events";
import { connect } from "node:net";
import { SignJWT } from "jose";
import type { JsonObject } from "../../src/domain/json.ts";
import type { ServerOptions, SettleServer } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";

export interface Rig {
  server: SettleServer;
  /** With the admin token unless `token` says otherwise; `null` sends none. */
  call(method: string, path: string, options?: CallOptions): Promise<Answer>;
  token(claims?: TokenOptions): Promise<string>;
  /** Sends bytes as they are and returns everything that came back until the other side closed, or nothing came for a while. */
  raw(bytes: string | Buffer): Promise<string>;
  /** begin → upload → finalize as current; the machine is created when missing. */
  publish(machine: string, code: string): Promise<string>;
  begin(
    machine: string,
  ): Promise<{ machineVersionId: string; codeUploadUrl: string; codeUploadFields: { [name: string]: string } }>;
  upload(fields: { [name: string]: string }, code: string | Uint8Array): Promise<Answer>;
}
export interface CallOptions {
  token?: string | null;
  json?: unknown;
  text?: string | Uint8Array;
  headers?: { [name: string]: string };
}
export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed when it is JSON. */
  body: JsonObject;
}
export interface TokenOptions {
  act?: unknown;
  sub?: string;
  aud?: string | string[];
  kid?: string;
  secret?: string;
  alg?: string;
  /** Seconds from now. */
  exp?: number;
  nbf?: number;
}

export async function startRig(options: Partial<ServerOptions> = {}): Promise<Rig> {
  const server = await startServer({ port: 0, store: "memory:", ...options });
  const { port } = new URL(server.url);

  async function call(method: string, path: string, { token, json, text, headers }: CallOptions = {}): Promise<Answer> {
    const authorization = token === null ? {} : { authorization: `Bearer ${token ?? server.adminToken}` };
    const body = json === undefined ? text : JSON.stringify(json);
    const init = {
      method,
      headers: { "content-type": "application/json", ...authorization, ...headers },
      ...(body === undefined ? {} : { body }),
    };
    return answerOf(await fetch(`${server.url}${path}`, init));
  }

  const rig: Rig = {
    server,
    call,
    token(claims = {}) {
      const {
        act,
        sub,
        aud = "https://api.statebacked.dev/",
        kid = server.keyId,
        secret = server.secretKey,
        alg = "HS256",
        exp,
        nbf,
      } = claims;
      const jwt = new SignJWT({ ...(act === undefined ? {} : { act }), ...(sub === undefined ? {} : { sub }) })
        .setProtectedHeader({ alg, kid })
        .setAudience(aud);
      const now = Math.floor(Date.now() / 1000);
      if (exp !== undefined) jwt.setExpirationTime(now + exp);
      if (nbf !== undefined) jwt.setNotBefore(now + nbf);
      return jwt.sign(new TextEncoder().encode(secret));
    },
    async raw(bytes) {
      const socket = connect(Number(port), "127.0.0.1");
      let received = "";
      socket.on("data", (chunk: Buffer) => {
        received += chunk.toString("latin1");
      });
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.write(bytes);
      // A server that keeps the connection has said all it will; half-closing tells it that nothing more comes.
      socket.end();
      await once(socket, "close");
      return received;
    },
    async begin(machine) {
      const { body } = await call("POST", `/machines/${machine}/v`);
      return body as unknown as Awaited<ReturnType<Rig["begin"]>>;
    },
    async upload(fields, code) {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.set("content-type", "application/javascript");
      form.append("file", new Blob([code as string], { type: "application/javascript" }), "machine.js");
      return answerOf(await fetch(`${server.url}/_settle/uploads`, { method: "POST", body: form }));
    },
    async publish(machine, code) {
      await call("POST", "/machines", { json: { slug: machine } });
      const { machineVersionId, codeUploadFields } = await rig.begin(machine);
      await rig.upload(codeUploadFields, code);
      const done = await call("PUT", `/machines/${machine}/v/${machineVersionId}`, { json: { makeCurrent: true } });
      if (done.status !== 200) throw new Error(`publishing ${machine}: ${JSON.stringify(done.body)}`);
      return String(done.body.machineVersionId);
    },
  };
  return rig;
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  let body: JsonObject = {};
  try {
    body = JSON.parse(text) as JsonObject;
  } catch {
    if (text !== "") body = { text };
  }
  return { status: response.status, headers: response.headers, body };
}

/** A machine that everybody may use, with an authorizer that can be told to refuse, throw or wait. */
export const openMachine = `import { setup, assign, fromPromise } from "npm:xstate@5";
export const allowRead = ({ authContext }) => authContext.sub !== "blind";
export const allowWrite = ({ authContext }) => {
  if (authContext.sub === "thrower") throw new Error("no idea");
  if (authContext.sub === "later-yes") return Promise.resolve(true);
  if (authContext.sub === "later-no") return Promise.resolve(false);
  if (authContext.sub === "never") return new Promise(() => {});
  return authContext.sub !== "mute";
};
export default setup({ actors: { wait: fromPromise(({ input }) => new Promise((ok) => setTimeout(ok, input))) } }).createMachine({
  initial: "a", context: { public: { n: 0 }, own: true },
  states: {
    a: { tags: ["t"], on: {
      ADD: { actions: assign({ public: ({ context, event }) => ({ n: context.public.n + (event.by ?? 1) }) }) },
      HIDE: { actions: assign({ public: undefined }) },
      FILL: { actions: assign({ filler: ({ event }) => "x".repeat(event.size) }) },
      BREAK: { guard: () => { throw new Error("broken guard"); }, target: "z" },
      WAIT: "waiting", END: "z" } },
    waiting: { invoke: { src: "wait", input: ({ event }) => event.ms, onDone: "a" } },
    z: { type: "final" } } });`;

/** The same with another `allowRead`. */
export const machineWith = (allowRead: string) =>
  openMachine.replace(/export const allowRead = .*/, `export const allowRead = ${allowRead};`);
