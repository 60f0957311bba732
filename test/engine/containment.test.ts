// Code that runs away, wherever in a machine it does, loses its worker, and nobody else notices for long.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
    expect(harness.troubles).toEqual([expect.stringContaining("was ended in the event 'BAD' of bad: it computed")]);
    expect(harness.lines).toEqual([
      {
        instance: { orgId: "org", machine: "machine", slug: "bad" },
        versionId: "ver_1",
        outputType: "stderr",
        log: expect.stringMatching(/^the machine was stopped in the event 'BAD' of bad: it computed .* 400 ms/),
      },
    ]);
    expect(stateOf(await sibling.send("OK")).state).toBe("a");
    expect(stateOf(await bad.send("OK")).state).toBe("a");
  },
);

test("a module that runs away as it loads is told to each instance that waited for it", async () => {
  const fine = chart(5, `{ initial: "a", states: { a: { on: { OK: {} } } } }`);
  const instances = ["one", "two"].map((slug) => harness.instance(fine, { slug }));
  await Promise.all(instances.map((one) => one.create()));
  const outcomes = instances.map(async (one) => one.upgrade("for (;;) {}", [], "OK"));
  const failed = { kind: "failed", reason: "cpu-limit" };
  expect(await Promise.all(outcomes)).toMatchObject([failed, failed]);
  expect(harness.lines.map(({ instance }) => instance?.slug).sort()).toEqual(["one", "two"]);
});

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

test("of many that wait, the one that runs away after an await is found, and the others are served", async () => {
  // Answers the bad one first, while all of them wait.
  const listener = createServer(({ url }, response) => setTimeout(() => response.end(), url === "/BAD" ? 150 : 400));
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
  const code = chart(5, `{ initial: "a", states: { a: { on: { OK: {}, BAD: {} } } } }`).replace(
    /export const allowWrite = .*/,
    `export const allowWrite = async ({ event }) => {
       if (!event) return true;
       await fetch("${base}" + event.type);
       if (event.type === "BAD") for (;;) {}
       return true; };`,
  );
  const [bad, ...others] = ["bad", "one", "two", "three"].map((slug) => harness.instance(code, { slug }));
  for (const instance of [bad, ...others]) await instance?.create();
  const [runaway, ...answers] = await Promise.all([bad?.send("BAD"), ...others.map((other) => other.send("OK"))]);
  expect(runaway).toMatchObject({ kind: "failed", reason: "cpu-limit" });
  expect(answers.map((answer) => stateOf(answer).state)).toEqual(["a", "a", "a"]);
  expect(harness.troubles.at(-1)).toContain("in the event 'BAD' of bad");
  expect(harness.troubles.length).toBeLessThanOrEqual(2);
  listener.close();
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
