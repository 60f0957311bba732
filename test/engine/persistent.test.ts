// Children that are instances, and messages between instances, as a step leaves them for the service: in both XStates, by the helper package's own shapes.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chart, type Major } from "./charts.ts";
import { createHarness, type Harness, type InstanceOptions, stateOf } from "./harness.ts";

let harness: Harness;
beforeAll(() => {
  harness = createHarness();
});
afterAll(() => harness.close());

/** What the helper package does, spelled out. */
const helpers = `
const spawnPersistentInstance = (descriptor, options) => globalThis.__statebaked_rt.spawn(descriptor, options);
const persistentInvocableSource = (d) => ({ type: "statebacked.invoke", machineName: d.machineName, machineInstanceName: d.machineInstanceName ?? crypto.randomUUID(), machineVersionId: d.machineVersionId });
const toInstance = (to, event, options) => ({ type: "xstate.send", to, event: typeof event === "function" ? event : () => event, delay: options?.delay, id: options?.id });
`;

const parent = (major: Major) => {
  const to = (target: string, event: string, options = "") =>
    major === 5 ? `sendTo(${target}, ${event}${options})` : `toInstance(${target}, ${event}${options})`;
  const c = major === 5 ? "({ context: c })" : "(c)";
  return chart(
    major,
    `{ id: "p", initial: "idle", context: { public: {} },
    states: {
      idle: { on: {
        SPAWN: { actions: set((c, e) => ({ kid: spawnPersistentInstance({ machineName: "kid", machineInstanceName: e.name }, { context: { n: 1 }, name: "kid" }) })) },
        TELL: { actions: ${to(`${c} => c.kid`, `{ type: "HI", n: 2 }`)} },
        TELL_LATER: { actions: ${to(`${c} => c.kid`, `{ type: "HI" }`, `, { id: "later", delay: 500 }`)} },
        UNTELL: { actions: cancel("later") },
        TELL_PARENT: { actions: ${major === 5 ? `sendParent({ type: "UP" })` : `sendParent("UP")`} },
        BREAK: { actions: [set(() => ({ kid: spawnPersistentInstance({ machineName: "kid" }) })), set(() => { throw new Error("no"); })] },
        CALL: "calling", FLASH: "flashing" } },
      calling: { invoke: { id: "worker", src: drawn, ${major === 5 ? `input: ({ context }) => ({ m: 3 })` : `data: { m: () => 3 }`}, onDone: "answered", onError: "idle" },
        on: { LEAVE: "idle", ASK: { actions: ${major === 5 ? `sendTo("worker", { type: "ASK" })` : `toInstance("worker", "ASK")`} } } },
      flashing: { invoke: { id: "flash", src: named }, always: "idle" },
      answered: {} } }`,
    `${helpers} const drawn = persistentInvocableSource({ machineName: "worker" });
     const named = persistentInvocableSource({ machineName: "worker", machineInstanceName: "w1", machineVersionId: "ver_1" });`,
  ).replace("raise,", "raise, cancel, sendParent,");
};

describe.each([5, 4] as const)("XState %i", (major) => {
  const create = async (options: InstanceOptions = {}) => {
    const one = harness.instance(parent(major), options);
    stateOf(await one.create());
    return one;
  };
  const last = (one: Awaited<ReturnType<typeof create>>) => one.steps.at(-1) ?? { posts: [], timers: [] };

  it("spawns within an assign, and knows where later events for the child go", async () => {
    const one = await create();
    await one.send({ type: "SPAWN", name: "k1" });
    const spawn = { kind: "spawn", id: "kid", machine: "kid", instance: "k1", context: { n: 1 } };
    expect(last(one)).toMatchObject({ posts: [spawn], running: [] });
    const ref = { type: "statebacked.instance", id: "kid", machineName: "kid", machineInstanceName: "k1" };
    expect(one.steps.at(-1)?.context.kid).toEqual(ref);
    await one.send("TELL");
    expect(last(one).posts).toEqual([
      { kind: "send", to: { machine: "kid", instance: "k1" }, event: { type: "HI", n: 2 } },
    ]);
    await one.send("TELL_LATER");
    const set = { delayMs: 500, event: { type: "HI" }, to: { machine: "kid", instance: "k1" } };
    expect(last(one).timers).toMatchObject([{ id: "later", set }]);
    await one.send("UNTELL");
    expect(last(one).timers).toEqual([{ id: "later", set: null }]);
  });

  it("draws a name for each instance, though the module drew one for all", async () => {
    const [one, other] = [await create(), await create({ slug: "other" })];
    await one.send("CALL");
    await other.send("CALL");
    const names = [one, other].map((each) => last(each).posts.map((post) => ("instance" in post ? post.instance : "")));
    expect(new Set(names.flat()).size).toBe(2);
    expect(names.flat().every((name) => /^[\da-f-]{36}$/.test(name))).toBe(true);
  });

  it("invokes without waiting, sends to the child by its id, hears of its end, and lets go of it when the state is left", async () => {
    const one = await create();
    expect(stateOf(await one.send("CALL")).state).toBe("calling");
    expect(last(one)).toMatchObject({
      running: [],
      posts: [{ kind: "spawn", id: "worker", machine: "worker", context: { m: 3 } }],
    });
    const [spawn] = last(one).posts as { machine: string; instance: string }[];
    await one.send("ASK");
    const to = { machine: "worker", instance: spawn?.instance };
    expect(last(one).posts).toEqual([{ kind: "send", to, event: { type: "ASK" } }]);
    await one.send("LEAVE");
    expect(last(one).posts).toEqual([{ kind: "release", id: "worker" }]);
    await one.send("CALL");
    const done =
      major === 5 ? { type: "xstate.done.actor.worker", output: 1 } : { type: "done.invoke.worker", data: 1 };
    expect(stateOf(await one.send(done)).state).toBe("answered");
  });

  it("starts nothing that is left within the macrostep, and leaves nothing of a step that threw", async () => {
    const one = await create();
    await one.send("FLASH");
    expect(last(one).posts).toEqual([]);
    expect(await one.send("BREAK")).toMatchObject({ kind: "failed" });
    await one.send("UNTELL");
    expect(last(one).posts).toEqual([]);
  });

  it("sends to its parent where it has one, and fails where it has none", async () => {
    const child = await create({ hasParent: true });
    await child.send("TELL_PARENT");
    expect(last(child).posts).toEqual([{ kind: "send", to: "parent", event: { type: "UP" } }]);
    const orphan = await create({ slug: "orphan" });
    await orphan.send("TELL_PARENT");
    expect(last(orphan).posts).toEqual([]);
  });
});
