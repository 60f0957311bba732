// Machine code that takes all the time or memory there is, each kind of it: its request fails with the limit it met, everyone else is served.

import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Outcome } from "../../src/engine/port.ts";
import { outcomeOf } from "./attempts.ts";
import { chart, counter } from "./charts.ts";
import type { Harness, TestInstance } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

/** As long as anyone may have to wait for another's sake. */
const patienceMs = 2_000;

let harness: Harness;
let bystanders: TestInstance[];

/** One engine for many of them: none leaves anything behind that only a restart would mend. */
function useEngine(cpuTimeoutMs: number): void {
  beforeAll(async () => {
    harness = createHarness({ cpuTimeoutMs });
    bystanders = ([4, 5] as const).map((major) => harness.instance(counter(major), { slug: `bystander-${major}` }));
    for (const each of bystanders) await each.create();
  });
  afterAll(() => harness.close());
}

type Place = "guard" | "action" | "promise";

function machine(bomb: string, place: Place): string {
  const bad = {
    guard: `{ ...when(() => { ${bomb} }), target: "a" }`,
    action: `{ actions: act(() => { ${bomb} }) }`,
    promise: `"b"`,
  }[place];
  const promise = place === "promise" ? bomb : "";
  return chart(
    5,
    `{ initial: "a", context: {}, states: {
      a: { on: { OK: {}, BAD: ${bad} } },
      b: { invoke: { ...task(async () => { ${promise} }), onDone: "a" }, on: { OK: "a" } } } }`,
  );
}

let attacks = 0;

/** Sets one off. Until it is over, instances of other versions answer; then its own version's do. */
async function attack(bomb: string, place: Place = "action"): Promise<Outcome> {
  const code = machine(bomb, place);
  const [bad, sibling] = ["bad", "sibling"].map((name) => harness.instance(code, { slug: `${name}-${++attacks}` }));
  if (!bad || !sibling) throw new Error("there are two");
  await Promise.all([bad.create(), sibling.create()]);
  let isOver = false;
  const outcome = bad.send("BAD").finally(() => {
    isOver = true;
  });
  do {
    await timely(...bystanders.map((each) => each.send("INC")));
    await pause(20);
  } while (!isOver);
  await timely(sibling.send("OK"));
  return outcome;
}

/** Settled, and before anybody lost their patience. */
async function timely(...outcomes: Promise<Outcome>[]): Promise<void> {
  const began = performance.now();
  for (const outcome of await Promise.all(outcomes)) stateOf(outcome);
  expect(performance.now() - began).toBeLessThan(patienceMs);
}

const failed = (reason: RegExp, message: RegExp) => ({
  kind: "failed",
  reason: expect.stringMatching(reason),
  message: expect.stringMatching(message),
});
const overTime = failed(/^cpu-limit$/, /more than 500 ms without yielding/);
const overMemory = failed(/^memory-limit$/, /held \d+ MB.*the limit is 128 MB/);
/** What grows in small steps may meet either limit first, as busy as the computer is. */
const overEither = failed(/^(cpu|memory)-limit$/, /500 ms|128 MB/);

/** What takes its whole process down, unless it is noticed before. */
const lastResort = failed(/^memory-limit$/, /128 MB|process ended/);

/** A WebAssembly module whose function `f` loops for ever. */
const wasmLoop = `[0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,3,64,12,0,11,11]`;

describe("time:", () => {
  useEngine(500);

  test.each<[string, string, Place, object]>([
    ["a loop after a wait", "await new Promise((ok) => setTimeout(ok, 1)); for (;;) {}", "promise", overTime],
    ["a regular expression", "/^(a+)+$/.test('a'.repeat(40) + 'b');", "guard", overTime],
    ["a wait that nobody ends", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);", "action", overTime],
    [
      "WebAssembly",
      `new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(${wasmLoop}))).exports.f();`,
      "action",
      overTime,
    ],
    ["code made of text", "Function('for (;;) {}')();", "guard", overTime],
    ["a getter met while the context is written", "const a = {}; for (;;) a.a = a;", "guard", overTime],
    ["promises that never let go", "const on = () => Promise.resolve().then(on); await on();", "promise", overEither],
    ["microtasks", "const on = () => queueMicrotask(on); on(); await new Promise(() => {});", "promise", overEither],
    ["awaiting nothing for ever", "for (;;) await 0;", "promise", overTime],
    ["rejections that nobody handles", "for (;;) Promise.reject(new Error('x'));", "action", overEither],
    ["big numbers", "let b = 2n; for (;;) b = b ** 3n;", "action", overEither],
  ])("%s", async (_what, bomb, place, expected) => {
    expect(await attack(bomb, place)).toMatchObject(expected);
  });

  test("a loop among the events of one instance", async () => {
    const code = chart(
      5,
      `{ initial: "a", states: { a: { on: { OK: {}, BAD: "b" } }, b: { always: "c" }, c: { always: "b" } } }`,
    );
    const one = harness.instance(code, { slug: "always" });
    await one.create();
    expect(await one.send("BAD")).toMatchObject(overEither);
    expect(stateOf(await one.send("OK")).state).toBe("a");
  });

  test("a loop in allowRead", async () => {
    const code = chart(5, `{ initial: "a", states: { a: {} } }`).replace(
      /export const allowRead = .*/,
      "export const allowRead = () => { for (;;) {} };",
    );
    const instance = { orgId: "org", machine: "machine", slug: "read" };
    const query = { instance, code: { versionId: "read", fetch: async () => code }, state: "a", context: {} };
    const answer = harness.engine.authorizeRead({ ...query, authContext: {}, timeoutMs: 10_000 });
    await timely(...bystanders.map((each) => each.send("INC")));
    expect(await answer).toMatchObject(overTime);
  });

  test("recursion is an error like any other", async () => {
    expect(await attack("const f = () => f() + 1; f();", "guard")).toMatchObject(
      failed(/^machine-error$/, /Maximum call stack/),
    );
  });

  test("events without end are cut off at the settle timeout", async () => {
    const code =
      `import { createMachine, fromCallback } from "npm:xstate@5"; export const allowRead = () => true, allowWrite = () => true;
      export default createMachine({ initial: "a", states: { a: { on: { GO: "b" } },
        b: { invoke: { id: "flood", src: fromCallback(({ sendBack, receive }) => { receive(() => sendBack({ type: "X" })); sendBack({ type: "X" }); }) }, on: { X: { actions: ({ self, system, event }) => {}, target: undefined } }, always: [] } } });`.replace(
        "({ self, system, event }) => {}",
        `({ self }) => self.send({ type: "X" })`,
      );
    const one = harness.instance(code, { slug: "flood" });
    await one.create();
    expect(await one.send("GO", { settleTimeoutMs: 300 })).toMatchObject({
      kind: "interrupted",
      state: { state: "b" },
    });
  });

  test("cryptography in all the process's threads leaves some for others, and for their look-ups of hosts", async () => {
    const own = createHarness();
    const work = `crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-512", salt: new Uint8Array(8), iterations: 3e6 }, key, 512)`;
    const derive = `const key = await crypto.subtle.importKey("raw", new Uint8Array(8), "PBKDF2", false, ["deriveBits"]); for (let i = 0; i < 64; i++) void ${work}; console.log("busy"); await new Promise(() => {});`;
    const greedy = own.instance(machine(derive, "promise"), { slug: "greedy" });
    await greedy.create();
    await greedy.begin("BAD");
    await expect.poll(() => own.printed).toContain("stdout busy");
    const modest = `const looked = await fetch("http://localhost:7777/").then(() => "up", (e) => typeof e.cause.code); return [looked.length, (await crypto.subtle.digest("SHA-256", new Uint8Array(1))).byteLength];`;
    const began = performance.now();
    expect(await outcomeOf(own, modest)).toEqual([expect.any(Number), 32]);
    expect(performance.now() - began).toBeLessThan(patienceMs);
    await own.close();
  });

  test("a version that computes on for nobody's sake is ended", async () => {
    const code = machine(
      "const hog = () => { const end = performance.now() + 20; while (performance.now() < end); setTimeout(hog); }; hog();",
      "action",
    );
    const one = harness.instance(code, { slug: "hog" });
    await one.create();
    stateOf(await one.send("BAD"));
    const troubles = () => harness.troubles.join("\n");
    await expect.poll(troubles, { timeout: 40_000, interval: 100 }).toContain("kept computing though nobody waited");
    await timely(one.send("OK"));
  }, 60_000);
});

describe("memory:", () => {
  // Time enough to fill the memory first, however busy the computer is.
  useEngine(5_000);

  test.each<[string, string, Place, object]>([
    [
      "keys",
      "const a = []; for (;;) a.push(await crypto.subtle.importKey('raw', new Uint8Array(1e7), { name: 'HMAC', hash: 'SHA-256' }, true, ['sign']));",
      "promise",
      overMemory,
    ],
    [
      "what unpacks",
      "const s = new Blob([new Uint8Array(1e8)]).stream().pipeThrough(new CompressionStream('gzip')).pipeThrough(new DecompressionStream('gzip')); const a = []; for await (const c of s) a.push(new Uint8Array(3e6).fill(1));",
      "promise",
      overMemory,
    ],
    ["arrays", "const a = []; for (;;) a.push(new Array(1e5).fill({}));", "action", overMemory],
    ["maps", "const m = new Map(); for (let i = 0; ; i++) m.set(i, { i });", "action", overMemory],
    // From here on in guards: what takes the process down too may take a neighbour's effects, but not its guards, which can be asked again.
    [
      "strings",
      "const a = []; for (let i = 0; ; i++) a.push('x'.repeat(1e6).replaceAll('x', String(i)));",
      "guard",
      overMemory,
    ],
    ["symbols", "for (let i = 0; ; i++) Symbol.for(i + 'x'.repeat(10_000));", "guard", overMemory],
    ["typed arrays", "const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1));", "guard", overMemory],
    ["one huge array", "new Uint8Array(3e9).fill(1);", "guard", overMemory],
    ["Buffers", "const a = []; for (;;) a.push(Buffer.alloc(1e7, 1));", "guard", overMemory],
    [
      "shared buffers",
      "const a = []; for (;;) a.push(new Uint8Array(new SharedArrayBuffer(1e7)).fill(1));",
      "guard",
      overMemory,
    ],
    ["blobs", "const a = [], u = new Uint8Array(1e7).fill(1); for (;;) a.push(new Blob([u]));", "guard", overMemory],
    [
      "messages under way",
      "const { port1 } = new MessageChannel(); for (;;) port1.postMessage('x'.repeat(1e7));",
      "guard",
      overMemory,
    ],
    [
      "clones",
      "const a = [], u = new Uint8Array(1e7).fill(1); for (;;) a.push(structuredClone(u));",
      "guard",
      overMemory,
    ],
    [
      "WebAssembly memory",
      "const a = []; for (;;) a.push(new Uint8Array(new WebAssembly.Memory({ initial: 500 }).buffer).fill(1));",
      "guard",
      overMemory,
    ],
    [
      "WebAssembly tables",
      "const a = []; for (;;) a.push(new WebAssembly.Table({ initial: 1e7, element: 'anyfunc' }));",
      "guard",
      lastResort,
    ],
    ["deep JSON", "let o = {}; for (;;) o = { o };", "guard", overMemory],
    ["what a parser builds", "JSON.parse('['.repeat(5e7));", "guard", overMemory],
    ["one line of output", "console.log('x'.repeat(2 ** 28));", "guard", overMemory],
    ["the message of an error", "throw new Error('x'.repeat(2 ** 28));", "guard", overMemory],
    ["an array of all that a string holds", "'x'.repeat(2 ** 28).split('');", "guard", lastResort],
  ])("%s", async (_what, bomb, place, expected) => {
    expect(await attack(bomb, place)).toMatchObject(expected);
  });

  test("while its module loads", async () => {
    const code = `const a = []; for (;;) a.push(new Uint8Array(1e6).fill(1));`;
    expect(await harness.engine.inspect({ versionId: "greedy", fetch: async () => code })).toMatchObject({
      ok: false,
      reason: "memory-limit",
      message: expect.stringMatching(/loading the code failed: it held \d+ MB/),
    });
  });
});

describe("output:", () => {
  useEngine(500);

  const linesWith = (mark: string) => harness.printed.filter((line) => line.includes(mark));

  test("a thousand lines at once, and a note that the rest is dropped", async () => {
    await attack(`for (let i = 0; i < 5_000; i++) console.log("flood of lines");`);
    expect(linesWith("flood of lines")).toHaveLength(1_000);
    expect(linesWith("more than 1000 lines at once")).not.toEqual([]);
  });

  test("two million characters a second", async () => {
    const flood = `for (let i = 0; i < 50; i++) { for (let j = 0; j < 100; j++) console.log("flood of text".padEnd(1_000)); await new Promise((ok) => setTimeout(ok)); }`;
    expect(stateOf(await attack(flood, "promise")).state).toBe("a");
    expect(linesWith("flood of text").length).toBeLessThan(4_500);
    expect(linesWith("more than 2000000 characters a second")).not.toEqual([]);
  });

  test("a line is cut", async () => {
    await attack(`console.log("a long line" + "x".repeat(1e6));`);
    const [line = ""] = linesWith("a long line");
    expect(line.length).toBeLessThan(33_000);
    expect(line).toMatch(/\[cut after 32768 characters\]$/);
  });
});
