// Moving time over a dispatcher: from due time to due time, one move after the other, and what goes in circles.

import { beforeEach, expect, test, vi } from "vitest";
import { createManualClock, type ManualClock } from "../../src/domain/manual-clock.ts";
import { createDispatcher, type Dispatcher, type DispatcherOptions } from "../../src/operations/dispatcher.ts";
import { createTimeTravel } from "../../src/operations/time-travel.ts";
import { newWork } from "../../src/operations/works.ts";
import { systemEntropy } from "../../src/outside.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Change, DueWork, Store } from "../../src/store/port.ts";

const start = Date.UTC(2030, 0, 1);
let store: Store;
let clock: ManualClock;
beforeEach(() => {
  store = createMemoryStore();
  clock = createManualClock(start);
});

function work(afterMs: number): Change {
  const task = {
    kind: "message" as const,
    from: { machine: "m", instance: "x" },
    event: { type: "GO" },
    authContext: {},
  };
  return newWork({ entropy: systemEntropy }, { orgId: "org", machine: "m", slug: "a" }, start + afterMs, task);
}

function dispatch(attempt: DispatcherOptions["attempt"]): Dispatcher {
  const dispatcher = createDispatcher({
    store,
    clock,
    alarm: clock,
    retryDelayMs: 30_000,
    concurrency: 1,
    attempt,
    onDropped: () => {},
  });
  dispatcher.start();
  return dispatcher;
}

/** Takes a work out, and puts others in its place. */
async function replace({ scope, name, rev }: DueWork, ...others: Change[]) {
  await store.commit([{ op: "delete", kind: "work", scope, name, ifRev: rev }, ...others]);
  return { kind: "taken" as const, settled: Promise.resolve() };
}

test("what a work leads to is met at its own time too, and moves wait for each other", async () => {
  const met: number[] = [];
  const dispatcher = dispatch((due) => {
    met.push(clock.now() - start);
    return replace(due, ...(met.length < 5 ? [work(met.length * 100)] : []));
  });
  await store.commit([work(50)]);
  const time = createTimeTravel(clock, store, dispatcher);
  const moves = await Promise.all([time.advance(250), time.advance(1_000)]);
  expect(met).toEqual([50, 100, 200, 300, 400]);
  expect(moves).toEqual([
    { now: start + 250, fired: 3 },
    { now: start + 1_250, fired: 2 },
  ]);
});

test("what leads to itself without time passing ends the move with a problem that says so, and can be stopped", async () => {
  let isOver = false;
  const dispatcher = dispatch((due) => replace(due, ...(isOver ? [] : [work(10)])));
  await store.commit([work(10)]);
  const time = createTimeTravel(clock, store, dispatcher, 100);
  await expect(time.advance(1_000)).rejects.toMatchObject({
    code: "invalid-state",
    message: expect.stringMatching(/^More than 100 events fell due at 2030-01-01T00:00:00.010Z/),
  });
  expect(clock.now()).toBe(start + 10);
  // Whoever comes to stop it is not held up by it.
  await time.caughtUp();
  isOver = true;
  expect(await time.advance(1_000)).toMatchObject({ now: start + 1_010 });
});

test("a preview lists so many, and says that there is more", async () => {
  const dispatcher = dispatch((due) => replace(due));
  await store.commit(Array.from({ length: 1_001 }, (_, n) => work(1_001 - n)));
  const time = createTimeTravel(clock, store, dispatcher);
  expect(time.preview(1_000).due).toHaveLength(1_000);
  expect(time.preview(1_000).more).toBe(false);
  expect(time.preview(1_001)).toMatchObject({
    more: true,
    due: { 0: { dueAt: start + 1, event: "GO", kind: "message" } },
  });
});

test("one settles before the next begins, and meanwhile nobody is held up", async () => {
  const first = Promise.withResolvers<void>();
  const begun: number[] = [];
  const dispatcher = dispatch(async (due) => {
    begun.push(begun.length);
    await replace(due);
    const isSettling = begun.length === 1;
    return { kind: "taken", settled: isSettling ? first.promise : Promise.resolve(), isSettling };
  });
  await store.commit([work(5), work(5)]);
  const time = createTimeTravel(clock, store, dispatcher);
  const moved = time.advance(10);
  await vi.waitFor(() => expect(begun).toHaveLength(1));
  await time.caughtUp();
  await new Promise(setImmediate);
  expect(begun).toHaveLength(1);
  first.resolve();
  expect(await moved).toMatchObject({ fired: 2 });
});

test("whoever waits for what is due waits for all of it, where nothing takes its time", async () => {
  let done = 0;
  const dispatcher = dispatch(async (due) => {
    await new Promise(setImmediate);
    await replace(due, ...(done++ < 3 ? [work(0)] : []));
    return { kind: "taken", settled: new Promise((resolve) => setImmediate(resolve)) };
  });
  await store.commit([work(0), work(0)]);
  await createTimeTravel(clock, store, dispatcher).caughtUp();
  expect(done).toBe(5);
});

test("whoever holds time still waits for the move under way, and the next one waits for them", async () => {
  const order: string[] = [];
  const dispatcher = dispatch((due) => {
    order.push("work");
    return replace(due);
  });
  await store.commit([work(50)]);
  const time = createTimeTravel(clock, store, dispatcher);
  const moved = time.advance(100);
  const goOn = await time.hold();
  order.push("held");
  const next = time.advance(100).then(({ now }) => order.push(`moved to ${now - start}`));
  await new Promise((resolve) => setImmediate(resolve));
  expect(clock.now()).toBe(start + 100);
  goOn();
  await Promise.all([moved, next]);
  expect(order).toEqual(["work", "held", "moved to 200"]);
});
