// Timers over HTTP: they fire, are cancelled, survive a restart in order of their times, are tried again and given up.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { ServerOptions } from "../../src/index.ts";
import type { Rig } from "./rig.ts";
import { startRig } from "./rig.ts";

const waiting = {
  5: `import { assign, setup, sendTo, cancel, log } from "npm:xstate@5";
    export const allowRead = () => true; export const allowWrite = ({ authContext }) => authContext.sub !== "nobody";
    const nudge = (id, delay) => sendTo(({ self }) => self, { type: "NUDGE", id }, { id, delay });
    export default setup({}).createMachine({ context: { public: { nudges: [] } }, initial: "idle",
      on: { NUDGE: { actions: assign({ public: ({ context, event }) => ({ nudges: [...context.public.nudges, event.id] }) }) } },
      states: {
        idle: { on: { WAIT: "waiting", SLEEP: "asleep", LATER: { actions: [nudge("b", 60), nudge("a", 30), nudge("c", 60)] },
          NEVER: { actions: nudge("n", 40) }, UNNEVER: { actions: cancel("n") }, BREAK: "breaking" } },
        waiting: { after: { 20: "over" }, on: { STOP: "idle" } },
        asleep: { after: { 2592000000: "over" } },
        breaking: { after: { 10: { guard: () => { throw new Error("broken clock"); }, target: "over" } } },
        over: { type: "final" } } });`,
  4: `import { assign, createMachine, send, actions } from "npm:xstate";
    export const allowRead = () => true; export const allowWrite = ({ authContext }) => authContext.sub !== "nobody";
    const nudge = (id, delay) => send({ type: "NUDGE", id }, { id, delay });
    export default createMachine({ predictableActionArguments: true, context: { public: { nudges: [] } }, initial: "idle",
      on: { NUDGE: { actions: assign({ public: (c, event) => ({ nudges: [...c.public.nudges, event.id] }) }) } },
      states: {
        idle: { on: { WAIT: "waiting", SLEEP: "asleep", LATER: { actions: [nudge("b", 60), nudge("a", 30), nudge("c", 60)] },
          NEVER: { actions: nudge("n", 40) }, UNNEVER: { actions: actions.cancel("n") }, BREAK: "breaking" } },
        waiting: { after: { 20: "over" }, on: { STOP: "idle" } },
        asleep: { after: { 2592000000: "over" } },
        breaking: { after: { 10: { cond: () => { throw new Error("broken clock"); }, target: "over" } } },
        over: { type: "final" } } });`,
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

async function create(on: Rig, slug: string): Promise<void> {
  expect((await on.call("POST", "/machines/w", { json: { slug } })).status).toBe(200);
}
const send = (on: Rig, slug: string, event: string) =>
  on.call("POST", `/machines/w/i/${slug}/events`, { json: { event } });
const read = async (on: Rig, slug: string) => (await on.call("GET", `/machines/w/i/${slug}`)).body;
async function history(on: Rig, slug: string): Promise<string[]> {
  const { transitions } = (await on.call("GET", `/machines/w/i/${slug}/events`)).body as {
    transitions: { event: { type: string } }[];
  };
  return transitions.map(({ event }) => event.type);
}

describe.each([5, 4] as const)("XState %i", (major) => {
  const after = (delay: number, state: string) =>
    major === 5 ? `xstate.after.${delay}.(machine).${state}` : `xstate.after(${delay})#(machine).${state}`;

  test("a delayed transition happens, is in the history, and takes the instance to its end", async () => {
    const on = await start();
    await on.publish("w", waiting[major]);
    await create(on, "a");
    expect((await send(on, "a", "WAIT")).body.state).toBe("waiting");
    await vi.waitFor(async () => expect(await read(on, "a")).toMatchObject({ state: "over", done: true }));
    expect(await history(on, "a")).toEqual(["WAIT", after(20, "waiting")]);
  });

  test("delayed events come in the order of their times, then of their setting; a cancelled one never", async () => {
    const on = await start();
    await on.publish("w", waiting[major]);
    await create(on, "a");
    await send(on, "a", "NEVER");
    await send(on, "a", "LATER");
    await send(on, "a", "UNNEVER");
    const nudges = async () => ((await read(on, "a")).publicContext as { nudges: string[] }).nudges;
    await vi.waitFor(async () => expect(await nudges()).toHaveLength(3));
    expect(await nudges()).toEqual(["a", "b", "c"]);
    expect((await history(on, "a")).filter((type) => type === "NUDGE")).toHaveLength(3);
  });

  test("what is left before its time does not fire, a month is not at once, and a deleted instance has none", async () => {
    const on = await start();
    await on.publish("w", waiting[major]);
    for (const slug of ["stopped", "asleep", "witness"]) await create(on, slug);
    await send(on, "stopped", "WAIT");
    await send(on, "stopped", "STOP");
    await send(on, "asleep", "SLEEP");
    await send(on, "witness", "WAIT");
    await vi.waitFor(async () => expect(await read(on, "witness")).toMatchObject({ state: "over" }));
    expect(await read(on, "stopped")).toMatchObject({ state: "idle" });
    expect(await read(on, "asleep")).toMatchObject({ state: "asleep" });
  });

  test("timers survive a restart: those that fell due meanwhile fire at once, in order of their times", async () => {
    const folder = await mkdtemp(join(tmpdir(), "settle-timers-"));
    folders.push(folder);
    const store = join(folder, "db.json");
    const first = await start({ store });
    await first.publish("w", waiting[major]);
    await create(first, "a");
    await send(first, "a", "LATER");
    await first.server.close();
    const second = await start({ store });
    await vi.waitFor(async () => {
      expect(await read(second, "a")).toMatchObject({ publicContext: { nudges: ["a", "b", "c"] } });
    });
    expect(await history(second, "a")).toEqual(["LATER", "NUDGE", "NUDGE", "NUDGE"]);
  });

  test("a timer whose event throws is tried five times and then dropped, which the log says", async () => {
    const on = await start({ retryDelayMs: 5 });
    await on.publish("w", waiting[major]);
    await create(on, "a");
    await send(on, "a", "BREAK");
    const logged = async () => JSON.stringify((await on.call("GET", "/logs?from=2020-01-01T00:00:00.000Z")).body);
    await vi.waitFor(async () => expect(await logged()).toContain("after 5 tries"));
    expect((await logged()).match(/Error: [^"]*?broken clock/g)).toHaveLength(5);
    expect(await read(on, "a")).toMatchObject({ state: "breaking" });
    expect(await history(on, "a")).toEqual(["BREAK"]);
  });

  test("a paused instance refuses its timers, and takes them when it runs again", async () => {
    const on = await start({ retryDelayMs: 20 });
    await on.publish("w", waiting[major]);
    await create(on, "a");
    await send(on, "a", "WAIT");
    await on.call("PUT", "/machines/w/i/a/status", { json: { status: "paused" } });
    const other = async () => (await read(on, "b")).state;
    await create(on, "b");
    await send(on, "b", "WAIT");
    await vi.waitFor(async () => expect(await other()).toBe("over"));
    expect(await read(on, "a")).toMatchObject({ state: "waiting" });
    await on.call("PUT", "/machines/w/i/a/status", { json: { status: "running" } });
    await vi.waitFor(async () => expect(await read(on, "a")).toMatchObject({ state: "over" }));
  });
});
