// Which bundles the sandbox takes, which XState they mean, and what is said to those it refuses.

import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import { chart } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

let harness: Harness;
beforeAll(() => {
  harness = createHarness({ cpuTimeoutMs: 500 });
});
afterAll(() => harness.close());

let count = 0;
const inspect = (code: string) => harness.engine.inspect({ versionId: `load-${++count}`, fetch: async () => code });
const authorizers = "export const allowRead = () => true; export const allowWrite = () => true;";
const machine = `export default createMachine({ initial: "a", states: { a: {} } });`;

test.each([
  ["npm:xstate@5", 5],
  ["npm:xstate@^5.19.0", 5],
  ["npm:xstate@5.33.3", 5],
  ["xstate", 5],
  ["npm:xstate@4", 4],
  ["npm:xstate@4.38.3", 4],
  ["npm:xstate", 4],
  ["xstate@4", 4],
])("import from '%s' is XState %i", async (specifier, xstate) => {
  expect(await inspect(`import { createMachine } from "${specifier}"; ${authorizers} ${machine}`)).toEqual({
    ok: true,
    xstate,
  });
});

test("subpaths of both are there", async () => {
  const five = `import { createMachine } from "npm:xstate@5"; import { raise } from "npm:xstate@5/actions"; raise; ${authorizers} ${machine}`;
  expect(await inspect(five)).toEqual({ ok: true, xstate: 5 });
  const four = `import { createMachine } from "npm:xstate"; import { toEventObject } from "npm:xstate/lib/utils"; toEventObject("A"); ${authorizers} ${machine}`;
  expect(await inspect(four)).toEqual({ ok: true, xstate: 4 });
});

test("an unversioned import of something only XState 5 has means 5", async () => {
  const code = `import { setup } from "npm:xstate"; ${authorizers} export default setup({}).createMachine({ initial: "a", states: { a: {} } });`;
  expect(await inspect(code)).toEqual({ ok: true, xstate: 5 });
});

test("a bare import of something only XState 4 has means 4", async () => {
  const code = `import { Machine } from "xstate"; ${authorizers} export default Machine({ initial: "a", states: { a: {} } });`;
  expect(await inspect(code)).toEqual({ ok: true, xstate: 4 });
});

test("an unversioned machine with `guard:` is taken as XState 5, so that the guard counts", async () => {
  const code = `import { createMachine } from "npm:xstate"; ${authorizers}
    export default createMachine({ initial: "a", states: { a: { on: { GO: { guard: () => false, target: "b" } } }, b: {} } });`;
  expect(await inspect(code)).toEqual({ ok: true, xstate: 5 });
  const one = harness.instance(code);
  await one.create();
  expect(stateOf(await one.send("GO")).state).toBe("a");
});

test.each([
  ["xstate", 5],
  ["xstate4", 4],
])("a bundle with its own copy of %s works", async (name, xstate) => {
  const source = `import { createMachine, assign } from "${name}"; ${authorizers}
    const plus = ${xstate === 5 ? "({ context }) => ({ n: context.n + 1 })" : "(context) => ({ n: context.n + 1 })"};
    export default createMachine({ initial: "a", context: { n: 0 }, states: { a: { on: { GO: { target: "b", actions: assign(plus) } } }, b: { tags: ["there"] } } });`;
  const code = await bundle(source);
  expect(code).not.toContain('from "xstate');
  expect(await inspect(code)).toEqual({ ok: true, xstate });
  const one = harness.instance(code);
  await one.create();
  expect(stateOf(await one.send("GO"))).toMatchObject({ state: "b", tags: ["there"] });
  expect(one.steps.at(-1)?.context).toEqual({ n: 1 });
});

test.each([
  ["broken syntax", "export default {{{", /does not load/],
  ["a throw at the top", `${authorizers} throw new Error("not today");`, /not today/],
  ["no default export", authorizers, /must export an XState machine/],
  ["something else as the default", `${authorizers} export default { initial: "a" };`, /must export an XState machine/],
  ["no allowRead", chart(5, `{}`).replace("export const allowRead", "const allowRead"), /allowRead/],
  ["no allowWrite", chart(5, `{}`).replace("export const allowWrite", "const allowWrite"), /allowWrite/],
  ["a file", `import fs from "node:fs"; ${authorizers}`, /may not import 'node:fs'/],
  ["a bare builtin", `import fs from "fs"; ${authorizers}`, /may not import 'fs'/],
  ["a URL", `import x from "https://example.com/x.js"; ${authorizers}`, /may not import 'https:/],
  ["a data URL", `import x from "data:text/javascript,export default 1"; ${authorizers}`, /may not import 'data:/],
  ["a neighbour", `import x from "./x.js"; ${authorizers}`, /may not import '.\/x.js'/],
  ["our own modules", `import x from "settle:src/engine/worker/main.ts"; ${authorizers}`, /may not import 'settle:/],
  ["another XState", `import { x } from "npm:xstate@3"; ${authorizers}`, /may not import 'npm:xstate@3'/],
])("%s is refused with a reason", async (_name, code, reason) => {
  expect(await inspect(code)).toMatchObject({ ok: false, reason: "invalid", message: expect.stringMatching(reason) });
});

test("a loop at the top is ended", async () => {
  expect(await inspect(`${authorizers} for (;;) {}`)).toMatchObject({
    ok: false,
    reason: "cpu-limit",
    message: expect.stringContaining("500 ms"),
  });
});

test("a module that waits for ever at its top is given up", async () => {
  const found = await inspect(`${authorizers} await new Promise(() => {});`);
  expect(found).toMatchObject({ ok: false, reason: "invalid", message: expect.stringContaining("top level") });
});

test("an instance whose code loads no more is told so each time", async () => {
  const one = harness.instance(`import { nothing } from "npm:xstate@5"; ${authorizers}`);
  const failed = { kind: "failed", reason: "load-error" };
  expect([await one.create(), await one.create()]).toMatchObject([failed, failed]);
});

test("XState 4 with `guard:` and no way to be 5 is refused, since 4 would ignore it", async () => {
  const code = await bundle(`import { createMachine } from "xstate4"; ${authorizers}
    export default createMachine({ initial: "a", states: { a: { on: { GO: { guard: () => false, target: "b" } } }, b: {} } });`);
  expect(await inspect(code)).toMatchObject({
    ok: false,
    reason: "invalid",
    message: expect.stringContaining("cond:"),
  });
});

async function bundle(source: string): Promise<string> {
  const result = await build({
    stdin: { contents: source, resolveDir: import.meta.dirname, loader: "js" },
    bundle: true,
    format: "esm",
    write: false,
    platform: "browser",
    define: { "process.env.NODE_ENV": '"production"' },
  });
  return result.outputFiles[0]?.text ?? "";
}
