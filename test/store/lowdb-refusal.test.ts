// What the lowdb adapter refuses to open: each with one clear line, and its files left as they are.

import { spawn } from "node:child_process";
import { hash } from "node:crypto";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { checkedLine } from "../../src/store/lowdb/checked.ts";
import { type LowdbOptions, openLowdbStore } from "../../src/store/lowdb/open.ts";
import { StoreUnreadable } from "../../src/store/port.ts";
import { SimulatedDisk, systemError } from "./disk.ts";
import { clock, entropy, namesInPages, putInstance, step, temporaryFolder } from "./support.ts";

const options: LowdbOptions = { durability: "process", clock, entropy };

let folder: string;
let path: string;
let drop: () => Promise<void>;
beforeEach(async () => {
  ({ folder, path, drop } = await temporaryFolder());
});
afterEach(() => drop());

/** The one line with which opening is refused. */
async function refusal(file = path): Promise<string> {
  const error = await openLowdbStore(file, options).then(
    () => "it was opened",
    (reason: unknown) => reason,
  );
  if (!(error instanceof StoreUnreadable)) throw new Error(`expected StoreUnreadable, got ${String(error)}`);
  expect(error.message).not.toContain("\n");
  return error.message;
}

/** Every file below the folder with its bytes. */
async function filesIn(): Promise<{ [name: string]: string }> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const found: { [name: string]: string } = {};
  for (const entry of entries)
    if (entry.isFile()) found[entry.name] = await readFile(join(entry.parentPath, entry.name), "latin1");
  return found;
}

/** A closed store with one instance. */
async function written(name = "a"): Promise<string> {
  const store = await openLowdbStore(path, options);
  await store.commit(step(name, 0));
  await store.close();
  return readFile(path, "utf8");
}

describe("a file that isn't a store", () => {
  test.each<[string, string | Uint8Array, RegExp]>([
    ["empty", "", /is empty/],
    ["text", "hello\nworld\n", /is no Settle store/],
    ["binary", new Uint8Array([0, 255, 10, 0, 7]), /is no Settle store/],
    ["another lowdb file", '{"posts":[{"id":1}]}', /is no Settle store/],
    [
      "of a newer format",
      '{"format":3,"id":"x","records":[\n]}\n',
      /has format 3, and this version of Settle knows formats up to 2/,
    ],
    ["of a newer format, laid out otherwise", '{\n  "format": 12,\n  "data": {}\n}\n', /has format 12/],
  ])("%s", async (_, content, message) => {
    await writeFile(path, content);
    const before = await filesIn();
    expect(await refusal()).toMatch(message);
    expect(await filesIn()).toEqual(before);
  });

  test("a folder, and a path through a file", async () => {
    await mkdir(path);
    expect(await refusal()).toMatch(/db\.json is a folder\. Name the store's JSON file in it\.$/);
    await writeFile(join(folder, "file"), "");
    expect(await refusal(join(folder, "file", "db.json"))).toMatch(/can't be opened: (ENOTDIR|EEXIST)/);
  });

  test("a disk that can't be read", async () => {
    const disk = SimulatedDisk.of({ "/s/db.json": "{" });
    disk.open = async (name, how) => {
      if (how === "read") throw systemError("EIO", name);
      return SimulatedDisk.prototype.open.call(disk, name, how);
    };
    const opening = openLowdbStore("/s/db.json", { ...options, files: disk });
    await expect(opening).rejects.toThrow(/^\/s\/db\.json can't be opened: EIO/);
  });
});

describe("a store's own file, changed", () => {
  test.each<[string, (text: string) => string, RegExp]>([
    [
      "edited, its checksum left",
      (text) => text.replace("shut", "open"),
      /damaged or was edited: its checksum does not match.*"\]\}"/,
    ],
    ["by a formatter", (text) => JSON.stringify(JSON.parse(text), null, 2), /a formatter/],
    ["cut short", (text) => text.slice(0, -20), /damaged or cut short/],
    ["without checksum, a record not JSON", (text) => bare(text).replace('"rev":', '"rev:'), /is damaged at line 2/],
    [
      "without checksum, a record twice",
      (text) => bare(text).replace(/^(\{"kind":"instance".*)$/m, "$1\n$1"),
      /is damaged at line 3: .*does not follow/,
    ],
    [
      "without checksum, of format 0",
      (text) => bare(text).replace('"format":2', '"format":0'),
      /does not start as Settle/,
    ],
    [
      "without checksum, a transition not JSON",
      (text) => bare(text).replace('"seq":1,"createdAt":', '"seq":1,"createdAt:'),
      /is damaged at line 3/,
    ],
    [
      "without checksum, an unknown kind",
      (text) => bare(text).replace('"kind":"instance"', '"kind":"door"'),
      /there is no kind "door"/,
    ],
    [
      "without checksum, a revision 0",
      (text) => bare(text).replace('"rev":1', '"rev":0'),
      /rev must be a whole number from 1/,
    ],
    [
      "without checksum, a name that is no string",
      (text) => bare(text).replace('"name":"a"', '"name":1'),
      /must be strings/,
    ],
    [
      "without checksum, a record that is no object",
      (text) => bare(text).replace(/"rec":\{.*\}\},$/m, '"rec":[]},'),
      /rec must be an object/,
    ],
  ])("%s", async (_, change, message) => {
    const text = await written();
    const changed = change(text);
    expect(changed).not.toBe(text);
    await writeFile(path, changed);
    const before = await filesIn();
    expect(await refusal()).toMatch(message);
    expect(await filesIn()).toEqual(before);
  });

  function bare(text: string): string {
    return text.replace(/^\],"sha256.*$/m, "]}");
  }
});

describe("a journal that doesn't belong to the snapshot", () => {
  /** The files as a killed process leaves them: snapshot, and a journal with one transaction. */
  async function killed(): Promise<{ snapshot: string; journal: string }> {
    const store = await openLowdbStore(path, options);
    await store.commit([putInstance("later", 0)]);
    const journal = await readFile(join(folder, "db.journal"), "utf8");
    const snapshot = await readFile(path, "utf8");
    await store.close();
    return { snapshot, journal };
  }

  test.each<[string, (files: { older: string; snapshot: string; newer: string }) => string]>([
    ["an older one was put back (git checkout)", ({ older }) => older],
    ["another store's was put there", ({ newer }) => newer.replace(/"follows":"[^"]*"/, '"follows":"other"')],
    [
      "it was edited, without its checksum",
      ({ snapshot }) => snapshot.replace("shut", "open").replace(/^\],"sha256.*$/m, "]}"),
    ],
  ])("because %s", async (_, replacement) => {
    const older = await written("a");
    await written("b");
    const { snapshot, journal } = await killed();
    const newer = await readFile(path, "utf8");
    await writeFile(path, withChecksum(replacement({ older, snapshot, newer })));
    await writeFile(join(folder, "db.journal"), journal);
    const before = await filesIn();
    expect(await refusal()).toMatch(
      /db\.journal holds transactions that continue another state of .*db\.json.*delete the journal, which gives up those/,
    );
    expect(await filesIn()).toEqual(before);
    await writeFile(path, snapshot);
    const store = await openLowdbStore(path, options);
    expect(await namesInPages(store, 10)).toEqual(["a", "b", "later"]);
    await store.close();
  });

  test("because that one is missing", async () => {
    const { journal } = await killed();
    await drop();
    await mkdir(folder);
    await writeFile(join(folder, "db.journal"), journal);
    expect(await refusal()).toMatch(/db\.journal continues .*db\.json, which is missing/);
    expect(await filesIn()).toEqual({ "db.journal": journal });
  });

  test("is no matter while it holds nothing", async () => {
    const first = await openLowdbStore(path, options);
    const empty = await readFile(join(folder, "db.journal"));
    await first.commit([putInstance("a", 0)]);
    await first.close();
    await written("b");
    await writeFile(join(folder, "db.journal"), empty);
    const store = await openLowdbStore(path, options);
    expect(await namesInPages(store, 10)).toEqual(["a", "b"]);
    await store.commit([putInstance("c", 0)]);
    await store.close();
    expect(await readdir(folder)).toEqual(["db.json"]);
  });

  test.each<[string, () => string | Buffer, RegExp]>([
    ["text", () => "hello\n", /db\.journal does not start with the head line of a Settle journal/],
    ["empty", () => "", /does not start with the head line/],
    ["of a newer format", () => checkedLine('"format":3'), /db\.journal has format 3/],
  ])("%s", async (_, change, message) => {
    const { snapshot } = await killed();
    await writeFile(path, snapshot);
    await writeFile(join(folder, "db.journal"), change());
    const before = await filesIn();
    expect(await refusal()).toMatch(message);
    expect(await filesIn()).toEqual(before);
  });
});

describe("a store that is open already", () => {
  async function holder(): Promise<{ pid: number; kill: () => Promise<void> }> {
    const writer = fileURLToPath(new URL("writer.ts", import.meta.url));
    const child = spawn(process.execPath, [writer, path, "hold"], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    const kill = async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    };
    return { pid: child.pid ?? 0, kill };
  }

  test("in another process: refused with its pid, until it is gone", async () => {
    const { pid, kill } = await holder();
    const before = await filesIn();
    expect(await refusal()).toContain(`process ${pid} (pid ${pid})`);
    expect(await filesIn()).toEqual(before);
    await kill();
    const store = await openLowdbStore(path, options);
    await store.close();
    expect(await readdir(folder)).toEqual(["db.json"]);
  });

  test("in this process: refused; many at once: one gets it", async () => {
    const openings = await Promise.allSettled(Array.from({ length: 8 }, () => openLowdbStore(path, options)));
    const stores = openings.flatMap((opening) => (opening.status === "fulfilled" ? [opening.value] : []));
    expect(stores).toHaveLength(1);
    expect(await refusal()).toMatch(/open in this process itself/);
    await stores[0]?.close();
    await (await openLowdbStore(path, options)).close();
  });

  test.each<[string, string]>([
    ["is of a process that is gone", '{"pid":2147483646,"start":"1","token":"x"}\n'],
    ["is of an older process with the number of a living one", `{"pid":${process.ppid},"start":"1","token":"x"}\n`],
    ["was emptied by a power cut", ""],
  ])("no more: a lock that %s is taken over, by one of many", async (_, content) => {
    await writeFile(join(folder, "db.lock"), content);
    const openings = await Promise.allSettled(Array.from({ length: 8 }, () => openLowdbStore(path, options)));
    const stores = openings.flatMap((opening) => (opening.status === "fulfilled" ? [opening.value] : []));
    expect(stores).toHaveLength(1);
    await stores[0]?.close();
    expect(await readdir(folder)).toEqual(["db.json"]);
  });

  test("a lock that isn't ours is left alone", async () => {
    await writeFile(join(folder, "db.lock"), "mine");
    expect(await refusal()).toMatch(/db\.lock is not a lock of Settle's/);
    expect(await filesIn()).toEqual({ "db.lock": "mine" });
  });

  test("a lock that another process took over just before is not taken for the stale one", async () => {
    const other = new SimulatedDisk();
    await openLowdbStore("/s/db.json", { ...options, files: other });
    const live = Buffer.from((await other.read("/s/db.lock")) ?? []);
    const disk = SimulatedDisk.of({ "/s/db.lock": '{"pid":2147483646,"start":"1","token":"x"}\n' });
    const open = disk.open.bind(disk);
    disk.open = async (name, how) => {
      if (name === "/s/db.lock.takeover") await (await open("/s/db.lock", "create")).write(live, 0);
      return open(name, how);
    };
    await expect(openLowdbStore("/s/db.json", { ...options, files: disk })).rejects.toThrow(
      /open in this process itself/,
    );
    expect(await disk.read("/s/db.lock")).toEqual(live);
    expect(disk.files()).toEqual({});
  });

  test("a lock that another process took over meanwhile: nothing is touched, and theirs stays", async () => {
    const disk = new SimulatedDisk();
    const theirs = '{"pid":1,"start":"1","token":"theirs"}\n';
    const identity = disk.identity.bind(disk);
    disk.identity = async (name) => {
      const lock = await disk.open("/s/db.lock", "create");
      await lock.write(Buffer.from(theirs), 0);
      return identity(name);
    };
    const opening = openLowdbStore("/s/db.json", { ...options, files: disk });
    await expect(opening).rejects.toThrow(/db\.lock was taken by another process/);
    expect(disk.files()).toEqual({});
    expect(String(await disk.read("/s/db.lock"))).toBe(theirs);
  });
});

/** The text with the checksum that fits it, if it has one. */
function withChecksum(text: string): string {
  const end = text.lastIndexOf('],"sha256"');
  return end === -1 ? text : `${text.slice(0, end)}],"sha256":"${hash("sha256", text.slice(0, end))}"}\n`;
}
