// The web's globals that machine code may count on, each put to its use where machine code runs.

import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { outcomeOf } from "./attempts.ts";
import type { Harness } from "./harness.ts";
import { createHarness } from "./harness.ts";

let harness: Harness;
let port: number;
/** Answers with what it got; a WebSocket gets one message and the end. */
const server = createServer(async (request, response) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  response.setHeader("x-asked", request.headers["x-ask"] ?? "");
  response.end(`${request.method} ${request.url} ${Buffer.concat(chunks).toString()}`);
});
server.on("upgrade", (request, socket) => {
  const key = `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
  const accept = createHash("sha1").update(key).digest("base64");
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: ${accept}\r\n\r\n`,
  );
  socket.end(Buffer.from([0x81, 2, 0x68, 0x69, 0x88, 2, 0x03, 0xe8]));
});
beforeAll(async () => {
  harness = createHarness();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  expect(harness.troubles).toEqual([]);
  await harness.close();
});

const base = `const base = "http://127.0.0.1:" + event.port;`;

test.each<[string, string, unknown]>([
  [
    "fetch, Request, Response, Headers",
    `${base} const response = await fetch(new Request(base + "/a?b", { method: "POST", headers: new Headers({ "x-ask": "why" }), body: "text" }));
     return [response.status, response.headers.get("x-asked"), await response.text(), await new Response('{"a":1}').json()];`,
    [200, "why", "POST /a?b text", { a: 1 }],
  ],
  [
    "fetch of a form, and of a stream",
    `${base} const form = new FormData(); form.set("f", new File(["in a file"], "f.txt"));
     const sent = await (await fetch(base, { method: "POST", body: form })).text();
     const body = new Blob(["in a stream"]).stream();
     return [sent.includes("in a file"), sent.includes('filename="f.txt"'), await (await fetch(base, { method: "PUT", body, duplex: "half" })).text()];`,
    [true, true, "PUT / in a stream"],
  ],
  [
    "fetch that is called off",
    `${base} const away = new AbortController(); const asked = fetch(base, { signal: away.signal }); away.abort(); return await asked.catch((e) => e.name);`,
    "AbortError",
  ],
  [
    "WebSocket, MessageEvent, CloseEvent",
    `const ws = new WebSocket("ws://127.0.0.1:" + event.port); const got = [];
     return await new Promise((ok) => { ws.onmessage = (e) => got.push(e instanceof MessageEvent, e.data); ws.onclose = (e) => ok([...got, e instanceof CloseEvent, e.code]); });`,
    [true, "hi", true, 1000],
  ],
  [
    "URL, URLSearchParams, URLPattern",
    `const url = new URL("../b?x=1", "https://example.com/a/c"); url.searchParams.append("y", "ä");
     return [url.href, new URLSearchParams({ q: "a b" }).toString(), new URLPattern({ pathname: "/i/:id" }).exec("https://x/i/7").pathname.groups.id, URL.canParse("no")];`,
    ["https://example.com/b?x=1&y=%C3%A4", "q=a+b", "7", false],
  ],
  [
    "crypto",
    `const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
     const data = new TextEncoder().encode("data"); const signed = await crypto.subtle.sign("HMAC", key, data);
     const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
     return [await crypto.subtle.verify("HMAC", key, signed, data), digest.length, digest[0], /^[0-9a-f-]{36}$/.test(crypto.randomUUID()), crypto.getRandomValues(new Uint8Array(8)).some(Boolean), key instanceof CryptoKey];`,
    [true, 32, 0x3a, true, true, true],
  ],
  [
    "TextEncoder, TextDecoder, atob, btoa",
    `return [[...new TextEncoder().encode("ä")], new TextDecoder("utf-8").decode(new Uint8Array([0xc3, 0xa4])), new TextDecoder("latin1").decode(new Uint8Array([0xe4])), atob(btoa("abc"))];`,
    [[0xc3, 0xa4], "ä", "ä", "abc"],
  ],
  [
    "streams",
    `const upper = new TransformStream({ transform: (chunk, c) => c.enqueue(chunk.toUpperCase()) }); const got = [];
     await new ReadableStream({ start(c) { c.enqueue("a"); c.enqueue("b"); c.close(); } }).pipeThrough(upper).pipeTo(new WritableStream({ write: (chunk) => void got.push(chunk) }, new CountQueuingStrategy({ highWaterMark: 1 })));
     for await (const chunk of ReadableStream.from(["c"])) got.push(chunk); return got;`,
    ["A", "B", "c"],
  ],
  [
    "streams that compress and decode",
    `const zipped = new Blob(["text ".repeat(100)]).stream().pipeThrough(new CompressionStream("gzip"));
     let text = ""; for await (const part of zipped.pipeThrough(new DecompressionStream("gzip")).pipeThrough(new TextDecoderStream())) text += part;
     const encoded = await new Response(ReadableStream.from(["ä"]).pipeThrough(new TextEncoderStream())).text(); return [text.length, encoded];`,
    [500, "ä"],
  ],
  [
    "Blob, File, FormData",
    `const blob = new Blob(["ab", new Uint8Array([99])], { type: "text/plain" }); const file = new File([blob], "f"); const form = new FormData(); form.append("f", file);
     return [blob.size, await blob.slice(1).text(), file.name, (await blob.bytes()).length, form.get("f").name];`,
    [3, "bc", "f", 3, "f"],
  ],
  [
    "setTimeout, setInterval and their ends",
    `const order = []; const never = setTimeout(() => order.push("never"), 1); clearTimeout(never);
     const number = Number(setTimeout(() => order.push("never"), 1)); clearTimeout(number);
     await new Promise((ok) => { let n = 0; const each = setInterval((what) => { order.push(what); if (++n === 2) { clearInterval(each); setTimeout(ok, 2); } }, 1, "tick"); });
     return order;`,
    ["tick", "tick"],
  ],
  [
    "queueMicrotask, setImmediate, in order",
    `const order = []; await new Promise((ok) => { setImmediate(() => { order.push("immediate"); ok(); }); queueMicrotask(() => order.push("microtask")); order.push("now"); }); return order;`,
    ["now", "microtask", "immediate"],
  ],
  [
    "AbortController, AbortSignal",
    `const one = new AbortController(); const any = AbortSignal.any([one.signal, AbortSignal.timeout(1e6)]); one.abort("why");
     const late = AbortSignal.timeout(1); await new Promise((ok) => { late.onabort = ok; }); return [any.aborted, any.reason, late.reason.name, AbortSignal.abort().aborted];`,
    [true, "why", "TimeoutError", true],
  ],
  [
    "Event, EventTarget, CustomEvent, DOMException",
    `const target = new EventTarget(); const heard = []; target.addEventListener("a", (e) => heard.push(e.detail ?? e.type), { once: true });
     target.dispatchEvent(new CustomEvent("a", { detail: 5 })); target.dispatchEvent(new Event("a"));
     class Own extends EventTarget {} new Own().dispatchEvent(new Event("x")); return [heard, new DOMException("m", "DataCloneError").code];`,
    [[5], 25],
  ],
  [
    "MessageChannel, structuredClone",
    `const { port1, port2 } = new MessageChannel(); const got = new Promise((ok) => { port2.onmessage = (e) => ok(e.data); });
     port1.postMessage(new Map([["a", new Set([1])]])); const map = await got; port1.close();
     return [map.get("a").has(1), structuredClone({ d: new Date(5), e: new RangeError("r") }).e.name];`,
    [true, "RangeError"],
  ],
  [
    "performance",
    `performance.mark("a"); return [performance.now() <= performance.now(), performance.timeOrigin > 1e12, performance.measure("m", "a").name];`,
    [true, true, "m"],
  ],
  [
    "WebAssembly",
    `const bytes = new Uint8Array([0,97,115,109,1,0,0,0,1,7,1,96,2,127,127,1,127,3,2,1,0,7,5,1,1,102,0,0,10,9,1,7,0,32,0,32,1,106,11]);
     return (await WebAssembly.instantiate(bytes)).instance.exports.f(2, 3);`,
    5,
  ],
  [
    "the language's own",
    `return [new Intl.NumberFormat("de").format(1234.5), [3, 1].toSorted(), Object.groupBy([1, 2], (n) => (n % 2 ? "odd" : "even")), new Set([1]).union(new Set([2])).size, await Promise.try(() => 1), new Date(0).toISOString(), Math.max(1, 2), "ab".at(-1), [...new Intl.Segmenter("en").segment("ab")].length];`,
    ["1.234,5", [1, 3], { odd: [1], even: [2] }, 2, 1, "1970-01-01T00:00:00.000Z", 2, "b", 2],
  ],
  ["self and globalThis", `globalThis.mine = 1; return [self === globalThis, mine];`, [true, 1]],
  [
    "Buffer, which many libraries count on",
    `return [Buffer.from("abc").toString("base64"), Buffer.concat([Buffer.alloc(1), Buffer.from([2])]).length];`,
    ["YWJj", 2],
  ],
])("%s", async (_what, body, expected) => {
  expect(await outcomeOf(harness, body, { port })).toEqual(expected);
});

test("console prints where it should, as it is called", async () => {
  const body = `const { log, error } = console; log("%s is %d", "this", 5, { a: [1] }); error(new TypeError("oh").message); console.group("in"); console.warn("deeper"); console.groupEnd();
    console.table([{ a: 1 }]); console.count("c"); console.assert(false, "not so"); return 1;`;
  expect(await outcomeOf(harness, body)).toBe(1);
  const lines = ["stdout this is 5 { a: [ 1 ] }", "stderr oh", "stdout in", "stderr   deeper", "stdout c: 1"];
  expect(harness.printed).toEqual(expect.arrayContaining([...lines, "stderr Assertion failed: not so"]));
});
