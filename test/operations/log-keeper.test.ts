// The keeping of logs, on a store and a clock that the test owns: timestamps, floods, what is let go, and stores that refuse.

import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { logName, logsPerMillisecond } from "../../src/domain/log-name.ts";
import type { LogEntry } from "../../src/domain/records.ts";
import type { LogLine } from "../../src/engine/port.ts";
import {
  createLogKeeper,
  type LogKeeper,
  type LogLimits,
  type LogRetention,
  limitsOf,
} from "../../src/operations/log-keeper.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type Store, StoreUnavailable } from "../../src/store/port.ts";

let store: Store;
let now: number;
const clock = { now: () => now };
beforeEach(() => {
  store = createMemoryStore();
  now = 1_000;
});
afterEach(() => store.close());

const keeperWith = (limits: Partial<LogLimits> = {}, on: Store = store) => createLogKeeper(on, clock, limits);
function line(log: string, slug = "one", orgId = "org"): LogLine {
  return { instance: { orgId, machine: "m", slug }, versionId: "ver", outputType: "stdout", log };
}
async function stored(orgId = "org", on: Store = store): Promise<LogEntry[]> {
  return (await on.list("log", orgId, 0, 100_000)).items.map(({ rec }) => rec);
}
async function flushed(keeper: LogKeeper, orgId = "org", after = 0): Promise<LogEntry[]> {
  expect(await keeper.flush(orgId, after)).toBe(true);
  return stored(orgId);
}
const texts = (entries: readonly LogEntry[]) => entries.map(({ log }) => log);

test("a line is stored as it came, a moment later without anybody asking", async () => {
  const keeper = keeperWith();
  keeper.keep({ ...line("hello\nworld"), outputType: "stderr" });
  await vi.waitFor(async () => expect(await stored()).toHaveLength(1));
  const entry = { orgId: "org", ts: 1_000, nr: 0, machine: "m", instance: "one", versionId: "ver" };
  expect(await stored()).toEqual([{ ...entry, outputType: "stderr", log: "hello\nworld" }]);
});

test("what belongs to no instance is not kept; organizations have logs of their own", async () => {
  const keeper = keeperWith();
  keeper.keep({ ...line("loading"), instance: null });
  keeper.keep(line("ours"));
  keeper.keep(line("theirs", "one", "other"));
  expect(texts(await flushed(keeper))).toEqual(["ours"]);
  expect(texts(await flushed(keeper, "other"))).toEqual(["theirs"]);
});

test("a long log is read a page in each turn, before its first line since the start is stored", async () => {
  const earlier = keeperWith();
  for (let n = 0; n < 3; n++) {
    for (let m = 0; m < 2_000; m++) earlier.keep(line("old"));
    await flushed(earlier);
  }
  const list = vi.spyOn(store, "list");
  const keeper = keeperWith();
  keeper.keep(line("new"));
  let isStored = false;
  void keeper.flush("org", 0).then((is) => {
    isStored = is;
  });
  const pagesRead: number[] = [];
  while (!isStored) {
    await new Promise(setImmediate);
    pagesRead.push(list.mock.calls.length);
  }
  expect(pagesRead.slice(0, 12)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

test("other contents of the store are met without what was known of the earlier ones", async () => {
  const keeper = keeperWith();
  keeper.keep(line("old"));
  await flushed(keeper);
  keeper.keep(line("too late"));
  const rec: LogEntry = {
    orgId: "org",
    ts: 1_001,
    nr: 0,
    machine: "m",
    instance: "one",
    versionId: "ver",
    outputType: "stdout",
    log: "new",
  };
  await store.replaceAll([{ kind: "log", scope: "org", name: logName(rec), rec }]);
  keeper.forget();
  keeper.keep(line("next"));
  await keeper.settle();
  expect((await stored()).map(({ ts, log }) => [ts, log])).toEqual([
    [1_001, "new"],
    [1_002, "next"],
  ]);
});

describe("timestamps", () => {
  test("are those of the printing, shared by what came together", async () => {
    const keeper = keeperWith();
    keeper.keep(line("a"));
    keeper.keep(line("b"));
    now += 5;
    keeper.keep(line("c"));
    expect((await flushed(keeper)).map(({ ts, nr }) => [ts, nr])).toEqual([
      [1_000, 0],
      [1_000, 1],
      [1_005, 0],
    ]);
  });

  test("are later than everything that can have been read, though the clock stands still or goes back", async () => {
    const keeper = keeperWith();
    for (const log of ["a", "b"]) {
      keeper.keep(line(log));
      await flushed(keeper);
    }
    now = 500;
    keeper.keep(line("c"));
    expect((await flushed(keeper)).map(({ ts }) => ts)).toEqual([1_000, 1_001, 1_002]);
    const next = keeperWith();
    next.keep(line("d"));
    expect((await flushed(next)).at(-1)).toMatchObject({ log: "d", ts: 1_003 });
  });

  test("are later than where a reader waits, unless that is the future", async () => {
    const keeper = keeperWith();
    keeper.keep(line("before"));
    expect(await flushed(keeper, "org", 1_000)).toMatchObject([{ ts: 1_001 }]);
    await flushed(keeper, "org", 9_000_000);
    keeper.keep(line("after"));
    expect((await flushed(keeper)).at(-1)).toMatchObject({ log: "after", ts: 1_002 });
  });

  test("are shared by no more entries than a page holds", async () => {
    const keeper = keeperWith();
    for (let n = 0; n < 250; n++) keeper.keep(line(String(n)));
    const entries = await flushed(keeper);
    expect(texts(entries)).toEqual(Array.from({ length: 250 }, (_, n) => String(n)));
    const counts = Map.groupBy(entries, ({ ts }) => ts);
    expect([...counts].map(([ts, { length }]) => [ts, length])).toEqual([
      [1_000, 100],
      [1_001, 100],
      [1_002, 50],
    ]);
  });

  test("whatever is printed, read and flushed when: going on after a page neither loses nor repeats", async () => {
    const step = fc.oneof(
      fc.record({ print: fc.integer({ min: 1, max: 130 }) }),
      fc.record({ pass: fc.integer({ min: 0, max: 3 }) }),
      fc.constant({ flush: true }),
      fc.constant({ read: true }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const own = createMemoryStore();
        const keeper = keeperWith({ waitingEntries: 1_000_000 }, own);
        let from = 0;
        let printed = 0;
        const seen: string[] = [];
        const read = async () => {
          await keeper.flush("org", from);
          const page = (await stored("org", own)).filter(({ ts }) => ts > from).slice(0, logsPerMillisecond + 1);
          const next = page.length > logsPerMillisecond ? page.at(-1)?.ts : undefined;
          const shown = page.filter(({ ts }) => ts !== next);
          seen.push(...texts(shown));
          from = shown.at(-1)?.ts ?? from;
        };
        for (const one of steps) {
          if ("print" in one) for (let n = 0; n < one.print; n++) keeper.keep(line(String(printed++)));
          else if ("pass" in one) now += one.pass;
          else if ("flush" in one) await keeper.flush("org", 0);
          else await read();
        }
        while (seen.length < printed) {
          const before = seen.length;
          await read();
          expect(seen.length).toBeGreaterThan(before);
        }
        expect(seen).toEqual(Array.from({ length: printed }, (_, n) => String(n)));
        await own.close();
      }),
      { numRuns: 50 },
    );
  });
});

describe("a flood", () => {
  test("is cut where it can't be stored fast enough, with an entry in its place that says how much is missing", async () => {
    const keeper = keeperWith({ waitingEntries: 10 });
    for (let n = 0; n < 25; n++) keeper.keep(line(String(n), "flooder"));
    keeper.keep(line("also lost", "other"));
    const first = await flushed(keeper);
    expect(texts(first)).toEqual([
      ...Array.from({ length: 10 }, (_, n) => String(n)),
      "[16 more were printed too fast to be kept]",
    ]);
    expect(first.at(-1)).toMatchObject({ outputType: "stderr", instance: "flooder" });
    keeper.keep(line("after"));
    expect(texts(await flushed(keeper)).slice(11)).toEqual(["after"]);
  });

  test("of long lines is cut by their length", async () => {
    const keeper = keeperWith({ waitingCharacters: 100 });
    const round = ["x", "x", "[3 more were printed too fast to be kept]"];
    for (const expected of [round, [...round, ...round]]) {
      for (let n = 0; n < 5; n++) keeper.keep(line("x".repeat(60)));
      expect(texts(await flushed(keeper)).map((text) => (text.length > 50 ? "x" : text))).toEqual(expected);
    }
  });

  test("says what is missing where it is missing, however the batches fall", async () => {
    const keeper = keeperWith({ waitingEntries: 600 });
    for (let n = 0; n < 605; n++) keeper.keep(line(String(n)));
    const commit = store.commit.bind(store);
    vi.spyOn(store, "commit").mockImplementationOnce(async (changes) => {
      const revs = await commit(changes);
      queueMicrotask(() => queueMicrotask(() => keeper.keep(line("meanwhile")))); // when the first batch has left
      return revs;
    });
    await keeper.flush("org", 0);
    expect(texts(await flushed(keeper)).slice(599)).toEqual([
      "599",
      "[5 more were printed too fast to be kept]",
      "meanwhile",
    ]);
  });

  test("is written in batches, between which others get their turn", async () => {
    const commit = vi.spyOn(store, "commit");
    const keeper = keeperWith();
    for (let n = 0; n < 1_200; n++) keeper.keep(line(String(n)));
    await Promise.all([keeper.flush("org", 0), keeper.flush("org", 0)]);
    expect(commit.mock.calls.map(([changes]) => changes.length)).toEqual([500, 500, 200]);
  });
});

describe("the oldest are let go", () => {
  test("when there are too many, also of those from before a restart", async () => {
    const first = keeperWith({ entries: 100 });
    for (let n = 0; n < 70; n++) first.keep(line(String(n)));
    expect(await flushed(first)).toHaveLength(70);
    const second = keeperWith({ entries: 100 });
    for (let n = 70; n < 1_230; n++) second.keep(line(String(n)));
    expect(texts(await flushed(second))).toEqual(Array.from({ length: 100 }, (_, n) => String(1_130 + n)));
  });

  test("when they are too long together", async () => {
    const keeper = keeperWith({ characters: 100 });
    for (let n = 0; n < 30; n++) {
      keeper.keep(line(`${n}`.padEnd(10, ".")));
      if (n % 7 === 0) await flushed(keeper);
    }
    expect(texts(await flushed(keeper)).map((text) => Number.parseInt(text, 10))).toEqual([
      20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
    ]);
  });

  test("when they are too old, also where nobody prints any more", async () => {
    const keeper = keeperWith({ ageMs: 1_000 });
    const printAt = (time: number, ...logs: string[]) => {
      now = time;
      for (const log of logs) keeper.keep(line(log));
      return flushed(keeper);
    };
    await printAt(1_000, "a");
    expect(texts(await printAt(1_999, "b", "c"))).toEqual(["a", "b", "c"]);
    expect(texts(await printAt(2_001, "d"))).toEqual(["b", "c", "d"]);
    expect(texts(await printAt(3_000))).toEqual(["d"]);
    expect(await printAt(9_000)).toEqual([]);
    // What comes then is later than what was read of those that are gone.
    expect(await printAt(1_500, "e")).toMatchObject([{ log: "e", ts: 2_002 }]);
  });

  test("when they are too old, however many they are", async () => {
    const keeper = keeperWith({ ageMs: 1_000 });
    for (let n = 0; n < 1_700; n++) keeper.keep(line(String(n)));
    await flushed(keeper);
    now = 9_000;
    keeper.keep(line("new"));
    expect(texts(await flushed(keeper))).toEqual(["new"]);
  });
});

test.each<[LogRetention, Partial<LogLimits>]>([
  [{}, {}],
  [{ entries: 5 }, { entries: 5, characters: 8_000 }],
  [{ ageMs: 5 }, { ageMs: 5 }],
])("a retention of %j limits to %j", (retention, limits) => {
  expect(limitsOf(retention)).toEqual(limits);
});

test.each([{ entries: 0 }, { entries: 1.5 }, { ageMs: 0 }, { ageMs: Number.NaN }])(
  "%j is no retention",
  (retention) => {
    expect(() => limitsOf(retention)).toThrow(/logRetention\.(entries|ageMs) is a (whole )?number/);
  },
);

describe("a store that takes no writes", () => {
  test("for a while: what waits is stored when it does again, later than what was read meanwhile", async () => {
    const commit = vi.spyOn(store, "commit").mockRejectedValue(new StoreUnavailable("the disk is full", false));
    const keeper = keeperWith();
    keeper.keep(line("a"));
    expect(await keeper.flush("org", 1_000)).toBe(false);
    keeper.keep(line("b"));
    expect(await keeper.flush("org", 1_000)).toBe(false);
    commit.mockRestore();
    const entries = await flushed(keeper);
    expect(texts(entries)).toEqual(["a", "b"]);
    expect(entries[0]?.ts).toBe(1_001);
  });

  test("as it is thought to be: what is stored is read again", async () => {
    const keeper = keeperWith();
    keeper.keep(line("a"));
    await flushed(keeper);
    const other = keeperWith();
    other.keep(line("b"));
    await flushed(other);
    keeper.keep(line("c"));
    expect(await keeper.flush("org", 0)).toBe(false);
    expect(texts(await flushed(keeper))).toEqual(["a", "b", "c"]);
  });

  test("for good: nothing throws, nothing piles up", async () => {
    const keeper = keeperWith({ waitingEntries: 3 });
    await store.close();
    for (let n = 0; n < 10; n++) keeper.keep(line("lost"));
    expect(await keeper.flush("org", 0)).toBe(false);
    await keeper.close();
  });
});

test("closing stores what waits, and nothing is taken afterwards", async () => {
  const keeper = keeperWith();
  keeper.keep(line("last words"));
  await keeper.close();
  expect(texts(await stored())).toEqual(["last words"]);
  keeper.keep(line("too late"));
  await keeper.flush("org", 0);
  expect(texts(await stored())).toEqual(["last words"]);
});
