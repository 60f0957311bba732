// Code that nobody is to run any more: its worker ends once nobody waits for it, which shows in the code's being fetched anew.

import { afterEach, beforeEach, expect, test } from "vitest";
import type { Engine } from "../../src/engine/port.ts";
import { chart } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

let harness: Harness;
beforeEach(() => {
  harness = createHarness();
});
afterEach(() => harness.close());

const waiting = chart(
  5,
  `{ initial: "rest", context: {}, states: {
    rest: { on: { WAIT: "waiting" } },
    waiting: { invoke: { id: "wait", ...task(() => new Promise(() => {})) }, on: { GO: "rest" } } } }`,
);

/** Code that counts how often it is fetched. */
function counted(versionId: string, source: string | Promise<string> = waiting) {
  const code = {
    versionId,
    fetched: 0,
    async fetch() {
      code.fetched++;
      return source;
    },
  };
  return code;
}

test("an idle worker ends at once, and others stay", async () => {
  const [gone, kept] = [counted("ver_gone"), counted("ver_kept")];
  const inspectBoth = () => Promise.all([gone, kept].map((code) => harness.engine.inspect(code)));
  for (let n = 0; n < 2; n++) await inspectBoth();
  harness.engine.letGo(["ver_gone", "ver_unknown"]);
  await new Promise(setImmediate);
  await inspectBoth();
  expect([gone.fetched, kept.fetched]).toEqual([2, 1]);
  expect(harness.troubles).toEqual([]);
});

test("one that somebody waits for ends when they were answered", async () => {
  const one = harness.instance(waiting);
  stateOf(await one.create());
  const code = counted("ver_1"); // the harness's name for its first
  const { outcome } = await one.begin("WAIT");
  harness.engine.letGo(["ver_1"]);
  expect(await harness.engine.inspect(code)).toMatchObject({ ok: true });
  expect(code.fetched).toBe(0);
  await one.send("GO");
  expect(stateOf(await outcome).state).toBe("rest");
  await harness.engine.inspect(code);
  expect(code.fetched).toBe(1);
  expect(harness.troubles).toEqual([]);
});

test.each([
  ["let go of", async (engine: Engine) => engine.letGo(["ver_new"])],
  ["forgotten with all others", (engine: Engine) => engine.forget(new Error("other state"))],
])("one that is being opened serves whoever it is opened for, and is then %s", async (_how, letGo) => {
  const source = Promise.withResolvers<string>();
  const code = counted("ver_new", source.promise);
  const inspected = harness.engine.inspect(code);
  await letGo(harness.engine);
  source.resolve(waiting);
  expect(await inspected).toMatchObject({ ok: true });
  await harness.engine.inspect(code);
  expect(code.fetched).toBe(2);
});
