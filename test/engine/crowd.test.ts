// Many at a time: what they add up to is no machine's fault, and what one of them does costs those that wait nothing.

import { afterEach, beforeEach, expect, test } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import type { Delivery } from "../../src/engine/port.ts";
import { chart } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { createHarness } from "./harness.ts";

const memoryBytes = 64_000_000;
let harness: Harness;
beforeEach(() => {
  harness = createHarness({ cpuTimeoutMs: 1_000, memoryBytes });
});
afterEach(() => harness.close());

const plain = chart(5, `{ initial: "a", context: {}, states: { a: { on: { GO: {} } } } }`);

test("contexts that are more together than a worker may hold", async () => {
  const text = "x".repeat(300_000);
  const instances = Array.from({ length: 250 }, (_, n) => harness.instance(plain, { slug: `big-${n}` }));
  const outcomes = await Promise.all(instances.map((each) => each.create({ text })));
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["settled"]));
  const events = await Promise.all(instances.map((each) => each.send("GO")));
  expect(new Set(events.map(({ kind }) => kind))).toEqual(new Set(["settled"]));
  expect(harness.troubles).toEqual([]);
}, 60_000);

test("events that take longer together than one may compute", async () => {
  const slow = chart(
    5,
    `{ initial: "a", context: {}, states: { a: { on: { GO: { actions: set(() => { const end = performance.now() + 60; while (performance.now() < end); return {}; }) } } } } }`,
  );
  const instances = Array.from({ length: 50 }, (_, n) => harness.instance(slow, { slug: `slow-${n}` }));
  await Promise.all(instances.map((each) => each.create()));
  const outcomes = await Promise.all(instances.map((each) => each.send("GO")));
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(["settled"]));
  expect(harness.troubles).toEqual([]);
}, 60_000);

test("one that waits while another's worker ends is tried as if nothing had been", async () => {
  const code = chart(5, `{ initial: "a", context: {}, states: { a: {} } }`).replace(
    /export const allowWrite = .*/,
    `export const allowWrite = ({ context }) => { while (context.loops); return true; };`,
  );
  const create = (slug: string, context: { loops: boolean; text: string }) =>
    harness.engine.deliver({
      instance: { orgId: "org", machine: "machine", slug },
      code: { versionId: "ver_crowd", fetch: async () => code },
      what: { kind: "create", context },
      authContext: {},
      seed: slug,
      settleTimeoutMs: 10_000,
      commit: async ({ state, tags, done }) => ({ ts: 1, state, tags, done }),
    } satisfies Delivery);
  // The first is as long as all that may be under way.
  const loops = create("loops", { loops: true, text: "x".repeat(memoryBytes / 32) });
  const waits = create("waits", { loops: false, text: "" });
  expect(await loops.outcome).toMatchObject({ kind: "failed", reason: "cpu-limit" });
  expect(await waits.turn).toBe(true);
  expect(await waits.outcome).toMatchObject({ kind: "settled" });
});

test("some that wait for what comes after them", async () => {
  const code = chart(5, `{ initial: "a", context: {}, states: { a: {} } }`).replace(
    /export const allowWrite = .*/,
    `const { promise, resolve } = Promise.withResolvers();
    export const allowWrite = ({ context }) => (context.text ? promise : (resolve(true), true));`,
  );
  const create = (slug: string, context: JsonObject) => harness.instance(code, { slug }).create(context);
  const first = create("first", { text: "x".repeat(memoryBytes / 64) });
  const second = create("second", { text: "x".repeat(memoryBytes / 64) });
  expect(await create("third", {})).toMatchObject({ kind: "settled" });
  // They were let in; that their contexts are too large is another matter.
  for (const each of [first, second]) expect(await each).toMatchObject({ reason: "context-too-large" });
  expect(harness.troubles).toEqual([]);
});
