// The published client's logs, unmodified, over a real socket: each filter, and a watch that follows live without asking in a loop.

import { StateBackedClient } from "@statebacked/client";
import { signToken } from "@statebacked/token";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { SettleServer } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";

const code = (version: string) => `import { setup } from "npm:xstate@5";
  export const allowRead = () => true;
  export const allowWrite = ({ type }) => { if (type === "initialization") console.error("made by ${version}"); return true; };
  export default setup({}).createMachine({ context: {}, on: {
    PRINT: { actions: ({ event }) => { for (let n = 0; n < event.count; n++) console.log(event.text + n); } } } });`;

/** How long the client rests when a call brought nothing new. */
const restMs = 30_000;

let server: SettleServer;
let client: StateBackedClient;
let calls: { rests: number; requests: number };
beforeEach(async () => {
  server = await startServer({ port: 0, store: "memory:" });
  calls = { rests: 0, requests: 0 };
  // Only the client's rest is this long; it is made short, and counted, as its requests are.
  const { setTimeout } = globalThis;
  vi.stubGlobal("setTimeout", (callback: (...values: unknown[]) => void, ms: number, ...values: unknown[]) => {
    if (ms === restMs) calls.rests++;
    return setTimeout(callback, ms === restMs ? 20 : ms, ...values);
  });
  const key = { stateBackedKeyId: server.keyId, stateBackedSecretKey: server.secretKey };
  const token = () => signToken(key, { sub: "ann" }, { expires: { in: "1h" } });
  client = new StateBackedClient(token, { apiHost: server.url });
  const { retrieve } = client.logs;
  vi.spyOn(client.logs, "retrieve").mockImplementation((...how) => {
    calls.requests++;
    return retrieve(...how);
  });
});
afterEach(async () => {
  vi.unstubAllGlobals();
  await server.close();
});

async function publish(machine: string, version: string): Promise<string> {
  await client.machines.create(machine).catch(() => {}); // there already
  const created = await client.machineVersions.create(machine, { code: code(version), makeCurrent: true });
  return created.machineVersionId;
}
const print = (machine: string, instance: string, text: string, count = 1) =>
  client.machineInstances.sendEvent(machine, instance, { event: { type: "PRINT", text, count } });
const aMomentAgo = () => new Date(Date.now() - 1);
async function collect(logs: AsyncIterable<{ log: string }>, enough = Number.POSITIVE_INFINITY): Promise<string[]> {
  const seen: string[] = [];
  for await (const { log } of logs) {
    seen.push(log);
    if (seen.length === enough) break;
  }
  return seen;
}

test("retrieve, by machine, instance, version and time", async () => {
  const from = aMomentAgo();
  const one = await publish("m", "one");
  await client.machineInstances.create("m", { slug: "a" });
  const two = await publish("m", "two");
  await client.machineInstances.create("m", { slug: "b" });
  await publish("other", "three");
  await client.machineInstances.create("other", { slug: "a" });
  const middle = new Date();
  await vi.waitUntil(() => Date.now() > middle.getTime());
  await print("m", "a", "hello ");
  const logs = async (filter?: Parameters<typeof client.logs.retrieve>[1], since = from) =>
    (await client.logs.retrieve(since, filter)).logs.map(({ log }) => log);
  const all = ["made by one", "made by two", "made by three", "hello 0"];
  expect(await logs()).toEqual(all);
  expect(await logs({ machineName: "m" })).toEqual(["made by one", "made by two", "hello 0"]);
  expect(await logs({ instanceName: "a" })).toEqual(["made by one", "made by three", "hello 0"]);
  expect(await logs({ machineName: "m", instanceName: "a" })).toEqual(["made by one", "hello 0"]);
  expect(await logs({ machineVersionId: two })).toEqual(["made by two"]);
  expect(await logs({ machineVersionId: one, to: middle })).toEqual(["made by one"]);
  expect(await logs({ to: middle })).toEqual(all.slice(0, 3));
  expect(await logs({}, middle)).toEqual(["hello 0"]);
  const [entry] = (await client.logs.retrieve(from)).logs;
  expect(entry).toEqual({
    timestamp: expect.any(String),
    orgId: server.orgId,
    machineName: "m",
    instanceName: "a",
    machineVersionId: one,
    outputType: "stderr",
    log: "made by one",
  });
  const { maxTimestamp } = await client.logs.retrieve(from);
  expect(await client.logs.retrieve(new Date(maxTimestamp))).toEqual({ logs: [], maxTimestamp });
});

describe("watch", () => {
  beforeEach(async () => {
    await publish("m", "one");
    await client.machineInstances.create("m", { slug: "a" });
    await client.machineInstances.create("m", { slug: "b" });
  });

  test("follows two instances live, through several batches, without losing or repeating a line", async () => {
    const following = collect(client.logs.watch(aMomentAgo(), { machineName: "m" }), 480);
    const expected: string[] = [];
    for (let round = 0; round < 4; round++) {
      await Promise.all([print("m", "a", `a${round}.`, 110), print("m", "b", `b${round}.`, 10)]);
      expected.push(...Array.from({ length: 110 }, (_, n) => `a${round}.${n}`));
      expected.push(...Array.from({ length: 10 }, (_, n) => `b${round}.${n}`));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const seen = (await following).filter((log) => !log.startsWith("made"));
    expect(new Set(seen).size).toBe(seen.length);
    expect(expected).toEqual(expect.arrayContaining(seen));
    for (const slug of ["a", "b"]) {
      const inOrder = expected.filter((log) => log.startsWith(slug));
      expect(seen.filter((log) => log.startsWith(slug))).toEqual(
        inOrder.slice(0, seen.filter((log) => log.startsWith(slug)).length),
      );
    }
  });

  test("rests whenever nothing is new, even while others print", async () => {
    const stop = new AbortController();
    const following = collect(client.logs.watch(aMomentAgo(), { instanceName: "a" }, stop.signal));
    for (let n = 0; n < 10; n++) await print("m", "b", "noise ");
    await vi.waitUntil(() => calls.rests >= 10);
    await print("m", "a", "at last ");
    const rested = calls.rests;
    await vi.waitUntil(() => calls.rests >= rested + 5);
    stop.abort();
    expect(await following).toEqual(expect.arrayContaining(["at last 0"]));
    // Every request but those that brought the lines, and the one under way at the end, was followed by a rest.
    expect(calls.requests - calls.rests).toBeLessThanOrEqual(3);
  });

  test("ends with `to` once that is past", async () => {
    const from = aMomentAgo();
    await print("m", "a", "in time ", 230);
    const to = new Date(Date.now() + 5); // a hundred lines share a millisecond
    await vi.waitUntil(() => Date.now() > to.getTime());
    await print("m", "a", "too late ");
    const seen = await collect(client.logs.watch(from, { to, instanceName: "a" }));
    expect(seen.filter((log) => !log.startsWith("made"))).toEqual(
      Array.from({ length: 230 }, (_, n) => `in time ${n}`),
    );
    expect(calls.rests).toBe(0);
  });
});
