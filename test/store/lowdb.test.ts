// The lowdb adapter: the port's suite, and what its files look like and survive in peace.

import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type LowdbOptions, openLowdbStore } from "../../src/store/lowdb/open.ts";
import type { Store } from "../../src/store/port.ts";
import { SimulatedDisk } from "./disk.ts";
import { storeSuite } from "./suite.ts";
import {
  clock,
  entropy,
  machine,
  namesInPages,
  putBlob,
  putInstance,
  putVersion,
  remove,
  scope,
  shownBy,
  step,
  temporaryFolder,
} from "./support.ts";

const options: LowdbOptions = { durability: "process", clock, entropy };

storeSuite("lowdb store", async () => {
  const { path, drop } = await temporaryFolder();
  let store = await openLowdbStore(path, options);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openLowdbStore(path, options);
      return store;
    },
    end: async () => {
      await store.close();
      await drop();
    },
  };
});

/** Two instances with histories, one of them deleted; a machine. */
async function fill(store: Store): Promise<void> {
  await store.commit([{ op: "put", kind: "machine", scope: "org_test", name: "door", rec: machine("door"), ifRev: 0 }]);
  const event = { type: "push", text: "é 🚪 \u0000 \ud800", rec: { a: 1, rec: {} } };
  await Promise.all([0, 1, 2].flatMap((rev) => [store.commit(step("a", rev)), store.commit(step("b", rev, event))]));
  await store.commit([putInstance("last", 0)]);
  await store.commit([remove("a", 3), remove("last", 1)]);
}

describe("the files of a lowdb store", () => {
  let folder: string;
  let path: string;
  let drop: () => Promise<void>;
  beforeEach(async () => {
    ({ folder, path, drop } = await temporaryFolder());
  });
  afterEach(() => drop());

  test("opening again shows the same, from the journal as from the snapshot", async () => {
    const disk = new SimulatedDisk();
    const store = await openLowdbStore("/s/db.json", { ...options, files: disk });
    await fill(store);
    const shown = await shownBy(store);
    const journaled = await openLowdbStore("/s/db.json", { ...options, files: disk.after("nothing") });
    expect(await shownBy(journaled)).toEqual(shown);
    await store.close();
    const compacted = await openLowdbStore("/s/db.json", { ...options, files: disk.after("nothing") });
    expect(await shownBy(compacted)).toEqual(shown);
  });

  test("a new record comes after every older position, even that of a deleted one before a restart", async () => {
    let store = await openLowdbStore(path, options);
    await fill(store);
    const lastPosition = 4; // machine, a, b, last
    await store.close();
    store = await openLowdbStore(path, options);
    await store.commit([putInstance("new", 0)]);
    expect((await store.list("instance", scope, lastPosition, 10)).items).toMatchObject([{ rec: { slug: "new" } }]);
    await store.close();
  });

  test("closed, the store is one readable JSON file: a head, and one record or transition a line", async () => {
    const store = await openLowdbStore(path, options);
    await fill(store);
    await store.close();
    expect(await readdir(folder)).toEqual(["db.json"]);
    const text = await readFile(path, "utf8");
    const { records, sha256, ...head } = JSON.parse(text);
    expect(head).toEqual({
      format: 2,
      id: expect.any(String),
      follows: expect.any(String),
      seq: 9,
      order: 4,
      savedAt: "2026-01-01T00:00:00.000Z",
    });
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    const lines = text.trimEnd().split("\n").slice(1, -1);
    expect(lines.map((line) => JSON.parse(line.replace(/,$/, "")))).toEqual(records);
    const kinds = records.map((row: { kind: string; name: string; seq?: number }) =>
      `${row.kind} ${row.name} ${row.seq ?? ""}`.trim(),
    );
    expect(kinds).toEqual(["machine door", "instance b", "transition b 1", "transition b 2", "transition b 3"]);
  });

  test("open, the journal and the lock lie beside it; all are for their owner only, as the blobs are", async () => {
    const store = await openLowdbStore(join(folder, "new", "db.json"), options);
    await store.commit([putInstance("a", 0)]);
    const blob = await putBlob(store, new Uint8Array([1]));
    const inside = join(folder, "new");
    expect((await readdir(inside)).sort()).toEqual(["db.blobs", "db.journal", "db.json", "db.lock"]);
    expect(await readdir(join(inside, "db.blobs"))).toEqual([blob]);
    for (const name of ["db.json", "db.journal", "db.lock", `db.blobs/${blob}`]) {
      expect([name, (await stat(join(inside, name))).mode & 0o777]).toEqual([name, 0o600]);
    }
    for (const name of ["db.blobs", "."]) expect((await stat(join(inside, name))).mode & 0o777).toBe(0o700);
    await store.close();
    expect((await stat(join(inside, "db.json"))).mode & 0o777).toBe(0o600);
  });

  test("opening and closing without a write leaves the snapshot as it is", async () => {
    await (await openLowdbStore(path, options)).close();
    const store = await openLowdbStore(path, options);
    await fill(store);
    await store.close();
    const before = await readFile(path);
    await (await openLowdbStore(path, options)).close();
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(folder)).toEqual(["db.json"]);
  });

  test("a name without .json and a link work; a link stays one, and is the same store", async () => {
    await mkdir(join(folder, "real"));
    await symlink(join(folder, "real", "data"), join(folder, "link"));
    await (await openLowdbStore(join(folder, "real", "data"), options)).close();
    const store = await openLowdbStore(join(folder, "link"), options);
    await store.commit([putInstance("a", 0)]);
    expect(store.location).toBe(join(folder, "link"));
    await expect(openLowdbStore(join(folder, "real", "data"), options)).rejects.toThrow(/open in this process/);
    expect((await readdir(join(folder, "real"))).sort()).toEqual(["data", "data.journal", "data.lock"]);
    await store.close();
    expect((await stat(join(folder, "link"))).isFile()).toBe(true);
    const again = await openLowdbStore(join(folder, "real", "data"), options);
    expect(await namesInPages(again, 10)).toEqual(["a"]);
    await again.close();
  });

  test("an edit by hand is taken when its checksum is taken out", async () => {
    const store = await openLowdbStore(path, options);
    await fill(store);
    await store.close();
    const text = await readFile(path, "utf8");
    const edited = text.replaceAll("push", "pull").replace(/^\],"sha256.*$/m, "]}");
    await writeFile(path, edited);
    const again = await openLowdbStore(path, options);
    expect((await again.history(scope, "b", 0, 10)).items[0]).toMatchObject({ event: { type: "pull" } });
    await again.close();
  });

  test("blobs outlive the process; a damaged one is told, and mended by putting it again", async () => {
    let store = await openLowdbStore(path, options);
    const bytes = new TextEncoder().encode("code");
    const name = await putVersion(store, "ver_1", "code");
    await store.close();
    store = await openLowdbStore(path, options);
    expect(Buffer.from((await store.getBlob(name)) ?? [])).toEqual(Buffer.from(bytes));
    await chmod(join(folder, "db.blobs", name), 0o600);
    await writeFile(join(folder, "db.blobs", name), "cod");
    await expect(store.getBlob(name)).rejects.toThrow(/damaged/);
    await putBlob(store, bytes);
    expect(Buffer.from((await store.getBlob(name)) ?? [])).toEqual(Buffer.from(bytes));
    await store.close();
  });
});

describe("writing", () => {
  const path = "/s/db.json";
  let disk: SimulatedDisk;
  beforeEach(() => {
    disk = new SimulatedDisk();
  });
  const writes = () => disk.done.get("write") ?? 0;
  const syncs = () => disk.done.get("sync") ?? 0;

  test("commits of one moment share one write, and with power durability one sync", async () => {
    for (const durability of ["process", "power"] as const) {
      disk = new SimulatedDisk();
      const store = await openLowdbStore(path, { ...options, durability, files: disk });
      const [writesBefore, syncsBefore] = [writes(), syncs()];
      await Promise.all(Array.from({ length: 64 }, (_, n) => store.commit(step(`i${n}`, 0))));
      expect(writes() - writesBefore).toBe(1);
      expect(syncs() - syncsBefore).toBe(durability === "power" ? 1 : 0);
      const left = await openLowdbStore(path, {
        ...options,
        files: disk.after(durability === "power" ? "all unsynced" : "nothing"),
      });
      expect(await namesInPages(left, 100)).toHaveLength(64);
    }
  });

  test("the same bytes again are free", async () => {
    const store = await openLowdbStore(path, { ...options, files: disk });
    await Promise.all([putBlob(store, new Uint8Array([1])), putBlob(store, new Uint8Array([1]))]);
    const before = writes();
    await putBlob(store, new Uint8Array([1]));
    expect(writes()).toBe(before);
  });

  test("a journal that outgrows the snapshot is compacted while commits go on", async () => {
    const store = await openLowdbStore(path, { ...options, files: disk, compactAtBytes: 2000 });
    const snapshots = new Set<string>();
    for (let rev = 0; rev < 60; rev++) {
      await Promise.all([store.commit(step("a", rev)), store.commit(step("b", rev))]);
      snapshots.add(JSON.parse(String(disk.files()[path])).id);
      expect(disk.files()["/s/db.journal"]?.length).toBeLessThan(30_000);
    }
    expect(snapshots.size).toBeGreaterThan(3);
    const shown = await shownBy(store);
    const left = await openLowdbStore(path, { ...options, files: disk.after("nothing") });
    expect(await shownBy(left)).toEqual(shown);
    expect((await left.history(scope, "a", 0, 100)).items).toHaveLength(60);
  });

  test("after a burst of writes the last transaction is sealed, once", async () => {
    const store = await openLowdbStore(path, { ...options, files: disk });
    await store.commit(step("a", 0));
    const journal = () => String(disk.files()["/s/db.journal"]);
    await vi.waitFor(() => expect(journal()).toContain('"seq":2,"durable":1,"rows":[]'), 10_000);
    await store.commit(step("a", 1));
    await vi.waitFor(() => expect(journal()).toContain('"seq":4,"durable":3,"rows":[]'), 10_000);
    expect(journal().trimEnd().split("\n")).toHaveLength(5);
  });
});
