// The lowdb adapter on a disk that is full or breaks: who is told what, and what is left.

import { beforeEach, describe, expect, test, vi } from "vitest";
import { type LowdbOptions, openLowdbStore } from "../../src/store/lowdb/open.ts";
import { type Store, StoreUnavailable } from "../../src/store/port.ts";
import { type Fault, type Operation, SimulatedDisk, systemError } from "./disk.ts";
import { clock, entropy, namesInPages, putBlob, putInstance, putVersion, scope, shownBy, step } from "./support.ts";

const path = "/s/db.json";
const journalPath = "/s/db.journal";
const options: LowdbOptions = { durability: "process", clock, entropy };

let disk: SimulatedDisk;
let log: string[];
beforeEach(() => {
  disk = new SimulatedDisk();
  log = [];
});
const open = (more: Partial<LowdbOptions> = {}) =>
  openLowdbStore(path, { ...options, files: disk, log: (line) => log.push(line), ...more });

/** The given operation on files whose name ends so fails. */
function failing(operation: Operation, ending: string, code: string, written = 0): Fault {
  return (asked, name) =>
    asked === operation && name.endsWith(ending) ? { error: systemError(code, name), written } : undefined;
}
const healthy: Fault = () => undefined;

async function refusal(promise: Promise<unknown>): Promise<StoreUnavailable> {
  const error = await promise.then(
    () => "it was accepted",
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreUnavailable)) throw new Error(`expected StoreUnavailable, got ${String(error)}`);
  return error;
}

/** What the next process would find. */
async function afterwards(): Promise<Store> {
  return openLowdbStore(path, { ...options, files: disk.after("nothing") });
}

describe("a full disk", () => {
  test("refuses the commits in hand and what builds on them, keeps the rest, and goes on when there is room", async () => {
    const store = await open();
    await store.commit(step("a", 0));
    const before = disk.files()[journalPath];
    disk.fault = failing("write", ".journal", "ENOSPC", 100);
    const first = [store.commit(step("a", 1)), store.commit(step("a", 2)), store.commit([putInstance("b", 0)])];
    const refusals = await Promise.all(first.map(refusal));
    for (const { final, message } of refusals)
      expect([final, message]).toEqual([false, "the disk is full: /s/db.journal can't grow"]);
    expect(disk.files()[journalPath]).toEqual(before);
    expect(await store.get("instance", scope, "a")).toMatchObject({ rev: 1 });
    expect((await refusal(store.commit(step("a", 1)))).final).toBe(false);
    disk.fault = healthy;
    expect(await store.commit(step("a", 1))).toEqual([2, 0]);
    await store.commit([putInstance("b", 0)]);
    expect(log).toEqual([
      "/s/db.journal: the disk is full: nothing is stored until there is room",
      "/s/db.journal: the disk has room again",
    ]);
    const shown = await shownBy(store);
    expect(await shownBy(await afterwards())).toEqual(shown);
  });

  test("refuses what was committed while the failing write was under way", async () => {
    const store = await open();
    const large = "x".repeat(300_000); // past what is written without leaving the thread
    let later: Promise<StoreUnavailable> | undefined;
    disk.fault = (operation, name) => {
      if (operation !== "write" || !name.endsWith(".journal")) return undefined;
      later ??= refusal(store.commit(step("a", 1)));
      return { error: systemError("ENOSPC", name), written: 1000 };
    };
    const first = await refusal(store.commit([putInstance("a", 0, { large })]));
    expect([first.final, (await later)?.final]).toEqual([false, false]);
    disk.fault = healthy;
    expect(await store.commit([putInstance("a", 0)])).toEqual([1]);
    expect(await namesInPages(await afterwards(), 10)).toEqual(["a"]);
  });

  test("a conflict with a commit that failed is told as the failure: the record never was there", async () => {
    const store = await open();
    disk.fault = failing("write", ".journal", "ENOSPC");
    const both = [store.commit([putInstance("a", 0)]), store.commit([putInstance("a", 0)])];
    for (const { final } of await Promise.all(both.map(refusal))) expect(final).toBe(false);
  });

  test("refuses a blob, leaves no half of it, and takes it when there is room", async () => {
    const store = await open();
    const bytes = new Uint8Array(1000);
    disk.fault = failing("write", ".tmp", "ENOSPC", 500);
    expect((await refusal(putBlob(store, bytes))).final).toBe(false);
    expect(Object.keys(disk.files()).sort()).toEqual([journalPath, path]);
    disk.fault = healthy;
    expect(await store.getBlob(await putBlob(store, bytes))).toHaveLength(1000);
  });

  test.each<[string, Fault]>([
    ["writing the snapshot", failing("write", "db.json.tmp", "ENOSPC", 10)],
    ["making it durable", failing("sync", "db.json.tmp", "ENOSPC")],
    ["making the new journal", failing("write", "db.journal.tmp", "ENOSPC", 10)],
  ])("while %s: compaction is put off, commits go on, and closing keeps all", async (_, fault) => {
    const store = await open({ compactAtBytes: 1000 });
    disk.fault = fault;
    for (let rev = 0; rev < 20; rev++) await store.commit(step("a", rev));
    expect(log.length).toBeGreaterThan(0);
    expect(log.length).toBeLessThan(10); // not tried again at each commit
    for (const line of log) expect(line).toMatch(/^compaction is put off, nothing is lost: ENOSPC/);
    const shown = await shownBy(store);
    await store.close();
    expect(Object.keys(disk.files()).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    disk.fault = healthy;
    const again = await afterwards();
    expect(await shownBy(again)).toEqual(shown);
    await again.commit(step("a", 20));
  });
});

describe("closing a store that must be compact", () => {
  test.each<[string, Fault, RegExp]>([
    ["a full disk", failing("write", "db.json.tmp", "ENOSPC", 10), /^compaction is put off, nothing is lost: ENOSPC/],
    ["an I/O error", failing("write", "db.json.tmp", "EIO", 10), /^the store stopped: compaction failed \(EIO/],
  ])("says when %s keeps it from being so, and lets go of it", async (_, fault, message) => {
    const store = await open({ mustCompact: true });
    await store.commit(step("a", 0));
    const shown = await shownBy(store);
    disk.fault = fault;
    await expect(store.close()).rejects.toThrow(StoreUnavailable);
    await expect(store.close()).rejects.toThrow(message);
    disk.fault = healthy;
    const again = await open({ mustCompact: true });
    expect(await shownBy(again)).toEqual(shown);
    await again.close();
    expect(Object.keys(disk.files())).toEqual([path]);
  });

  test("is fine with a snapshot that says everything, though its new journal could not be made", async () => {
    const store = await open({ mustCompact: true });
    await store.commit(step("a", 0));
    disk.fault = failing("write", "db.journal.tmp", "ENOSPC", 10);
    await store.close();
    expect(Object.keys(disk.files())).toEqual([path]);
  });
});

describe("an error that leaves the disk in doubt stops the store for good", () => {
  test.each<[string, LowdbOptions["durability"], Fault]>([
    ["an I/O error of a write", "process", failing("write", ".journal", "EIO", 100)],
    ["a failed sync", "power", failing("sync", ".journal", "EIO")],
    ["a sync that says the disk is full", "power", failing("sync", ".journal", "ENOSPC")],
    [
      "a full disk whose file can't be cut back",
      "process",
      (operation, name) =>
        failing("write", ".journal", "ENOSPC", 10)(operation, name) ??
        failing("truncate", ".journal", "EIO")(operation, name),
    ],
  ])("%s", async (_, durability, fault) => {
    const store = await open({ durability });
    await store.commit(step("a", 0));
    disk.fault = fault;
    const both = await Promise.all([store.commit(step("a", 1)), store.commit([putInstance("b", 0)])].map(refusal));
    for (const { final, message } of both)
      expect([final, message]).toEqual([true, expect.stringMatching(/^the store stopped: .*journal/)]);
    disk.fault = healthy;
    const calls = [
      store.commit(step("a", 1)),
      store.get("instance", scope, "a"),
      putBlob(store, new Uint8Array()),
      store.exclusive("a", async () => {}),
    ];
    for (const { final, message } of await Promise.all(calls.map(refusal))) {
      expect([final, message]).toEqual([true, expect.stringMatching(/^the store stopped/)]);
    }
    const journal = disk.files()[journalPath];
    await store.close();
    expect(disk.files()[journalPath]).toEqual(journal); // what is in doubt is left for the next start to judge
    expect(await (await afterwards()).get("instance", scope, "a")).not.toBeNull();
  });

  test.each<[string, Fault]>([
    ["a snapshot that can't be synced", failing("sync", "db.json.tmp", "EIO")],
    ["a snapshot whose name can't be made durable", failing("syncFolder", "/s", "EIO")],
  ])("in compaction: %s", async (_, fault) => {
    const store = await open({ compactAtBytes: 1 });
    disk.fault = fault;
    for (let rev = 0; ; rev++) {
      const outcome = await store.commit(step("a", rev)).catch((error: unknown) => error);
      if (outcome instanceof StoreUnavailable) {
        expect(outcome).toMatchObject({
          final: true,
          message: expect.stringMatching(/compaction failed|may not survive/),
        });
        break;
      }
    }
    disk.fault = healthy;
    await store.close();
    expect((await (await afterwards()).history(scope, "a", 0, 100)).items.length).toBeGreaterThan(0);
  });

  test("a blob that can't be made durable", async () => {
    const store = await open();
    disk.fault = failing("sync", ".tmp", "EIO");
    expect((await refusal(putBlob(store, new Uint8Array(1)))).final).toBe(true);
    disk.fault = healthy;
    expect((await refusal(store.commit(step("a", 0)))).final).toBe(true);
    await store.close();
    expect(disk.files()).toHaveProperty([journalPath]);
  });
});

describe("a snapshot that someone replaced while the store was open", () => {
  const kept = "/s/db.kept-2026-01-01T00-00-00-000Z.json";
  const told = `/s/db.json was changed by someone else while it was open, and is left as it is. Everything stored here is in ${kept}: to go on with it, move it to /s/db.json; to go on with the one there, delete /s/db.journal`;
  async function putTheirs(): Promise<Buffer> {
    const theirs = Buffer.from("theirs");
    await disk.remove(path); // as git does
    await (await disk.open(path, "create")).write(theirs, 0);
    return theirs;
  }

  test("is not written over: what the store has is kept beside it, whole, and closing says so", async () => {
    const store = await open();
    await store.commit(step("a", 0));
    await putVersion(store, "ver_1", "export default 1");
    await store.close();
    const again = await open();
    await again.commit(step("b", 0));
    const theirs = await putTheirs();
    await again.commit(step("a", 1));
    expect(await refusal(again.close())).toMatchObject({ message: told });
    expect(disk.files()[path]).toEqual(theirs);
    expect(log).toEqual([]);
    const left = disk.after("all unsynced");
    const alone = await openLowdbStore(kept, { ...options, files: left });
    const shown = await shownBy(alone);
    expect(await namesInPages(alone, 10)).toEqual(["a", "b"]);
    expect((await alone.history(scope, "a", 0, 9)).items).toHaveLength(2);
    expect(await codeOf(alone)).toBe("export default 1");
    await left.rename(kept, path);
    const moved = await openLowdbStore(path, { ...options, files: left });
    expect(await shownBy(moved)).toEqual(shown);
    expect(await codeOf(moved)).toBe("export default 1");
  });

  test("at a compaction is told once, and what is stored afterwards continues what was kept", async () => {
    const store = await open({ compactAtBytes: 2_000 });
    await putTheirs();
    for (let rev = 0; rev < 6; rev++) await store.commit(step("a", rev));
    await vi.waitFor(() => expect(log).toEqual([told]));
    const left = disk.after("nothing");
    await store.commit(step("b", 0));
    const killed = disk.after("nothing");
    expect(killed.files()[kept]).toEqual(left.files()[kept]);
    await killed.rename(kept, path);
    expect(await namesInPages(await openLowdbStore(path, { ...options, files: killed }), 10)).toEqual(["a", "b"]);
    await refusal(store.close());
  });

  test("refuses to put other contents in the place of these, and does not keep those", async () => {
    const store = await open();
    await store.commit(step("a", 0));
    const theirs = await putTheirs();
    expect((await refusal(store.replaceAll([]))).message).toContain(
      "is left as it is. Put the one that was there back",
    );
    expect(disk.files()[path]).toEqual(theirs);
    expect(disk.files()).not.toHaveProperty([kept]);
    await refusal(store.close());
    expect(String(disk.files()[kept])).toContain('"name":"a"');
  });

  test("leaves everything to the journal when there is no room beside it", async () => {
    const store = await open();
    await store.commit(step("a", 0));
    await putTheirs();
    disk.fault = failing("rename", kept, "EIO");
    expect((await refusal(store.close())).message).toContain(`before the next start: ${journalPath} continues it`);
    expect(String(disk.files()[journalPath])).toContain('"name":"a"');
  });

  async function codeOf(store: Store): Promise<string> {
    const found = await store.get("version", scope, "ver_1");
    return Buffer.from((await store.getBlob(found?.rec.codeSha256 ?? "")) ?? []).toString();
  }
});

test("a snapshot that someone deleted while the store was open is written again", async () => {
  const store = await open();
  await store.commit(step("a", 0));
  await disk.remove(path);
  await store.close();
  expect(await namesInPages(await afterwards(), 10)).toEqual(["a"]);
});
