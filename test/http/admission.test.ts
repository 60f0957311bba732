// What is refused since too much is in hand, or memory is short: 503 with when to come back, and room again when some of it is done.

import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import type { AppOptions } from "../../src/http/app.ts";
import type { Operation } from "../../src/operations/services.ts";
import { operationTable } from "../../src/operations/table.ts";
import { StoreUnavailable } from "../../src/store/port.ts";
import type { AppRig } from "./app-rig.ts";
import { startAppRig } from "./app-rig.ts";
import { openMachine } from "./rig.ts";
import { dial, exchange } from "./wire.ts";

const patient = { timeout: 10_000 };
let rig: AppRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

const refusal = (error: RegExp) => ({
  status: 503,
  headers: { "retry-after": "1" },
  body: { code: "unavailable", error: expect.stringMatching(error) },
});

/** Lists of machines wait until they are let go. */
async function startHeld(options: Partial<AppOptions> = {}) {
  const held: (() => void)[] = [];
  const listMachines: Operation = async (...args) => {
    await new Promise<void>((resolve) => held.push(resolve));
    return (operationTable.listMachines as Operation)(...args);
  };
  rig = await startAppRig({ operations: { ...operationTable, listMachines }, ...options });
  const started = rig;
  const begin = async () => {
    const [before, answer] = [held.length, started.call("GET", "/machines").then((answer) => answer)];
    await expect.poll(() => held.length, patient).toBe(before + 1);
    return answer;
  };
  const letGo = () => {
    for (const resolve of held.splice(0)) resolve();
  };
  return { rig: started, held, begin, letGo };
}

describe("requests in hand", () => {
  test("are so many at most; what is over is refused, other answers and the control plane go on", async () => {
    const { rig, held, letGo } = await startHeld({ admission: { requests: 2 } });
    const answers = [rig.call("GET", "/machines"), rig.call("GET", "/machines")].map((one) =>
      one.then((a) => a.status),
    );
    await expect.poll(() => held.length, patient).toBe(2);
    expect(await rig.call("GET", "/orgs")).toMatchObject(refusal(/2 requests in hand/));
    expect((await rig.call("GET", "/_settle/health")).status).toBe(200);
    letGo();
    expect(await Promise.all(answers)).toEqual([200, 200]);
    await expect.poll(async () => (await rig.call("GET", "/orgs")).status, patient).toBe(200);
  });

  test("count while they are worked on, though their clients have gone", async () => {
    const { rig, held, letGo } = await startHeld({ admission: { requests: 1 } });
    const socket = await dial(await rig.listen());
    socket.write(`GET /machines HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${rig.adminToken}\r\n\r\n`);
    await expect.poll(() => held.length, patient).toBe(1);
    socket.destroy();
    await once(socket, "close");
    expect(await rig.call("GET", "/orgs")).toMatchObject(refusal(/1 requests in hand/));
    letGo();
    await expect.poll(async () => (await rig.call("GET", "/orgs")).status, patient).toBe(200);
  });

  test("have bodies of so many bytes together, announced or not", async () => {
    const { rig } = await startHeld({ admission: { bodyBytes: 3_000 } });
    await rig.publish("open", openMachine);
    const url = await rig.listen();
    const head = `host: x\r\nauthorization: Bearer ${rig.adminToken}\r\n`;
    const first = await dial(url);
    first.write(`POST /machines/open HTTP/1.1\r\n${head}content-length: 2000\r\n\r\n{`);
    const small = (length: number) =>
      rig.call("POST", "/machines/open", { body: `{"slug":"s${length}"}`.padEnd(length) });
    await expect.poll(async () => (await small(1_001)).status, patient).toBe(503);
    expect(await small(1_001)).toMatchObject(
      refusal(/bodies of 2000 bytes in hand, and reads no more than 3000 at a time/),
    );
    expect((await small(900)).status).toBe(200);
    const chunked = `POST /machines/open HTTP/1.1\r\n${head}connection: close\r\ntransfer-encoding: chunked\r\n\r\n`;
    expect(await exchange(url, `${chunked}0\r\n\r\n`)).toMatchObject([refusal(/bodies/)]);
    const form = `POST /_settle/uploads HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 5000\r\n\r\n`;
    expect(await exchange(url, form)).toMatchObject([refusal(/bodies/)]);
    // That of a GET is never read.
    const get = `GET /machines/open HTTP/1.1\r\n${head}connection: close\r\n`;
    expect(await exchange(url, `${get}content-length: 9000\r\n\r\n`)).toMatchObject([{ status: 200 }]);
    expect(await exchange(url, `${get}transfer-encoding: chunked\r\n\r\n`)).toMatchObject([{ status: 200 }]);
    expect(await small(1_001)).toMatchObject(refusal(/bodies of 2000 bytes/));
    first.destroy();
    await expect.poll(async () => (await small(1_001)).status, patient).toBe(200);
  });

  test("may be one with a longer body than that", async () => {
    const { rig } = await startHeld({ admission: { bodyBytes: 10 } });
    expect((await rig.call("POST", "/machines", { body: { slug: "longer-than-ten" } })).status).toBe(201);
  });
});

test("when memory is short nothing is stored any more; reading goes on, and deleting", async () => {
  let isShort = false;
  rig = await startAppRig({ isShortOfMemory: () => isShort });
  await rig.publish("open", openMachine, "one");
  isShort = true;
  const event = { body: { event: "ADD" } };
  expect(await rig.call("POST", "/machines/open/i/one/events", event)).toMatchObject(refusal(/short of memory/));
  expect(await rig.call("POST", "/machines", { body: { slug: "x" } })).toMatchObject(refusal(/--max-old-space-size/));
  expect((await rig.call("GET", "/machines/open/i/one")).status).toBe(200);
  expect((await rig.call("DELETE", "/machines/open/i/one", { body: {} })).status).toBe(400);
  isShort = false;
  expect((await rig.call("POST", "/machines/open/i/one/events", event)).status).toBe(200);
});

test.each([
  [false, "1", /^The store can't take this now: no room\.$/],
  [true, undefined, /^The store takes nothing more until Settle is started again: no room\.$/],
])("a store that can't be written, for good: %s, says when to come back: %s", async (isFinal, retryAfter, error) => {
  const listMachines: Operation = () => Promise.reject(new StoreUnavailable("no room", isFinal));
  rig = await startAppRig({ operations: { ...operationTable, listMachines } });
  const { status, headers, body } = await rig.call("GET", "/machines");
  expect([status, headers["retry-after"], body]).toEqual([
    503,
    retryAfter,
    { code: "unavailable", error: expect.stringMatching(error) },
  ]);
});
