// Ephemeral children of every kind, in both XStates: what they send, when they count as running, and what is owed when they are stopped.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chart } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

let harness: Harness;
beforeAll(() => {
  harness = createHarness();
});
afterAll(() => harness.close());

/** Three events and an end, as an observable of nobody's making; XState 4 subscribes with three functions, 5 with an observer. */
const observable = `const three = (c) => ({ subscribe(first, ...rest) {
  const [next, error, complete] = typeof first === "function" ? [first, ...rest] : ["next", "error", "complete"].map((name) => (value) => first[name](value));
  const timers = [1, 2, 3].map((n) => setTimeout(() => next({ type: "VALUE", n: n * 10 }), n));
  timers.push(setTimeout(() => c.fails ? error(new Error("ran dry")) : complete(), 8));
  return { unsubscribe: () => timers.forEach(clearTimeout) }; } });`;

describe.each([5, 4] as const)("XState %i", (major) => {
  const five = major === 5;
  const errorOf = (id: string) => (five ? `xstate.error.actor.${id}` : `error.platform.${id}`);
  const doneOf = (id: string) => (five ? `xstate.done.actor.${id}` : `done.invoke.${id}`);

  test("a callback sends events, is sent some, and is cleaned up when its state is left", async () => {
    const callback = five
      ? `fromCallback(({ sendBack, receive, input }) => { receive((e) => sendBack({ type: "PONG", n: e.n + input.by })); sendBack({ type: "READY" }); return () => console.log("cleaned up"); })`
      : `(c) => (send, receive) => { receive((e) => send({ type: "PONG", n: e.n + c.by })); send({ type: "READY" }); return () => console.log("cleaned up"); }`;
    const tell = five ? `sendTo("cb", ({ event }) => event)` : `send((c, e) => e, { to: "cb" })`;
    const one = harness.instance(
      chart(
        major,
        `{ initial: "on", context: { by: 100, heard: [] }, states: {
           on: { invoke: { id: "cb", src: ${callback} ${five ? ", input: ({ context }) => ({ by: context.by })" : ""} },
             on: { READY: { actions: set((c) => ({ heard: [...c.heard, "ready"] })) }, PING: { actions: ${tell} },
               PONG: { target: "off", actions: set((c, e) => ({ heard: [...c.heard, e.n] })) } } }, off: {} } }`,
      ),
      { settleTimeoutMs: 100 },
    );
    // It runs for as long as its state is active.
    expect(await one.create()).toMatchObject({ kind: "interrupted" });
    expect(one.steps.at(-1)).toMatchObject({ state: "on", running: [{ id: "cb" }], context: { heard: ["ready"] } });
    const two = harness.instance(
      chart(
        major,
        `{ initial: "off", context: { by: 100, heard: [] }, states: { off: { on: { START: "on" } }, over: {},
           on: { invoke: { id: "cb", src: ${callback} ${five ? ", input: ({ context }) => ({ by: context.by })" : ""} },
             on: { READY: { actions: ${five ? `sendTo("cb", { type: "PING", n: 7 })` : `send({ type: "PING", n: 7 }, { to: "cb" })`} },
               PONG: { target: "over", actions: set((c, e) => ({ heard: [...c.heard, e.n] })) } } } } }`,
      ),
    );
    await two.create();
    expect(stateOf(await two.send("START")).state).toBe("over");
    expect(two.steps.at(-1)).toMatchObject({ context: { heard: [107] }, running: [] });
    expect(two.history()).toEqual(["START", "READY", "PONG"]);
    expect(harness.printed).toContain("stdout cleaned up");
  });

  test.each([false, true])("an observable's values are events until it completes or fails (%s)", async (fails) => {
    const src = five ? "fromEventObservable(({ input }) => three(input))" : "(c) => three(c)";
    const code = chart(
      major,
      `{ initial: "idle", context: { sum: 0, fails: ${fails} }, states: { idle: { on: { GO: "on" } }, over: {}, failed: {},
         on: { invoke: { id: "obs", src: ${src} ${five ? ", input: ({ context }) => context" : ""}, onDone: "over", onError: "failed" },
           on: { VALUE: { actions: set((c, e) => ({ sum: c.sum + e.n })) } } } } }`,
      observable,
    ).replace("fromCallback }", "fromCallback, fromEventObservable }");
    const one = harness.instance(code);
    await one.create();
    expect(stateOf(await one.send("GO")).state).toBe(fails ? "failed" : "over");
    expect(one.steps.at(-1)?.context).toMatchObject({ sum: 60 });
    expect(one.history()).toEqual(["GO", "VALUE", "VALUE", "VALUE", fails ? errorOf("obs") : doneOf("obs")]);
  });

  const spawning = (what: string, more = "") =>
    five
      ? chart(
          major,
          `{ initial: "a", context: {}, on: { DONE: {} }, states: { a: { on: { GO: { target: "b", actions: assign({ kid: ({ spawn }) => spawn(${what}, { id: "kid" }) }) } } },
             b: { on: { "xstate.done.actor.kid": { target: "over", actions: set((c, e) => ({ got: e.output })) }, "xstate.error.actor.kid": "failed", PING: {} } }, over: {}, failed: {} } }`,
          more,
        )
      : chart(
          major,
          `{ initial: "a", context: {}, states: { a: { on: { GO: { target: "b", actions: assign({ kid: () => spawn(${what}, "kid") }) } } },
             b: { on: { "done.invoke.kid": { target: "over", actions: set((c, e) => ({ got: e.data })) }, "error.platform.kid": "failed", PING: {} } }, over: {}, failed: {} } }`,
          more,
        ).replace("raise, send }", "raise, send, spawn }");

  test("a spawned promise is waited for, and its result or error is an event", async () => {
    const promise = (body: string) => (five ? `fromPromise(async () => { ${body} })` : `(async () => { ${body} })()`);
    const good = harness.instance(spawning(promise("return 42;")));
    await good.create();
    expect(stateOf(await good.send("GO")).state).toBe("over");
    expect(good.steps.at(-1)?.context).toMatchObject({ got: 42 });
    const bad = harness.instance(spawning(promise(`throw new Error("no luck");`)));
    await bad.create();
    expect(stateOf(await bad.send("GO")).state).toBe("failed");
    const never = harness.instance(
      spawning(five ? "fromPromise(() => new Promise(() => {}))" : "new Promise(() => {})"),
    );
    await never.create();
    expect(await never.send("GO", { settleTimeoutMs: 60 })).toMatchObject({
      kind: "interrupted",
      state: { state: "b" },
    });
    expect(stateOf(await never.send("PING")).state).toBe("failed");
    expect(never.history()).toEqual(["GO", errorOf("kid"), "PING"]);
  });

  const kid = five
    ? `const kid = createMachine({ initial: "work", context: ({ input }) => ({ n: input?.n ?? 1 }), output: ({ context }) => context.n * 2,
         states: { work: { entry: ({ context }) => console.log("kid of " + context.n), after: { 5: "over" }, on: { STAY: "rest" } }, rest: {}, over: { type: "final" } } });`
    : `const kid = createMachine({ predictableActionArguments: true, initial: "work", context: { n: 1 },
         states: { work: { entry: (c) => console.log("kid of " + c.n), after: { 5: "over" }, on: { STAY: "rest" } }, rest: {}, over: { type: "final", data: (c) => c.n * 2 } } });`;

  test("an invoked machine gets its input, runs its own delays, and its output is an event", async () => {
    const one = harness.instance(
      chart(
        major,
        `{ initial: "a", context: { n: 21 }, states: { a: { on: { GO: "b" } }, over: {},
           b: { invoke: { id: "kid", src: kid, ${five ? "input: ({ context }) => ({ n: context.n })" : "data: { n: (c) => c.n }"},
             onDone: { target: "over", actions: set((c, e) => ({ got: result(e) })) } } } } }`,
        kid,
      ),
    );
    await one.create();
    expect(stateOf(await one.send("GO")).state).toBe("over");
    expect(one.steps.at(-1)?.context).toMatchObject({ got: 42 });
    expect(harness.printed).toContain("stdout kid of 21");
    expect(one.steps.flatMap(({ timers }) => timers)).toEqual([]);
  });

  test("a machine at rest counts as running: it is stopped at the settle timeout, and its error event is owed", async () => {
    const one = harness.instance(
      chart(
        major,
        `{ initial: "a", context: {}, states: { a: { on: { GO: "b" } }, failed: {}, over: {},
           b: { invoke: { id: "kid", src: kid, onDone: "over", onError: "failed" }, entry: ${five ? `sendTo("kid", { type: "STAY" })` : `send("STAY", { to: "kid" })`}, on: { PING: {} } } } }`,
        kid,
      ),
    );
    await one.create();
    expect(await one.send("GO", { settleTimeoutMs: 60 })).toMatchObject({ kind: "interrupted", state: { state: "b" } });
    expect(stateOf(await one.send("PING")).state).toBe("failed");
    expect(one.history()).toEqual(["GO", errorOf("kid"), "PING"]);
  });

  test("several children stopped at once are owed an error event each, in order, each a transition of its own", async () => {
    const never = `${five ? "fromPromise(() => new Promise(() => {}))" : "() => new Promise(() => {})"}`;
    const region = (id: string) =>
      `${id}: { initial: "on", states: { on: { invoke: { id: "${id}", src: ${never}, onError: "off" } }, off: {} } }`;
    const one = harness.instance(
      chart(
        major,
        `{ initial: "a", context: {}, states: { a: { on: { GO: "b" } }, b: { type: "parallel", on: { PING: {} }, states: { ${["x", "y", "z"].map(region).join(",")} } } } }`,
      ),
    );
    await one.create();
    await one.send("GO", { settleTimeoutMs: 60 });
    expect(one.steps.at(-1)?.running.map(({ id }) => id)).toEqual(["x", "y", "z"]);
    expect(stateOf(await one.send("PING")).state).toEqual({ b: { x: "off", y: "off", z: "off" } });
    expect(one.history()).toEqual(["GO", errorOf("x"), errorOf("y"), errorOf("z"), "PING"]);
    expect(one.steps.at(-1)?.running).toEqual([]);
  });

  test("every further event extends the settle timeout: the answers come one timeout after the last", async () => {
    const never = `${five ? "fromPromise(() => new Promise(() => {}))" : "() => new Promise(() => {})"}`;
    const one = harness.instance(
      chart(
        major,
        `{ initial: "a", context: {}, states: { a: { on: { GO: "b" } }, b: { invoke: { id: "w", src: ${never} }, on: { PING: {} } } } }`,
      ),
    );
    await one.create();
    const answered: string[] = [];
    const first = await one.begin("GO", { settleTimeoutMs: 400 });
    const firstOver = first.outcome.then(({ kind }) => answered.push(`first ${kind}`));
    const second = await one.begin("PING", { settleTimeoutMs: 1_500 });
    const secondOver = second.outcome.then(({ kind }) => answered.push(`second ${kind}`));
    await firstOver;
    expect(answered).toEqual(["first interrupted"]);
    // The child is still running, and a third event still reaches the same actor.
    const third = await one.begin("PING", { settleTimeoutMs: 1_500 });
    expect(one.steps.at(-1)?.running).toHaveLength(1);
    await Promise.all([secondOver, third.outcome]);
    expect(one.history()).toEqual(["GO", "PING", "PING"]);
    expect(one.steps.at(-1)?.running).toHaveLength(1);
  });

  test("an initialization that never settles is answered with the state reached, and owes its error event", async () => {
    const never = `${five ? "fromPromise(() => new Promise(() => {}))" : "() => new Promise(() => {})"}`;
    const one = harness.instance(
      chart(
        major,
        `{ initial: "a", context: {}, states: { a: { invoke: { id: "w", src: ${never}, onError: "failed" } }, failed: { on: { PING: "over" } }, over: {} } }`,
      ),
      { settleTimeoutMs: 60 },
    );
    expect(await one.create()).toMatchObject({ kind: "interrupted", state: { state: "a" } });
    expect(stateOf(await one.send("PING")).state).toBe("over");
    expect(one.history()).toEqual([errorOf("w"), "PING"]);
  });
});
