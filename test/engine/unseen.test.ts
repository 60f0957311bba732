// Whom memory outside the heaps is put down to: one that takes it, and not those who are left when others have ended.

import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Unseen } from "../../src/engine/runner/unseen.ts";
import type { Watched } from "../../src/engine/runner/watchdog.ts";

const megabyte = 1e6;
/** What the process holds now. */
let rss = 50 * megabyte;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
  vi.spyOn(process.memoryUsage, "rss").mockImplementation(() => rss);
  rss = 50 * megabyte;
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

function crowd(count: number): Map<number, Watched> {
  const watched = new Map<number, Watched>();
  for (let number = 1; number <= count; number++) {
    const worker = { performance: { eventLoopUtilization: () => ({ active: performance.now() }) } };
    const limits = { cpuTimeoutMs: 1_000, memoryBytes: 128 * megabyte };
    const known = { worker: worker as unknown as Worker, limits, held: 0 };
    watched.set(number, known as unknown as Watched);
  }
  return watched;
}

/** All of them but the last end, and what they had of the process stays for a while, as V8 keeps the pages of an isolate. */
function endMost(unseen: Unseen, watched: Map<number, Watched>): void {
  const leaving = [...watched.keys()].slice(0, -1);
  for (const number of leaving) {
    watched.delete(number);
    unseen.forget(number);
  }
  for (const _ of leaving) unseen.settle(watched, performance.now());
}

function looks(unseen: Unseen, watched: Map<number, Watched>, forMs: number): (number | undefined)[] {
  const ended: (number | undefined)[] = [];
  for (let ms = 0; ms < forMs; ms += 25) {
    vi.advanceTimersByTime(25);
    ended.push(unseen.look(watched, performance.now())?.worker);
  }
  return ended.filter((worker) => worker !== undefined);
}

/** One of twenty, just after the nineteen others have ended. */
function lastOfTwenty(): { unseen: Unseen; watched: Map<number, Watched> } {
  const unseen = new Unseen();
  const watched = crowd(20);
  rss += 20 * 20 * megabyte;
  expect(looks(unseen, watched, 1_000)).toEqual([]);
  endMost(unseen, watched);
  return { unseen, watched };
}

test("those who are left are not ended for what the others leave behind", () => {
  const { unseen, watched } = lastOfTwenty();
  expect(looks(unseen, watched, 8_000)).toEqual([]);
  rss -= 19 * 20 * megabyte;
  expect(looks(unseen, watched, 10_000)).toEqual([]);
});

test("one that takes more meanwhile is", () => {
  const { unseen, watched } = lastOfTwenty();
  looks(unseen, watched, 1_000);
  rss += 200 * megabyte;
  expect(looks(unseen, watched, 25)).toEqual([20]);
});

test("what came back excuses nobody any more", () => {
  const { unseen, watched } = lastOfTwenty();
  looks(unseen, watched, 1_000);
  rss -= 19 * 20 * megabyte;
  looks(unseen, watched, 25);
  rss += 200 * megabyte;
  expect(looks(unseen, watched, 25)).toEqual([20]);
});

test("nor does what never comes back, for ever", () => {
  const { unseen, watched } = lastOfTwenty();
  expect(looks(unseen, watched, 20_000)).toContain(20);
});
