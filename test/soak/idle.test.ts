// Thousands of idle connections and sockets: each costs little, and whoever asks for something is answered as if they were not there.

import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { WebSocket } from "ws";
import { callerOf } from "../crash/lives.ts";
import { dial } from "../http/wire.ts";
import { type SoakServer, startSoakServer } from "./server.ts";

vi.setConfig({ testTimeout: 120_000 });

/** Of each kind. */
const many = 2_000;
const atOnce = 50;
/** What one may cost a server that keeps two thousand of them, with room for what the heap does meanwhile. */
const mostBytesOfEach = 60_000;

let folder: string;
let server: SoakServer;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-idle-"));
  server = await startSoakServer(join(folder, "db.json"), []);
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function openMany<T>(open: () => Promise<T>): Promise<T[]> {
  const opened: T[] = [];
  let begun = 0;
  const worker = async () => {
    while (begun++ < many) opened.push(await open());
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return opened;
}

/** It has had an answer, and may ask again. */
async function openConnection(): Promise<Socket> {
  const socket = await dial(server.url);
  socket.write(`GET /machines HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.adminToken}\r\n\r\n`);
  await once(socket, "data");
  return socket;
}

async function openSocket(): Promise<WebSocket> {
  const socket = new WebSocket(`${server.url.replace("http", "ws")}/rt?token=${server.adminToken}`);
  await once(socket, "open");
  return socket;
}

test("are kept, and the server answers others as before", async () => {
  const call = callerOf(server.url, server.adminToken);
  const atRest = await server.memory();
  const connections = await openMany(openConnection);
  const connected = await server.memory();
  const sockets = await openMany(openSocket);
  const all = await server.memory();
  expect((await call("POST", "/machines", { slug: "meanwhile" }))?.status).toBe(201);
  expect((await call("GET", "/machines"))?.status).toBe(200);
  const ofConnection = Math.round((connected.server - atRest.server) / many);
  const ofSocket = Math.round((all.server - connected.server) / many);
  process.stdout.write(`resident bytes of an idle connection: ${ofConnection}, of an idle WebSocket: ${ofSocket}\n`);
  expect(Math.max(ofConnection, ofSocket)).toBeLessThan(mostBytesOfEach);
  expect(connections.filter(({ destroyed }) => destroyed)).toEqual([]);
  expect(sockets.filter(({ readyState }) => readyState !== WebSocket.OPEN)).toEqual([]);
  // They still do what they are for.
  const answer = once(connections[many / 2] as Socket, "data");
  connections[many / 2]?.write(
    `GET /machines HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${server.adminToken}\r\n\r\n`,
  );
  expect(String((await answer)[0])).toMatch(/^HTTP\/1.1 200 /);
  for (const socket of connections) socket.destroy();
  for (const socket of sockets) socket.terminate();
});
