// Children that are instances, over HTTP, in both XStates: created, spoken to and from, asked for leave, done, failed, and across a restart.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ServerOptions } from "../../src/index.ts";
import type { Rig } from "./rig.ts";
import { startRig } from "./rig.ts";

/** What the helper package does, spelled out. */
const helpers = `
const persistentInvocableSource = (d) => ({ type: "statebacked.invoke", machineName: d.machineName, machineInstanceName: d.machineInstanceName ?? crypto.randomUUID(), machineVersionId: d.machineVersionId });
const spawnPersistentInstance = (d, o) => globalThis.__statebacked_rt.spawn(d, o);
const toInstance = (to, event, options) => ({ type: "xstate.send", to, event: () => event, delay: options?.delay, id: options?.id });
export const allowRead = () => true;
export const allowWrite = ({ authContext, event }) => event?.type !== "FORBIDDEN";`;

const parent = {
  5: `import { assign, sendTo, setup } from "npm:xstate@5"; ${helpers}
    const child = persistentInvocableSource({ machineName: "child" });
    const lost = persistentInvocableSource({ machineName: "nowhere" });
    const note = assign({ public: ({ context, event }) => ({ ...context.public, heard: [...context.public.heard, event.type + ":" + (event.n ?? event.output?.n ?? "")] }) });
    export default setup({}).createMachine({ context: { public: { heard: [] } }, initial: "idle",
      on: { UP: { actions: note } },
      states: {
        idle: { on: { CALL: "calling", LOSE: "losing",
          SPAWN: { actions: assign({ kid: ({ event }) => spawnPersistentInstance({ machineName: "child", machineInstanceName: event.name }, { name: "kid", context: { n: 5 } }) }) },
          TELL: { actions: sendTo(({ context }) => context.kid, ({ event }) => ({ type: event.what, n: event.n })) },
          LATER: { actions: sendTo(({ context }) => context.kid, { type: "ADD", n: 100 }, { id: "later", delay: 30 }) } } },
        calling: { invoke: { id: "worker", src: child, input: { n: 2 }, onDone: { target: "answered", actions: note }, onError: "failed" },
          on: { ASK: { actions: sendTo("worker", ({ event }) => ({ type: "ADD", n: event.n })) }, FINISH: { actions: sendTo("worker", { type: "END" }) } } },
        losing: { invoke: { id: "lost", src: lost, onError: "failed" } },
        answered: {}, failed: {} } });`,
  4: `import { assign, createMachine } from "npm:xstate"; ${helpers}
    const child = persistentInvocableSource({ machineName: "child" });
    const lost = persistentInvocableSource({ machineName: "nowhere" });
    const note = assign({ public: (c, event) => ({ ...c.public, heard: [...c.public.heard, event.type + ":" + (event.n ?? event.data?.n ?? "")] }) });
    export default createMachine({ predictableActionArguments: true, context: { public: { heard: [] } }, initial: "idle",
      on: { UP: { actions: note } },
      states: {
        idle: { on: { CALL: "calling", LOSE: "losing",
          SPAWN: { actions: assign({ kid: (c, event) => spawnPersistentInstance({ machineName: "child", machineInstanceName: event.name }, { name: "kid", context: { n: 5 } }) }) },
          TELL: { actions: { type: "xstate.send", to: (c) => c.kid, event: (c, event) => ({ type: event.what, n: event.n }) } },
          LATER: { actions: toInstance("kid", { type: "ADD", n: 100 }, { id: "later", delay: 30 }) } } },
        calling: { invoke: { id: "worker", src: child, data: { n: 2 }, onDone: { target: "answered", actions: note }, onError: "failed" },
          on: { ASK: { actions: { type: "xstate.send", to: "worker", event: (c, event) => ({ type: "ADD", n: event.n }) } }, FINISH: { actions: toInstance("worker", { type: "END" }) } } },
        losing: { invoke: { id: "lost", src: lost, onError: "failed" } },
        answered: {}, failed: {} } });`,
};
const child = {
  5: `import { assign, sendParent, setup } from "npm:xstate@5"; ${helpers}
    export default setup({}).createMachine({ context: ({ input }) => ({ n: input?.n ?? 0, public: { sum: input?.n ?? 0 } }), initial: "adding",
      output: ({ context }) => ({ n: context.public.sum }),
      states: { adding: { on: {
        ADD: { actions: [assign({ public: ({ context, event }) => ({ sum: context.public.sum + event.n }) }), sendParent(({ context }) => ({ type: "UP", n: context.public.sum }))] },
        SET: { actions: assign({ public: ({ event }) => ({ sum: event.n }) }) }, END: "over" } }, over: { type: "final" } } });`,
  4: `import { assign, createMachine, sendParent } from "npm:xstate"; ${helpers}
    export default createMachine({ predictableActionArguments: true, context: { n: 0, public: { sum: 0 } }, initial: "adding",
      states: { adding: { entry: assign({ public: (c) => ({ sum: c.public.sum || c.n }) }), on: {
        ADD: { actions: [assign({ public: (c, event) => ({ sum: c.public.sum + event.n }) }), sendParent((c) => ({ type: "UP", n: c.public.sum }))] },
        SET: { actions: assign({ public: (c, event) => ({ sum: event.n }) }) }, END: "over" } },
        over: { type: "final", data: { n: (c) => c.public.sum } } } });`,
};

/** Sends every ball back that isn't spent, whoever served it. */
const peer = {
  5: `import { assign, enqueueActions, sendTo, setup } from "npm:xstate@5"; ${helpers}
    export default setup({}).createMachine({ context: {}, on: { BALL: { actions: [
      assign({ public: ({ context, event }) => ({ heard: [...context.public.heard, event.from + event.n] }) }),
      enqueueActions(({ context, event, enqueue }) => { if (event.n > 0) enqueue.sendTo(context.other, { ...event, n: event.n - 1 }); }) ] } } });`,
  4: `import { actions, assign, createMachine } from "npm:xstate"; ${helpers}
    export default createMachine({ predictableActionArguments: true, context: {}, on: { BALL: { actions: [
      assign({ public: (c, event) => ({ heard: [...c.public.heard, event.from + event.n] }) }),
      actions.choose([{ cond: (c, event) => event.n > 0, actions: { type: "xstate.send", to: (c) => c.other, event: (c, event) => ({ ...event, n: event.n - 1 }) } }]) ] } } });`,
};

let rig: Rig | undefined;
const folders: string[] = [];
afterEach(async () => {
  await rig?.server.close();
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function start(options: Partial<ServerOptions> = {}): Promise<Rig> {
  rig = await startRig(options);
  return rig;
}
const send = (on: Rig, event: object) => on.call("POST", "/machines/parent/i/p/events", { json: { event } });
const read = async (on: Rig, machine: string, slug: string) =>
  (await on.call("GET", `/machines/${machine}/i/${slug}`)).body;
const heard = async (on: Rig) => ((await read(on, "parent", "p")).publicContext as { heard: string[] }).heard;

describe.each([5, 4] as const)("XState %i", (major) => {
  async function family(options: Partial<ServerOptions> = {}): Promise<Rig> {
    const on = await start(options);
    await on.publish("child", child[major]);
    await on.publish("parent", parent[major]);
    await on.call("POST", "/machines/parent", { json: { slug: "p" } });
    return on;
  }

  test("an invoked child is an instance, answers its parent, and ends its invocation", async () => {
    const on = await family();
    expect((await send(on, { type: "CALL" })).body.state).toBe("calling");
    const children = async () =>
      ((await on.call("GET", "/machines/child/i")).body.instances as { slug: string }[]) ?? [];
    await vi.waitFor(async () => expect(await children()).toHaveLength(1));
    const [{ slug = "" } = {}] = await children();
    expect(slug).toMatch(/^[\da-f-]{36}$/);
    for (const n of [1, 2, 3]) await send(on, { type: "ASK", n });
    await vi.waitFor(async () => expect(await heard(on)).toEqual(["UP:3", "UP:5", "UP:8"]));
    await send(on, { type: "FINISH" });
    await vi.waitFor(async () => expect(await read(on, "parent", "p")).toMatchObject({ state: "answered" }));
    expect((await heard(on)).at(-1)).toMatch(/worker:8$/);
    expect(await read(on, "child", slug)).toMatchObject({ state: "over", done: true, publicContext: { sum: 8 } });
  });

  test("a spawned child hears what it is sent, delayed too, in order, and clients can speak to it as well", async () => {
    const on = await family({ clock: "manual" });
    await send(on, { type: "SPAWN", name: "kid" });
    await send(on, { type: "LATER" });
    for (const n of [1, 2, 3, 4]) await send(on, { type: "TELL", what: "ADD", n });
    await on.server.clock.advance(29);
    expect(await heard(on)).toEqual(["UP:6", "UP:8", "UP:11", "UP:15"]);
    await on.server.clock.advance(1);
    expect((await heard(on)).at(-1)).toBe("UP:115");
    await on.call("POST", "/machines/child/i/kid/events", { json: { event: { type: "ADD", n: 1 } } });
    await on.server.clock.advance(0);
    expect((await heard(on)).at(-1)).toBe("UP:116");
  });

  test("the receiver's allowWrite is told who sent it, and may refuse", async () => {
    const asks = `export const allowRead = () => true;
      export const allowWrite = ({ type, event, authContext }) => { console.log("asked", type, event?.type, JSON.stringify(authContext)); return true; };`;
    const on = await family();
    await on.publish("child", child[major].replace(/export const allowRead[\s\S]*?FORBIDDEN";/, asks));
    await send(on, { type: "SPAWN", name: "kid" });
    await send(on, { type: "TELL", what: "ADD", n: 1 });
    await vi.waitFor(async () => expect(await heard(on)).toEqual(["UP:6"]));
    const { logs } = (await on.call("GET", "/logs?from=2020-01-01T00:00:00.000Z&machine=child")).body as {
      logs: { log: string }[];
    };
    const sender = '{"sub":"settle-admin","stateBackedSender":{"machineName":"parent","machineInstanceName":"p"}}';
    expect(logs.map(({ log }) => log)).toEqual([
      `asked initialization undefined ${sender}`,
      `asked event ADD ${sender}`,
    ]);
  });

  test("a refused message is tried again and given up, and holds up no later one for ever", async () => {
    const on = await family({ retryDelayMs: 5 });
    await send(on, { type: "SPAWN", name: "kid" });
    await send(on, { type: "TELL", what: "FORBIDDEN" });
    await send(on, { type: "TELL", what: "ADD", n: 1 });
    await vi.waitFor(async () => expect(await heard(on)).toEqual(["UP:6"]));
    const { logs } = (await on.call("GET", "/logs?from=2020-01-01T00:00:00.000Z&machine=child")).body;
    expect(JSON.stringify(logs)).toContain("gave up delivering the event 'FORBIDDEN' (message) after 5 tries");
  });

  test("a child that can't be created is an error event for its parent", async () => {
    const on = await family();
    await send(on, { type: "LOSE" });
    await vi.waitFor(async () => expect(await read(on, "parent", "p")).toMatchObject({ state: "failed" }));
  });

  test("two instances that answer each other, both asked at once, never wait for each other", async () => {
    const on = await start();
    await on.publish("peer", peer[major]);
    const other = { a: "b", b: "a" };
    for (const slug of ["a", "b"] as const) {
      const ref = { type: "statebacked.instance", id: "other", machineName: "peer", machineInstanceName: other[slug] };
      const context = { other: ref, public: { heard: [] } };
      expect((await on.call("POST", "/machines/peer", { json: { slug, context } })).status).toBe(200);
    }
    const ask = (slug: string, from: string) =>
      on.call("POST", `/machines/peer/i/${slug}/events`, { json: { event: { type: "BALL", from, n: 40 } } });
    const answers = await Promise.all([ask("a", "x"), ask("b", "y"), ask("a", "z")]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const heardBy = async (slug: string) => (await read(on, "peer", slug)).publicContext as { heard: string[] };
    const all = async () => [...(await heardBy("a")).heard, ...(await heardBy("b")).heard];
    await vi.waitFor(async () => expect(await all()).toHaveLength(3 * 41), { timeout: 10_000 });
    for (const slug of ["a", "b"]) {
      const { heard } = await heardBy(slug);
      // Each ball comes in the order in which it was sent, once.
      for (const from of ["x", "y", "z"]) {
        const numbers = heard.filter((ball) => ball.startsWith(from)).map((ball) => Number(ball.slice(1)));
        expect(numbers).toEqual([...numbers].sort((a, b) => b - a));
        expect(new Set(numbers).size).toBe(numbers.length);
      }
    }
  });

  test("parent and child talk across a restart", async () => {
    const folder = await mkdtemp(join(tmpdir(), "settle-children-"));
    folders.push(folder);
    const store = join(folder, "db.json");
    const first = await family({ store });
    await send(first, { type: "CALL" });
    await send(first, { type: "ASK", n: 1 });
    await first.server.close();
    const second = await start({ store });
    await send(second, { type: "ASK", n: 10 });
    await send(second, { type: "FINISH" });
    await vi.waitFor(async () => expect(await read(second, "parent", "p")).toMatchObject({ state: "answered" }));
    expect((await heard(second)).map((line) => line.split(":")[1])).toEqual(["3", "13", "13"]);
  });
});
