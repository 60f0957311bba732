// What the lowdb store keeps in memory and what it reads from its files again: the same is shown either way, whatever happens to the files.

import { writeFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LowdbOptions, openLowdbStore } from "../../src/store/lowdb/open.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import type { Change, SavedRow, Store } from "../../src/store/port.ts";
import { SimulatedDisk } from "./disk.ts";
import {
  clock,
  entropy,
  instance,
  putInstance,
  putLog,
  remove,
  scope,
  shownBy,
  step,
  temporaryFolder,
  transition,
} from "./support.ts";

const path = "/s/db.json";
const options: LowdbOptions = { durability: "process", clock, entropy };

async function rowsOf(store: Store): Promise<SavedRow[]> {
  const rows: SavedRow[] = [];
  for await (const row of store.saved()) rows.push(row);
  return rows;
}

/** What may be done to two stores alike; `done` is how often each instance was written, 0 for none. */
type Deed =
  | { do: "step" | "put" | "delete" | "again"; name: string; text: string }
  | { do: "forget"; name: string; keep: number }
  | { do: "log"; name: string }
  | { do: "reopen" | "crash" | "refill"; name?: undefined };

const names = fc.constantFrom("a", "b", "é\u0000", "rec");
const texts = fc.oneof(fc.string({ unit: "grapheme", maxLength: 30 }), fc.constant('","rec":{"seq":1,"rec":'));
const deeds: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant("step" as const), name: names, text: texts }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom("put" as const, "delete" as const, "again" as const),
      name: names,
      text: texts,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("forget" as const), name: names, keep: fc.integer({ min: 1, max: 80 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("log" as const), name: fc.uuid() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("reopen" as const, "crash" as const, "refill" as const) }) },
);

/** The commit of a deed, as things are; null when there is nothing to do. */
async function changesOf(deed: Deed, store: Store): Promise<Change[] | null> {
  if (deed.do === "log") return (await store.get("log", "org_test", deed.name)) ? null : [putLog(deed.name)];
  if (deed.name === undefined) return null;
  const { name } = deed;
  const known = await store.get("instance", scope, name);
  const rev = known?.rev ?? 0;
  const seq = (known?.rec.transitionCount ?? 0) + 1;
  if (deed.do === "forget")
    return seq - 1 > deed.keep ? [{ op: "forget", scope, name, seq: seq - 1 - deed.keep }] : null;
  const rec = (count: number) => instance(name, count, { text: deed.text });
  const put = (count: number, ifRev: number): Change => ({
    op: "put",
    kind: "instance",
    scope,
    name,
    rec: rec(count),
    ifRev,
  });
  if (deed.do === "put") return [put(seq - 1, rev)];
  if (deed.do === "delete") return rev === 0 ? null : [remove(name, rev)];
  if (deed.do === "again") return rev === 0 ? null : [remove(name, rev), put(0, 0)];
  return [put(seq, rev), { op: "append", scope, name, rows: [transition(seq, { type: deed.text })] }];
}

test("whatever is done, with nothing kept in memory and compactions all the time: it shows what a store in memory shows", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(deeds, { maxLength: 120, size: "max" }),
      fc.constantFrom(0, 2_000),
      fc.integer({ min: 0, max: 12 }),
      async (todo, hotBytes, slowness) => {
        let disk = new SimulatedDisk();
        const open = () => {
          // A compaction takes as long as some commits.
          disk.delay = (name) => (name.endsWith(".tmp") ? turns(slowness) : undefined);
          return openLowdbStore(path, { ...options, files: disk, compactAtBytes: 1_500, hotBytes });
        };
        const model = createMemoryStore();
        let store = await open();
        for (const deed of todo) {
          const changes = await changesOf(deed, model);
          if (changes) for (const each of [model, store]) await each.commit(structuredClone(changes));
          if (deed.do === "refill") for (const each of [model, store]) await each.replaceAll(await rowsOf(each));
          if (deed.do === "crash") disk = disk.after("nothing");
          if (deed.do === "reopen") await store.close();
          if (deed.do === "crash" || deed.do === "reopen") store = await open();
        }
        expect(await shownBy(store)).toEqual(await shownBy(model));
        expect(await rowsOf(store)).toEqual(await rowsOf(model));
        await store.close();
        expect(await rowsOf(await open())).toEqual(await rowsOf(model));
      },
    ),
    { numRuns: 60 },
  );
});

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe("a store in a folder, with nothing kept in memory", () => {
  async function inFolder(use: (store: Store, path: string) => Promise<void>, more: Partial<LowdbOptions> = {}) {
    const { path, drop } = await temporaryFolder();
    const store = await openLowdbStore(path, { ...options, hotBytes: 0, ...more });
    try {
      await use(store, path);
    } finally {
      await store.close().catch(() => {});
      await drop();
    }
  }

  test("what is being written out stays readable, though compactions replace the files meanwhile", () =>
    inFolder(
      async (store) => {
        for (let rev = 0; rev < 100; rev++) await Promise.all(["a", "b"].map((name) => store.commit(step(name, rev))));
        const before = await rowsOf(store);
        const rows: SavedRow[] = [];
        let rev = 100;
        for await (const row of store.saved()) {
          rows.push(row);
          if (rows.length % 10 === 0) for (let n = 0; n < 5; n++) await store.commit(step("a", rev++));
          if (rows.length === 50) await store.commit([remove("b", 100)]);
        }
        expect(rows).toEqual(before);
        expect((await store.history(scope, "a", 0, 1_000)).items).toHaveLength(rev);
      },
      { compactAtBytes: 4_000 },
    ));

  test("a long history is read in pages from any place, before and after it was compacted, some of it forgotten", () =>
    inFolder(async (store) => {
      const seqs = async (after: number, limit: number) =>
        (await store.history(scope, "a", after, limit)).items.map(({ seq }) => seq);
      const run = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => from + n);
      await store.commit([putInstance("a", 0)]);
      const rows = run(1, 300).map((seq) => transition(seq));
      await store.commit([{ op: "append", scope, name: "a", rows }]);
      const look = async (forgotten: number) => {
        for (const after of [0, 1, 63, 64, 65, 127, 128, 250, 299, 300, 400]) {
          const from = Math.max(after, forgotten) + 1;
          expect(await seqs(after, 70)).toEqual(run(from, Math.min(300, from + 69)));
        }
      };
      await look(0);
      await store.replaceAll(store.saved());
      await look(0);
      await store.commit([{ op: "forget", scope, name: "a", seq: 130 }]);
      await look(130);
      await store.replaceAll(store.saved());
      await look(130);
    }));

  test("a snapshot that somebody wrote over stops the store with a line that says so, and shows nothing wrong", () =>
    inFolder(async (store, path) => {
      await store.commit(step("a", 0));
      await store.replaceAll(store.saved());
      await writeFile(path, "x".repeat(10_000));
      await expect(store.get("instance", scope, "a")).rejects.toMatchObject({
        name: "StoreUnavailable",
        final: true,
        message: expect.stringMatching(/db\.json was changed by someone else/),
      });
      await expect(store.commit([putInstance("b", 0)])).rejects.toMatchObject({ final: true });
    }));

  test("the newest transition is never forgotten", () =>
    inFolder(async (store) => {
      await store.commit(step("a", 0));
      for (const seq of [1, 2]) {
        await expect(store.commit([{ op: "forget", scope, name: "a", seq }])).rejects.toThrow(RangeError);
      }
    }));
});
