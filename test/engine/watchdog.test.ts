// Whom the watchdog takes for a worker that computes too long: not one that has many lines before it, or that a starved machine keeps waiting.

import type { Worker } from "node:worker_threads";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Watchdog } from "../../src/engine/runner/watchdog.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

const limits = { cpuTimeoutMs: 1_000, memoryBytes: 1e9, contextBytes: 1, mappedBytes: 1, allowLocal: true };

/** A worker that nobody waits for, whose event loop is busy and whose thread computes for these shares of the time. */
function resting({ active, user, system = 0 }: { active: number; user: number; system?: number }) {
  const asked: PromiseWithResolvers<void>[] = [];
  const delayed = { answers: false };
  const worker = {
    performance: { eventLoopUtilization: () => ({ active: active * performance.now() }) },
    async cpuUsage() {
      const now = performance.now();
      const answer = Promise.withResolvers<void>();
      asked.push(answer);
      if (delayed.answers) await answer.promise;
      return { user: user * now * 1_000, system: system * now * 1_000 };
    },
    getHeapStatistics: async () => ({ total_physical_size: 1, used_heap_size: 1, external_memory: 1 }),
    postMessage: (ping: number) => Atomics.store(beat, 1, ping),
  };
  const beat = new Int32Array(new SharedArrayBuffer(12));
  Atomics.store(beat, 1, -1);
  const condemned: string[] = [];
  const watchdog = new Watchdog({
    condemn: (_, { message }) => condemned.push(message),
    onStuck: () => {},
    onMoving: () => {},
  });
  watchdog.watch(1, worker as unknown as Worker, beat, limits);
  watchdog.rest(1);
  return { watchdog, condemned, asked, delayed };
}

test("it may compute for so long over each line, however many wait before the ping", async () => {
  const beat = new Int32Array(new SharedArrayBuffer(12));
  const worker = {
    performance: { eventLoopUtilization: () => ({ active: 0 }) },
    getHeapStatistics: async () => ({ total_physical_size: 1, used_heap_size: 1, external_memory: 1 }),
    postMessage: () => {},
  };
  const said: string[] = [];
  const watchdog = new Watchdog({
    condemn: (_, { message }) => said.push(message),
    onStuck: () => said.push("stuck"),
    onMoving: () => said.push("moving"),
  });
  watchdog.watch(1, worker as unknown as Worker, beat, limits);
  Atomics.store(beat, 1, -1);
  for (let line = 1; line <= 5; line++) {
    Atomics.add(beat, 2, 1);
    await vi.advanceTimersByTimeAsync(800);
  }
  expect(said).toEqual(["stuck", "moving", "stuck", "moving", "stuck", "moving", "stuck", "moving", "stuck"]);
  await vi.advanceTimersByTimeAsync(300);
  expect(said.at(-1)).toBe("it computed for more than 1000 ms without yielding");
});

const verdict = "it kept computing though nobody waited for it";

test("one that gets a third of a processor and takes all of it", async () => {
  const { condemned } = resting({ active: 1, user: 0.3 });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(condemned).toContain(verdict);
});

test("not one that waits for the processor, or for its memory, as often as it is woken", async () => {
  const { condemned } = resting({ active: 1, user: 0.02, system: 0.6 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(condemned).toEqual([]);
});

test("one that rests is not even asked", async () => {
  const { condemned, asked } = resting({ active: 0.2, user: 0.2 });
  await vi.advanceTimersByTimeAsync(60_000);
  expect([condemned, asked]).toEqual([[], []]);
});

test.each<[string, (watchdog: Watchdog) => void]>([
  ["stirred", (watchdog) => watchdog.stir(1)],
  ["ended", (watchdog) => watchdog.forget(1)],
])("not one that was %s before it said how long it had computed", async (_, happen) => {
  const { watchdog, condemned, asked, delayed } = resting({ active: 1, user: 1 });
  await vi.advanceTimersByTimeAsync(4_000);
  expect(asked).toHaveLength(1);
  delayed.answers = true;
  await vi.advanceTimersByTimeAsync(3_000);
  expect(asked).toHaveLength(2);
  happen(watchdog);
  for (const answer of asked) answer.resolve();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(condemned).toEqual([]);
});
