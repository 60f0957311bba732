// What takes the process of all workers down, and who pays for it: the culprit's request fails, the others are made again unless an effect had begun.

import { afterEach, beforeEach, expect, test } from "vitest";
import { chart } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

let harness: Harness;
beforeEach(() => {
  // No memory limit comes first: these really kill the process.
  harness = createHarness({ cpuTimeoutMs: 5_000, memoryBytes: 16_000_000_000 });
});
afterEach(() => harness.close());

/** An array of more elements than V8 has arrays for: an error that can't be caught. Made at once where the string is there already. */
const killer = `globalThis.text ??= Buffer.alloc(2 ** 28, "x").toString("latin1"); globalThis.text.split("");`;
const deaths = () => harness.troubles.filter((line) => line.startsWith("the sandbox process ended"));

/** `BAD` kills in a guard, `DO` in an action, `NOTE` prints once, `WORK` starts what ends at `DONE`; the authorizer takes its time for `SLOW`. */
const machine = (name: string) =>
  chart(
    5,
    `{ initial: "a", context: {}, states: {
      a: { on: { OK: {}, WARM: { actions: act(() => { globalThis.text = Buffer.alloc(2 ** 28, "x").toString("latin1"); }) },
        BAD: { ...when(() => { ${killer} }), target: "a" }, DO: { target: "b", actions: act(() => { ${killer} }) },
        SLOW: { actions: act(() => console.log("${name} noted")) }, WORK: "working" } },
      b: { on: { OK: "a" } },
      working: { entry: act(() => console.log("${name} begun")), invoke: { id: "work", ...task(() => new Promise(() => {})), onError: "lost" } },
      lost: { on: { OK: {} } } } }`,
  ).replace(
    /export const allowWrite = .*/,
    `export const allowWrite = async ({ event }) => { if (event?.type === "SLOW") { console.log("${name} asked"); await new Promise((ok) => setTimeout(ok, 1_500)); } return true; };`,
  );

test("the request that kills it is found out and fails; a neighbour's is made again unless its effects had begun", async () => {
  const bad = harness.instance(machine("bad"), { slug: "bad" });
  const slow = harness.instance(machine("slow"), { slug: "slow" });
  const worker = harness.instance(machine("worker"), { slug: "worker" });
  const idle = harness.instance(machine("idle"), { slug: "idle" });
  await Promise.all([bad, slow, worker, idle].map((one) => one.create()));
  const slowly = slow.send("SLOW");
  const working = worker.send("WORK");
  await expect
    .poll(() => harness.printed)
    .toEqual(expect.arrayContaining(["stdout slow asked", "stdout worker begun"]));

  expect(await bad.send("BAD")).toMatchObject({ kind: "failed", reason: "memory-limit" });
  expect(stateOf(await idle.send("OK")).state).toBe("a");
  expect(await working).toMatchObject({ kind: "interrupted", state: { state: "working" } });
  expect(stateOf(await worker.send("OK")).state).toBe("lost");
  expect(worker.history()).toEqual(["WORK", "xstate.error.actor.work", "OK"]);
  expect(await slowly).toMatchObject({ kind: "settled" });
  expect(slow.history()).toEqual(["SLOW"]);
  for (const once of ["stdout worker begun", "stdout slow noted"])
    expect(harness.printed.filter((line) => line === once)).toHaveLength(1);
  expect(bad.history()).toEqual([]);
  expect(stateOf(await bad.send("OK")).state).toBe("a");

  // Once in the company of others, once alone, which settled whose doing it was.
  expect(deaths()).toHaveLength(2);
  const known = deaths().length;
  expect(await bad.send("BAD")).toMatchObject({ kind: "failed", reason: "memory-limit" });
  // From then on it has a process of its own, so that nobody else's died.
  expect(deaths()).toHaveLength(known + 1);
  expect(harness.troubles.at(-1)).toMatch(/at work: ver_1\b/);
});

test("an effect that kills it is not made again: its transition stays, the request fails", async () => {
  const bad = harness.instance(machine("bad"), { slug: "bad" });
  await bad.create();
  expect(await bad.send("DO")).toMatchObject({ kind: "failed", reason: "memory-limit" });
  expect(deaths()).toHaveLength(1);
  expect(bad.history()).toEqual(["DO"]);
  expect(stateOf(await bad.send("OK")).state).toBe("a");
});

test("of a version's requests the one is found that killed it at once, among others that wait", async () => {
  const names = ["bad", "two", "three"];
  const [bad, ...siblings] = names.map((slug) => harness.instance(machine("one"), { slug }));
  if (!bad) throw new Error("there are three");
  await Promise.all([bad, ...siblings].map((one) => one.create()));
  await bad.send("WARM");
  const others = siblings.map((one) => one.send("SLOW"));
  await expect.poll(() => harness.printed.filter((line) => line === "stdout one asked")).toHaveLength(2);
  expect(await bad.send("BAD")).toMatchObject({ kind: "failed", reason: "memory-limit" });
  expect((await Promise.all(others)).map((outcome) => outcome.kind)).toEqual(["settled", "settled"]);
  expect(siblings.map((one) => one.history())).toEqual([["SLOW"], ["SLOW"]]);
  expect(bad.history()).toEqual(["WARM"]);
});

test("the manual clock's time is told in a process of its own too, when it starts and when it moves", async () => {
  let move = (_timeMs: number) => {};
  const time = {
    now: () => 5_000,
    onMove: (listener: typeof move) => {
      move = listener;
    },
  };
  const own = createHarness({ cpuTimeoutMs: 5_000, memoryBytes: 16_000_000_000, time });
  const code = chart(
    5,
    `{ initial: "a", context: {}, states: { a: { on: { BAD: { ...when(() => { ${killer} }) }, TIME: { actions: set(() => ({ now: Date.now() })) } } } } }`,
  );
  const one = own.instance(code);
  await one.create();
  expect(await one.send("BAD")).toMatchObject({ kind: "failed", reason: "memory-limit" });
  await one.send("TIME");
  expect(one.steps.at(-1)?.context).toEqual({ now: 5_000 });
  move(6_000);
  await one.send("TIME");
  expect(one.steps.at(-1)?.context).toEqual({ now: 6_000 });
  await own.close();
});

test("a thread that can't be ended is left behind with its process", async () => {
  const endless = `Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1);`;
  const code = chart(
    5,
    `{ initial: "a", states: { a: { on: { OK: {}, BAD: { ...when(() => { ${endless} }), target: "a" } } } } }`,
  );
  const own = createHarness({ cpuTimeoutMs: 300 });
  const bad = own.instance(code, { slug: "bad" });
  const other = own.instance(machine("other"), { slug: "other" });
  await Promise.all([bad.create(), other.create()]);
  expect(await bad.send("BAD")).toMatchObject({ kind: "failed", reason: "cpu-limit" });
  expect(own.troubles).toEqual([expect.stringMatching(/^the worker of ver_1 was ended in the event 'BAD' of bad: /)]);
  await expect.poll(() => own.troubles.at(-1), { timeout: 5_000 }).toContain("would not end: its process is replaced");
  expect(stateOf(await other.send("OK")).state).toBe("a");
  expect(stateOf(await bad.send("OK")).state).toBe("a");
  await own.close();
});
