// Without a fault, whoever is in front of Settle can't be told from it.

import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { startWire, type Wire } from "./wire.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

/** An upstream that answers as told, raw, and the wire in front of it. */
async function wireTo(listener: RequestListener): Promise<{ server: Server; upstream: string; wire: Wire }> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const wire = await startWire({
    upstream: () => upstream,
    exchange: (request, forward) => forward(request),
    handshake: async (target) => target,
    fromClient: (line, text) => line.toServer(text),
    fromServer: (line, text) => line.toClient(text),
    opened: () => {},
    closed: () => {},
  });
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  }, wire.close);
  return { server, upstream, wire };
}

/** What a server sends back for these bytes until it closes. */
async function raw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(text);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("latin1");
}

const request = [
  "POST //odd/%7Epath/?a=1&&b HTTP/1.1",
  "HOST: Some.Where:99",
  "X-Twice: one",
  "x-twice: two",
  "Content-Type: text/plain",
  "Content-Length: 5",
  "Connection: close",
  "",
  "hello",
].join("\r\n");

test("a response is the same, byte by byte", async () => {
  const { upstream, wire } = await wireTo((_request, response) => {
    const headers = ["X-Odd", "a", "x-odd", "b", "Date", "today", "Content-Length", "3", "Connection", "close"];
    response.writeHead(418, "Short And Stout", headers);
    response.end(Buffer.from([0, 255, 10]));
  });
  expect(await raw(wire.url, request)).toBe(await raw(upstream, request));
});

test("a request is the same, its headers in their order and their case", async () => {
  const seen: object[] = [];
  const { upstream, wire } = await wireTo(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    seen.push([
      incoming.method,
      incoming.url,
      incoming.rawHeaders.join("\n"),
      Buffer.concat(chunks).toString("latin1"),
    ]);
    response.end();
  });
  await raw(upstream, request);
  await raw(wire.url, request);
  const [direct, passed] = seen.map((one) => JSON.stringify(one));
  expect(sorted(passed)).toBe(sorted(direct));
});

/** Where the length stands among the headers is left to whoever sends them. */
function sorted(text: string | undefined): string {
  const [method, url, headers = "", body] = JSON.parse(text ?? "[]") as string[];
  const lines = headers.split("\n");
  const named = lines.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${lines[at + 1]}`] : []));
  const rest = named.filter((header) => !/^content-length/i.test(header));
  return JSON.stringify([method, url, rest, named.length - rest.length, body]);
}

test("sockets pass messages, closes and their codes, and refusals", async () => {
  const sockets = new WebSocketServer({ noServer: true });
  const { server, wire } = await wireTo((_request, response) => response.writeHead(400).end("no handshake"));
  const heard: [string, boolean][] = [];
  sockets.on("connection", (socket) => {
    socket.send("hello at once");
    socket.on("message", (data, isBinary) => {
      heard.push([String(data), isBinary]);
      if (String(data) === "bye") socket.close(4321, "as you wish");
    });
  });
  server.on("upgrade", (incoming, socket, head) => {
    if (incoming.url === "/refused") return void socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    sockets.handleUpgrade(incoming, socket, head, (client) => sockets.emit("connection", client, incoming));
  });
  const socket = new WebSocket(`${wire.url.replace("http", "ws")}/rt?token=a%20b`);
  const [hello] = (await once(socket, "message")) as [Buffer];
  expect(String(hello)).toBe("hello at once");
  socket.send("text");
  socket.send(Buffer.from([1, 2]), { binary: true });
  socket.send("bye");
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  expect([code, String(reason)]).toEqual([4321, "as you wish"]);
  expect(heard).toEqual([
    ["text", false],
    ["\u0001\u0002", true],
    ["bye", false],
  ]);
  const refused = new WebSocket(`${wire.url.replace("http", "ws")}/refused`);
  const [, answer] = (await once(refused, "unexpected-response")) as [unknown, { statusCode: number }];
  expect(answer.statusCode).toBe(403);
});
