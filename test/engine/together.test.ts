// Calls that reach a worker in one piece, and answers that leave it so: each is still on its own.

import { afterAll, beforeAll, expect, test } from "vitest";
import { chart } from "./charts.ts";
import type { Harness, TestInstance } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

let harness: Harness;
beforeAll(() => {
  harness = createHarness({ cpuTimeoutMs: 500 });
});
afterAll(() => harness.close());

/** Its authorizer answers after promises, and for a LOOP never gives anything else a turn. */
const code = chart(
  5,
  `{ initial: "a", context: { count: 0 }, states: { a: { on: { GO: { actions: set((c) => ({ count: c.count + 1 })) } } } } }`,
).replace(
  /export const allowWrite = .*/,
  `export const allowWrite = async ({ event, machineInstanceName }) => {
    await null;
    if (event?.type !== "LOOP") return true;
    console.log(machineInstanceName + " is about to loop");
    for (;;) {}
  };`,
);

async function created(name: string, count: number): Promise<TestInstance[]> {
  const instances = Array.from({ length: count }, (_, n) => harness.instance(code, { slug: `${name}-${n}` }));
  for (const outcome of await Promise.all(instances.map((each) => each.create()))) stateOf(outcome);
  return instances;
}

test("one that loops fails under its own name, whoever comes with it; what it printed before is heard", async () => {
  const instances = await created("mixed", 12);
  const outcomes = await Promise.all(instances.map((each, n) => each.send(n === 5 ? "LOOP" : "GO")));
  const failed = { kind: "failed", reason: "cpu-limit", message: expect.stringContaining("without yielding") };
  expect(outcomes).toMatchObject(instances.map((_, n) => (n === 5 ? failed : { kind: "settled" })));
  expect(harness.printed).toContain("stdout mixed-5 is about to loop");
  // However often an event was begun, it counted once.
  for (const [n, { steps }] of instances.entries()) if (n !== 5) expect(steps.at(-1)?.context).toEqual({ count: 1 });
});

test("more of them than go together all come back, each instance's in order", async () => {
  const instances = await created("many", 30);
  const rounds = [1, 2, 3, 4, 5];
  await Promise.all(
    instances.map(async (each) => {
      for (const _ of rounds) stateOf(await each.send("GO"));
    }),
  );
  for (const { steps } of instances) expect(steps.map(({ context }) => context.count)).toEqual([0, ...rounds]);
});
