// A server with a machine whose mapper does what each request says, for the tests of the HTTP API.

import type { Rig } from "./rig.ts";
import { startRig } from "./rig.ts";

/**
 * `echo` answers with the request as its handler got it. `free` returns from its handler what the request's body says, and from its
 * response mapper what the event said. The others go wrong in one way each, or tell which version they are of.
 */
export const mapperMachine = (mark: string) => `import { setup, assign, fromPromise } from "npm:xstate@5";
export const allowRead = () => true;
export const allowWrite = ({ type, authContext }) => {
  if (authContext.refuse === type) return false;
  if (authContext.stateBackedSender) throw new Error("nobody may claim to be a machine");
  return true;
};
const never = () => new Promise(() => {});
const loop = () => { for (;;) {} };
const bomb = () => { const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1)); };
const to = (more) => ({ query }) => ({ machineInstanceName: query.to ?? "one", authContext: { sub: "ann" }, event: "POKE", initialContext: {}, ...more });
const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
export const httpApiMapper = {
  echo: {
    handler: (request) => to({ event: { type: "KEEP", request } })(request),
    responseMapper: ({ context }) => ({ statusCode: 200, headers: {}, body: context.request }),
  },
  free: {
    handler: ({ body }) => { console.log("the handler ran"); return eval("(" + body + ")"); },
    responseMapper: (reached) => { console.log("the mapper ran"); return eval(reached.context.reply ?? "({ statusCode: 200, headers: {}, body: reached })"); },
  },
  silent: { handler: to() },
  "never handles": { handler: never },
  "loops handling": { handler: loop },
  "bombs handling": { handler: bomb },
  "never maps": { handler: to(), responseMapper: never },
  "loops mapping": { handler: to(), responseMapper: loop },
  "bombs mapping": { handler: to(), responseMapper: bomb },
  mark: { handler: to(), responseMapper: ({ state }) => ({ statusCode: 200, headers: {}, body: "${mark} of " + state }) },
  ["only in ${mark}"]: { handler: to(), responseMapper: ({ state }) => ({ statusCode: 200, headers: {}, body: "${mark} of " + state }) },
};
export default setup({ actors: { wait: fromPromise(({ input }) => new Promise((ok) => setTimeout(ok, input))) } }).createMachine({
  initial: "a", context: { own: true, pokes: 0 }, output: ({ context }) => ({ pokes: context.pokes }),
  on: {
    POKE: { actions: assign({ pokes: ({ context }) => context.pokes + 1 }) },
    KEEP: { actions: assign({ request: ({ event }) => event.request }) },
    REPLY: { actions: assign({ reply: ({ event }) => event.with }) },
    BREAK: { guard: () => { throw new Error("broken guard"); }, target: ".z" },
    FILL: { actions: assign({ filler: ({ event }) => "x".repeat(event.size) }) },
    WAIT: ".waiting", END: ".z" },
  states: { a: {}, waiting: { invoke: { src: "wait", input: ({ event }) => event.ms, onDone: "a" } }, z: { type: "final" } } });`;

export interface MapperRig extends Rig {
  /** Lines that machine code printed or that were noted, each after the name of its instance, or `-`. */
  printed: string[];
  /** Asks `{machine}/{mapper}?query`, without a token. */
  ask(method: string, path: string, sent?: Sent): Promise<Reply>;
  /** Has `free`'s handler return what this expression yields. */
  free(target: string): Promise<Reply>;
  /** Has `free`'s response mapper return what this expression yields. */
  replying(expression: string): Promise<Reply>;
  admin(instance: string): ReturnType<Rig["call"]>;
  /** A name that no instance has had. */
  fresh(): string;
}
export interface Sent {
  body?: string | Uint8Array | FormData;
  headers?: { [name: string]: string };
}
export interface Reply {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
  /** Undefined when it isn't JSON. */
  json: unknown;
}

export async function startMapperRig(): Promise<MapperRig> {
  const printed: string[] = [];
  const rig = await startRig({
    settleTimeoutMs: 300,
    cpuTimeoutMs: 1_000, // so that a bomb fills its memory first, also on a busy machine
    onMachineLog: ({ instance, log }) => printed.push(`${instance?.slug ?? "-"} ${log}`),
  });
  const { url, orgId } = rig.server;
  let names = 0;
  const fresh = () => `i-${++names}`;
  const text = { "content-type": "text/plain" };
  async function ask(method: string, path: string, { body, headers = {} }: Sent = {}): Promise<Reply> {
    const init = { method, headers, redirect: "manual" as const, ...(body ? { body: body as string } : {}) };
    const response = await fetch(`${url}/http-api/${orgId}/machines/${path}`, init);
    const bytes = Buffer.from(await response.arrayBuffer());
    const reply = { status: response.status, headers: response.headers, bytes, text: bytes.toString("utf8") };
    return { ...reply, json: jsonOrNot(reply.text) };
  }
  const free = (target: string) => ask("POST", "m/free", { body: target, headers: text });
  return {
    ...rig,
    printed,
    ask,
    free,
    replying: (expression) =>
      free(targeting(fresh(), `event: { type: "REPLY", with: ${JSON.stringify(`(${expression})`)} }`)),
    admin: (instance) => rig.call("GET", `/machines/m/i/${instance}/admin`),
    fresh,
  };
}

/** What a handler returns, as an expression; the later of two properties counts. */
export function targeting(instance: string, more = ""): string {
  return `{ machineInstanceName: "${instance}", event: "POKE", authContext: { sub: "ann" }, initialContext: {}, ${more} }`;
}

function jsonOrNot(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
