// Many readers of one state are asked about together, and each is judged by itself.

import { afterEach, beforeEach, expect, test } from "vitest";
import { chart } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { createHarness } from "./harness.ts";

let harness: Harness;
beforeEach(() => {
  harness = createHarness({ cpuTimeoutMs: 400 });
});
afterEach(() => harness.close());

const asking = (allowRead: string) => {
  const source = chart(5, `{ initial: "a", states: { a: {} } }`).replace(/export const allowRead = .*/, allowRead);
  const code = { versionId: "ver_reads", fetch: async () => source };
  const instance = { orgId: "org", machine: "machine", slug: "one" };
  const record = { state: "a", context: { owner: "ann", seen: 0 } };
  return (authContext: { [name: string]: string | number }, { state, context } = record) =>
    harness.engine.authorizeRead({ instance, code, state, context, authContext, timeoutMs: 1_000 });
};

test("each is answered by its own auth context, in whatever way it is answered", async () => {
  const ask = asking(`export const allowRead = ({ authContext, context }) => {
    if (authContext.sub === "thrower") throw new Error("no idea");
    if (authContext.sub === "late") return new Promise((yes) => setTimeout(yes, 50, true));
    if (authContext.sub === "never") return new Promise(() => {});
    return authContext.sub === context.owner;
  }`);
  const verdicts = await Promise.all(["ann", "bob", "thrower", "late", "never", "ann"].map((sub) => ask({ sub })));
  expect(verdicts).toEqual([
    { kind: "allowed" },
    { kind: "rejected" },
    { kind: "rejected", message: "allowRead threw: no idea" },
    { kind: "allowed" },
    expect.objectContaining({ kind: "failed", reason: "settle-timeout" }),
    { kind: "allowed" },
  ]);
});

test("what is done to one's context is not seen by the next", async () => {
  const ask = asking("export const allowRead = ({ context }) => context.seen++ === 0 && (context.owner = 'me', true);");
  const verdicts = await Promise.all(Array.from({ length: 20 }, (_, n) => ask({ n })));
  expect(new Set(verdicts.map(({ kind }) => kind))).toEqual(new Set(["allowed"]));
});

test("two states that are read at the same time are not taken for one another", async () => {
  const ask = asking(
    "export const allowRead = ({ state, context, authContext }) => authContext.sub === state + context.seen;",
  );
  const records = [0, 1, 2].map((seen) => ({ state: "a", context: { owner: "ann", seen } }));
  const [first] = records;
  const more = [...records, { state: "b", context: first?.context ?? { owner: "", seen: 0 } }];
  const verdicts = await Promise.all(
    more.flatMap((record) => ["a0", "a1", "a2", "b0"].map((sub) => ask({ sub }, record))),
  );
  const allowed = verdicts.flatMap(({ kind }, n) => (kind === "allowed" ? [n] : []));
  expect(allowed).toEqual([0, 5, 10, 15]);
});

test("many that each compute a little are not one that computes too long", async () => {
  const ask = asking(
    "export const allowRead = () => { const end = performance.now() + 20; while (performance.now() < end); return true; };",
  );
  const verdicts = await Promise.all(Array.from({ length: 40 }, (_, n) => ask({ n })));
  expect(verdicts.every(({ kind }) => kind === "allowed")).toBe(true);
  expect(harness.troubles).toEqual([]);
});

test("one that never stops computing fails alone, whoever else is waiting", async () => {
  const ask = asking(`export const allowRead = ({ authContext: { n } }) => {
    if (n === 5) return new Promise((yes) => setTimeout(yes, 50, true));
    if (n === 7) for (;;);
    return n % 2 === 0;
  }`);
  const verdicts = await Promise.all(Array.from({ length: 10 }, (_, n) => ask({ n })));
  const words = verdicts.map((verdict) => (verdict.kind === "failed" ? verdict.reason : verdict.kind));
  const [yes, no] = ["allowed", "rejected"];
  expect(words).toEqual([yes, no, yes, no, yes, yes, yes, "cpu-limit", yes, no]);
  expect(harness.printed.filter((line) => line.startsWith("stderr the machine was stopped: "))).toHaveLength(1);
});

test("many versions that begin at once are all answered, though few workers are kept", async () => {
  const few = createHarness({ cpuTimeoutMs: 400, maxIdleWorkers: 1 });
  try {
    const machine = chart(5, `{ initial: "a", states: { a: {} } }`);
    const source = machine.replace(/export const allowRead = .*/, "export const allowRead = () => true;");
    const state = { instance: { orgId: "org", machine: "machine", slug: "one" }, state: "a", context: {} };
    const verdicts = await Promise.all(
      Array.from({ length: 24 }, (_, n) => {
        // Half of them are fetched a moment later: each of these evicts another in the very moment that it was handed out.
        const fetch = n % 2 === 0 ? async () => source : () => Promise.resolve().then(() => source);
        const code = { versionId: `ver_${n % 12}`, fetch };
        return few.engine.authorizeRead({ ...state, code, authContext: {}, timeoutMs: 5_000 });
      }),
    );
    expect(verdicts.map(({ kind }) => kind)).toEqual(verdicts.map(() => "allowed"));
  } finally {
    await few.close();
  }
});
