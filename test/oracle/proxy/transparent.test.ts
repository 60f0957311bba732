// What passes the proxy is what was sent: heads, bodies, streams, ends and failures, and both directions of a WebSocket.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import type { ProxyOptions } from "../../../src/oracle/proxy/proxy.ts";
import { type Through, through } from "./through.ts";

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

type Answer = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;
async function between(answer: Answer, options: Partial<ProxyOptions> = {}): Promise<Through & { upstream: string }> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => answer(request, response, Buffer.concat(chunks)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(async () => server.close().closeAllConnections());
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const proxy = await through(upstream, options);
  closers.push(proxy.close);
  return { ...proxy, upstream };
}

interface Got {
  status: number | undefined;
  reason: string | undefined;
  /** Header lines, the proxy's own aside. */
  rawHeaders: string[];
  trailers: object;
  body: Buffer;
}
const own = ["x-settle-violations", "x-settle-details"];
/** Of one connection; Node writes them for its own. */
const connection = ["connection", "keep-alive", "transfer-encoding"];

async function get(
  url: string,
  method = "GET",
  headers: { [name: string]: string | string[] } = {},
  body?: Buffer,
): Promise<Got> {
  const sent = httpRequest(url, { method, headers, agent: false });
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const { statusCode: status, statusMessage: reason, trailers } = response;
  const lines = response.rawHeaders.flatMap((name, i) =>
    i % 2 === 0 ? [[name, response.rawHeaders[i + 1] ?? ""]] : [],
  );
  const kept = lines.filter(([name = ""]) => ![...own, ...connection].includes(name.toLowerCase()));
  return { status, reason, rawHeaders: kept.flat(), trailers, body: Buffer.concat(chunks) };
}

const noise = randomBytes(200_000);
const answers: [string, Answer, string?][] = [
  ["bytes", (_, response) => response.writeHead(200, { "content-type": "application/octet-stream" }).end(noise)],
  [
    "a gzipped body",
    (_, response) =>
      response
        .writeHead(200, { "content-encoding": "gzip", "content-type": "application/json" })
        .end(gzipSync('{"machines":[]}')),
  ],
  [
    "header lines as they are written, repeated ones too",
    (_, response) => {
      response.writeHead(200, "Fine", [
        "X-Odd-CASE",
        "é".normalize(),
        "Set-Cookie",
        "a=1",
        "set-cookie",
        "b=2",
        "Content-Length",
        "2",
      ]);
      response.end("{}");
    },
  ],
  ["a redirect", (_, response) => response.writeHead(307, { location: "/elsewhere" }).end()],
  ["no content", (_, response) => response.writeHead(204).end()],
  [
    "the head alone",
    (_, response) => response.writeHead(200, { "content-length": "1234", "content-type": "application/json" }).end(),
    "HEAD",
  ],
  [
    "trailers",
    (_, response) => {
      response.writeHead(200, { trailer: "x-sum", "content-type": "text/plain" });
      response.write("body");
      response.addTrailers({ "x-sum": "4" });
      response.end();
    },
  ],
];

describe("an answer", () => {
  it.each(answers)("comes as it was sent: %s", async (_what, answer, method) => {
    const { url, upstream } = await between((request, response, body) => {
      response.sendDate = false;
      answer(request, response, body);
    });
    const [direct, proxied] = [await get(`${upstream}/machines`, method), await get(`${url}/machines`, method)];
    expect(proxied).toEqual(direct);
  });

  it("that is too long to be judged passes, and is counted", async () => {
    const long = Buffer.alloc(6_000_000, "x");
    const proxy = await between((_, response) =>
      response.writeHead(200, { "content-type": "application/json" }).end(long),
    );
    const { body } = await get(`${proxy.url}/machines`);
    expect(body.equals(long)).toBe(true);
    expect(proxy.report().traffic).toMatchObject({ exchanges: 1, unjudged: 1 });
    expect(proxy.told).toEqual([]);
  });

  it("that comes slowly is not waited for to its end", async () => {
    let finish = () => {};
    const { url } = await between(
      (_, response) => {
        response.writeHead(200, { "content-type": "application/json" });
        response.write('{"machines":');
        finish = () => response.end("[]}");
      },
      { holdMs: 20 },
    );
    const sent = httpRequest(`${url}/machines`, { agent: false }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const [first] = (await once(response, "data")) as [Buffer];
    expect(String(first)).toBe('{"machines":');
    finish();
    const [second] = (await once(response, "data")) as [Buffer];
    expect(String(second)).toBe("[]}");
  });

  it("that breaks off breaks off, and is not blamed for its form", async () => {
    const proxy = await between((_, response) => {
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" });
      response.write('{"mach');
      response.once("drain", () => {});
      setImmediate(() => response.destroy());
    });
    await expect(get(`${proxy.url}/machines`)).rejects.toThrow();
    await expect.poll(() => proxy.report().traffic.unjudged).toBe(1);
    expect(proxy.told).toEqual([]);
  });
});

describe("a request", () => {
  it("arrives as it was sent, its host as the client named it", async () => {
    const seen: unknown[] = [];
    const { url, upstream } = await between((request, response, body) => {
      const { method, url: target, headers } = request;
      const { connection: _, host, ...rest } = headers;
      seen.push({ method, target, rest, body: body.toString("base64"), host });
      response.writeHead(204).end();
    });
    const headers = { "X-Many": ["a", "b"], "content-type": "application/json", "accept-encoding": "gzip" };
    for (const base of [upstream, url]) await get(`${base}//machines?cursor=a%2Fb&x`, "POST", headers, noise);
    const [direct, proxied] = seen as { host: string }[];
    expect({ ...proxied, host: "" }).toEqual({ ...direct, host: "" });
    expect(proxied?.host).toBe(new URL(url).host);
  });

  it("names the upstream's own host where that is asked for", async () => {
    let host: string | undefined;
    const { url, upstream } = await between(
      (request, response) => {
        ({ host } = request.headers);
        response.end();
      },
      { hostHeader: "upstream" },
    );
    await get(url);
    expect(host).toBe(new URL(upstream).host);
  });

  it("whose client closes its half is answered", async () => {
    const { url } = await between((_, response) => setImmediate(() => response.writeHead(204).end()));
    const socket = connect({ port: Number(new URL(url).port), allowHalfOpen: true });
    socket.end("GET /machines HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    expect(text).toMatch(/^HTTP\/1.1 204 /);
  });

  it("that nobody answers is a 502 in the API's words, and the proxy stays", async () => {
    const proxy = await through("http://127.0.0.1:9");
    closers.push(proxy.close);
    for (let i = 0; i < 2; i++) {
      const { status, body } = await get(`${proxy.url}/machines`);
      expect(status).toBe(502);
      expect(JSON.parse(String(body))).toEqual({
        error: expect.stringContaining("does not answer"),
        code: "unavailable",
      });
    }
    expect(proxy.told).toEqual([]);
  });
});

describe("a WebSocket", () => {
  async function sockets(options: object, onConnection: (socket: WebSocket) => void): Promise<Through> {
    const server = new WebSocketServer({ port: 0, host: "127.0.0.1", ...options });
    server.on("connection", onConnection);
    await once(server, "listening");
    closers.push(async () => {
      for (const client of server.clients) client.terminate();
      server.close();
    });
    const proxy = await through(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    closers.push(proxy.close);
    return proxy;
  }
  const open = async (proxy: Through, protocols: string[] = []) => {
    const socket = new WebSocket(`${proxy.url.replace("http", "ws")}/rt?token=none`, protocols);
    socket.on("error", () => {});
    await once(socket, "open");
    return socket;
  };

  it.each([false, true])(
    "passes messages, subprotocols and close codes both ways (compressed: %s)",
    async (perMessageDeflate) => {
      const codes: number[] = [];
      const proxy = await sockets({ perMessageDeflate: perMessageDeflate && { threshold: 0 } }, (socket) => {
        socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
        socket.on("close", (code) => codes.push(code));
      });
      const socket = await open(proxy, ["one", "two"]);
      expect(socket.protocol).toBe("one");
      const heard: Buffer[] = [];
      socket.on("message", (data) => heard.push(data as Buffer));
      for (const message of [noise, Buffer.from("ä"), Buffer.alloc(0)]) socket.send(message);
      await expect.poll(() => heard.length).toBe(3);
      expect(heard[0]?.equals(noise)).toBe(true);
      socket.close(4001, "enough");
      await expect.poll(() => codes).toEqual([4001]);
      expect(proxy.told.map(({ of, rule }) => [of, rule])).toEqual([
        ["client", "request"],
        ["upstream", "SB-SPEC-REALTIME-CONFORMS"],
      ]);
      expect(proxy.report().traffic).toMatchObject({ sockets: 1, messages: 6 });
    },
  );

  it("that the upstream closes is closed with its code", async () => {
    const proxy = await sockets({}, (socket) => socket.close(1013, "later"));
    const socket = await open(proxy);
    const [code, reason] = (await once(socket, "close")) as [number, Buffer];
    expect([code, String(reason)]).toEqual([1013, "later"]);
  });

  it("that the upstream refuses is refused with its answer", async () => {
    const proxy = await sockets(
      { verifyClient: (_: unknown, done: (...args: unknown[]) => void) => done(false, 403, "no") },
      () => {},
    );
    const socket = new WebSocket(`${proxy.url.replace("http", "ws")}/rt?token=none`);
    const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(403);
    socket.on("error", () => {});
    socket.terminate();
  });

  it("has its updates judged: one of an instance nobody asked for, and one from before", async () => {
    const update = {
      type: "instance-update",
      machineName: "lamp",
      machineInstanceName: "hall",
      ts: 5,
      state: "on",
      publicContext: {},
      tags: [],
      done: false,
    };
    const proxy = await sockets({}, (socket) => {
      socket.on("message", () => {
        for (const change of [{}, { ts: 4 }, { machineInstanceName: "other" }])
          socket.send(JSON.stringify({ ...update, ...change }));
      });
    });
    const socket = await open(proxy);
    for (const requestId of ["1", "2"])
      socket.send(
        JSON.stringify({ type: "subscribe-to-instance", requestId, machineName: "lamp", machineInstanceName: "hall" }),
      );
    await expect
      .poll(() => proxy.told.map(({ rule }) => rule))
      .toEqual(["SB-RT-UPDATE-TS-MONOTONIC", "SB-RT-UPDATE-OWN-INSTANCE"]);
    await expect.poll(() => proxy.report().faults.map(({ count }) => count)).toEqual([2, 2]);
    expect(proxy.told[0]?.repro.at(-1)).toMatch(/^ws watcher '\/rt' /);
    socket.close();
  });
});
