// What other processes can learn from a store's files while it is open: a glance at its records, and its server's address.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { announce, announcedUrl } from "../../src/store/lowdb/address.ts";
import { type Files, nodeFiles } from "../../src/store/lowdb/files.ts";
import { glance } from "../../src/store/lowdb/glance.ts";
import { type LowdbOptions, openLowdbStore } from "../../src/store/lowdb/open.ts";
import { type Store, StoreUnreadable } from "../../src/store/port.ts";
import { clock, entropy, machine, putInstance, step, temporaryFolder } from "./support.ts";

const options: LowdbOptions = { durability: "process", clock, entropy };

let folder: string;
let path: string;
let drop: () => Promise<void>;
let store: Store | undefined;
beforeEach(async () => {
  ({ folder, path, drop } = await temporaryFolder());
});
afterEach(async () => {
  await store?.close();
  store = undefined;
  await drop();
});

async function open(more: Partial<LowdbOptions> = {}): Promise<Store> {
  store = await openLowdbStore(path, { ...options, ...more });
  return store;
}
function putMachine(opened: Store, slug: string, ifRev = 0): Promise<number[]> {
  return opened.commit([{ op: "put", kind: "machine", scope: "org_test", name: slug, rec: machine(slug), ifRev }]);
}
async function seen(slug: string, files: Files = nodeFiles): Promise<unknown> {
  return (await glance(path, ["machine"], files))?.get("machine", "org_test", slug)?.rec;
}

describe("a glance", () => {
  test("shows what is acknowledged, in the journal as in the snapshot, and touches nothing", async () => {
    const opened = await open();
    await opened.commit(step("a", 0));
    await putMachine(opened, "door");
    // The last write of the store itself.
    const sealed = async () => expect((await filesIn())["db.journal"]).toMatch(/"rows":\[\]\}\n$/);
    await vi.waitFor(sealed, 10_000);
    const before = await filesIn();
    expect(await seen("door")).toEqual(machine("door"));
    expect(await filesIn()).toEqual(before);
    await opened.close();
    expect(await seen("door")).toEqual(machine("door"));
    expect(await readdir(folder)).toEqual(["db.json"]);
  });

  test("shows only the kinds that were asked for, whatever happens to others", async () => {
    const opened = await open();
    for (const changes of [step("a", 0), step("a", 1)]) await opened.commit(changes);
    await opened.commit([{ op: "delete", kind: "instance", scope: "org_test/door", name: "a", ifRev: 2 }]);
    await opened.commit([putInstance("b", 0)]);
    const records = await glance(path, ["machine"]);
    expect(records?.get("instance", "org_test/door", "b")).toBeNull();
  });

  test("is null where there is no store, not even a folder", async () => {
    expect(await glance(path, ["machine"])).toBeNull();
    expect(await glance(join(folder, "nowhere", "db.json"), ["machine"])).toBeNull();
    expect(await readdir(folder)).toEqual([]);
  });

  test("looks again when the store is compacted between the snapshot and the journal", async () => {
    const opened = await open();
    await putMachine(opened, "door");
    expect(
      await seen(
        "door",
        atFirstJournal(() => opened.close()),
      ),
    ).toEqual(machine("door"));
  });

  test("looks again when the journal is already that of a newer snapshot", async () => {
    const opened = await open();
    await putMachine(opened, "door");
    const reopen = async () => {
      await opened.close();
      await open();
    };
    expect(await seen("door", atFirstJournal(reopen))).toEqual(machine("door"));
  });

  test("succeeds every time while the store is written and compacted without a pause", {
    timeout: 60_000,
  }, async () => {
    const opened = await open({ compactAtBytes: 2_000 });
    await putMachine(opened, "door");
    let isOver = false;
    const writing = (async () => {
      for (let rev = 1; !isOver; rev++) await putMachine(opened, "door", rev);
    })();
    for (let i = 0; i < 40; i++) expect(await seen("door")).toEqual(machine("door"));
    isOver = true;
    await writing;
  });

  test("says what is wrong with a damaged store", async () => {
    await writeFile(path, '{"not": "a store"');
    await expect(glance(path, ["machine"])).rejects.toThrow(StoreUnreadable);
    await expect(glance(path, ["machine"])).rejects.toThrow(/db\.json is no Settle store/);
  });
});

describe("the server's address", () => {
  const url = "http://127.0.0.1:4380";

  test("is found while it is announced, by every name of the store, and is for its owner only", async () => {
    await (await open()).close();
    await symlink(path, join(folder, "link.json"));
    const withdraw = await announce(path, url);
    expect(await announcedUrl(path)).toBe(url);
    expect(await announcedUrl(join(folder, "link.json"))).toBe(url);
    expect((await stat(join(folder, "db.server"))).mode & 0o777).toBe(0o600);
    await withdraw();
    expect(await announcedUrl(path)).toBeNull();
    expect(await readdir(folder)).not.toContain("db.server");
  });

  test("of a process that is gone means nothing, nor does one whose number another process has now", async () => {
    const child = spawn(process.execPath, ["-e", ""]);
    await once(child, "exit");
    await writeFile(join(folder, "db.server"), JSON.stringify({ url, pid: child.pid, start: "1" }));
    expect(await announcedUrl(path)).toBeNull();
    await writeFile(join(folder, "db.server"), JSON.stringify({ url, pid: process.pid, start: "1" }));
    expect(await announcedUrl(path)).toBeNull();
  });

  test.each(["", "[]", '{"url":1}', "{"])("that is %j is none", async (text) => {
    await writeFile(join(folder, "db.server"), text);
    expect(await announcedUrl(path)).toBeNull();
  });

  test("is none where nothing is", async () => {
    expect(await announcedUrl(path)).toBeNull();
    await rm(folder, { recursive: true });
    expect(await announcedUrl(path)).toBeNull();
  });
});

/** The system's files; before the journal is opened for the first time, something happens to it. */
function atFirstJournal(happens: () => Promise<void>): Files {
  let isFirst = true;
  return {
    ...nodeFiles,
    open: async (name, how) => {
      if (isFirst && name.endsWith(".journal")) {
        isFirst = false;
        await happens();
      }
      return nodeFiles.open(name, how);
    },
  };
}

async function filesIn(): Promise<{ [name: string]: string }> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")] as const)),
  );
}
