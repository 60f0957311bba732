// The realtime socket: which requests become one, and what its subscriptions are told, in which order.

import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import type { AppRig } from "./app-rig.ts";
import { startAppRig } from "./app-rig.ts";
import { machineWith, openMachine } from "./rig.ts";
import type { Frame, TestSocket } from "./socket.ts";
import { counts, isError, isUpdate, openSocket } from "./socket.ts";
import { exchange } from "./wire.ts";

let rig: AppRig;
let url: string;
let target: string;
beforeAll(async () => {
  rig = await startAppRig();
  url = await rig.listen();
  target = `/rt?token=${rig.adminToken}`;
  await rig.publish("open", openMachine, "marker");
});
afterAll(async () => {
  expect(rig.errors).toEqual([]);
  await rig.close();
});

let slugs = 0;
async function newInstance(machine = "open", context = {}): Promise<string> {
  const slug = `i-${++slugs}-`;
  const created = await rig.call("POST", `/machines/${machine}`, { body: { slug, context } });
  expect(created.status).toBe(200);
  return slug;
}
const send = (slug: string, event: object | string, machine = "open") =>
  rig.call("POST", `/machines/${machine}/i/${slug}/events`, { body: { event } });

/** A socket that is subscribed to these instances, each under its own name, and has their current states. */
async function watching(...instances: string[]): Promise<TestSocket> {
  const socket = await openSocket(url, target);
  for (const slug of instances) socket.subscribe(slug, slug);
  await socket.until(isUpdate, instances.length);
  return socket;
}

/** Whatever the socket was to be told until now has come when this has. */
async function marked(socket: TestSocket): Promise<Frame[]> {
  const isMarker = ({ machineInstanceName }: Frame) => machineInstanceName === "marker";
  socket.subscribe("marker", "marker");
  await socket.until(isMarker);
  return socket.frames.filter((frame) => !isMarker(frame));
}

describe("the handshake", () => {
  test.each(["/rt", "//rt", "/rt/"])("is taken at %s, without subprotocol or extension", async (path) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}${target.replace("/rt", path)}`);
    const [{ headers }] = await once(socket, "upgrade");
    expect(Object.keys(headers).sort()).toEqual(["connection", "sec-websocket-accept", "upgrade"]);
    socket.terminate();
  });

  test("chooses none of the subprotocols that it is offered", async () => {
    const socket = new WebSocket(`${url.replace("http", "ws")}${target}`, ["soap", "wamp"]);
    const [error] = await once(socket, "error");
    expect(String(error)).toContain("no subprotocol");
  });

  const hello = "upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\n";
  const key = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  test.each([
    ["has no key", "GET /rt?token=x", hello, 400],
    ["has a key that is none", "GET /rt?token=x", `${hello}sec-websocket-key: x\r\n`, 400],
    ["is of another version", "GET /rt?token=x", `${hello.replace("13", "7")}${key}`, 400],
    ["asks for another protocol", "GET /rt?token=x", `${hello.replace("websocket", "h2c")}${key}`, 400],
    ["asks for none", "GET /rt?token=x", key, 400],
    ["is a POST", "POST /rt?token=x", `${hello}${key}`, 405],
    ["is for a path that isn't there", "GET /rts?token=x", `${hello}${key}`, 404],
    ["is for another operation", "GET /machines", `${hello}${key}`, 403],
  ])("is refused in the API's shape when it %s", async (_what, line, headers, status) => {
    const ask = `${line} HTTP/1.1\r\nhost: x\r\n${headers}`.replace(
      "connection: upgrade",
      "connection: upgrade, close",
    );
    const closing = ask.includes("connection:") ? ask : `${ask}connection: close\r\n`;
    expect(await exchange(url, `${closing}\r\n`)).toMatchObject([
      { status, body: { error: expect.any(String), code: expect.any(String) } },
    ]);
  });
});

test("a request that offers another protocol is answered as if it had not", async () => {
  const offer = "connection: upgrade, http2-settings, close\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABk\r\n";
  const head = `host: x\r\nauthorization: Bearer ${rig.adminToken}\r\n${offer}\r\n`;
  expect(await exchange(url, `GET /machines/open HTTP/1.1\r\n${head}`)).toMatchObject([{ status: 200 }]);
  expect(await exchange(url, `GET ${target} HTTP/1.1\r\n${head}`)).toMatchObject([
    { status: 400, body: { parameter: "upgrade" } },
  ]);
});

describe("a subscription is told", () => {
  test("the current state at once, then every stored transition, and nothing private", async () => {
    const slug = await newInstance();
    await send(slug, "ADD");
    const socket = await watching(slug);
    expect(socket.frames).toEqual([
      {
        type: "instance-update",
        machineName: "open",
        machineInstanceName: slug,
        ts: expect.any(Number),
        state: "a",
        publicContext: { n: 1 },
        tags: ["t"],
        done: false,
      },
    ]);
    for (const event of [{ type: "ADD", by: 2 }, "NOBODY-KNOWS-IT", "ADD", { type: "WAIT", ms: 1 }])
      await send(slug, event);
    await send(slug, "HIDE");
    await send(slug, "END");
    await socket.until(({ state }) => state === "z");
    const seen = socket.frames.map(({ state, publicContext }) => [state, publicContext]);
    expect(seen).toEqual([
      ["a", { n: 1 }],
      ["a", { n: 3 }],
      ["a", { n: 3 }],
      ["a", { n: 4 }],
      ["waiting", { n: 4 }],
      ["a", { n: 4 }],
      ["a", {}],
      ["z", {}],
    ]);
    expect(socket.frames.at(-1)).toMatchObject({ done: true, tags: [] });
    expect(JSON.stringify(socket.frames)).not.toContain("own");
    socket.socket.terminate();
  });

  test("nothing about events that were refused or failed, or about instances of a similar name", async () => {
    const slug = await newInstance();
    await rig.call("POST", "/machines/open", { body: { slug: `${slug}1` } });
    await rig.publish("other", openMachine, slug);
    const socket = await watching(slug);
    await send(`${slug}1`, "ADD");
    await send(slug, "ADD", "other");
    expect((await send(slug, "BREAK")).status).toBe(400);
    expect((await send(slug, { type: "FILL", size: 500_000 })).status).toBe(400);
    const mute = { headers: { "x-statebacked-act": JSON.stringify({ sub: "mute" }) }, body: { event: "ADD" } };
    expect((await rig.call("POST", `/machines/open/i/${slug}/events`, mute)).status).toBe(403);
    expect(await marked(socket)).toHaveLength(1);
    socket.socket.terminate();
  });

  test("everything once and in order, whenever it begins and however many write", async () => {
    const slug = await newInstance();
    const total = 200;
    const early = await watching(slug);
    const writers = Array.from({ length: 10 }, async () => {
      for (let i = 0; i < total / 10; i++) expect((await send(slug, "ADD")).status).toBe(200);
    });
    const late = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        await early.until(isUpdate, 1 + i * 15);
        return watching(slug);
      }),
    );
    await Promise.all(writers);
    for (const { frames, until, socket } of [early, ...late]) {
      await until(({ publicContext }) => publicContext?.n === total);
      const seen = counts(frames);
      const first = Number(seen[0]);
      expect(seen).toEqual(Array.from({ length: total - first + 1 }, (_, i) => first + i));
      const times = frames.map(({ ts = 0 }) => ts);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      socket.terminate();
    }
    expect(counts(early.frames)[0]).toBe(0);
  });

  test("the current state before what happens while its reader is being judged", async () => {
    const wait = "new Promise((yes) => setTimeout(yes, context.public.n === 0 ? 150 : 0, true))";
    await rig.publish("slow", machineWith(`async ({ context }) => ${wait}`));
    const slug = await newInstance("slow");
    const asked = vi.spyOn(rig.services.engine, "authorizeRead");
    const socket = await openSocket(url, target);
    socket.subscribe("1", slug, "slow");
    await expect.poll(() => asked.mock.calls.length).toBe(1);
    asked.mockRestore();
    for (let i = 0; i < 3; i++) await send(slug, "ADD", "slow");
    await socket.until(({ publicContext }) => publicContext?.n === 3);
    expect(counts(socket.frames)).toEqual([0, 1, 2, 3]);
    socket.socket.terminate();
  });
});

describe("subscriptions are told apart by their requestId", () => {
  test("two to one instance each get what happens, and one ends without the other", async () => {
    const slug = await newInstance();
    const socket = await openSocket(url, target);
    socket.subscribe("one", slug);
    socket.subscribe("two", slug);
    await socket.until(isUpdate, 2);
    await send(slug, "ADD");
    await socket.until(({ publicContext }) => publicContext?.n === 1, 2);
    socket.unsubscribe("one", slug);
    await socket.settled();
    await send(slug, "ADD");
    await marked(socket);
    expect(counts(socket.frames).filter((n) => n === 2)).toEqual([2]);
    socket.unsubscribe("two", slug);
    await socket.settled();
    await send(slug, "ADD");
    expect(counts(await marked(socket))).not.toContain(3);
    socket.socket.terminate();
  });

  test("one that has ended, or whose socket is gone, is not asked about either", async () => {
    const [slug, other] = [await newInstance(), await newInstance()];
    const [socket, gone] = [await watching(slug, other), await watching(slug, other)];
    socket.unsubscribe(slug, slug);
    await socket.settled();
    gone.socket.close();
    await gone.closed;
    const asked = vi.spyOn(rig.services.engine, "authorizeRead");
    let n = 0;
    // The server may learn of the client's end a little later than the client.
    await expect
      .poll(async () => {
        asked.mockClear();
        n++;
        await send(slug, "ADD");
        await send(other, "ADD");
        await socket.until(({ publicContext }) => publicContext?.n === n);
        return asked.mock.calls.map(([{ instance }]) => instance.slug);
      })
      .toEqual([other]);
    asked.mockRestore();
    socket.socket.terminate();
  });

  test("one that ends before it has begun is told nothing", async () => {
    const slug = await newInstance();
    const socket = await openSocket(url, target);
    socket.subscribe("one", slug);
    socket.unsubscribe("one", slug);
    expect(await marked(socket)).toEqual([]);
    socket.socket.terminate();
  });

  test("ending an unknown one is harmless, and repeating a known one begins it anew", async () => {
    const [slug, other] = [await newInstance(), await newInstance()];
    const socket = await watching(slug);
    socket.unsubscribe("unheard-of", slug);
    socket.subscribe(slug, slug);
    await socket.until(isUpdate, 2);
    await send(slug, "ADD");
    expect(counts(await marked(socket))).toEqual([0, 0, 1]);
    socket.subscribe(slug, other);
    await socket.until(({ machineInstanceName }) => machineInstanceName === other);
    await send(slug, "ADD");
    await send(other, "ADD");
    await socket.until(({ machineInstanceName }) => machineInstanceName === other, 2);
    expect(counts(socket.frames.filter(({ machineInstanceName }) => machineInstanceName === slug))).toEqual([0, 0, 1]);
    socket.socket.terminate();
  });
});

describe("a message that can't be obeyed", () => {
  const names = { machineName: "open", machineInstanceName: "marker" };
  const deep = `{"type":"subscribe-to-instance","requestId":"r","x":${"[".repeat(5_000)}${"]".repeat(5_000)}}`;
  test.each<[string, object | string | Buffer, string, string]>([
    ["no JSON", "{", "", "A message must be a JSON object, sent as text."],
    ["nothing", "", "", "A message must be a JSON object, sent as text."],
    ["a number", "7", "", "A message must be a JSON object, sent as text."],
    ["null", "null", "", "A message must be a JSON object, sent as text."],
    ["an array", '[{"type":"ping"}]', "", "A message must be a JSON object, sent as text."],
    ["nested too deeply", deep, "", "A message must be a JSON object, sent as text."],
    ["bytes", Buffer.from(JSON.stringify({ type: "ping" })), "", "A message must be a JSON object, sent as text."],
    [
      "without a type",
      { requestId: "r", ...names },
      "r",
      "A message's type is one of subscribe-to-instance, unsubscribe-from-instance, ping.",
    ],
    [
      "of an unknown type",
      { type: "publish", requestId: "r" },
      "r",
      "A message's type is one of subscribe-to-instance, unsubscribe-from-instance, ping.",
    ],
    [
      "of a type that every object has",
      { type: "constructor", requestId: "r" },
      "r",
      "A message's type is one of subscribe-to-instance, unsubscribe-from-instance, ping.",
    ],
    [
      "of a type that is no text",
      { type: 1, requestId: "r" },
      "r",
      "A message's type is one of subscribe-to-instance, unsubscribe-from-instance, ping.",
    ],
    ["without a requestId", { type: "subscribe-to-instance", ...names }, "", "requestId is missing."],
    [
      "with a requestId that is a number",
      { type: "subscribe-to-instance", requestId: 1, ...names },
      "",
      "requestId must be string.",
    ],
    [
      "without an instance",
      { type: "subscribe-to-instance", requestId: "r", machineName: "open" },
      "r",
      "machineInstanceName is missing.",
    ],
    [
      "with a name that is none",
      { type: "subscribe-to-instance", requestId: "r", ...names, machineName: "a/b" },
      "r",
      'machineName must match pattern "^[a-zA-Z0-9_-]{1,128}$".',
    ],
    ["an end without names", { type: "unsubscribe-from-instance", requestId: "r" }, "r", "machineName is missing."],
  ])("(%s) is told so, and disturbs nobody", async (_what, message, requestId, error) => {
    const slug = await newInstance();
    const [socket, bystander] = [await watching(slug), await watching(slug)];
    socket.send(message);
    const refusal = { type: "error", requestId, status: 400, code: "invalid-parameter", error };
    expect(await socket.until(isError)).toEqual([refusal]);
    await send(slug, "ADD");
    for (const { until, frames, socket: open } of [socket, bystander]) {
      await until(({ publicContext }) => publicContext?.n === 1);
      expect(counts(frames)).toEqual([0, 1]);
      open.terminate();
    }
  });

  test("a ping is obeyed by not answering it", async () => {
    const socket = await openSocket(url, target);
    socket.send({ type: "ping" }, { type: "ping", more: "of it" });
    expect(await marked(socket)).toEqual([]);
    socket.socket.terminate();
  });

  test.each([
    ["longer than any message", Buffer.alloc(20_000, "x").toString(), 1009],
    ["no UTF-8", Buffer.from([0xff, 0xfe]), 1007],
  ])("what is %s closes its own socket alone", async (_what, bytes, code) => {
    const slug = await newInstance();
    const [socket, bystander] = [await watching(slug), await watching(slug)];
    socket.socket.send(bytes, { binary: false });
    expect(await socket.closed).toBe(code);
    await send(slug, "ADD");
    await bystander.until(({ publicContext }) => publicContext?.n === 1);
    bystander.socket.terminate();
  });
});
