// Delayed events become entries of the step that sets or cancels them, and nothing in the sandbox waits for them.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chart, type Major } from "./charts.ts";
import { createHarness, type Harness, stateOf } from "./harness.ts";

let harness: Harness;
beforeAll(() => {
  harness = createHarness();
});
afterAll(() => harness.close());

const afterEvent = (major: Major, delay: string, state: string) =>
  major === 5 ? `xstate.after.${delay}.${state}` : `xstate.after(${delay})#${state}`;

const delays = (major: Major) => {
  const self = (id: string, delay: string) =>
    major === 5
      ? `sendTo(({ self }) => self, { type: "NUDGE", n: 1 }, { id: ${id}, delay: ${delay} })`
      : `send({ type: "NUDGE", n: 1 }, { id: ${id}, delay: ${delay} })`;
  return chart(
    major,
    `{ id: "t", initial: "waiting", context: { patience: 70 },
    states: {
      waiting: { after: { 1000: "late", LONG: "later" }, on: {
        LEAVE: "resting", REENTER: ${major === 5 ? `{ target: "waiting", reenter: true }` : `"waiting"`}, BOUNCE: "bouncing",
        ASK: { actions: ${self(`"nudge"`, `(${major === 5 ? "{ context: c }" : "c"}) => c.patience`)} },
        UNASK: { actions: cancel("nudge") },
        NEVER_MIND: { actions: [${self(`"nudge"`, "5")}, cancel("nudge")] },
        BREAK: { target: "resting", actions: set(() => { throw new Error("no"); }) } } },
      bouncing: { after: { 1: "resting" }, always: "waiting" },
      late: {}, later: {}, resting: {} } }`,
    "const DAY = 86_400_000;",
  )
    .replace("raise,", "raise, cancel,")
    .replace(/createMachine\((.*)\);$/s, `createMachine($1, { delays: { LONG: () => 30 * DAY } });`);
};

describe.each([5, 4] as const)("XState %i", (major) => {
  const ids = (timers: { id: string; set: unknown }[], isSet: boolean) =>
    timers.filter(({ set }) => (set !== null) === isSet).map(({ id }) => id);

  it("sets the timers of the states it enters, by number and by name, longer than 2^31 ms too", async () => {
    const instance = harness.instance(delays(major));
    expect(stateOf(await instance.create()).state).toBe("waiting");
    const short = afterEvent(major, "1000", "t.waiting");
    const long = afterEvent(major, "LONG", "t.waiting");
    expect(instance.steps.at(-1)?.timers).toEqual([
      { id: short, set: { mark: expect.any(String), delayMs: 1000, event: { type: short } } },
      { id: long, set: { mark: expect.any(String), delayMs: 2_592_000_000, event: { type: long } } },
    ]);
  });

  it("takes the timer's own event, without asking an authorizer", async () => {
    const instance = harness.instance(delays(major));
    await instance.create();
    const type = afterEvent(major, "1000", "t.waiting");
    expect(stateOf(await instance.send({ type }, { isTrusted: true, authContext: { sub: "nobody" } })).state).toBe(
      "late",
    );
    expect(ids(instance.steps.at(-1)?.timers ?? [], false)).toEqual([type, afterEvent(major, "LONG", "t.waiting")]);
  });

  it("cancels them when the state is left, and sets them anew when it is entered again", async () => {
    const instance = harness.instance(delays(major));
    await instance.create();
    await instance.send("REENTER");
    expect(ids(instance.steps.at(-1)?.timers ?? [], true)).toHaveLength(2);
    await instance.send("LEAVE");
    expect(ids(instance.steps.at(-1)?.timers ?? [], false)).toHaveLength(2);
  });

  it("nets what is set and cancelled within one macrostep", async () => {
    const instance = harness.instance(delays(major));
    await instance.create();
    await instance.send("BOUNCE");
    const { timers } = instance.steps.at(-1) ?? { timers: [] };
    expect(ids(timers, true)).toEqual([afterEvent(major, "1000", "t.waiting"), afterEvent(major, "LONG", "t.waiting")]);
    expect(ids(timers, false)).toEqual([afterEvent(major, "1", "t.bouncing")]);
    await instance.send("NEVER_MIND");
    expect(instance.steps.at(-1)?.timers).toEqual([{ id: "nudge", set: null }]);
  });

  it("keeps delayed sends to itself, their payload and their computed delay, and cancels them by id", async () => {
    const instance = harness.instance(delays(major));
    await instance.create();
    await instance.send("ASK");
    expect(instance.steps.at(-1)?.timers).toEqual([
      { id: "nudge", set: { mark: expect.any(String), delayMs: 70, event: { type: "NUDGE", n: 1 } } },
    ]);
    await instance.send("UNASK");
    expect(instance.steps.at(-1)?.timers).toEqual([{ id: "nudge", set: null }]);
  });

  it("forgets the timers of a step whose computation threw", async () => {
    const instance = harness.instance(delays(major));
    await instance.create();
    expect(await instance.send("BREAK")).toMatchObject({ kind: "failed", reason: "machine-error" });
    await instance.send("UNASK");
    expect(instance.steps.at(-1)?.timers).toEqual([{ id: "nudge", set: null }]);
  });

  const later = (id: string | undefined) => {
    const options = JSON.stringify({ id, delay: 5 });
    const event = major === 5 ? `({ type: "NUDGE" })` : `(() => ({ type: "NUDGE" }))`;
    return major === 5 ? `sendTo(({ self }) => self, ${event}, ${options})` : `send(${event}, ${options})`;
  };

  it("keeps those that fall due together in the order in which they were set last", async () => {
    const error = major === 5 ? "xstate.error.actor.kid" : "error.platform.kid";
    const setting = (...ids: string[]) => `actions: [${ids.map(later).join(", ")}]`;
    const instance = harness.instance(
      chart(
        major,
        `{ initial: "a", states: { a: { on: { SET: { ${setting("x", "y", "x")} }, GO: "b" } },
          b: { invoke: { id: "kid", ...task(() => new Promise(() => {})) }, on: { "${error}": { target: "c", ${setting("x", "y")} } } },
          c: { on: { SET: { ${setting("x")} } } } } }`,
      ),
    );
    await instance.create();
    await instance.send("SET");
    expect(ids(instance.steps.at(-1)?.timers ?? [], true)).toEqual(["y", "x"]);
    await instance.send("GO", { settleTimeoutMs: 60 });
    await instance.send("SET");
    expect(instance.history()).toEqual(["SET", "GO", error, "SET"]);
    expect(ids(instance.steps.at(-1)?.timers ?? [], true)).toEqual(["y", "x"]);
  });

  it("keeps two that nobody named", async () => {
    const instance = harness.instance(
      chart(
        major,
        `{ initial: "a", states: { a: { on: { SET: { actions: [${later(undefined)}, ${later(undefined)}] } } } } }`,
      ),
    );
    await instance.create();
    await instance.send("SET");
    expect(ids(instance.steps.at(-1)?.timers ?? [], true)).toHaveLength(2);
  });
});
