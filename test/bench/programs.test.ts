// What the bench measures is what it says: the rivals' echo validates, the hot operations succeed, and a stock's instances are served.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answersOf, creation, event, fill, hotOperations } from "../../bench/hot-operations.ts";
import type { Target } from "../../bench/load.ts";
import { load, send, sendAll } from "../../bench/load.ts";
import { machine } from "../../bench/plan.ts";
import { startSettle } from "../../bench/programs.ts";
import { startEcho } from "../../bench/rivals.ts";
import { Stocks } from "../../bench/stock.ts";
import { startServer } from "../../src/index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-bench-test-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("the hot operations succeed, and the echo answers the same to whoever sends the same", async () => {
  const server = await startServer({ port: 0, store: "memory:", machines: [machine] });
  const settle: Target = { url: server.url, token: server.adminToken };
  try {
    await fill(settle, 4, 40);
    const operations = hotOperations(40);
    const answers = await answersOf(settle, operations);
    const [create, , , , list, query] = answers.map(({ body }) => JSON.parse(body));
    expect(create).toMatchObject({ state: "open", tags: ["open"] });
    expect(list.instances).toHaveLength(40);
    expect(query.instances).toHaveLength(20);

    const echo = await startEcho(folder, answers);
    try {
      for (const [n, { next }] of operations.entries()) {
        expect(JSON.parse(await send(echo, next()))).toEqual(JSON.parse(answers[n]?.body ?? ""));
      }
      await expect(send(echo, { ...creation("one"), body: '{"slug":1}' })).rejects.toThrow("400");
      await expect(send(echo, { method: "POST", path: "/machines/m/i/s/events", body: "{}" })).rejects.toThrow("400");
      expect((await fetch(`${echo.url}/machines/m/i/s`)).status).toBe(403);
    } finally {
      await echo.stop();
    }
  } finally {
    await server.close();
  }
});

test("a load counts every answer, and takes no refusal for one", async () => {
  const server = await startServer({ port: 0, store: "memory:", machines: [machine] });
  const settle: Target = { url: server.url, token: server.adminToken };
  try {
    await send(settle, creation("one"));
    const get = (path: string) => () => ({ method: "GET" as const, path });
    // The first of each connection is not among them.
    expect(await sendAll(settle, 2, 20, get("/machines/machine/i/one"))).toHaveLength(18);
    const { requestsPerSecond, latencyMs } = await load(settle, 2, 1, get("/machines/machine/i/one"));
    expect(requestsPerSecond).toBeGreaterThan(0);
    const { p50, p90, p99, p999, longest } = latencyMs;
    expect([p50, p90, p99, p999, longest]).toEqual([p50, p90, p99, p999, longest].toSorted((a, b) => a - b));
    await expect(sendAll(settle, 2, 4, get("/machines/machine/i/two"))).rejects.toThrow("4 of 4 answers");
  } finally {
    await server.close();
  }
});

test("a stock's instances are served and go on from where they were", async () => {
  const stocks = new Stocks(folder);
  const stored = await stocks.stored(150, "copy");
  const histories = await stocks.withHistories([0, 30], 2, "histories-copy");
  const transitions = async (settle: Target, slug: string): Promise<unknown[]> =>
    JSON.parse(await send(settle, { method: "GET", path: `/machines/machine/i/${slug}/events` })).transitions;

  const settle = await startSettle(stored);
  try {
    const path = "/machines/machine/i/stored-149";
    expect(JSON.parse(await send(settle, { method: "GET", path }))).toMatchObject({ publicContext: { count: 5 } });
    const body = event;
    expect(JSON.parse(await send(settle, { method: "POST", path: `${path}/events`, body }))).toMatchObject({
      publicContext: { count: 6 },
    });
    const { instances } = JSON.parse(await send(settle, { method: "GET", path: "/machines/machine/i" }));
    expect(instances.map(({ slug }: { slug: string }) => slug)).toEqual(
      expect.arrayContaining(["model", "stored-0", "stored-98"]),
    );
    expect(await transitions(settle, "stored-149")).toHaveLength(6);
    expect(await transitions(settle, "stored-148")).toHaveLength(5);
  } finally {
    await settle.stop();
  }

  const long = await startSettle(histories);
  try {
    for (const [length, slug] of [
      [0, "behind-0-1"],
      [30, "behind-30-1"],
    ] as const) {
      expect(await transitions(long, slug)).toHaveLength(length);
      await send(long, { method: "POST", path: `/machines/machine/i/${slug}/events`, body: event });
      expect(await transitions(long, slug)).toHaveLength(length + 1);
    }
  } finally {
    await long.stop();
  }
});
