// The dispatcher on a clock that stands still: order, one at a time for each receiver, tries, and what it leaves alone.

import { beforeEach, describe, expect, it } from "vitest";
import type { ManualClock } from "../../src/domain/manual-clock.ts";
import { createManualClock } from "../../src/domain/manual-clock.ts";
import type { Work } from "../../src/domain/records.ts";
import type { Dispatcher, DispatcherOptions, Try } from "../../src/operations/dispatcher.ts";
import { createDispatcher } from "../../src/operations/dispatcher.ts";
import { newWork } from "../../src/operations/works.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Change, DueWork, Store } from "../../src/store/port.ts";

const start = Date.UTC(2026, 0, 1);
const settled = Promise.resolve();

let store: Store;
let clock: ManualClock;
let dropped: string[];
beforeEach(() => {
  store = createMemoryStore();
  clock = createManualClock(start);
  dropped = [];
});

function work(id: string, afterMs: number, slug = "a"): Change {
  const task = { kind: "timer" as const, id, mark: id, event: { type: id }, authContext: {} };
  return newWork(
    { entropy: { bytes: () => new Uint8Array() } },
    { orgId: "org", machine: "m", slug },
    start + afterMs,
    task,
  );
}

async function put(...works: Change[]): Promise<void> {
  await store.commit(works);
}

const idOf = ({ task }: Work) => ("id" in task ? task.id : "");

function dispatch(attempt: DispatcherOptions["attempt"], options: Partial<DispatcherOptions> = {}): Dispatcher {
  const onDropped = (rec: Work, reason: string) => void dropped.push(`${idOf(rec)}: ${reason}`);
  const dispatcher = createDispatcher({
    store,
    clock,
    alarm: clock,
    retryDelayMs: 30_000,
    concurrency: 4,
    attempt,
    onDropped,
    ...options,
  });
  dispatcher.start();
  return dispatcher;
}

/** Takes the work out of the store, as a commit with its event would. */
async function consume({ scope, name, rev }: DueWork): Promise<Try> {
  await store.commit([{ op: "delete", kind: "work", scope, name, ifRev: rev }]);
  return { kind: "taken", settled };
}

async function moveTo(dispatcher: Dispatcher, afterMs: number): Promise<void> {
  clock.moveTo(start + afterMs);
  await dispatcher.idle();
}

describe("a dispatcher", () => {
  it("does nothing before its time, and everything at it, in order of time and then of creation", async () => {
    const done: string[] = [];
    await put(work("late", 50), work("first", 10), work("second", 10), work("now", 0));
    const dispatcher = dispatch(
      (one) => {
        done.push(idOf(one.rec));
        return consume(one);
      },
      { concurrency: 1 },
    );
    await dispatcher.idle();
    expect(done).toEqual(["now"]);
    await moveTo(dispatcher, 9);
    expect(done).toEqual(["now"]);
    await moveTo(dispatcher, 10);
    expect(done).toEqual(["now", "first", "second"]);
    await moveTo(dispatcher, 60);
    expect(done).toEqual(["now", "first", "second", "late"]);
  });

  it("hears of what is put while it runs", async () => {
    const done: string[] = [];
    const dispatcher = dispatch((one) => {
      done.push(idOf(one.rec));
      return consume(one);
    });
    await put(work("at once", 0));
    await dispatcher.idle();
    await put(work("soon", 5));
    await moveTo(dispatcher, 5);
    expect(done).toEqual(["at once", "soon"]);
  });

  it("serves one receiver's works one after the other, and other receivers meanwhile", async () => {
    const begun: string[] = [];
    const open = new Map<string, () => void>();
    const dispatcher = dispatch(async (one) => {
      begun.push(idOf(one.rec));
      await new Promise<void>((resolve) => open.set(idOf(one.rec), resolve));
      return consume(one);
    });
    await put(work("a1", 0), work("a2", 0), work("b1", 0, "b"));
    while (begun.length < 2) await new Promise(setImmediate);
    expect(begun).toEqual(["a1", "b1"]);
    open.get("a1")?.();
    while (begun.length < 3) await new Promise(setImmediate);
    expect(begun).toEqual(["a1", "b1", "a2"]);
    open.get("a2")?.();
    open.get("b1")?.();
    await dispatcher.idle();
    expect(store.nextDue()).toBeUndefined();
  });

  it("tries five times with the delay between, and then drops it and says so", async () => {
    const tries: number[] = [];
    await put(work("hopeless", 0));
    const dispatcher = dispatch(async () => {
      tries.push(clock.now() - start);
      return { kind: "failed", reason: "no luck" };
    });
    await dispatcher.idle();
    for (let s = 1; s <= 300; s++) await moveTo(dispatcher, s * 1_000);
    expect(tries).toEqual([0, 30_000, 60_000, 90_000, 120_000]);
    expect(dropped).toEqual(["hopeless: no luck"]);
    expect(await store.list("work", "org/m/a", 0, 10)).toEqual({ items: [] });
  });

  it("does not count a try that could not be made", async () => {
    let calls = 0;
    await put(work("patient", 0));
    const dispatcher = dispatch(async (one) => {
      calls++;
      if (calls < 9) throw new Error("stopping");
      return consume(one);
    });
    for (let s = 0; s <= 300; s++) await moveTo(dispatcher, s * 1_000);
    expect(calls).toBe(9);
    expect(dropped).toEqual([]);
  });

  it("is idle only when what it set off has settled", async () => {
    let settle = () => {};
    await put(work("slow", 0));
    const dispatcher = dispatch(async (one) => {
      await consume(one);
      return { kind: "taken", settled: new Promise<void>((resolve) => (settle = resolve)) };
    });
    let isIdle = false;
    const idle = dispatcher.idle().then(() => {
      isIdle = true;
    });
    while (store.nextDue() !== undefined) await new Promise(setImmediate);
    for (let turns = 0; turns < 20; turns++) await new Promise(setImmediate);
    expect(isIdle).toBe(false);
    settle();
    await idle;
  });

  it("goes through ten thousand, each once and in order", async () => {
    const done: number[] = [];
    const works = Array.from({ length: 10_000 }, (_, i) => work(`w${i}`, (i * 7_919) % 60_000, `i${i % 500}`));
    for (let i = 0; i < works.length; i += 1_000) await put(...works.slice(i, i + 1_000));
    const dispatcher = dispatch((one) => {
      done.push(one.rec.dueAt);
      return consume(one);
    });
    for (let due = store.nextDue(); due !== undefined; due = store.nextDue()) await moveTo(dispatcher, due - start);
    expect(done).toEqual(works.map((put) => ("rec" in put ? (put.rec as Work).dueAt : 0)).sort((a, b) => a - b));
  });
});
