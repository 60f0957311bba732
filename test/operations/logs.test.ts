// Where a page of logs begins and ends, and the `maxTimestamp` it comes with, on a clock and a store that the test owns.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { createLogKeeper } from "../../src/operations/log-keeper.ts";
import { getLogs } from "../../src/operations/logs.ts";
import type { Services } from "../../src/operations/services.ts";
import type { LogPage } from "../../src/spec/generated/types.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { StoreUnavailable } from "../../src/store/port.ts";

const start = Date.UTC(2026, 0, 1);
let now: number;
let services: Services;
beforeEach(() => {
  now = start;
  const [store, clock] = [createMemoryStore(), { now: () => now }];
  services = { store, clock, logs: createLogKeeper(store, clock) } as unknown as Services;
});

/** Prints lines `label 0`, `label 1`, … for an instance, all at this moment. */
function print(count: number, label: string, slug = "one"): void {
  const instance = { orgId: "org", machine: "m", slug };
  for (let n = 0; n < count; n++) {
    services.logs.keep({ instance, versionId: "ver", outputType: "stdout", log: `${label} ${n}` });
  }
}
const iso = (offsetMs: number) => new Date(start + offsetMs).toISOString();
async function read(query: { [name: string]: string }): Promise<{ logs: string[]; maxTimestamp: string }> {
  const request = { params: {}, query, body: undefined, baseUrl: "", http: { method: "GET", headers: {}, search: "" } };
  const { body } = await getLogs(services, { orgId: "org", keyId: "", authContext: {} }, request);
  const { logs, maxTimestamp } = body as LogPage;
  return { logs: logs.map(({ log }) => log), maxTimestamp };
}

describe("a page", () => {
  test("begins after from and ends with to, both to the millisecond", async () => {
    for (const [at, label] of [
      [0, "a"],
      [1, "b"],
      [2, "c"],
      [3, "d"],
    ] as const) {
      now = start + at;
      print(2, label);
    }
    expect(await read({ from: iso(-1) })).toMatchObject({ logs: { length: 8 }, maxTimestamp: iso(3) });
    expect(await read({ from: iso(0) })).toMatchObject({ logs: { length: 6 }, maxTimestamp: iso(3) });
    expect((await read({ from: iso(0), to: iso(2) })).logs).toEqual(["b 0", "b 1", "c 0", "c 1"]);
    expect((await read({ from: iso(2), to: iso(2) })).logs).toEqual([]);
    expect((await read({ from: iso(3), to: iso(0) })).logs).toEqual([]);
  });

  test("holds a hundred, and ends between two milliseconds", async () => {
    print(60, "a");
    now += 1;
    print(60, "b");
    now += 1;
    print(40, "c");
    const [first, second] = [await read({ from: iso(-1) }), await read({ from: iso(0) })];
    expect(first).toMatchObject({ logs: { length: 60, 59: "a 59" }, maxTimestamp: iso(0) });
    expect(second).toMatchObject({ logs: { length: 100, 0: "b 0", 99: "c 39" }, maxTimestamp: iso(2) });
    expect(await read({ from: second.maxTimestamp })).toEqual({ logs: [], maxTimestamp: iso(2) });
  });

  test("of one instance is filled however many others printed in between", async () => {
    for (let n = 0; n < 30; n++) {
      print(50, "noise", "other");
      print(4, `${n}`);
      now += 1;
    }
    const first = await read({ from: iso(-1), instance: "one" });
    expect(first).toMatchObject({ logs: { length: 100 }, maxTimestamp: iso(24) });
    expect(await read({ from: first.maxTimestamp, instance: "one" })).toMatchObject({
      logs: { length: 20, 0: "25 0" },
    });
  });
});

describe("maxTimestamp", () => {
  test("is from when nothing new is there, wherever from is and whatever others printed", async () => {
    print(3, "noise", "other");
    now += 5;
    for (const from of [-1, 0, 5, 1_000_000]) {
      expect(await read({ from: iso(from), instance: "one" })).toEqual({ logs: [], maxTimestamp: iso(from) });
      expect(await read({ from: iso(from), instance: "one", to: iso(3) })).toEqual({
        logs: [],
        maxTimestamp: iso(from),
      });
    }
  });

  test("is the last entry's timestamp while more may come up to `to`", async () => {
    print(1, "a");
    now = start + 10;
    expect(await read({ from: iso(-1), to: iso(10) })).toEqual({ logs: ["a 0"], maxTimestamp: iso(0) });
    expect(await read({ from: iso(-1), to: iso(99) })).toEqual({ logs: ["a 0"], maxTimestamp: iso(0) });
  });

  test("is `to` with the last entries once that is past, and not before the last", async () => {
    print(150, "a");
    now = start + 11;
    const first = await read({ from: iso(-1), to: iso(10) });
    expect(first).toMatchObject({ logs: { length: 100 }, maxTimestamp: iso(0) });
    expect(await read({ from: first.maxTimestamp, to: iso(10) })).toMatchObject({
      logs: { length: 50 },
      maxTimestamp: iso(10),
    });
  });

  test("is not `to` while the store does not take what was printed", async () => {
    print(1, "a");
    await services.logs.flush("org", 0);
    now = start + 11;
    vi.spyOn(services.store, "commit").mockRejectedValueOnce(new StoreUnavailable("the disk is full", false));
    print(1, "b");
    now = start + 20;
    expect(await read({ from: iso(-1), to: iso(15) })).toEqual({ logs: ["a 0"], maxTimestamp: iso(0) });
    expect(await read({ from: iso(0), to: iso(15) })).toEqual({ logs: ["b 0"], maxTimestamp: iso(15) });
  });

  test("read in the very millisecond of a printing, before it, does not hide it", async () => {
    const { maxTimestamp } = await read({ from: iso(0) });
    print(1, "a");
    expect(await read({ from: maxTimestamp })).toEqual({ logs: ["a 0"], maxTimestamp: iso(1) });
  });
});
