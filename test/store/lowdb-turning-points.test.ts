// The moments at which one file takes the place of another, with commits waiting: whatever fails there, nothing acknowledged is lost, and nothing stays open.

import { describe, expect, test } from "vitest";
import { type LowdbOptions, openLowdbStore } from "../../src/store/lowdb/open.ts";
import { type Store, StoreUnreadable } from "../../src/store/port.ts";
import { type Loss, SimulatedDisk, systemError } from "./disk.ts";
import { clock, entropy, instance, namesInPages, putInstance, scope, step, transition } from "./support.ts";

const path = "/s/db.json";
const journalPath = "/s/db.journal";
const options: LowdbOptions = { durability: "power", clock, entropy, compactAtBytes: 1_200 };
const openOn = (files: SimulatedDisk, more: Partial<LowdbOptions> = {}) =>
  openLowdbStore(path, { ...options, ...more, files });

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise<void>((resolve) => setImmediate(resolve));
}

/** Writers of one instance each, all at once; counts what each was told is stored, until it is refused. */
async function underLoad(store: Store, events: number): Promise<Map<string, number>> {
  const acknowledged = new Map<string, number>();
  const write = async (name: string) => {
    for (let rev = 0; rev < events; rev++) {
      await store.commit(step(name, rev));
      acknowledged.set(name, rev + 1);
    }
  };
  await Promise.allSettled(["a", "b", "c"].map(write));
  return acknowledged;
}

const codes = ["EIO", "EMFILE", "ENOSPC"];
const losses: Loss[] = ["nothing", "all unsynced", "unsynced contents"];

describe.each(codes)("one operation after another answers %s, while commits wait", (code) => {
  test.each(losses)("and a crash loses %s: all that was acknowledged is there", async (loss) => {
    for (let steps = 0; ; steps++) {
      const disk = new SimulatedDisk();
      disk.delay = (name) => (name.endsWith(".tmp") || name === "/s" ? turns(3) : undefined);
      const store = await openOn(disk);
      let left = steps;
      disk.fault = (operation, name) => {
        if (operation === "open" || operation === "remove" || name.endsWith(".lock")) return undefined;
        return left-- === 0 ? { error: systemError(code, name), written: 10 } : undefined;
      };
      const acknowledged = await underLoad(store, 8);
      const again = await openOn(disk.after(loss));
      for (const [name, events] of acknowledged) {
        const { items } = await again.history(scope, name, 0, 100);
        expect([steps, name, items.length >= events]).toEqual([steps, name, true]);
        expect((await again.get("instance", scope, name))?.rev).toBe(items.length);
      }
      if (left >= 0) break;
    }
  });
});

test.each(codes)(
  "a commit that waits while the new journal's name can't be made durable (%s) is not lost",
  async (code) => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk, { durability: "process", compactAtBytes: 5_000 });
    let waiting: Promise<boolean> | undefined;
    let renamed = "";
    disk.fault = (operation, name) => {
      if (operation === "rename") renamed = name;
      if (operation !== "syncFolder" || renamed !== journalPath) return undefined;
      waiting ??= store.commit([putInstance("late", 0)]).then(
        () => true,
        () => false,
      );
      return { error: systemError(code, name) };
    };
    for (let rev = 0; waiting === undefined; rev++) await store.commit(step("a", rev)).catch(() => {});
    const isAcknowledged = await waiting;
    await store.close().catch(() => {});
    const names = await namesInPages(await openOn(disk.after("nothing")), 10);
    expect(names.includes("late")).toBe(isAcknowledged);
  },
  30_000,
);

test("a journal that lost its end, which the snapshot has, is not written on", async () => {
  const disk = new SimulatedDisk();
  const store = await openOn(disk, { compactAtBytes: 1e9 });
  for (const rev of [0, 1, 2, 3]) await store.commit(step("a", rev));
  const journal = disk.files()[journalPath] as Buffer;
  disk.fault = (operation, name) =>
    operation === "open" && name.startsWith(journalPath) ? { error: systemError("ENOSPC", name) } : undefined;
  await store.close(); // writes the snapshot, and can't begin a new journal
  const { [path]: snapshot } = disk.files();
  const cut = journal.subarray(0, journal.indexOf('"seq":3,') - '{"crc":"00000000",'.length);
  const left = SimulatedDisk.of({ [path]: snapshot as Buffer, [journalPath]: cut });
  const second = await openOn(left, { compactAtBytes: 1e9 });
  expect((await second.history(scope, "a", 0, 10)).items).toHaveLength(4);
  await second.commit(step("a", 4));
  const third = await openOn(left.after("nothing"));
  expect((await third.history(scope, "a", 0, 10)).items).toHaveLength(5);
});

describe("closing", () => {
  test("waits for a replacement, also one that waits for a compaction", async () => {
    for (let slowness = 0; slowness < 12; slowness++) {
      const disk = new SimulatedDisk();
      disk.delay = (name) => (name.endsWith(".tmp") ? turns(slowness) : undefined);
      const store = await openOn(disk);
      for (let rev = 0; rev < 6; rev++) await store.commit(step("a", rev));
      const replaced = store.replaceAll([{ kind: "instance", scope, name: "new", rec: instance("new") }]).then(
        () => "new",
        () => "a",
      );
      await turns(slowness % 3);
      await store.close();
      const files = disk.files();
      const held = await replaced;
      await turns(50);
      expect(disk.files()).toEqual(files);
      expect(await namesInPages(await openOn(disk.after("nothing")), 10)).toEqual([held]);
    }
  });

  test("leaves no file open, whatever was read, compacted, replaced or left unread", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk, { hotBytes: 0 });
    await underLoad(store, 20);
    for await (const _ of store.saved()) break;
    for await (const _ of store.saved()) await store.commit([]);
    await store.saved()[Symbol.asyncIterator]().return?.();
    await store.replaceAll(store.saved());
    await store.close();
    await turns(5);
    expect(disk.openFiles).toBe(0);
  });

  test("so does an opening that fails, at whatever step", async () => {
    const before = new SimulatedDisk();
    const store = await openOn(before);
    await store.commit(step("a", 0));
    const files = before.files();
    for (let steps = 0; ; steps++) {
      const disk = SimulatedDisk.of({ ...files, [journalPath]: files[journalPath]?.subarray(0, -5) as Buffer });
      let left = steps;
      disk.fault = (_, name) => (left-- === 0 ? { error: systemError("EIO", name) } : undefined);
      const outcome = await openOn(disk).catch((error: unknown) => error);
      if (!(outcome instanceof StoreUnreadable)) break;
      await turns(2);
      expect([steps, disk.openFiles]).toEqual([steps, 0]);
    }
  });
});

describe("while everything is replaced", () => {
  test("nobody sees the new contents before they are durable, nor when they can't be", async () => {
    const disk = new SimulatedDisk();
    disk.delay = (name) => (name.endsWith(".tmp") ? turns(5) : undefined);
    const store = await openOn(disk);
    await store.commit(step("old", 0));
    disk.fault = (operation, name) =>
      operation === "sync" && name === "/s/db.json.tmp" ? { error: systemError("ENOSPC", name) } : undefined;
    const replaced = store.replaceAll([{ kind: "instance", scope, name: "new", rec: instance("new") }]);
    const outcome = replaced.catch((error: unknown) => String(error));
    for (let n = 0; n < 10; n++) {
      expect(await namesInPages(store, 10)).toEqual(["old"]);
      await turns(1);
    }
    const waiting = store.commit([putInstance("x", 0)]);
    expect(await outcome).toMatch(/can't be replaced/);
    expect(await waiting).toEqual([1]);
  });
});

test("a page of large transitions reads few of them, before and after a compaction", async () => {
  const disk = new SimulatedDisk();
  const store = await openOn(disk, { compactAtBytes: 1e9 });
  await store.commit([putInstance("a", 0)]);
  const event = { type: "push", text: "x".repeat(30_000) };
  const rows = Array.from({ length: 100 }, (_, n) => transition(n + 1, event));
  await store.commit([{ op: "append", scope, name: "a", rows }]);
  await store.replaceAll(store.saved());
  disk.bytesRead = 0;
  expect((await store.history(scope, "a", 50, 1)).items).toMatchObject([{ seq: 51 }]);
  expect(disk.bytesRead).toBeLessThan(200_000);
});
