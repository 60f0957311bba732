// Migrations on the real sandbox: from either XState to either, what they are asked, what they may answer, and what they can't break.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Major } from "./charts.ts";
import { chart, counter, restructured, structure, waiter } from "./charts.ts";
import type { Harness, TestInstance } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

let harness: Harness;
beforeAll(() => {
  harness = createHarness({ cpuTimeoutMs: 400 });
});
afterAll(() => harness.close());

const same = `export const upgradeContext = (o, n, context) => context;`;
const identity = `export const upgradeState = (path) => path; ${same}`;
/** A migration that maps paths by what they are joined by dots. */
const renaming = (names: { [path: string]: string }, more = same) =>
  `const names = ${JSON.stringify(names)};
export const upgradeState = (path) => names[path.join(".")].split("."); ${more}`;

const toPaper = renaming({
  "editing.text.plain": "desk.work.body.bare",
  "editing.text.rich": "desk.work.body.fancy",
  "editing.help.closed": "desk.work.aid.hidden",
  "editing.help.open": "desk.work.aid.shown",
  paused: "shelf",
  ended: "gone",
});
/** States of one letter each; `S` in a config starts a parallel one. */
const letters = (major: Major, config: string, more = "") =>
  chart(major, config.replaceAll("S", `type: "parallel", states:`), more);

async function created(code: string, events: string[] = []): Promise<TestInstance> {
  const one = harness.instance(code);
  await one.create();
  for (const event of events) await one.send(event);
  return one;
}

describe.each([
  [5, 5],
  [4, 4],
  [4, 5],
  [5, 4],
] as const)("from XState %i to XState %i", (from, to) => {
  test("every active leaf goes where it is sent, and the new version handles the event", async () => {
    const one = await created(structure(from), ["STYLE", "HELP"]);
    const state = { desk: { work: { body: "fancy", aid: "hidden" } } };
    expect(stateOf(await one.upgrade(restructured(to), [toPaper], "HELP"))).toMatchObject({
      state,
      tags: ["busy", "rich"],
    });
    expect(one.steps.at(-1)?.rows).toEqual([
      { event: { type: "statebacked.upgrade" }, state: { desk: { work: { body: "fancy", aid: "shown" } } } },
      { event: { type: "HELP" }, state },
    ]);
    expect(stateOf(await one.send("STYLE")).tags).toEqual(["busy"]);
  });

  test("what history states remember goes along", async () => {
    for (const [event, state] of [
      ["RESUME", { body: "fancy", aid: "shown" }],
      ["BODY", { body: "fancy", aid: "hidden" }],
      ["RESTART", { body: "bare", aid: "hidden" }],
    ] as const) {
      const one = await created(structure(from), ["STYLE", "HELP", "PAUSE"]);
      expect(stateOf(await one.upgrade(restructured(to), [toPaper], event)).state).toEqual({ desk: { work: state } });
    }
  });

  test("and is still remembered by a later event", async () => {
    const one = await created(structure(from), ["STYLE", "HELP", "PAUSE"]);
    await one.upgrade(restructured(to), [toPaper], "WHO_KNOWS");
    expect(stateOf(await one.send("RESUME")).state).toEqual({ desk: { work: { body: "fancy", aid: "shown" } } });
  });

  test("where nothing is remembered yet, a history state leads where it does at first", async () => {
    const config = (past: string) => `{ id: "m", initial: "out", context: {}, states: {
      out: { on: { ENTER: "#m.in.${past}" } },
      in: { initial: "a", states: { a: {}, b: {}, ${past}: { type: "history", target: "b" } } } } }`;
    const one = await created(chart(from, config("past")));
    expect(stateOf(await one.upgrade(chart(to, config("last")), [identity], "ENTER")).state).toEqual({ in: "b" });
  });

  test.each([
    ["where their parents have other names", "job", (leaves: string) => leaves],
    ["where their parents have the same names", "work", (leaves: string) => leaves],
    ["where the leaves lie deeper", "work", (leaves: string) => `x: { initial: "a1", states: { ${leaves} } }`],
  ])("of nested memories each keeps its own, though the outer one is older, %s", async (_, root, wrapped) => {
    const config = (
      name: string,
      wrap: (leaves: string) => string,
    ) => `{ id: "m", initial: "${name}", context: {}, states: {
      ${name}: { initial: "a", on: { LEAVE: "rest" }, states: {
        a: { initial: "${wrap("").split(":")[0]?.trim() || "a1"}", on: { B: "b" }, states: {
          ${wrap(`a1: { on: { NEXT: "a2" } }, a2: {}`)}, inner: { type: "history", history: "deep" } } },
        b: { on: { BACK: "a.inner" } }, outer: { type: "history", history: "deep" } } },
      rest: { on: { RETURN: "${name}" } } } }`;
    const between = wrapped("") === "" ? "" : "x.";
    const migration = renaming({
      "work.a.a1": `${root}.a.${between}a1`,
      "work.a.a2": `${root}.a.${between}a2`,
      "work.b": `${root}.b`,
      rest: "rest",
    });
    // Outside remembers a1; then, inside, a is left at a2.
    const one = await created(
      chart(
        from,
        config("work", (leaves) => leaves),
      ),
      ["LEAVE", "RETURN", "NEXT", "B"],
    );
    const state = { [root]: { a: between ? { x: "a2" } : "a2" } };
    expect(stateOf(await one.upgrade(chart(to, config(root, wrapped)), [migration], "BACK")).state).toEqual(state);
  });

  test("the context is what upgradeContext makes of the old one", async () => {
    const one = await created(counter(from), ["INC"]);
    const more = `export const upgradeContext = (olds, news, { public: { count }, ...rest }) => ({ ...rest, asked: { olds, news }, public: { count: count * 10 } });`;
    const migration = `export const upgradeState = (path, context) => { context.public.count = 7; return path; }; ${more}`;
    await one.upgrade(counter(to), [migration], "INC");
    expect(one.steps.at(-1)?.context).toEqual({
      secret: "s",
      asked: { olds: [["counting"]], news: [["counting"]] },
      public: { count: 11 },
    });
  });

  test("a chain is gone along in order, and is one transition", async () => {
    const one = await created(counter(from));
    const add = (name: string) =>
      `export const upgradeState = (path) => path; export const upgradeContext = (o, n, c) => ({ ...c, names: (c.names ?? "") + "${name}" });`;
    await one.upgrade(counter(to), [add("a"), add("b"), add("c")], "INC");
    expect(one.steps.at(-1)?.context).toMatchObject({ names: "abc", public: { count: 1 } });
    expect(one.history()).toEqual(["statebacked.upgrade", "INC"]);
  });

  test("what the new paths leave open is at its initial state, and nothing is entered", async () => {
    const noisy = `entry: act(() => console.log("entered ${from}${to}"))`;
    const one = await created(letters(from, `{ initial: "a", states: { a: { on: { GO: {} } } } }`));
    const next = letters(
      to,
      `{ initial: "x", states: { x: {}, p: { ${noisy}, S { l: { initial: "m", states: { m: {}, n: {} } }, r: { ${noisy}, initial: "s", states: { s: { always: "t" }, t: {} } }, q: {} } } } }`,
    );
    const migration = `export const upgradeState = () => ["p", "l", "n"]; ${same}`;
    const outcome = await one.upgrade(next, [migration], "NOTHING");
    expect(one.steps.at(-1)?.rows[0]?.state).toEqual({ p: { l: "n", r: "s", q: {} } });
    // The first event that is handled there sees to what would have happened by itself.
    expect(stateOf(outcome).state).toMatchObject({ p: { l: "n" } });
    expect(harness.printed).not.toContain(`stdout entered ${from}${to}`);
  });

  test("an instance may arrive at its end", async () => {
    const one = await created(counter(from));
    const migration = `export const upgradeState = () => ["over"]; ${same}`;
    expect(stateOf(await one.upgrade(counter(to), [migration], "INC"))).toMatchObject({ state: "over", done: true });
    expect(stateOf(await one.send("INC"))).toMatchObject({ state: "over", done: true, tags: ["closed"] });
  });

  test("a finished instance may go on elsewhere", async () => {
    const one = await created(counter(from), ["END"]);
    const migration = `export const upgradeState = () => ["counting"]; ${same}`;
    expect(stateOf(await one.upgrade(counter(to), [migration], "INC"))).toMatchObject({
      state: "counting",
      done: false,
    });
    expect(one.steps.at(-1)?.context).toMatchObject({ public: { count: 1 } });
  });

  test("a statechart without states has one leaf, at the empty path", async () => {
    const flat = (major: Major) =>
      chart(major, `{ context: { n: 0 }, on: { INC: { actions: set((c) => ({ n: c.n + 1 })) } } }`);
    const one = await created(flat(from), ["INC"]);
    const asked = `export const upgradeState = (path) => path; export const upgradeContext = (olds, news, c) => ({ ...c, olds });`;
    await one.upgrade(flat(to), [asked], "INC");
    expect(one.steps.at(-1)?.context).toEqual({ n: 2, olds: [[]] });
  });
});

describe("a migration is asked", () => {
  test.each([5, 4] as const)("once for each leaf, active or remembered (XState %i)", async (major) => {
    const one = await created(structure(major), ["STYLE", "PAUSE"]);
    const nosy = toPaper.replace("(path) =>", "(path, context) => (console.log('asked ' + path.join('.')), (path) =>");
    const migration = nosy.replace('.split(".");', '.split("."))(path);');
    harness.printed.length = 0;
    await one.upgrade(restructured(major), [migration], "RESUME");
    expect(harness.printed.toSorted()).toEqual([
      "stdout asked editing.help.closed",
      "stdout asked editing.text.rich",
      "stdout asked paused",
    ]);
  });

  test("with promises awaited", async () => {
    const one = await created(counter(5));
    const migration = `export const upgradeState = async (path) => path; export const upgradeContext = async (o, n, c) => ({ ...c, late: true });`;
    await one.upgrade(counter(5), [migration], "INC");
    expect(one.steps.at(-1)?.context).toMatchObject({ late: true });
  });
});

describe("an upgrade that can't be made fails its event, and the instance stays as it was:", () => {
  const states = (body: string) => `export const upgradeState = (path) => { ${body} }; ${same}`;
  const contexts = (body: string) =>
    `export const upgradeState = (path) => path; export const upgradeContext = (o, n, c) => { ${body} };`;
  const bad: [string, string, string, string][] = [
    [
      "upgradeState throws",
      states("throw new Error('no idea')"),
      "machine-error",
      'upgradeState(["counting"]) threw: no idea',
    ],
    ["upgradeState rejects", states("return Promise.reject(new Error('no way'))"), "machine-error", "no way"],
    ["upgradeState answers nothing", states(""), "machine-error", "returned undefined"],
    ["upgradeState answers a text", states("return 'counting'"), "machine-error", "an array of keys"],
    ["upgradeState answers other things", states("return [1n]"), "machine-error", "an array of keys"],
    ["an unknown state", states("return ['counting', 'fast']"), "machine-error", 'no state ["counting","fast"]'],
    ["an inherited name", states("return ['constructor']"), "machine-error", 'no state ["constructor"]'],
    [
      "upgradeContext throws",
      contexts("throw new Error('no context')"),
      "machine-error",
      "upgradeContext threw: no context",
    ],
    ["upgradeContext answers nothing", contexts(""), "machine-error", "the context must be an object"],
    ["upgradeContext answers an array", contexts("return [c]"), "machine-error", "the context must be an object"],
    ["upgradeContext answers a cycle", contexts("c.c = c; return c"), "machine-error", "circular"],
    ["the context is too large", contexts("return { x: 'x'.repeat(400_001) }"), "context-too-large", "400000"],
    ["a promise never comes", contexts("return new Promise(() => {})"), "settle-timeout", "settle timeout"],
    ["a loop", states("for (;;) {}"), "cpu-limit", "400 ms"],
    ["a bomb", contexts("const a = []; for (;;) a.push([1, 2, 3, {}]);"), "memory-limit", ""],
  ];
  test.each(bad)("%s", async (_, migration, reason, message) => {
    const one = harness.instance(counter(5), { settleTimeoutMs: 300 });
    await one.create();
    const stored = one.steps.length;
    const outcome = await one.upgrade(counter(5), [migration], "INC");
    expect(outcome).toMatchObject({ kind: "failed", message: expect.stringContaining(message) });
    // A bomb may be taken for a loop: it holds the worker up, too.
    const reasons = reason === "memory-limit" ? [reason, "cpu-limit"] : [reason];
    expect(reasons).toContain(outcome.kind === "failed" && outcome.reason);
    if (reason.endsWith("-limit"))
      expect(harness.lines.at(-1)).toMatchObject({
        instance: { slug: "one" },
        log: outcome.kind === "failed" && outcome.message,
      });
    expect(one.steps).toHaveLength(stored);
    expect(stateOf(await one.send("INC")).state).toBe("counting");
    expect(one.history()).toEqual(["INC"]);
  });

  test.each([5, 4] as const)("two states that can't be active at once (XState %i)", async (major) => {
    const one = await created(
      letters(major, `{ S { l: { initial: "a", states: { a: {} } }, r: { initial: "b", states: { b: {} } } } }`),
    );
    const next = letters(major, `{ initial: "a", states: { a: {}, b: {} } }`);
    const outcome = await one.upgrade(next, [`export const upgradeState = ([, leaf]) => [leaf]; ${same}`], "GO");
    expect(outcome).toMatchObject({
      kind: "failed",
      reason: "machine-error",
      message: expect.stringContaining('["a"] and ["b"] at once'),
    });
    expect(one.steps).toHaveLength(1);
  });

  test("a history state in a state's place", async () => {
    const one = await created(structure(5));
    const migration = `export const upgradeState = () => ["desk", "work", "all"]; ${same}`;
    const outcome = await one.upgrade(restructured(5), [migration], "HELP");
    expect(outcome).toMatchObject({
      kind: "failed",
      message: expect.stringContaining('no state ["desk","work","all"]'),
    });
  });

  test("a remembered state that the new version doesn't have", async () => {
    const one = await created(structure(5), ["STYLE", "PAUSE"]);
    const migration = toPaper.replace("desk.work.body.fancy", "desk.work.body.lost");
    const outcome = await one.upgrade(restructured(5), [migration], "RESUME");
    expect(outcome).toMatchObject({
      kind: "failed",
      message: expect.stringContaining('["desk","work","body","lost"]'),
    });
    expect(one.steps.at(-1)?.state).toBe("paused");
  });

  test("the new version's allowWrite, asked about the upgraded state, refuses", async () => {
    const one = await created(counter(5), ["INC"]);
    const strict = counter(5).replace(
      /export const allowWrite = .*/,
      `export const allowWrite = ({ state, context, event }) => !(state === "counting" && context.grown && event.type === "INC");`,
    );
    const migration = `export const upgradeState = (path) => path; export const upgradeContext = (o, n, c) => ({ ...c, grown: true });`;
    const stored = one.steps.length;
    expect(await one.upgrade(strict, [migration], "INC")).toEqual({ kind: "rejected" });
    expect(one.steps).toHaveLength(stored);
    expect(stateOf(await one.upgrade(strict, [migration], "END")).state).toBe("over");
  });

  test.each([5, 4] as const)("the event itself throws (XState %i)", async (major) => {
    const one = await created(counter(major));
    const broken = counter(major).replace("initial:", "description: 'newer', initial:");
    expect(await one.upgrade(broken, [identity], "BREAK_GUARD")).toMatchObject({
      kind: "failed",
      reason: "machine-error",
    });
    expect(one.steps).toHaveLength(1);
    await one.upgrade(broken, [identity], "INC");
    expect(one.history()).toEqual(["statebacked.upgrade", "INC"]);
  });
});

test.each([5, 4] as const)("an upgrade is recorded once, however long its event goes on (XState %i)", async (major) => {
  const one = await created(waiter(major));
  const next = waiter(major).replace("initial:", "description: 'newer', initial:");
  expect(stateOf(await one.upgrade(next, [identity], { type: "GO", ms: 20, value: 7 })).state).toBe("idle");
  expect(one.history()).toEqual(["statebacked.upgrade", "GO", expect.stringContaining("done")]);
  expect(one.steps.at(-1)?.context).toEqual({ public: { got: 7 } });
});

test("effects of the event run after the commit that holds the upgrade, too", async () => {
  const printedAtCommit: boolean[] = [];
  const one = harness.instance(counter(5), {
    slug: "effects",
    onCommit: () => void printedAtCommit.push(harness.printed.includes("stdout ended well")),
  });
  await one.create();
  const next = counter(5).replace(
    `END: "over"`,
    `END: { target: "over", actions: act(() => console.log("ended well")) }`,
  );
  await one.upgrade(next, [identity], "END");
  expect(printedAtCommit).toEqual([false, false]);
  expect(one.steps.at(-1)?.rows).toHaveLength(2);
  expect(harness.printed).toContain("stdout ended well");
});

describe("inspecting a migration", () => {
  let codes = 0;
  const inspect = (code: string) =>
    harness.engine.inspectMigration({ versionId: `mig_${++codes}`, fetch: async () => code });

  test("finds nothing wrong with one", async () => {
    expect(await inspect(identity)).toEqual({ ok: true });
    expect(await inspect(`import { createMachine } from "npm:xstate@5"; ${identity}`)).toEqual({ ok: true });
  });

  test.each([
    ["does not parse", "export const = ;", "does not load"],
    ["throws", "throw new Error('at the top');", "at the top"],
    ["imports a file", `import "node:fs"; ${identity}`, "self-contained"],
    ["lacks upgradeState", same, "a function upgradeState"],
    ["lacks upgradeContext", "export const upgradeState = (path) => path;", "a function upgradeContext"],
    ["exports no functions", "export const upgradeState = {}; export const upgradeContext = 1;", "upgradeState"],
  ])("tells of code that %s", async (_, code, message) => {
    expect(await inspect(code)).toMatchObject({
      ok: false,
      reason: "invalid",
      message: expect.stringContaining(message),
    });
  });

  test("ends code that loops while it loads", async () => {
    expect(await inspect("for (;;) {}")).toMatchObject({ ok: false, reason: "cpu-limit" });
  });
});

test("output of a migration belongs to the instance and to the version it leads to", async () => {
  const lines: unknown[] = [];
  const { createSandboxEngine } = await import("../../src/engine/sandbox.ts");
  const engine = createSandboxEngine({ cpuTimeoutMs: 1_000, onLog: (line) => lines.push(line), onTrouble: () => {} });
  try {
    const instance = { orgId: "org", machine: "machine", slug: "talker" };
    const code = (versionId: string, text: string) => ({ versionId, fetch: async () => text });
    const resting = { state: "counting", context: {}, snapshot: {} };
    const talk = `export const upgradeState = (path) => { console.warn("moving", path); return path; }; ${same}`;
    const migrations = [{ code: code("mig_1", talk), toVersionId: "ver_2" }];
    await engine.migrate({ instance, from: code("ver_1", counter(5)), resting, migrations, timeoutMs: 1_000 });
    expect(lines).toEqual([{ instance, versionId: "ver_2", outputType: "stderr", log: "moving [ 'counting' ]" }]);
  } finally {
    await engine.close();
  }
});
