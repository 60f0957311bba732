// Code that no record names any more is taken away, and never what a record names, will name, or named when the power was cut.

import { hash } from "node:crypto";
import { mkdir, rm, symlink, truncate } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type LowdbOptions, openLowdbStore } from "../../src/store/lowdb/open.ts";
import type { Store } from "../../src/store/port.ts";
import { type Loss, SimulatedDisk, systemError } from "./disk.ts";
import { clock, entropy, putBlob, putVersion, scope, step, temporaryFolder, version } from "./support.ts";

const path = "/s/db.json";
const options: LowdbOptions = { durability: "power", clock, entropy };
const openOn = (files: SimulatedDisk, more: Partial<LowdbOptions> = {}) =>
  openLowdbStore(path, { ...options, ...more, files });

const sha256Of = (code: string) => hash("sha256", Buffer.from(code));
const fileOf = (code: string) => `/s/db.blobs/${sha256Of(code)}`;
const remove = (name: string, ifRev = 1) => [{ op: "delete" as const, kind: "version" as const, scope, name, ifRev }];

/** The texts beside the store. */
function codesOn(disk: SimulatedDisk): string[] {
  const files = Object.entries(disk.files()).filter(([name]) => name.startsWith("/s/db.blobs/"));
  return files.map(([, bytes]) => bytes.toString()).sort();
}

/** Commits until the journal has been compacted once more. */
async function compacted(store: Store, disk: SimulatedDisk): Promise<void> {
  const before = await disk.identity(path);
  for (let rev = (await store.get("instance", scope, "filler"))?.rev ?? 0; ; rev++) {
    if ((await disk.identity(path)) !== before) break;
    await store.commit(step("filler", rev));
  }
  await turns(100);
}

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe("is taken away", () => {
  test("at a compaction, while the store goes on", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk, { compactAtBytes: 4_000 });
    await putVersion(store, "ver_1", "one");
    await putVersion(store, "ver_2", "two");
    await store.commit(remove("ver_1"));
    await compacted(store, disk);
    expect(codesOn(disk)).toEqual(["two"]);
    expect(await putVersion(store, "ver_3", "one")).toBe(sha256Of("one"));
    expect(codesOn(disk)).toEqual(["one", "two"]);
  });

  test("when the store is closed, and what nobody ever named with it", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    await putVersion(store, "ver_1", "one");
    await putVersion(store, "ver_2", "two");
    await putBlob(store, Buffer.from("no machine"));
    await store.commit(remove("ver_1"));
    expect(codesOn(disk)).toHaveLength(3);
    await store.close();
    expect(codesOn(disk)).toEqual(["two"]);
  });

  test("also what a killed process had in its journal", async () => {
    const disk = new SimulatedDisk();
    const killed = await openOn(disk);
    await putVersion(killed, "ver_1", "one");
    await killed.commit(remove("ver_1"));
    const left = disk.after("all unsynced");
    expect(codesOn(left)).toEqual(["one"]);
    await (await openOn(left)).close();
    expect(codesOn(left)).toEqual([]);
  });

  test("what everything was replaced without", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk);
    await putVersion(store, "ver_1", "one");
    const two = await putVersion(store, "ver_2", "two");
    await store.replaceAll([{ kind: "version", scope, name: "ver_2", rec: version("ver_2", two) }]);
    await store.close();
    expect(codesOn(disk)).toEqual(["two"]);
  });

  test("and stays for as long as one record of any kind names it", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk, { compactAtBytes: 4_000 });
    const codeSha256 = await putVersion(store, "ver_1", "one");
    const owner = { orgId: "org_test", machine: "door" };
    const upload = { versionId: "ver_2", ...owner, codeSha256, uploadedAt: 1 };
    const migration = { id: "mig_1", ...owner, fromVersionId: "a", toVersionId: "b", createdAt: 1, codeSha256 };
    await store.commit([
      { op: "put", kind: "upload", scope, name: "ver_2", rec: upload, ifRev: 0 },
      { op: "put", kind: "migration", scope, name: "mig_1", rec: migration, ifRev: 0 },
    ]);
    await store.commit(remove("ver_1"));
    await compacted(store, disk);
    expect(codesOn(disk)).toEqual(["one"]);
    await store.commit([{ op: "delete", kind: "upload", scope, name: "ver_2", ifRev: 1 }]);
    await compacted(store, disk);
    expect(codesOn(disk)).toEqual(["one"]);
    const other = { ...migration, codeSha256: await putVersion(store, "ver_3", "two") };
    await store.commit([{ op: "put", kind: "migration", scope, name: "mig_1", rec: other, ifRev: 1 }]);
    await compacted(store, disk);
    expect(codesOn(disk)).toEqual(["two"]);
  });
});

describe("is left alone", () => {
  const strangers = { "/s/db.blobs/README": "mine", [fileOf("old")]: "old", [`${fileOf("half")}.tmp`]: "ha" };

  test("what this process never saw a record name; all of it goes only when that is asked for", async () => {
    const disk = SimulatedDisk.of(strangers);
    await (await openOn(disk)).close();
    expect(codesOn(disk)).toEqual(["ha", "mine", "old"]);
    await (await openOn(disk, { collects: "none" })).close();
    expect(codesOn(disk)).toEqual(["ha", "mine", "old"]);
    await (await openOn(disk, { collects: "all" })).close();
    expect(codesOn(disk)).toEqual(["mine"]);
  });

  test("the code of a JSON file that somebody put in the place of ours", async () => {
    const disk = new SimulatedDisk();
    const first = await openOn(disk);
    await putVersion(first, "ver_1", "one");
    await first.close();
    const theirs = disk.files()[path] as Buffer;
    const store = await openOn(disk, { collects: "all" });
    await store.replaceAll([]); // so that everything is in the JSON file
    expect(codesOn(disk)).toEqual(["one"]);
    const file = await disk.open(path, "create");
    await file.write(theirs, 0);
    await file.close();
    await store.close();
    expect(codesOn(disk)).toEqual(["one"]);
  });

  test("what can't be removed: that is told, and the store goes on", async () => {
    const disk = new SimulatedDisk();
    const log: string[] = [];
    const store = await openOn(disk, { compactAtBytes: 4_000, log: (line) => log.push(line) });
    await putVersion(store, "ver_1", "one");
    await store.commit(remove("ver_1"));
    disk.fault = (operation, name) =>
      operation === "remove" && name === fileOf("one") ? { error: systemError("EPERM", name) } : undefined;
    await compacted(store, disk);
    expect(log).toEqual([`code that nobody needs stays: EPERM: simulated, ${fileOf("one")}`]);
    await putVersion(store, "ver_1", "one");
    await store.close();
    expect(codesOn(disk)).toEqual(["one"]);
  });
});

describe("is held", () => {
  test("from when it is put until what names it is committed, however many compactions come between", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk, { compactAtBytes: 4_000 });
    await putVersion(store, "ver_1", "one");
    await store.holdBlobs(async (put) => {
      const codeSha256 = await put(Buffer.from("one"));
      await store.commit(remove("ver_1"));
      for (let n = 0; n < 3; n++) await compacted(store, disk);
      const rec = version("ver_2", codeSha256);
      await store.commit([{ op: "put", kind: "version", scope, name: "ver_2", rec, ifRev: 0 }]);
    });
    await compacted(store, disk);
    expect(codesOn(disk)).toEqual(["one"]);
    await store.close();
    expect(codesOn(disk)).toEqual(["one"]);
  });

  test("by each of those who put it at once", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk, { compactAtBytes: 4_000 });
    await store.holdBlobs(async (put) => {
      await put(Buffer.from("one"));
      await putVersion(store, "ver_1", "one");
      await store.commit(remove("ver_1"));
      await compacted(store, disk);
      expect(codesOn(disk)).toEqual(["one"]);
    });
    await compacted(store, disk);
    expect(codesOn(disk)).toEqual([]);
  });

  test("while rows that name it are read", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk, { compactAtBytes: 4_000 });
    const one = await putVersion(store, "ver_1", "one");
    for await (const { kind } of store.saved()) {
      if (kind !== "version") continue;
      await store.commit(remove("ver_1"));
      await compacted(store, disk);
      expect(Buffer.from((await store.getBlob(one)) ?? []).toString()).toBe("one");
    }
    await compacted(store, disk);
    expect(codesOn(disk)).toEqual([]);
  });

  test("though somebody puts it, commits what names it and is done before its turn to be taken away", async () => {
    const disk = new SimulatedDisk();
    const store = await openOn(disk, { compactAtBytes: 4_000 });
    for (const code of ["one", "two"]) await putVersion(store, code, code);
    await store.commit([...remove("one"), ...remove("two")]);
    let again: Promise<unknown> | undefined;
    disk.delay = async (name) => {
      if (name !== fileOf("one")) return;
      again ??= putVersion(store, "again", "two");
      await again;
    };
    await compacted(store, disk);
    expect(again).toBeDefined();
    expect(codesOn(disk)).toEqual(["two"]);
  });

  test("though it is put again while it is about to be taken away, or is being taken away", async () => {
    for (const when of ["one", "two"]) {
      const disk = new SimulatedDisk();
      const store = await openOn(disk, { compactAtBytes: 4_000 });
      for (const code of ["one", "two"]) await putVersion(store, code, code);
      await store.commit([...remove("one"), ...remove("two")]);
      let again: Promise<unknown> | undefined;
      disk.fault = (operation, name) => {
        if (operation === "remove" && name === fileOf(when)) again ??= putVersion(store, "again", "two");
        return undefined;
      };
      await compacted(store, disk);
      await again;
      expect(codesOn(disk)).toEqual(["two"]);
      expect(await store.get("version", scope, "again")).not.toBeNull();
    }
  });
});

test("what is in the place of code and is no file, or no code for its size, is not read", async () => {
  const { folder, path: file, drop } = await temporaryFolder();
  const store = await openLowdbStore(file, options);
  try {
    const blob = join(folder, "db.blobs", await putBlob(store, Buffer.from("one")));
    await truncate(blob, 200_000_000);
    await expect(store.getBlob(sha256Of("one"))).rejects.toThrow(`${blob} is larger than any that Settle writes there`);
    await rm(blob);
    await symlink("/dev/null", blob);
    await expect(store.getBlob(sha256Of("one"))).rejects.toThrow(`${blob} is no regular file`);
    await rm(blob);
    await mkdir(blob);
    await expect(store.getBlob(sha256Of("one"))).rejects.toThrow(`${blob} is no regular file`);
    await rm(blob, { recursive: true });
    expect(await store.getBlob(sha256Of("one"))).toBeNull();
  } finally {
    await store.close();
    await drop();
  }
});

describe("a crash at every step of a life in which versions come and go", { timeout: 60_000 }, () => {
  const losses: Loss[] = ["nothing", "all unsynced", "unsynced contents", "all unsynced but the last name"];

  /** Everything that may become of versions, over several compactions. */
  async function live(store: Store): Promise<void> {
    await putVersion(store, "ver_1", "one");
    await putVersion(store, "ver_2", "two");
    for (let rev = 0; rev < 6; rev++) await store.commit(step("a", rev));
    await store.commit(remove("ver_1"));
    await putVersion(store, "ver_3", "three");
    for (let rev = 6; rev < 12; rev++) await store.commit(step("a", rev));
    await putVersion(store, "ver_4", "one");
    const two = sha256Of("two");
    await store.replaceAll([{ kind: "version", scope, name: "ver_2", rec: version("ver_2", two) }]);
    for (let rev = 0; rev < 12; rev++) await store.commit(step("b", rev));
    await store.commit(remove("ver_2"));
    await putVersion(store, "ver_5", "two");
    await store.close();
  }

  test.each<[LowdbOptions["durability"], Loss]>(
    (["process", "power"] as const).flatMap((durability) =>
      losses.map((loss) => [durability, loss] as [typeof durability, Loss]),
    ),
  )("durability %s, losing %s: what a record names is there, whole", async (durability, loss) => {
    const disk = new SimulatedDisk();
    const left: SimulatedDisk[] = [];
    disk.fault = () => {
      left.push(disk.after(loss));
      return undefined;
    };
    await live(await openOn(disk, { durability, compactAtBytes: 1_500 }));
    expect(codesOn(disk)).toEqual(["two"]);
    expect(disk.done.get("remove")).toBeGreaterThan(3);
    let versions = 0;
    for (const crashed of left) {
      const store = await openOn(crashed);
      for await (const { kind, rec } of store.saved()) {
        if (kind !== "version") continue;
        versions++;
        expect(await store.getBlob(rec.codeSha256)).not.toBeNull();
      }
      await store.close();
    }
    expect(versions).toBeGreaterThan(100);
  });
});
