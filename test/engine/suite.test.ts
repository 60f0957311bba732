// What the engine promises, held against both XStates on the real sandbox.

import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Step } from "../../src/engine/port.ts";
import { chart, counter, structure, waiter } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

describe.each([5, 4] as const)("XState %i", (major) => {
  let harness: Harness;
  beforeAll(() => {
    harness = createHarness();
  });
  afterAll(() => harness.close());

  describe("creating", () => {
    test("starts with the machine's own context when none is given", async () => {
      const one = harness.instance(counter(major));
      expect(stateOf(await one.create())).toMatchObject({ state: "counting", tags: ["open"], done: false });
      expect(one.steps.at(-1)?.context).toEqual({ public: { count: 0 }, secret: "s" });
      expect(one.history()).toEqual([]);
    });

    test("lays the given context over the machine's own, key by key, before the first entry action", async () => {
      const code = chart(
        major,
        `{ initial: "a", context: { x: 1, y: { deep: 1 } }, states: { a: { entry: set((c) => ({ seen: c.x })) } } }`,
      );
      const one = harness.instance(code);
      await one.create({ x: 2, y: { other: true }, z: 3 });
      expect(one.steps.at(-1)?.context).toEqual({ x: 2, y: { other: true }, z: 3, seen: 2 });
    });

    test("the next instance starts from the machine's own context again", async () => {
      const code = counter(major);
      await harness.instance(code).create({ secret: "changed" });
      const other = harness.instance(code, { slug: "other" });
      await other.create();
      expect(other.steps.at(-1)?.context.secret).toBe("s");
    });

    test("a throw while the initial state is computed fails, and nothing is committed", async () => {
      const one = harness.instance(
        chart(major, `{ initial: "a", states: { a: { entry: set(() => { throw new Error("born broken"); }) } } }`),
      );
      expect(await one.create()).toMatchObject({
        kind: "failed",
        reason: "machine-error",
        message: expect.stringContaining("born broken"),
      });
      expect(one.steps).toEqual([]);
    });

    test("an authorizer's no commits nothing", async () => {
      const one = harness.instance(counter(major), { authContext: { sub: "bob" } });
      expect(await one.create()).toEqual({ kind: "rejected" });
      expect(one.steps).toEqual([]);
    });
  });

  describe("events", () => {
    test("are computed on what was stored, and recorded with the state they led to", async () => {
      const one = harness.instance(counter(major));
      await one.create();
      await one.send({ type: "INC", by: 4 });
      await one.send("INC");
      expect(one.steps.at(-1)).toMatchObject({
        context: { public: { count: 5 } },
        rows: [{ event: { type: "INC" }, state: "counting" }],
      });
    });

    test("a guard that says no, and an event nothing handles, change nothing and are recorded", async () => {
      const one = harness.instance(counter(major));
      await one.create();
      expect(stateOf(await one.send({ type: "INC", by: 0 })).state).toBe("counting");
      expect(stateOf(await one.send("WHO_KNOWS")).state).toBe("counting");
      expect(one.steps.at(-1)?.context).toMatchObject({ public: { count: 0 } });
      expect(one.history()).toEqual(["INC", "WHO_KNOWS"]);
    });

    test.each([
      ["BREAK_GUARD", "guard broke"],
      ["BREAK_ASSIGN", "assign broke"],
      ["CYCLE", "circular"],
      ["BIG", "BigInt"],
    ])("%s fails as if it had never happened", async (type, message) => {
      const one = harness.instance(counter(major));
      await one.create();
      const before = one.steps.length;
      expect(await one.send(type)).toMatchObject({
        kind: "failed",
        reason: "machine-error",
        message: expect.stringContaining(message),
      });
      expect(one.steps).toHaveLength(before);
      expect(stateOf(await one.send("INC")).state).toBe("counting");
    });

    test("a context above the limit fails with both sizes", async () => {
      const one = harness.instance(counter(major));
      await one.create();
      expect(await one.send({ type: "FILL", size: 400_001 })).toMatchObject({
        kind: "failed",
        reason: "context-too-large",
        message: expect.stringMatching(/400\d{3} bytes.*400000/),
      });
      expect(await one.send({ type: "FILL", size: 399_000 })).toMatchObject({ kind: "settled" });
    });

    test("a throw in an action comes after the commit: the transition stays, the rest runs, the throw is noted", async () => {
      const one = harness.instance(counter(major));
      await one.create();
      expect(stateOf(await one.send("BREAK_ACTION"))).toMatchObject({ state: "over", done: true, tags: ["closed"] });
      expect(harness.printed).toContain("stdout the next action ran");
      expect(harness.printed.some((line) => line.includes("action broke"))).toBe(true);
    });

    test("a finished machine takes no event, and the event is recorded", async () => {
      const one = harness.instance(counter(major));
      await one.create();
      expect(stateOf(await one.send("END"))).toMatchObject({ state: "over", done: true });
      expect(stateOf(await one.send("INC"))).toMatchObject({ state: "over", done: true });
      expect(one.history()).toEqual(["END", "INC"]);
    });

    test("no effect runs before its commit, and none at all when the commit is refused", async () => {
      const code = chart(
        major,
        `{ initial: "a", states: { a: { on: { GO: { actions: act(() => console.log("effect of ${major}")) } } } } }`,
      );
      const printedAtCommit: boolean[] = [];
      let refuse = false;
      const one = harness.instance(code, {
        onCommit: () => {
          printedAtCommit.push(harness.printed.includes(`stdout effect of ${major}`));
          if (refuse) throw new Error("disk full");
        },
      });
      await one.create();
      refuse = true;
      await expect(one.send("GO")).rejects.toThrow("disk full");
      refuse = false;
      expect(printedAtCommit).toEqual([false, false]);
      await one.send("GO");
      expect(printedAtCommit).toEqual([false, false, false]);
      expect(harness.printed.filter((line) => line === `stdout effect of ${major}`)).toHaveLength(1);
    });
  });

  describe("structure", () => {
    test("compound, parallel, deep history, always, raise and final states survive being stored", async () => {
      const one = harness.instance(structure(major));
      expect(stateOf(await one.create())).toMatchObject({
        state: { editing: { text: "plain", help: "closed" } },
        tags: ["busy"],
      });
      expect(stateOf(await one.send("STYLE")).tags.sort()).toEqual(["busy", "rich"]);
      await one.send("HELP");
      expect(stateOf(await one.send("PAUSE")).state).toBe("paused");
      expect(stateOf(await one.send("RESUME")).state).toEqual({ editing: { text: "rich", help: "open" } });
      await one.send("PAUSE");
      expect(stateOf(await one.send("RESTART")).state).toEqual({ editing: { text: "plain", help: "closed" } });
      expect(stateOf(await one.send("HURRY"))).toMatchObject({ state: "ended", done: true });
    });
  });

  test("a history state remembers, though ids have dots in them", async () => {
    const code = chart(
      major,
      `{ id: "my.doc", initial: "on", states: {
        on: { initial: "a", on: { PAUSE: "off" }, states: { a: { on: { NEXT: "b" } }, b: { id: "the.b" }, past: { type: "history" } } },
        off: { on: { RESUME: "on.past" } } } }`,
    );
    const one = harness.instance(code);
    await one.create();
    for (const event of ["NEXT", "PAUSE"]) await one.send(event);
    expect(stateOf(await one.send("RESUME")).state).toEqual({ on: "b" });
  });

  describe("settling", () => {
    test("waits for an invoked promise, each step a commit of its own", async () => {
      const one = harness.instance(waiter(major));
      await one.create();
      expect(stateOf(await one.send({ type: "GO", ms: 20, value: 7 }))).toMatchObject({ state: "idle" });
      expect(one.steps.map((step: Step) => step.running.map(({ id }) => id))).toEqual([[], ["work"], []]);
      expect(one.steps.at(-1)?.context).toEqual({ public: { got: 7 } });
      expect(one.history()).toHaveLength(2);
    });

    test("a rejected promise is its error event", async () => {
      const one = harness.instance(waiter(major));
      await one.create();
      expect(stateOf(await one.send({ type: "GO", ms: 1, fail: true })).state).toBe("failed");
      expect(one.steps.at(-1)?.context).toEqual({ public: { error: "no luck" } });
    });

    test("an error that nothing handles is noted, and the machine stays where it is", async () => {
      const code = chart(
        major,
        `{ initial: "a", states: { a: { on: { GO: "b" } }, b: { invoke: { id: "bad", ...task(() => Promise.reject(new Error("nobody cares"))) }, on: { ON: "c" } }, c: {} } }`,
      );
      const one = harness.instance(code);
      await one.create();
      expect(stateOf(await one.send("GO")).state).toBe("b");
      expect(stateOf(await one.send("ON")).state).toBe("c");
      expect(harness.printed.some((line) => line.includes("nobody cares"))).toBe(true);
    });

    test("past the settle timeout the state reached is the answer; the child is stopped and its error event precedes the next event", async () => {
      const one = harness.instance(waiter(major));
      await one.create();
      expect(await one.send({ type: "GO", ms: 60_000 }, { settleTimeoutMs: 60 })).toMatchObject({
        kind: "interrupted",
        state: { state: "busy" },
      });
      expect(one.steps.at(-1)?.running).toEqual([{ id: "work", src: expect.any(String) }]);
      expect(stateOf(await one.send("PING")).state).toBe("failed");
      const error = major === 5 ? "xstate.error.actor.work" : "error.platform.work";
      expect(one.history()).toEqual(["GO", error, "PING"]);
      expect(one.steps.at(-1)?.running).toEqual([]);
    });

    test("a refused event leaves what is owed owed", async () => {
      const one = harness.instance(waiter(major));
      await one.create();
      await one.send({ type: "GO", ms: 60_000 }, { settleTimeoutMs: 60 });
      expect(await one.send("PING", { authContext: { sub: "bob" } })).toEqual({ kind: "rejected" });
      expect(one.steps.at(-1)?.running).toHaveLength(1);
      expect(stateOf(await one.send("PING")).state).toBe("failed");
    });

    test("an event that comes meanwhile is processed at once by the same actor, and both answers wait for it to settle", async () => {
      const one = harness.instance(waiter(major));
      await one.create();
      const first = await one.begin({ type: "GO", ms: 300, value: "v" });
      const second = await one.begin("PING");
      expect(one.steps.at(-1)?.context).toMatchObject({ pings: 1 });
      expect(one.steps.at(-1)?.state).toBe("busy");
      const [a, b] = await Promise.all([first.outcome, second.outcome]);
      expect([stateOf(a).state, stateOf(b).state]).toEqual(["idle", "idle"]);
      expect(one.history().slice(0, 2)).toEqual(["GO", "PING"]);
    });

    test("leaving the state stops its child, whose result then means nothing", async () => {
      const one = harness.instance(waiter(major));
      await one.create();
      const first = await one.begin({ type: "GO", ms: 200, value: "late" });
      expect(stateOf(await one.send("LEAVE")).state).toBe("idle");
      expect(stateOf(await first.outcome).state).toBe("idle");
      await one.send({ type: "GO", ms: 400, value: "kept" });
      expect(one.steps.at(-1)?.context).toMatchObject({ public: { got: "kept" } });
    });

    test("an instance can be created into a running promise", async () => {
      const code = chart(
        major,
        `{ initial: "a", states: { a: { invoke: { ...task(() => Promise.resolve(1)), onDone: "b" } }, b: {} } }`,
      );
      const one = harness.instance(code);
      expect(stateOf(await one.create()).state).toBe("b");
      expect(one.steps).toHaveLength(2);
    });
  });

  describe("children that end otherwise", () => {
    const forever = `task(() => new Promise(() => {}))`;
    const errorOf = (id: string) => (major === 5 ? `xstate.error.actor.${id}` : `error.platform.${id}`);
    const two = (states: string) =>
      chart(
        major,
        `{ initial: "idle", context: {}, states: { idle: { on: { GO: "busy" } }, busy: { invoke: [{ id: "one", ...${forever} }, { id: "two", ...${forever} }], ${states} }`,
      );

    test("an invocation that throws where it should begin is its error event", async () => {
      const code = chart(
        major,
        `{ initial: "a", states: { a: { on: { GO: "b" } }, b: { invoke: { id: "bad", ...task(() => { throw new Error("no start"); }), onError: "c" } }, c: {} } }`,
      );
      const one = harness.instance(code);
      await one.create();
      expect(stateOf(await one.send("GO")).state).toBe("c");
      expect(one.history()).toEqual(["GO", errorOf("bad")]);
    });

    if (major === 4)
      test("one that is left and begun anew in the macrostep that begins it ends once, too", async () => {
        const callback = `() => () => { console.log("kid began"); return () => console.log("kid ended"); }`;
        const again = `{ ...when((c) => !c.again), target: "b", actions: set(() => ({ again: true })) }`;
        const code = chart(
          major,
          `{ initial: "a", context: {}, states: { a: { on: { GO: "b" } }, b: { invoke: { src: ${callback} }, always: ${again} } } }`,
        );
        const one = harness.instance(code);
        await one.create();
        await one.send("GO", { settleTimeoutMs: 60 });
        const told = () => harness.printed.filter((line) => line.startsWith("stdout kid "));
        await vi.waitUntil(() => told().length >= 4, 5_000);
        expect(told()).toEqual(["began", "ended", "began", "ended"].map((word) => `stdout kid ${word}`));
      });

    test("nothing runs of a machine that is done, were it from the start", async () => {
      const code = chart(
        major,
        `{ initial: "a", invoke: { id: "brief", ...${forever} }, states: { a: { always: "over" }, over: { type: "final" } } }`,
      );
      const one = harness.instance(code, { settleTimeoutMs: 300 });
      expect(await one.create()).toMatchObject({ kind: "settled", state: { done: true } });
      expect(one.steps.map(({ running }) => running)).toEqual(one.steps.map(() => []));
    });

    test("to a machine that is done they owe nothing", async () => {
      const one = harness.instance(two(`on: { "${errorOf("one")}": "over" } }, over: { type: "final" } }`));
      await one.create();
      await one.send("GO", { settleTimeoutMs: 60 });
      expect(one.steps.at(-1)?.running).toHaveLength(2);
      expect(stateOf(await one.send("PING")).state).toBe("over");
      expect(one.history()).toEqual(["GO", errorOf("one"), "PING"]);
    });

    test("an event to one that was stopped goes nowhere, and does no harm", async () => {
      const sending = `on: { TELL: { actions: sendTo("one", { type: "HELLO" }) } } } }`;
      const code = two(sending).replace("raise, send }", "raise, sendTo }");
      const one = harness.instance(code);
      await one.create();
      await one.send("GO", { settleTimeoutMs: 60 });
      expect(stateOf(await one.send("TELL")).state).toBe("busy");
    });

    if (major === 5)
      test("one that nobody named is not kept in mind", async () => {
        const spawning = `assign(({ spawn }) => { spawn(fromCallback(() => {})); return {}; })`;
        const one = harness.instance(
          chart(major, `{ initial: "a", context: {}, states: { a: { on: { GO: { actions: ${spawning} } } } } }`),
        );
        await one.create();
        await one.send("GO", { settleTimeoutMs: 60 });
        expect(one.steps.at(-1)?.running).toHaveLength(1);
        expect(one.steps.at(-1)?.snapshot).not.toHaveProperty("children");
      });

    const broken = `BREAK: { ...when(() => { throw new Error("no"); }), target: "idle" }`;

    test("those that an error event begins have the settle timeout of the event that it precedes, even if that fails", async () => {
      const one = harness.instance(
        two(
          `on: { "${errorOf("one")}": "again", ${broken} } }, again: { invoke: { id: "next", ...${forever} }, on: { ${broken} } } }`,
        ),
      );
      await one.create();
      await one.send("GO", { settleTimeoutMs: 60 });
      expect(await one.send("BREAK", { settleTimeoutMs: 60 })).toMatchObject({ kind: "failed" });
      await vi.waitUntil(() => !harness.engine.isLive({ orgId: "org", machine: "machine", slug: "one" }), 5_000);
      expect(one.steps.at(-1)?.running.map(({ id }) => id)).toEqual(["next"]);
    });

    test("that an error event came to nothing is stored, though children go on and the event fails", async () => {
      const failing = `"${errorOf("two")}": { ...when(() => { throw new Error("no"); }), target: "idle" }`;
      const one = harness.instance(
        two(
          `on: { "${errorOf("one")}": "again" } }, again: { invoke: { id: "next", ...${forever} }, on: { ${failing}, ${broken} } } }`,
        ),
      );
      await one.create();
      await one.send("GO", { settleTimeoutMs: 60 });
      expect(await one.send("BREAK")).toMatchObject({ kind: "failed" });
      await vi.waitUntil(() => one.steps.at(-1)?.running.length === 1, 5_000);
      await harness.engine.end({ orgId: "org", machine: "machine", slug: "one" }, new Error("no more"));
    });
  });

  describe("order", () => {
    test("what a machine sent itself before it was done comes to nothing", async () => {
      const send = (type: string) =>
        major === 5 ? `sendTo(({ self }) => self, { type: "${type}" })` : `send({ type: "${type}" })`;
      const code = chart(
        major,
        `{ initial: "a", states: { a: { on: { GO: { actions: [${send("END")}, ${send("LATE")}] }, END: "over" } }, over: { type: "final" } } }`,
      );
      const one = harness.instance(code);
      await one.create();
      expect(stateOf(await one.send("GO"))).toMatchObject({ state: "over", done: true });
      expect(one.history()).toEqual(["GO", "END"]);
    });

    test("a child that an assign spawns begins after the actions before it", async () => {
      const spawned =
        major === 5
          ? `({ spawn }) => ({ child: spawn(fromCallback(() => console.log("spawned 5")), { id: "child" }) })`
          : `() => ({ child: spawn(() => console.log("spawned 4"), "child") })`;
      const code = chart(
        major,
        `{ ${major === 4 ? "predictableActionArguments: true, " : ""}initial: "a", context: {}, states: { a: { on: {
          GO: { target: "b", actions: [act(() => console.log("before ${major}")), assign(${spawned})] } } }, b: {} } }`,
      ).replace("raise, send }", "raise, spawn }");
      const one = harness.instance(code);
      await one.create();
      await one.send("GO", { settleTimeoutMs: 60 });
      expect(harness.printed.filter((line) => line.endsWith(` ${major}`) && /before|spawned/.test(line))).toEqual([
        `stdout before ${major}`,
        `stdout spawned ${major}`,
      ]);
    });

    if (major === 5)
      test("at the start children begin before the actions of states within those that invoke them", async () => {
        const code = chart(
          major,
          `{ initial: "a", states: { a: { invoke: { src: fromCallback(() => console.log("child began")) }, initial: "x", states: { x: { entry: () => console.log("x entered") } } } } }`,
        );
        await harness.instance(code, { settleTimeoutMs: 60 }).create();
        expect(harness.printed.filter((line) => /x entered|child began/.test(line))).toEqual([
          "stdout child began",
          "stdout x entered",
        ]);
      });

    if (major === 5)
      test("an action sees the state that was stored as the machine's own, and a final one where it begins", async () => {
        const look = `({ self }) => console.log("sees", JSON.stringify(self.getSnapshot().value))`;
        const code = chart(
          major,
          `{ initial: "a", context: {}, states: { a: { always: { guard: ({ context }) => context.end, target: "over" }, on: { LOOK: { actions: ${look} } } }, over: { type: "final", entry: ${look} } } }`,
        );
        const one = harness.instance(code);
        await one.create();
        await one.send("LOOK");
        await harness.instance(code, { slug: "other" }).create({ end: true });
        expect(harness.printed.filter((line) => line.includes("sees"))).toEqual([
          `stdout sees "a"`,
          `stdout sees "over"`,
        ]);
      });

    if (major === 4)
      test("a machine that begins in a final state begins its children, and ends them", async () => {
        const code = chart(
          major,
          `{ initial: "over", invoke: { id: "child", src: () => () => { console.log("child began 4"); return () => console.log("child ended 4"); } }, states: { over: { type: "final" } } }`,
        );
        expect(stateOf(await harness.instance(code).create()).done).toBe(true);
        expect(harness.printed.filter((line) => /child (began|ended) 4/.test(line))).toEqual([
          "stdout child began 4",
          "stdout child ended 4",
        ]);
      });
  });

  describe("ending a session", () => {
    const ref = { orgId: "org", machine: "machine", slug: "one" };

    test("commits nothing more of it, tells whoever waits, and leaves the instance as it was stored", async () => {
      const one = harness.instance(waiter(major));
      await one.create();
      const first = await one.begin({ type: "GO", ms: 150, value: "late" });
      const second = await one.begin("PING");
      const stored = one.steps.length;
      await harness.engine.end(ref, new Error("no more"));
      expect(harness.engine.isLive(ref)).toBe(false);
      for (const { outcome } of [first, second]) await expect(outcome).rejects.toThrow("no more");
      // By the time another one's longer promise is back, this one's would have been.
      const clock = harness.instance(waiter(major), { slug: "clock" });
      await clock.create();
      await clock.send({ type: "GO", ms: 250 });
      expect(one.steps).toHaveLength(stored);
      expect(stateOf(await one.send("PING")).state).toBe("failed");
    });

    test("waits for the commit under way, which counts", async () => {
      const release = Promise.withResolvers<void>();
      let isHeld = false;
      const one = harness.instance(waiter(major), {
        onCommit: async ({ rows }) => {
          if (rows.length === 0) return;
          isHeld = true;
          await release.promise;
        },
      });
      await one.create();
      const sent = one.begin({ type: "GO", ms: 60_000 });
      await vi.waitUntil(() => isHeld);
      const events: string[] = [];
      const ended = harness.engine.end(ref, new Error("no more")).then(() => events.push("ended"));
      release.resolve();
      events.push("released");
      await ended;
      expect(events).toEqual(["released", "ended"]);
      expect(one.history()).toEqual(["GO"]);
      await expect((await sent).outcome).rejects.toThrow("no more");
    });

    test("stops its children", async () => {
      const callback = `(send) => () => console.log("cleaned up ${major}")`;
      const source = major === 5 ? `fromCallback(() => () => console.log("cleaned up 5"))` : `() => ${callback}`;
      const code = chart(
        major,
        `{ initial: "a", states: { a: { on: { GO: "b" } }, b: { invoke: { src: ${source} } } } }`,
      );
      const one = harness.instance(code);
      await one.create();
      const sent = await one.begin("GO");
      await harness.engine.end(ref, new Error("no more"));
      await expect(sent.outcome).rejects.toThrow("no more");
      await vi.waitUntil(() => harness.printed.includes(`stdout cleaned up ${major}`));
    });

    test("is nothing when there is none", async () => {
      await harness.engine.end({ ...ref, slug: "nobody" }, new Error("no more"));
    });
  });

  test("tags are text, whatever the machine wrote", async () => {
    const one = harness.instance(chart(major, `{ initial: "a", states: { a: { tags: [5, "t"] } } }`));
    expect(stateOf(await one.create()).tags).toEqual(["5", "t"]);
  });

  test("console output carries its stream and belongs to its instance", async () => {
    const code = chart(
      major,
      `{ initial: "a", states: { a: { on: { GO: { actions: act(() => { console.warn("careful", { n: 1 }); }) } } } } }`,
    );
    const one = harness.instance(code);
    await one.create();
    await one.send("GO");
    expect(harness.printed).toContain("stderr careful { n: 1 }");
  });
});
