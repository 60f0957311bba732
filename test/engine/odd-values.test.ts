// Values that answer differently each time, can't be written as JSON, or are not what they seem: each harms its own event at most.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
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

describe("what JSON loses of a context", () => {
  const losses = () => harness.printed.splice(0).filter((line) => line.includes("not all of the context"));
  beforeEach(losses);

  test.each([
    ["f: () => 1", "context.f is a function, which JSON leaves out"],
    ["list: [1, Symbol()]", "context.list[1] is a symbol, which JSON writes as null"],
    ["deep: { n: 0 / 0 }", "context.deep.n is NaN, which JSON writes as null"],
    [`seen: new Map([["a", 1]])`, "context.seen is of the class Map, and JSON keeps only its own properties: {}"],
    [`why: new TypeError("x")`, "context.why is of the class TypeError, and JSON keeps only its own properties: {}"],
    [
      `cart: new (class Cart { #n = 1; items = ["a"]; })()`,
      `context.cart is of the class Cart, and JSON keeps only its own properties: {"items":["a"]}`,
    ],
  ])("%s is noted once for a version, and fails nothing", async (lost, told) => {
    const code = chart(5, `{ context: { public: {} }, on: { LOSE: { actions: set(() => ({ ${lost} })) }, STAY: {} } }`);
    const one = harness.instance(code);
    stateOf(await one.create());
    expect(losses()).toEqual([]);
    stateOf(await one.send("LOSE"));
    const note = `stderr not all of the context is stored: ${told}`;
    expect(losses()).toEqual([note]);
    stateOf(await one.send("LOSE"));
    stateOf(await one.send("STAY"));
    expect(losses()).toEqual([]);
  });

  test.each([4, 5] as const)("nothing is lost of dates, of undefined, nor of children (XState %i)", async (major) => {
    const child = major === 5 ? "spawn(fromCallback(() => {}))" : "spawn(() => () => {})";
    const start = major === 5 ? `assign({ child: ({ spawn }) => ${child} })` : `assign({ child: () => ${child} })`;
    const code = chart(
      major,
      `{ context: { at: new Date(0), gone: undefined, list: [undefined], none: Object.create(null) }, on: { SPAWN: { actions: ${start} } } }`,
      major === 4 ? `import { spawn } from "npm:xstate";` : "",
    );
    const one = harness.instance(code, { settleTimeoutMs: 200 });
    stateOf(await one.create());
    stateOf(await one.send("SPAWN"));
    expect(losses()).toEqual([]);
    expect(one.steps.at(-1)?.context).toMatchObject({ at: "1970-01-01T00:00:00.000Z", child: expect.anything() });
  });

  test("a place among many items is told of once, and so are twenty places at most", async () => {
    const code = chart(
      5,
      `{ context: () => ({ items: Array.from({ length: 100 }, () => ({ f() {} })), ...Object.fromEntries(Array.from({ length: 100 }, (_, i) => ["k" + i, () => {}])) }) }`,
    );
    stateOf(await harness.instance(code).create());
    expect(losses()).toHaveLength(20);
  });

  test("a migration's is noted, too", async () => {
    const one = harness.instance(machine("{}"));
    stateOf(await one.create());
    const migration = `export const upgradeState = (path) => path; export const upgradeContext = () => ({ f() {} });`;
    stateOf(await one.upgrade(`${machine("{}")} //`, [migration], "GO"));
    expect(losses()).toEqual([
      "stderr not all of the context is stored: context.f is a function, which JSON leaves out",
    ]);
  });

  test("code that throws when it is looked at again has its context stored as it was written", async () => {
    const once = `() => { let n = 0; return { deep: { get b() { if (n++ > 0) throw new Error("again"); return 2; } } }; }`;
    const one = harness.instance(machine(once));
    const outcome = await one.create();
    expect(outcome.kind).toBe("settled");
    expect(one.steps.at(-1)?.context).toEqual({ deep: { b: 2 } });
  });
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
