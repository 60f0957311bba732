// The oracle's HTTP client: whole answers of every kind, and an end to each request, whatever the server does.

import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { brotliCompressSync, deflateSync, gzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { createHttpClient, type HttpRequest } from "../../src/oracle/http-client.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serving(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/a//b?c=%20d`;
}

const get: HttpRequest = { method: "GET", headers: {}, timeoutMs: 10_000 };
const client = createHttpClient();
const textOf = (body: Uint8Array) => new TextDecoder().decode(body);

describe("an answer", () => {
  it("is what came, redirections included", async () => {
    const url = await serving((request, response) => {
      response.writeHead(302, { location: "/elsewhere", "x-two": ["a", "b"] }).end(`${request.method} ${request.url}`);
    });
    const { status, headers, body } = await client(url, get);
    expect([status, headers.location, headers["x-two"], textOf(body)]).toEqual([
      302,
      "/elsewhere",
      "a, b",
      "GET /a//b?c=%20d",
    ]);
  });

  it.each([
    ["gzip", gzipSync],
    ["deflate", deflateSync],
    ["br", brotliCompressSync],
  ] as const)("in %s is decompressed", async (encoding, compress) => {
    const url = await serving((_, response) => {
      response.writeHead(200, { "content-encoding": encoding }).end(compress("plain"));
    });
    expect(textOf((await client(url, get)).body)).toBe("plain");
  });

  it("to a HEAD has no body, whatever its headers speak of", async () => {
    const url = await serving((_, response) => {
      response.writeHead(200, { "content-length": "7", "content-encoding": "gzip" }).end();
    });
    const { status, body } = await client(url, { ...get, method: "HEAD" });
    expect([status, body.length]).toEqual([200, 0]);
  });

  it("comes to the bytes that were sent, with the headers and no other content type", async () => {
    const url = await serving(async (request, response) => {
      const chunks = await request.toArray();
      const { "content-type": type = "none", "x-own": own } = request.headers;
      response.end(`${type} ${own} ${Buffer.concat(chunks).toString("hex")}`);
    });
    const { body } = await client(url, {
      ...get,
      method: "POST",
      headers: { "x-own": "1" },
      body: new Uint8Array([0, 255]),
    });
    expect(textOf(body)).toBe("none 1 00ff");
  });
});

describe("a request ends", () => {
  it.each<[string, RequestListener, RegExp]>([
    ["when nothing comes", () => {}, /within 100 ms/],
    ["when the body stays out", (_, response) => void response.writeHead(200).write("half"), /within 100 ms/],
    ["when the server hangs up", (request) => void request.socket.destroy(), /hang up|reset/i],
    [
      "when the server hangs up in the middle of the body",
      (request, response) => {
        response.writeHead(200, { "content-length": "10" }).write("half");
        setImmediate(() => request.socket.destroy());
      },
      /aborted/,
    ],
    [
      "when the body is not what its encoding says",
      (_, response) => void response.writeHead(200, { "content-encoding": "gzip" }).end("plain"),
      /header check/,
    ],
  ])("%s", async (_, listener, message) => {
    await expect(client(await serving(listener), { ...get, timeoutMs: 100 })).rejects.toThrow(message);
  });

  it("when nobody is there", async () => {
    const url = await serving(() => {});
    for (const server of servers.splice(0)) server.close();
    await expect(client(url, get)).rejects.toThrow(/ECONNREFUSED/);
  });
});
