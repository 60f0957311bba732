// Clients that take their time: whoever doesn't finish a request is told, whoever doesn't read is cut off, and nobody else waits for them.

import { once } from "node:events";
import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { AppOptions } from "../../src/http/app.ts";
import { operationTable } from "../../src/operations/table.ts";
import type { AppRig } from "./app-rig.ts";
import { startAppRig } from "./app-rig.ts";
import { openMachine } from "./rig.ts";
import { answersIn, dial } from "./wire.ts";

const patient = { timeout: 10_000 };
const patience = { headers: 300, request: 600, idle: 400, reading: 500, look: 50 };
let rig: AppRig;
let url: string;
let head: string;
async function start(options: Partial<AppOptions> = {}): Promise<void> {
  rig = await startAppRig({ patience, ...options });
  url = await rig.listen();
  head = `host: x\r\nauthorization: Bearer ${rig.adminToken}\r\n`;
}
beforeEach(() => start());
afterEach(() => rig.close());

async function untilClosed(socket: Socket): Promise<Buffer> {
  const received: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  await once(socket, "close");
  return Buffer.concat(received);
}

test.each([
  ["says nothing", () => ""],
  ["does not end its headers", () => `GET /machines HTTP/1.1\r\n${head}x-more:`],
  ["does not end its body", () => `POST /machines HTTP/1.1\r\n${head}content-length: 10\r\n\r\n{`],
])("who %s is answered with 408 in the API's words", async (_what, bytes) => {
  const socket = await dial(url);
  socket.write(bytes());
  expect(answersIn(await untilClosed(socket))).toMatchObject([
    { status: 408, headers: { connection: "close" }, body: { error: expect.any(String), code: "invalid-parameter" } },
  ]);
});

test("a body that does not end holds nobody else up, not even for the same instance", async () => {
  await rig.publish("open", openMachine, "one");
  const slow = await dial(url);
  slow.write(`POST /machines/open/i/one/events HTTP/1.1\r\n${head}content-length: 15\r\n\r\n{"event":`);
  const answer = await rig.call("POST", "/machines/open/i/one/events", { body: { event: "ADD" } });
  expect([answer.status, answer.body.publicContext]).toEqual([200, { n: 1 }]);
  slow.write('"ADD"}');
  expect(answersIn(await untilClosed(slow))).toMatchObject([{ status: 200, body: { publicContext: { n: 2 } } }]);
});

test("a connection without a next request is let go", async () => {
  const socket = await dial(url);
  socket.write(`GET /machines HTTP/1.1\r\n${head}\r\n`);
  expect(answersIn(await untilClosed(socket))).toMatchObject([{ status: 200, headers: { connection: "keep-alive" } }]);
});

test("who does not read an answer is cut off, and its place is free again", async () => {
  await rig.close();
  const bytes = 40_000_000;
  const listMachines = async () => ({ status: 200, bytes: new Uint8Array(bytes) });
  await start({
    responseCheck: "off",
    admission: { requests: 1 },
    operations: { ...operationTable, listMachines },
  });
  const slow = await dial(url);
  slow.pause();
  slow.write(`GET /machines HTTP/1.1\r\n${head}\r\n`);
  await expect.poll(async () => (await rig.call("GET", "/orgs")).status, patient).toBe(503);
  await expect.poll(async () => (await rig.call("GET", "/orgs")).status, patient).toBe(200);
  expect((await untilClosed(slow.resume())).length).toBeLessThan(bytes);
});

test("who waits for a machine for longer than that is answered", async () => {
  await rig.close();
  const listMachines = async () => {
    await pause(3 * patience.reading);
    return { status: 200, body: { machines: [] } };
  };
  await start({ operations: { ...operationTable, listMachines } });
  const socket = await dial(url);
  socket.write(`GET /machines HTTP/1.1\r\n${head}connection: close\r\n\r\n`);
  expect(answersIn(await untilClosed(socket))).toMatchObject([{ status: 200, body: { machines: [] } }]);
});
