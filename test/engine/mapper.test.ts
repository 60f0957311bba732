// The mapper's two functions on the real sandbox: what they are asked and may answer, and that nothing they do reaches further than that.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { CodeRef, Engine } from "../../src/engine/port.ts";
import { EngineClosed } from "../../src/engine/port.ts";
import { chart } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

const mapper = `export const httpApiMapper = {
  hook: {
    handler(request) {
      const { body } = request;
      if (body === "loop") for (;;) {}
      if (body === "later") return new Promise((resolve) => setTimeout(resolve, 50, { machineInstanceName: "later", event: "A", authContext: {} }));
      return { machineInstanceName: "one", event: { type: "GOT", request, self: this === httpApiMapper.hook }, authContext: { sub: "ann" }, initialContext: { a: 1 } };
    },
    responseMapper(reached) { return { statusCode: 201, headers: { "X-Self": String(this === httpApiMapper.hook) }, body: reached }; },
  },
  quiet: { handler: () => ({}) },
};`;
const states = `initial: "a", context: { n: 1 }, states: { a: { on: { OK: "a", END: "z" } }, z: { type: "final" } }`;
const request = { body: null, headers: { a: "b" }, method: "POST", query: { q: "1" } };
const reached = { state: { a: "b" }, context: { n: 1 }, result: null };
const instance = { orgId: "org", machine: "machine", slug: "one" };

let versions = 0;
const codeOf = (code: string): CodeRef => {
  const versionId = `mapper-${++versions}`;
  return { versionId, fetch: async () => code };
};

describe.each([5, 4] as const)("XState %i", (major) => {
  let harness: Harness;
  let engine: Engine;
  let code: CodeRef;
  beforeAll(() => {
    harness = createHarness({ cpuTimeoutMs: 400 });
    engine = harness.engine;
    code = codeOf(chart(major, `{ ${states} }`, mapper));
  });
  afterAll(() => harness.close());

  const ask = (body: string | null, more: object = {}) =>
    engine.mapRequest({ code, mapper: "hook", request: { ...request, body }, timeoutMs: 1_000, ...more });

  test("a handler is asked with the request, as its mapper's method", async () => {
    expect(await ask("x")).toEqual({
      kind: "mapped",
      event: {
        machineInstanceName: "one",
        event: { type: "GOT", request: { ...request, body: "x" }, self: true },
        authContext: { sub: "ann" },
        initialContext: { a: 1 },
      },
    });
  });

  test("its promise is waited for, but not for ever", async () => {
    const later = { machineInstanceName: "later", event: { type: "A" }, authContext: {} };
    expect(await ask("later")).toEqual({ kind: "mapped", event: later });
    expect(await ask("later", { timeoutMs: 5 })).toMatchObject({ kind: "failed", reason: "settle-timeout" });
  });

  test("a response mapper is asked with what was reached, as its mapper's method", async () => {
    const answer = await engine.mapResponse({ instance, code, mapper: "hook", reached, timeoutMs: 1_000 });
    expect(answer).toEqual({
      kind: "mapped",
      response: {
        status: 201,
        headers: { "x-self": "true", "content-type": "application/json" },
        body: Buffer.from(JSON.stringify(reached)),
      },
    });
  });

  test("what is not there is absent", async () => {
    const missing = { kind: "absent" };
    for (const name of ["none", "toString", "constructor", "__proto__"])
      expect(await ask("x", { mapper: name })).toEqual(missing);
    expect(await engine.mapResponse({ instance, code, mapper: "quiet", reached, timeoutMs: 1_000 })).toEqual(missing);
    const plain = codeOf(chart(major, `{ ${states} }`));
    expect(await ask("x", { code: plain })).toEqual(missing);
  });

  test("a loop ends the one who asked; a neighbour in the same worker is asked again", async () => {
    const neighbour = ask("later");
    const [stuck, other] = await Promise.all([ask("loop"), neighbour]);
    expect(stuck).toMatchObject({ kind: "failed", reason: "cpu-limit" });
    expect(other).toMatchObject({ kind: "mapped" });
  });

  describe("what a machine returns at its end", () => {
    const returning = (value: string) =>
      major === 5
        ? `{ ${states}, output: ({ context, event }) => (${value}) }`
        : `{ ${states.replace(`type: "final"`, `type: "final", data: (context, event) => (${value})`)} }`;

    test("is told with the final state, and stays", async () => {
      const one = harness.instance(chart(major, returning("{ n: context.n, by: event.type }")));
      expect(await one.create()).not.toHaveProperty("output");
      expect(await one.send("OK")).not.toHaveProperty("output");
      // XState 5 hands the machine's own output the event of its end.
      const output = { n: 1, by: major === 5 ? expect.stringContaining("xstate.done.") : "END" };
      expect(await one.send("END")).toMatchObject({ kind: "settled", context: { n: 1 }, output });
      expect(await one.send("OK")).toMatchObject({ output });
      expect(one.steps.at(-1)).toMatchObject({ done: true, output });
    });

    test("of a machine that ends at once is there from the start", async () => {
      const config = returning("context.n").replace(`initial: "a"`, `initial: "z"`);
      const one = harness.instance(chart(major, config), { slug: "born-done" });
      expect(await one.create({ n: 7 })).toMatchObject({ state: { done: true }, output: 7 });
      expect(await one.send("OK")).toMatchObject({ output: 7 });
    });

    test("is nothing when it returns nothing", async () => {
      const one = harness.instance(chart(major, `{ ${states} }`), { slug: "no-output" });
      await one.create();
      const ended = await one.send("END");
      expect(stateOf(ended).done).toBe(true);
      expect(ended).not.toHaveProperty("output");
    });

    test("is the machine's fault when it throws: the event did not happen", async () => {
      const one = harness.instance(chart(major, returning(`(() => { throw new Error("no result"); })()`)), {
        slug: "throws",
      });
      await one.create();
      expect(await one.send("END")).toMatchObject({
        kind: "failed",
        reason: "machine-error",
        message: expect.stringContaining("no result"),
      });
      expect(stateOf(await one.send("OK")).state).toBe("a");
    });
  });
});

describe("an export httpApiMapper", () => {
  let harness: Harness;
  beforeAll(() => {
    harness = createHarness();
  });
  afterAll(() => harness.close());
  const inspect = (more: string) => harness.engine.inspect(codeOf(chart(5, `{ ${states} }`, more)));

  test.each([
    ["null", "null", /must be an object/],
    ["a text", `"hook"`, /must be an object/],
    ["a function", "() => {}", /must be an object/],
    ["an entry that is none", "{ hook: null }", /httpApiMapper\.hook must have a function handler/],
    ["an entry without a handler", "{ hook: { responseMapper: () => {} } }", /hook must have a function handler/],
    ["a handler that is no function", `{ hook: { handler: "x" } }`, /hook must have a function handler/],
    [
      "a response mapper that is no function",
      "{ hook: { handler() {}, responseMapper: 1 } }",
      /must be a function, or missing/,
    ],
    ["an accessor that throws", `{ get hook() { throw new Error("trap"); } }`, /can't be read: trap/],
  ])("that is or has %s is refused when the code is loaded", async (_what, value, message) => {
    const answer = await inspect(`export const httpApiMapper = ${value};`);
    expect(answer).toMatchObject({ ok: false, reason: "invalid", message: expect.stringMatching(message) });
  });

  test.each(["{}", "undefined", "{ hook: { handler() {} } }"])("that is %s is fine", async (value) => {
    expect(await inspect(`export const httpApiMapper = ${value};`)).toEqual({ ok: true, xstate: 5 });
  });
});

test("a closed engine answers no mapper's question", async () => {
  const harness = createHarness();
  const code = codeOf(
    chart(5, `{ ${states} }`, `export const httpApiMapper = { hook: { handler: () => new Promise(() => {}) } };`),
  );
  const asked = harness.engine.mapRequest({ code, mapper: "hook", request, timeoutMs: 60_000 });
  const refused = expect(asked).rejects.toBeInstanceOf(EngineClosed);
  await harness.engine.inspect(code);
  await harness.close();
  await refused;
});
