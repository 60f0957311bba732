// Values that answer differently each time, can't be written as JSON, or are not what they seem: each harms its own event at most.

import { afterAll, beforeAll, expect, test } from "vitest";
import { attempt } from "./attempts.ts";
import { chart } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

let harness: Harness;
beforeAll(() => {
  harness = createHarness();
});
afterAll(() => {
  expect(harness.troubles).toEqual([]);
  return harness.close();
});

const machine = (context: string, more = "") =>
  chart(
    5,
    `{ initial: "a", context: ${context}, states: { a: { on: { GO: {}, END: "z" } }, z: { type: "final" } } ${more} }`,
  );

test.each([
  [
    "a context that grows while it is written",
    machine(`() => { let n = 0; return { big: { toJSON: () => (n++ === 0 ? 1 : "x".repeat(1e6)) } }; }`),
    { big: 1 },
  ],
  ["a context behind a proxy", machine(`() => new Proxy({ a: 1 }, {})`), { a: 1 }],
  ["a thenable context", machine(`() => ({ then: (ok) => ok(1), a: 1 })`), { a: 1 }],
  ["symbols, functions and nothing", machine(`() => ({ s: Symbol(), f() {}, u: undefined, a: 1 })`), { a: 1 }],
  ["separators of lines", machine(`{ s: "a\\u2028b\\u2029c\\u0085d\\r\\ne" }`), { s: "a\u2028b\u2029c\u0085d\r\ne" }],
])("%s: stored as it was measured", async (_what, code, context) => {
  const one = harness.instance(code);
  stateOf(await one.create());
  stateOf(await one.send("GO"));
  expect(one.steps.at(-1)?.context).toEqual(context);
});

test.each([
  ["a context that is written as a number", machine(`() => ({ toJSON: () => 5 })`), "must be an object"],
  [
    "a context that throws when it is written",
    machine(`() => ({ toJSON() { throw new Error("not me"); } })`),
    "not me",
  ],
  ["a context without end", machine(`() => { const a = {}; a.a = a; return a; }`), "circular"],
  ["a state of 50 MB", machine(`{}`).replace("a: { on", `a: { tags: ["x".repeat(5e7)], on`), "limit is 40000000"],
])("%s: refused, and nothing stored", async (_what, code, message) => {
  const one = harness.instance(code);
  expect(await one.create()).toMatchObject({
    kind: "failed",
    reason: "machine-error",
    message: expect.stringContaining(message),
  });
  expect(one.steps).toEqual([]);
});

test.each([
  ["an event", "big"],
  ["a child's", "waiting"],
])("a state of 50 MB with effects, by %s: none of them runs", async (_what, target) => {
  const big = `{ target: "big", actions: act(() => console.log("ran")) }`;
  const go = target === "big" ? big : `"waiting"`;
  const code = machine("{}").replace(
    "GO: {}",
    `GO: ${go} } }, waiting: { invoke: { ...task(() => new Promise((ok) => setTimeout(ok, 5))), onDone: ${big} } }, big: { tags: ["x".repeat(5e7)], on: { OK: {}`,
  );
  const one = harness.instance(code);
  await one.create();
  const failed = { kind: "failed", reason: "machine-error", message: expect.stringContaining("limit is 40000000") };
  expect(await one.send("GO")).toMatchObject(failed);
  expect(one.history()).toEqual(target === "big" ? [] : ["GO"]);
  expect(harness.printed).not.toContain("stdout ran");
});

test("an output that can't be written fails its event, and the next one is served", async () => {
  const one = harness.instance(machine("{}", ", output: () => 10n"));
  await one.create();
  const failed = { kind: "failed", reason: "machine-error", message: expect.stringContaining("BigInt") };
  expect(await one.send("END")).toMatchObject(failed);
  expect(stateOf(await one.send("GO")).state).toBe("a");
});

test.each([
  ["a thenable module", `export function then(ok) { ok({}); }`, "must export an XState machine"],
  [
    "exports that throw",
    `export const allowRead = 1; export { trap as default }; const trap = new Proxy({}, { get() { throw new Error("trap"); }, has: () => true });`,
    "trap",
  ],
])("%s is told what is wrong", async (_what, source, message) => {
  const code = source.includes("default") ? source : `${attempt("")}\n${source}`;
  expect(await harness.engine.inspect({ versionId: `odd-${_what}`, fetch: async () => code })).toMatchObject({
    ok: false,
    reason: "invalid",
    message: expect.stringContaining(message),
  });
});

test.each([
  ["whose message throws", `throw { get message() { throw 1; }, toString() { throw 2; } };`],
  ["that is a proxy", `throw new Proxy(new Error("x"), { get() { throw 3; } });`],
  ["as long as a novel", `throw new Error("x".repeat(1e6));`],
])("an error %s fails its event only", async (_what, body) => {
  const one = harness.instance(
    chart(5, `{ initial: "a", context: {}, states: { a: { on: { OK: {}, BAD: { ...when(() => { ${body} }) } } } } }`),
  );
  await one.create();
  const failed = await one.send("BAD");
  expect(failed).toMatchObject({ kind: "failed", reason: "machine-error" });
  expect(JSON.stringify(failed).length).toBeLessThan(5_000);
  expect(stateOf(await one.send("OK")).state).toBe("a");
});
