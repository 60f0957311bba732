// Whose output it is: of which instance, also when it comes late.

import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { chart } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

let harness: Harness;
beforeAll(() => {
  harness = createHarness();
});
afterAll(() => harness.close());

/** The slug of the instance that printed this, once it has been printed; null for nobody's. */
const printerOf = (text: string) =>
  vi.waitFor(() => {
    const line = harness.lines.find(({ log }) => log.includes(text));
    if (!line) throw new Error(`nothing printed ${text}`);
    return line.instance?.slug ?? null;
  });

test.each([5, 4] as const)("XState %i: what outlives its session is still its instance's", async (major) => {
  const later = (text: string) => `act((c) => { setTimeout(() => console.log("${text} of " + c.name), 30); })`;
  const machine = `{ initial: "a", states: {
    a: { on: { GO: { actions: ${later("action")} }, WAIT: "b" } },
    b: { on: { GO: { actions: ${later("joined")} } }, invoke: { ...task(() => new Promise(() => {})) } } } }`;
  const code = `${chart(major, machine)}\nconsole.log("loading ${major}");`;
  const [one, two] = ["one", "two"].map((slug) =>
    harness.instance(code, { slug: `${slug}-${major}`, settleTimeoutMs: 20 }),
  );
  for (const [instance, name] of [
    [one, `one-${major}`],
    [two, `two-${major}`],
  ] as const) {
    stateOf((await instance?.create({ name })) ?? ({} as never));
    await instance?.send("GO");
    expect(await printerOf(`action of ${name}`)).toBe(name);
    const waiting = await instance?.begin("WAIT");
    await instance?.send("GO");
    await waiting?.outcome;
    expect(await printerOf(`joined of ${name}`)).toBe(name);
  }
  expect(await printerOf(`loading ${major}`)).toBeNull();
});
