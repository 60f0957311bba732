// Timers over HTTP: they fire, are cancelled, survive a restart in order of their times, are tried again and given up.

import { createHmac } from "node:crypto";
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
async function remove(on: Rig, slug: string): Promise<void> {
  const json = {
    dangerDataWillBeDeletedForever: true,
    hmacSha256OfMachineInstanceNameWithMachineNameKey: createHmac("sha256", "w").update(slug).digest("base64url"),
  };
  expect((await on.call("DELETE", `/machines/w/i/${slug}`, { json })).status).toBe(204);
}
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
    const on = await start({ clock: "manual" });
    await on.publish("w", waiting[major]);
    await create(on, "a");
    await send(on, "a", "NEVER");
    await send(on, "a", "LATER");
    await send(on, "a", "UNNEVER");
    const nudges = async () => ((await read(on, "a")).publicContext as { nudges: string[] }).nudges;
    await on.server.clock.advance(1_000);
    expect(await nudges()).toEqual(["a", "b", "c"]);
    expect((await history(on, "a")).filter((type) => type === "NUDGE")).toHaveLength(3);
  });

  test("what is left before its time does not fire, a month is not at once, and a deleted instance has none", async () => {
    const on = await start({ clock: "manual" });
    await on.publish("w", waiting[major]);
    for (const slug of ["stopped", "asleep", "witness"]) await create(on, slug);
    await send(on, "stopped", "WAIT");
    await send(on, "stopped", "STOP");
    await send(on, "asleep", "SLEEP");
    await send(on, "witness", "WAIT");
    await create(on, "deleted");
    await send(on, "deleted", "WAIT");
    await remove(on, "deleted");
    expect(await on.server.clock.advance(2_592_000_000 - 1)).toMatchObject({ fired: 1 });
    expect(await read(on, "witness")).toMatchObject({ state: "over" });
    expect(await read(on, "stopped")).toMatchObject({ state: "idle" });
    expect(await read(on, "asleep")).toMatchObject({ state: "asleep" });
    expect(await on.server.clock.advance(1)).toMatchObject({ fired: 1 });
    expect(await read(on, "asleep")).toMatchObject({ state: "over" });
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
    const on = await start({ clock: "manual", retryDelayMs: 30_000 });
    await on.publish("w", waiting[major]);
    for (const slug of ["a", "b"]) {
      await create(on, slug);
      await send(on, slug, "WAIT");
      await on.call("PUT", `/machines/w/i/${slug}/status`, { json: { status: "paused" } });
    }
    const resume = (slug: string) => on.call("PUT", `/machines/w/i/${slug}/status`, { json: { status: "running" } });
    expect(await on.server.clock.advance(20 + 3 * 30_000)).toMatchObject({ fired: 0 });
    await resume("a");
    expect(await on.server.clock.advance(30_000)).toMatchObject({ fired: 1 });
    expect(await read(on, "a")).toMatchObject({ state: "over" });
    // Each refusal was a try, and the fifth the last.
    await resume("b");
    expect(await on.server.clock.advance(3_600_000)).toMatchObject({ fired: 0 });
    expect(await read(on, "b")).toMatchObject({ state: "waiting" });
  });
});
