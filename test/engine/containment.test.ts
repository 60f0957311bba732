// Code that runs away or grabs memory loses its worker, and nobody else notices for long.

import { afterEach, beforeEach, expect, test } from "vitest";
import { chart } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

let harness: Harness;
beforeEach(() => {
  harness = createHarness({ cpuTimeoutMs: 400 });
});
afterEach(() => harness.close());

/** A machine that does something bad at an event, in the place that the key names. */
const places: { [place: string]: (bad: string) => string } = {
  "an action": (bad) =>
    chart(5, `{ initial: "a", states: { a: { on: { OK: {}, BAD: { actions: act(() => { ${bad} }) } } } } }`),
  "a guard": (bad) =>
    chart(5, `{ initial: "a", states: { a: { on: { OK: {}, BAD: { ...when(() => { ${bad} }), target: "a" } } } } }`),
  "an assign": (bad) =>
    chart(4, `{ initial: "a", states: { a: { on: { OK: {}, BAD: { actions: set(() => { ${bad} }) } } } } }`),
  "an invoked promise": (bad) =>
    chart(
      5,
      `{ initial: "a", states: { a: { on: { OK: {}, BAD: "b" } }, b: { invoke: task(async () => { ${bad} }), on: { OK: "a" } } } }`,
    ),
  "the authorizer": (bad) =>
    chart(5, `{ initial: "a", states: { a: { on: { OK: {}, BAD: {} } } } }`).replace(
      /export const allowWrite = .*/,
      `export const allowWrite = ({ event }) => { if (event?.type === "BAD") { ${bad} } return true; };`,
    ),
};
const loop = "for (;;) {}";
const microtasks = "await 0; const again = () => Promise.resolve().then(again); again(); await new Promise(() => {});";
const bombs: { [kind: string]: string } = {
  "growing array": "const a = []; for (;;) a.push([1, 2, 3, {}]);",
  "growing string":
    "let s = 'x'; for (;;) { s += s.slice(0, 1e6) + Math.random(); globalThis.keep = [globalThis.keep, s]; }",
  "typed arrays": "const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1));",
  "growing map": "const m = new Map(); for (let i = 0; ; i++) m.set(i, { i });",
};

test.each(Object.keys(places))(
  "an infinite loop in %s ends that request; the same version and others go on",
  async (place) => {
    const code = places[place]?.(loop) ?? "";
    const bad = harness.instance(code, { slug: "bad" });
    const sibling = harness.instance(code, { slug: "sibling" });
    const other = harness.instance(chart(4, `{ initial: "a", states: { a: { on: { OK: {} } } } }`), { slug: "other" });
    await Promise.all([bad.create(), sibling.create(), other.create()]);
    const stuck = bad.send("BAD");
    // While it loops, another version answers; the same version does as soon as its worker is replaced.
    expect(stateOf(await other.send("OK")).state).toBe("a");
    expect(harness.troubles).toEqual([]);
    expect(await stuck).toMatchObject({
      kind: "failed",
      reason: "cpu-limit",
      message: expect.stringContaining("400 ms"),
    });
    expect(stateOf(await sibling.send("OK")).state).toBe("a");
    expect(stateOf(await bad.send("OK")).state).toBe("a");
  },
);

test("a flood of microtasks is a loop too", async () => {
  const bad = harness.instance(places["an invoked promise"]?.(microtasks) ?? "");
  await bad.create();
  expect(await bad.send("BAD")).toMatchObject({ kind: "failed" });
  expect(stateOf(await bad.send("OK")).state).toBe("a");
});

test.each(Object.keys(bombs))(
  "a memory bomb (%s) ends that request, and the machine's other instances go on",
  async (kind) => {
    const code = places["an action"]?.(bombs[kind] ?? "") ?? "";
    const bad = harness.instance(code, { slug: "bad" });
    const sibling = harness.instance(code, { slug: "sibling" });
    await Promise.all([bad.create(), sibling.create()]);
    expect(await bad.send("BAD")).toMatchObject({
      kind: "failed",
      reason: expect.stringMatching(/memory-limit|cpu-limit/),
    });
    expect(stateOf(await sibling.send("OK")).state).toBe("a");
  },
);

test("a neighbour that was waiting in the same worker is served again, without its effects running twice", async () => {
  const code = chart(
    5,
    `{ initial: "a", states: { a: { on: { BAD: { actions: act(() => { console.log("looping"); for (;;) {} }) }, NOTE: { actions: act(() => console.log("noted")) } } } } }`,
  );
  const bad = harness.instance(code, { slug: "bad" });
  const neighbours = Array.from({ length: 5 }, (_, i) => harness.instance(code, { slug: `n${i}` }));
  await Promise.all([bad, ...neighbours].map((one) => one.create()));
  const stuck = bad.send("BAD");
  await expect.poll(() => harness.printed).toContain("stdout looping");
  const served = await Promise.all(neighbours.map((one) => one.send("NOTE")));
  expect(served.map((outcome) => stateOf(outcome).state)).toEqual(["a", "a", "a", "a", "a"]);
  expect(await stuck).toMatchObject({ kind: "failed", reason: "cpu-limit" });
  expect(harness.printed.filter((line) => line === "stdout noted")).toHaveLength(5);
});

test("machine code's own forgotten errors are noted and stop nobody", async () => {
  const code = chart(
    5,
    `{ initial: "a", states: { a: { on: { OK: {}, BAD: { actions: [act(() => { Promise.reject(new Error("forgotten")); }), act(() => { setTimeout(() => { throw new Error("later"); }, 1); })] } } } } }`,
  );
  const one = harness.instance(code);
  await one.create();
  await one.send("BAD");
  await expect.poll(() => harness.printed.join("\n")).toMatch(/forgotten[\s\S]*later|later[\s\S]*forgotten/);
  expect(stateOf(await one.send("OK")).state).toBe("a");
});

test.each([
  ["the process", "typeof process"],
  ["require", "typeof require"],
  ["other threads", "typeof BroadcastChannel"],
  ["the process behind a constructor", "typeof (function () {}).constructor('return this')().process"],
])("%s is not there", async (_what, expression) => {
  const one = harness.instance(
    chart(5, `{ initial: "a", context: () => ({ seen: ${expression} }), states: { a: {} } }`),
  );
  await one.create();
  expect(one.steps.at(-1)?.context).toEqual({ seen: "undefined" });
});

test("a dynamic import reaches nothing", async () => {
  const code = chart(
    5,
    `{ initial: "a", states: { a: { on: { GO: "b" } }, b: { invoke: { ...task(() => import("node:" + "fs")), onDone: "in", onError: { target: "out", actions: set((c, e) => ({ why: failure(e).message })) } } }, in: {}, out: {} } }`,
  );
  const one = harness.instance(code);
  await one.create();
  expect(stateOf(await one.send("GO")).state).toBe("out");
  expect(one.steps.at(-1)?.context.why).toContain("may not import 'node:fs'");
});
