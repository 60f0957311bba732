// Ways out of a worker that machine code might try, by the door it tries: each is refused, and nobody else notices.

import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { attempt, outcomeOf } from "./attempts.ts";
import { counter } from "./charts.ts";
import type { Harness, TestInstance } from "./harness.ts";
import { createHarness, stateOf } from "./harness.ts";

let harness: Harness;
let bystander: TestInstance;
beforeAll(async () => {
  harness = createHarness();
  bystander = harness.instance(counter(4), { slug: "bystander" });
  await bystander.create();
});
afterAll(() => harness.close());

/** After every attempt, an instance of another version answers, and nothing of the sandbox had to be ended. */
afterEach(async () => {
  const began = performance.now();
  expect(stateOf(await bystander.send("INC")).state).toBe("counting");
  expect(performance.now() - began).toBeLessThan(2_000);
  expect(harness.troubles).toEqual([]);
});

const AsyncFunction = "(async () => {}).constructor";
const clone = `Object.getOwnPropertySymbols(Blob.prototype).find((s) => s.description === "messaging_clone_symbol")`;
const conjure = (what: string) =>
  `class Bait extends Blob { [${clone}]() { return { data: { handle: { fd: 1 } }, deserializeInfo: "${what}" }; } }
   return structuredClone(new Bait([])).constructor.name;`;
const dispatcher = `await fetch("data:,"); const dispatcher = globalThis[Symbol.for("undici.globalDispatcher.1")];`;

/** Each `[what it tries, the body, what comes of it]`; an `error` is a part of the message. */
const doors: { [door: string]: [string, string, unknown][] } = {
  "what makes code of text": [
    ["Function finds no process", `return typeof Function("return this")().process;`, "undefined"],
    ["Function finds no require", `return Function("return typeof require + typeof module")();`, "undefinedundefined"],
    ["an async function imports nothing", `await ${AsyncFunction}('return import("node:fs")')();`, "may not import"],
    ["eval imports nothing", `await (0, eval)('import("node:child_process")');`, "may not import"],
    [
      "a generator imports nothing",
      `await (function* () {}).constructor('yield import("node:net")')().next().value;`,
      "may not import",
    ],
    [
      "nor does code that nobody called",
      `await new Promise((ok, no) => { globalThis.no = no; Promise.resolve('import("node:fs").catch(globalThis.no)').then(Function).then((f) => f()); });`,
      "import callback",
    ],
  ],
  imports: [
    ...["node:fs", "fs", "node:sqlite", "node:worker_threads", "node:inspector", "module"].map(
      (name): [string, string, unknown] => [name, `await import(${JSON.stringify(name)});`, `may not import '${name}'`],
    ),
    ["data:", `await import("data:text/javascript,export default 1");`, "may not import 'data:"],
    ["blob:", `await import(URL.createObjectURL(new Blob(["export default 1"])));`, "may not import 'blob:"],
    ["file:", `await import("file:///etc/hosts");`, "may not import 'file:"],
    ["https:", `await import("https://example.com/x.js");`, "may not import 'https:"],
    ["our own modules", `await import("settle:src/engine/worker/session.ts");`, "may not import 'settle:src"],
    ["itself again", `await import("settle:machine");`, "may not import 'settle:machine'"],
    ["a JSON file", `await import("./package.json", { with: { type: "json" } });`, "may not import"],
    ["what import.meta resolves", `return import.meta.resolve("node:fs");`, "may not import 'node:fs'"],
  ],
  "built-ins and prototypes": [
    ["a method", `Array.prototype.push = () => 0;`, "read only"],
    ["a trap for every object", `Object.defineProperty(Object.prototype, "handle", { set() {} });`, "not extensible"],
    ["a trap for every array", `Object.defineProperty(Array.prototype, "0", { set() {} });`, "not extensible"],
    ["then", `Promise.prototype.then = () => 0;`, "read only"],
    ["every object a thenable", `Object.prototype.then = () => 0;`, "not extensible"],
    ["every object's JSON", `Object.prototype.toJSON = () => 0;`, "not extensible"],
    ["JSON itself", `JSON.stringify = () => "{}";`, "read only"],
    ["maps", `Map.prototype.set = () => 0;`, "read only"],
    ["calls", `Function.prototype.call = () => 0;`, "can't be replaced"],
    ["a method's call", `Map.prototype.get.call = () => 0;`, "not extensible"],
    ["what an object says it is", `Object.prototype.toString = () => 0;`, "can't be replaced"],
    ["iteration", `Object.getPrototypeOf([].values()).next = () => 0;`, "read only"],
    ["a prototype's prototype", `Object.setPrototypeOf(Array.prototype, {});`, "not extensible"],
    ["a global's name", `globalThis.Map = class {};`, "read only"],
    ["reflection", `Reflect.apply = () => 0;`, "read only"],
    ["the Buffer", `Buffer.byteLength = () => 0;`, "read only"],
    ["async functions", `Object.getPrototypeOf(async () => {}).x = 1;`, "not extensible"],
    ["messages", `MessagePort.prototype.postMessage = () => 0;`, "read only"],
    ["event targets", `EventTarget.prototype.dispatchEvent = () => 0;`, "read only"],
    [
      "how messages are received",
      `const [symbol] = Object.getOwnPropertySymbols(EventTarget.prototype).filter((s) => s.description === "nodejs.internal.kHybridDispatch"); EventTarget.prototype[symbol] = () => 0;`,
      "read only",
    ],
  ],
  globals: [
    [
      "nothing of Node's is there",
      `return ["process", "require", "module", "BroadcastChannel", "navigator", "Navigator", "localStorage", "sessionStorage", "Worker", "gc", "EventSource"].filter((name) => globalThis[name] !== undefined);`,
      [],
    ],
    [
      "nor behind a name",
      `return ["proc" + "ess", "Work" + "er"].map((name) => typeof globalThis[name]);`,
      ["undefined", "undefined"],
    ],
    [
      "a Buffer shows nothing old",
      `return [Buffer.from("a").buffer.byteLength, Buffer.allocUnsafe(4_000).some(Boolean)];`,
      [1, false],
    ],
    [
      "the performance of nobody else",
      `return performance.nodeTiming === undefined || typeof performance.nodeTiming.constructor.kill;`,
      "undefined",
    ],
  ],
  "errors and stacks": [
    [
      "call sites give neither functions nor receivers",
      `Error.prepareStackTrace = (_, sites) => sites; const sites = new Error().stack; Error.prepareStackTrace = undefined; return sites.map((s) => typeof s.getThis() + typeof s.getFunction()).filter((s) => s !== "undefinedundefined");`,
      [],
    ],
    [
      "an error leads to no more than its class",
      `try { null.x } catch (e) { return e.constructor === TypeError && Reflect.ownKeys(e).sort(); }`,
      ["message", "stack"],
    ],
    [
      "an import's error neither",
      `try { await import("node:fs") } catch (e) { return Object.getPrototypeOf(e) === Error.prototype; }`,
      true,
    ],
  ],
  console: [
    [
      "shows no streams",
      `return Reflect.ownKeys(console).filter((key) => typeof console[key] !== "function").map(String);`,
      [],
    ],
    [
      "has no class",
      `return console.constructor === Object && console.Console === undefined && console.log.constructor === Function;`,
      true,
    ],
    [
      "an inspected object learns nothing",
      `let found; console.log({ [Symbol.for("nodejs.util.inspect.custom")](_, options, inspect) { found = [...Object.values(options), inspect]; return ""; } }); return found.some((each) => typeof each?.kill === "function" || typeof each?.emit === "function");`,
      false,
    ],
  ],
  timers: [
    [
      "a handle leads nowhere",
      `const t = setTimeout(() => {}, 1e6); const keys = Reflect.ownKeys(t); clearTimeout(t); return keys;`,
      [],
    ],
    [
      "nor does a callback's this",
      `return await new Promise((ok) => setTimeout(function () { ok(typeof this?._idleNext + typeof this?._onTimeout); }, 1));`,
      "undefinedundefined",
    ],
    ["they can't be stood in for", `globalThis.setTimeout = () => 0;`, "read only"],
    ["nor microtasks", `globalThis.queueMicrotask = () => 0;`, "read only"],
  ],
  "structured cloning": [
    ["makes no file handle", conjure("internal/fs/promises:FileHandle"), "Unknown deserialize spec"],
    ["makes no socket", conjure("net:Socket"), "Unknown deserialize spec"],
    ["makes no server", conjure("net:Server"), "Unknown deserialize spec"],
    ["makes nothing else", conjure("child_process:ChildProcess"), "Unknown deserialize spec"],
    [
      "nor do marks of performance",
      conjure("net:Socket").replace(
        "return structuredClone(new Bait([]))",
        `return performance.mark("m", { detail: new Bait([]) }).detail`,
      ),
      "Unknown deserialize spec",
    ],
  ],
  workers: [
    [
      "no thread, nor a way to speak to one",
      `return ["Worker", "SharedWorker", "BroadcastChannel", "postMessage", "onmessage"].filter((name) => name in globalThis);`,
      [],
    ],
    ["a thread of text", `new (await import("node:worker_threads")).Worker("", { eval: true });`, "may not import"],
    [
      "a thread behind a constructor",
      `return Function("return typeof Worker + typeof this.process?.getBuiltinModule")();`,
      "undefinedundefined",
    ],
  ],
  "signals and other processes": [
    ["process.kill of the server", `process.kill(process.ppid);`, "process is not defined"],
    ["a process of its own", `(await import("node:child_process")).spawn("id");`, "may not import"],
    ["the modules behind the process", `return typeof globalThis.process?.binding;`, "undefined"],
    ["what keeps a database, and so files", `await import("sqlite");`, "may not import 'sqlite'"],
  ],
  WebAssembly: [
    [
      "gets nothing but what it is given",
      `new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([0,97,115,109,1,0,0,0,1,4,1,96,0,0,2,7,1,1,97,1,98,0,0])));`,
      "must be an object",
    ],
    ["has no system interface", `await import("node:wasi");`, "may not import 'node:wasi'"],
    ["is not read from a file", `await WebAssembly.compileStreaming(fetch("file:///etc/hosts"));`, "fetch failed"],
  ],
  "fetch and sockets": [
    [
      "the dispatcher has no class",
      `${dispatcher} return Reflect.ownKeys(dispatcher).concat(typeof dispatcher.constructor, typeof dispatcher.dispatch.constructor);`,
      ["dispatch", "undefined", "function"],
    ],
    [
      "the dispatcher can't be replaced",
      `${dispatcher} globalThis[Symbol.for("undici.globalDispatcher.2")] = {};`,
      "read only",
    ],
    ["a metadata address", `await fetch("http://169.254.0.77/").catch((e) => { throw e.cause; });`, "blocked"],
    ["one written as a number", `await fetch("http://2851995725/").catch((e) => { throw e.cause; });`, "blocked"],
    [
      "one written as IPv6",
      `await fetch("http://[::ffff:169.254.0.77]/").catch((e) => { throw e.cause; });`,
      "blocked",
    ],
    ["a link-local address", `await fetch("https://[fe80::1]/").catch((e) => { throw e.cause; });`, "blocked"],
    ["a file", `await fetch("file:///etc/hosts").catch((e) => { throw e.cause; });`, "not implemented"],
    [
      "a WebSocket there",
      `return await new Promise((ok) => { const ws = new WebSocket("ws://169.254.0.77/"); ws.onerror = () => ok(ws.readyState); ws.onopen = () => ok("open"); });`,
      3,
    ],
  ],
};

describe.each(Object.keys(doors))("%s:", (door) => {
  test.each(doors[door] ?? [])("%s", async (_what, body, expected) => {
    const found = await outcomeOf(harness, body);
    if (typeof expected === "string" && found !== expected)
      expect(found).toEqual({ error: expect.stringContaining(expected) });
    else expect(found).toEqual(expected);
  });
});

describe("a loopback listener", () => {
  let hits: string[] = [];
  const server = createServer((request, response) => {
    hits.push(request.url ?? "");
    if (request.url === "/away") response.writeHead(302, { location: "http://169.254.0.77/" });
    response.end("hello");
  });
  server.on("upgrade", (_request, socket) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n");
  });
  let port: number;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  afterEach(() => {
    hits = [];
  });

  test("is reached, by its name too, unless its engine forbids it; then not even by a name that means it", async () => {
    const body = `const found = []; for (const host of ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"]) found.push(await fetch("http://" + host + ":" + event.port + "/").then((r) => r.text(), (e) => e.cause.code)); return found;`;
    expect(await outcomeOf(harness, body, { port })).toEqual(["hello", "hello", "hello"]);
    expect(hits).toHaveLength(3);
    const closed = createHarness({ allowLocal: false });
    const refused = ["ERR_IP_BLOCKED", "ERR_IP_BLOCKED", "ERR_IP_BLOCKED"];
    expect(await outcomeOf(closed, body, { port })).toEqual(refused);
    await closed.close();
    expect(hits).toHaveLength(3);
  });

  test("that redirects to a metadata address is followed no further", async () => {
    const body = `await fetch("http://127.0.0.1:" + event.port + "/away").catch((e) => { throw e.cause; });`;
    expect(await outcomeOf(harness, body, { port })).toEqual({ error: expect.stringContaining("blocked") });
    expect(hits).toEqual(["/away"]);
  });

  test("that turns a request into a connection hands over no socket", async () => {
    const body = `${dispatcher} return await new Promise((ok) => {
      const handler = { onConnect() {}, onHeaders: () => true, onData: () => true, onComplete() {}, onError: (e) => ok(e.message), onUpgrade: (status, headers, socket) => ok([status, typeof socket.constructor, typeof socket.connect, Object.isFrozen(socket)]) };
      dispatcher.dispatch({ origin: "http://127.0.0.1:" + event.port, path: "/", method: "GET", upgrade: "websocket" }, handler); });`;
    expect(await outcomeOf(harness, body, { port })).toEqual([101, "undefined", "undefined", true]);
  });

  test("on a unix socket is not reached in any way", async () => {
    const folder = await mkdtemp(join(tmpdir(), "settle-"));
    const path = join(folder, "s");
    const local = createServer((request, response) => {
      hits.push(request.url ?? "");
      response.end();
    });
    await new Promise<void>((resolve) => local.listen(path, resolve));
    const body = `${dispatcher} const found = []; const socketPath = event.path;
      const ask = (options) => new Promise((ok) => dispatcher.dispatch({ origin: "http://127.0.0.1:1", path: "/", method: "GET", ...options }, { onConnect() {}, onHeaders: () => ok("reached"), onData() {}, onComplete() {}, onError: (e) => ok(e.name) }));
      for (const way of [
        () => ask({ socketPath, connect: { path: socketPath, socketPath } }), () => ask({ origin: { protocol: "http:", hostname: socketPath, path: socketPath, socketPath } }),
        () => new dispatcher.constructor({ connect: { socketPath } }), () => fetch("http://127.0.0.1:1/", { socketPath }), () => fetch("http+unix://" + encodeURIComponent(socketPath)), () => fetch("unix:" + socketPath),
        () => new WebSocket("ws+unix:" + socketPath),
      ]) try { found.push(await way()); } catch (e) { found.push(e.name); }
      return found.filter((each) => !/Error/.test(each));`;
    expect(await outcomeOf(harness, body, { path })).toEqual([]);
    expect(hits).toEqual([]);
    local.close();
    await rm(folder, { recursive: true });
  });

  test("is not reached through a dispatcher of the machine's own making", async () => {
    // What nobody holds but each other (the request's handler, whoever waits for it) is the garbage collector's, and never ends.
    const body = `let asked = 0; const kept = globalThis.kept = []; const own = { dispatch(...given) { asked++; kept.push(given); return true; } };
      await fetch("http://127.0.0.1:" + event.port + "/", { dispatcher: own, signal: AbortSignal.timeout(200) }).catch(() => {}); return asked;`;
    expect(await outcomeOf(harness, body, { port })).toBe(1);
    expect(hits).toEqual([]);
  });
});

test("nothing that machine code can reach is one of Node's own objects", async () => {
  // Whatever hangs on the globals and on one of each kind of object that they make.
  const body = `
    const seeds = [globalThis, console, new MessageChannel(), setTimeout(() => {}, 1), AbortSignal.timeout(1e6), new Blob(["x"]), new Blob(["x"]).stream(), new CompressionStream("gzip"),
      new TextDecoderStream(), new TransformStream(), new Response("x"), new Request("http://x/"), new FormData(), new Headers(), new URLPattern({}), new DOMException("x"), crypto, crypto.subtle,
      await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]), new PerformanceObserver(() => {}), performance, new WebAssembly.Memory({ initial: 1 }), new WebSocket("ws://127.0.0.1:1"),
      await fetch("http://127.0.0.1:1/").catch((error) => error), await import("node:fs").catch((error) => error), await fetch("data:,x"), (await fetch("data:,x")).body.getReader()];
    const own = { dispatch(...given) { seeds.push(this, ...given); return true; } };
    fetch("http://127.0.0.1:7777/", { dispatcher: own, signal: AbortSignal.timeout(1_000) }).catch(() => {}); new WebSocket("ws://127.0.0.1:7777", { dispatcher: own });
    console.log({ [Symbol.for("nodejs.util.inspect.custom")](...given) { seeds.push(this, ...given); return ""; } });
    Error.prepareStackTrace = (error, sites) => { seeds.push(error, ...sites); return ""; }; for (const odd of [() => null.x, () => new URL("x"), () => Buffer.from(5)]) try { odd(); } catch (e) { e.stack; } Error.prepareStackTrace = undefined;
    const channel = new MessageChannel(); await new Promise((ok) => { channel.port2.onmessage = function (...given) { seeds.push(this, ...given); ok(); }; channel.port1.postMessage(1); }); channel.port1.close();
    await new Promise((ok) => { new PerformanceObserver(function (...given) { seeds.push(this, ...given); ok(); }).observe({ entryTypes: ["mark"] }); performance.mark("m"); });
    new ReadableStream({ type: "bytes", start(c) { seeds.push(c); } }); new WritableStream({ start(c) { seeds.push(c); } });
    const seen = new Set(), queue = [], found = [];
    const add = (value) => { if ((typeof value === "object" || typeof value === "function") && value !== null && !seen.has(value)) { seen.add(value); queue.push(value); } };
    seeds.forEach(add);
    for (const value of queue) {
      if (["kill", "binding", "getBuiltinModule", "dlopen", "_handle", "pipe", "registerHooks"].some((name) => { try { return value[name] !== undefined; } catch { return false; } })) found.push(String(value.constructor?.name ?? value));
      for (const key of Reflect.ownKeys(value)) { const { value: held, get, set } = Reflect.getOwnPropertyDescriptor(value, key) ?? {}; [held, get, set].forEach(add); if (get) try { const got = Reflect.apply(get, value, []); if (!(got instanceof Promise)) add(got); } catch {} }
      add(Reflect.getPrototypeOf(value));
      if (value instanceof Map) for (const entry of value) entry.forEach(add);
    }
    return { enough: seen.size > 1_500, found };`;
  expect(await outcomeOf(harness, body)).toEqual({ enough: true, found: [] });
});

describe("a bundle that tampers with built-ins", () => {
  test("is refused with a message that says so", async () => {
    const code = attempt("", `Array.prototype.push = function () {};`);
    expect(await harness.engine.inspect({ versionId: "tampering", fetch: async () => code })).toMatchObject({
      ok: false,
      reason: "invalid",
      message: expect.stringContaining("read only property 'push'"),
    });
  });

  test("may do what libraries do", async () => {
    const body = `
      class Oops extends Error { constructor(m) { super(m); this.name = "Oops"; this.message = "!" + m; this.toString = () => "own"; } }
      function Old() {} Old.prototype.constructor = Old; Old.prototype.toString = () => "old"; Old.prototype.hasOwnProperty = () => 1;
      const lib = () => {}; lib.bind = () => "bound"; lib.call = 1; lib.apply = 2;
      class Stack extends Array { push(x) { return super.push(x, x); } }
      BigInt.prototype.toJSON = function () { return this.toString(); };
      Error.stackTraceLimit = 20; Reflect.metadata = 1; Symbol.observable ??= Symbol("observable");
      return [String(new Oops("x")), new Oops("x").name, String(new Old()), new Old().hasOwnProperty(), lib.bind(), new Stack().push(1), JSON.stringify({ n: 5n }), Reflect.metadata, typeof self, structuredClone(new Map([[1, { a: new Date(0) }]])).get(1).a.getTime()];`;
    const expected = ["own", "Oops", "old", 1, "bound", 2, '{"n":"5"}', 1, "object", 0];
    expect(await outcomeOf(harness, body)).toEqual(expected);
  });
});

test("the process, should anybody come by it, has no way to others, to files or to Node's own modules any more", async () => {
  const scrub = new URL("../../src/engine/worker/scrub.ts", import.meta.url).href;
  const worker = `const { parentPort } = require("node:worker_threads"); const kept = process;
    import(${JSON.stringify(scrub)}).then(({ scrubGlobals }) => { const { readFileSync } = require("node:fs"); scrubGlobals(parentPort, () => {}); let read; try { read = readFileSync("/etc/hosts"); } catch (e) { read = e.code; }
      parentPort.postMessage([typeof process, ["kill", "binding", "getBuiltinModule", "dlopen", "reallyExit", "stdout", "ppid"].filter((name) => name in kept), read]); });`;
  const script = `new (require("node:worker_threads").Worker)(${JSON.stringify(worker)}, { eval: true, stdin: true, stdout: true, stderr: true }).on("message", (found) => console.log(JSON.stringify(found)));`;
  const flags = ["--permission", "--allow-worker", "--allow-fs-read=*", "--no-warnings"];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, "-e", script]);
  expect(JSON.parse(stdout)).toEqual(["undefined", [], "ERR_ACCESS_DENIED"]);
});
