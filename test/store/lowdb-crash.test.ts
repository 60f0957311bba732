// The lowdb adapter after crashes: at every step, cut at every byte, damaged at every byte, killed under load.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type LowdbOptions, openLowdbStore } from "../../src/store/lowdb/open.ts";
import { type Store, StoreUnreadable } from "../../src/store/port.ts";
import { type Loss, SimulatedDisk } from "./disk.ts";
import { clock, entropy, putInstance, putVersion, scope, shownBy, step, temporaryFolder } from "./support.ts";

const path = "/s/db.json";
const journalPath = "/s/db.journal";
const options: LowdbOptions = { durability: "process", clock, entropy };

/** How many events of instance `name` a store has: record and history must agree. */
async function eventsOf(store: Store, name: string): Promise<number> {
  const rev = (await store.get("instance", scope, name))?.rev ?? 0;
  const seqs = (await store.history(scope, name, 0, 1_000_000)).items.map((row) => row.seq);
  expect(seqs).toEqual(Array.from({ length: rev }, (_, n) => n + 1));
  return rev;
}

/** Opens what a disk holds; null when it is refused as unreadable, the files being untouched. Any other failure is thrown. */
async function opened(disk: SimulatedDisk, log?: (line: string) => void): Promise<Store | null> {
  const before = disk.files();
  try {
    return await openLowdbStore(path, { ...options, files: disk, ...(log && { log }) });
  } catch (error) {
    if (!(error instanceof StoreUnreadable)) throw error;
    expect(error.message).toMatch(/^\/s\/db\.\w+ [^\n]+\.$/); // one line that starts with the file
    expect(disk.files()).toEqual(before);
    return null;
  }
}

describe("a crash at every step of a life with commits, a blob, compaction and closing", () => {
  /** Lives until the crash. Counts the events of "a" that were acknowledged; commits some of them two at a time. */
  async function live(
    disk: SimulatedDisk,
    durability: "process" | "power",
  ): Promise<{ acknowledged: number; blob: string | null }> {
    const outcome: { acknowledged: number; blob: string | null } = { acknowledged: 0, blob: null };
    try {
      const store = await openLowdbStore(path, { ...options, durability, files: disk, compactAtBytes: 800 });
      for (let rev = 0; rev < 8; rev += 2) {
        const events = [rev, rev + 1].map(async (from) => {
          await store.commit(step("a", from));
          outcome.acknowledged = Math.max(outcome.acknowledged, from + 1);
        });
        for (const result of await Promise.allSettled(events)) if (result.status === "rejected") throw result.reason;
        if (rev === 4) outcome.blob = await putVersion(store, "ver_1", "code");
      }
      await store.close();
    } catch {
      // it crashed; what matters is what it leaves
    }
    return outcome;
  }

  /** A disk that crashes after `steps` operations; the last one, if a write, is torn in the middle. */
  function crashing(steps: number): { disk: SimulatedDisk; crashed: () => boolean } {
    const disk = new SimulatedDisk();
    let left = steps;
    disk.fault = () => (left-- > 0 ? undefined : { error: new Error("crash"), written: left === -1 ? 100 : 0 });
    return { disk, crashed: () => left < 0 };
  }

  test.each<["process" | "power", Loss]>([
    ["process", "nothing"],
    ["power", "nothing"],
    ["power", "all unsynced"],
    ["power", "unsynced contents"],
    ["power", "all unsynced but the last name"],
  ])(
    "durability %s, losing %s: what was acknowledged is there, whole, and the store works",
    async (durability, loss) => {
      for (let steps = 0; ; steps++) {
        const { disk, crashed } = crashing(steps);
        const { acknowledged, blob } = await live(disk, durability);
        const left = disk.after(loss);
        const store = await openLowdbStore(path, { ...options, files: left });
        const events = await eventsOf(store, "a");
        const besides = Object.keys(left.files()).filter((name) => !name.includes(".blobs"));
        expect(besides.sort()).toEqual([journalPath, path]);
        expect([steps, events >= acknowledged, events <= acknowledged + 2]).toEqual([steps, true, true]);
        if (blob !== null) expect(Buffer.from((await store.getBlob(blob)) ?? []).toString()).toBe("code");
        await store.commit(step("a", events));
        await store.close();
        expect(Object.keys(left.files()).filter((name) => !name.includes(".blobs"))).toEqual([path]);
        const again = await openLowdbStore(path, { ...options, files: left.after("nothing") });
        expect(await eventsOf(again, "a")).toBe(events + 1);
        if (crashed()) continue;
        expect(steps).toBeGreaterThan(40);
        return;
      }
    },
  );
});

describe("a small journal", () => {
  let snapshot: Buffer;
  let journal: Buffer;
  /** What the store shows after each number of lines of the journal, its head being the first. */
  const shownAfter: unknown[] = [];

  beforeAll(async () => {
    const disk = new SimulatedDisk();
    await (await openLowdbStore(path, { ...options, files: disk })).close();
    const store = await openLowdbStore(path, { ...options, files: disk });
    shownAfter.push(null, await shownBy(store));
    for (const rev of [0, 1, 2]) {
      await store.commit(step("a", rev, { type: "é🚪", like: { crc: "0" } }));
      shownAfter.push(await shownBy(store));
    }
    await store.commit([putInstance("b", 0)]);
    shownAfter.push(await shownBy(store));
    const files = () => disk.files();
    await vi.waitFor(() => expect(String(files()[journalPath])).toMatch(/"rows":\[\]\}\n$/)); // the seal
    shownAfter.push(shownAfter.at(-1));
    snapshot = files()[path] ?? Buffer.alloc(0);
    journal = files()[journalPath] ?? Buffer.alloc(0);
    expect(journal.length).toBeLessThan(2500);
  });

  const linesIn = (bytes: Buffer) => bytes.toString("latin1").split("\n").length - 1;

  test("cut at any byte, with or without zeros in its place: exactly the transactions that are whole", async () => {
    for (let size = 0; size <= journal.length; size++) {
      const cut = journal.subarray(0, size);
      for (const left of [cut, Buffer.concat([cut], journal.length)]) {
        const store = await opened(SimulatedDisk.of({ [path]: snapshot, [journalPath]: left }));
        expect([size, store && (await shownBy(store))]).toEqual([size, shownAfter[linesIn(cut)]]);
      }
    }
  });

  test("with a hole anywhere in the last unsynced batch, later parts of it being whole: exactly what is before the hole", async () => {
    const disk = new SimulatedDisk();
    const store = await openLowdbStore(path, { ...options, durability: "power", files: disk });
    await store.commit(step("a", 0));
    const start = disk.files()[journalPath]?.length ?? 0;
    const before = await shownBy(store);
    await Promise.all([1, 2, 3].map((rev) => store.commit(step("a", rev))));
    const { [path]: compacted = Buffer.alloc(0), [journalPath]: whole = Buffer.alloc(0) } = disk.files();
    const events = whole.toString("latin1").split("\n").slice(0, -1);
    expect(events.filter((line) => line.includes('"durable":1,'))).toHaveLength(3);
    for (let from = start; from < whole.length; from += 3) {
      for (const length of [1, 16, 100, 512]) {
        const holed = Buffer.from(whole);
        holed.fill(0, from, Math.min(whole.length, from + length));
        const again = await opened(SimulatedDisk.of({ [path]: compacted, [journalPath]: holed }));
        const kept = linesIn(whole.subarray(start, from));
        const shown = again && (await shownBy(again));
        if (kept === 0) expect([from, length, shown]).toEqual([from, length, before]);
        else expect([from, length, again && (await eventsOf(again, "a"))]).toEqual([from, length, 1 + kept]);
      }
    }
  });

  test("cut at any byte, it is written on from there", async () => {
    for (let size = linesIn(journal) > 0 ? journal.indexOf("\n") + 1 : 0; size <= journal.length; size += 7) {
      const disk = SimulatedDisk.of({ [path]: snapshot, [journalPath]: journal.subarray(0, size) });
      const log: string[] = [];
      const store = await opened(disk, (line) => log.push(line));
      const torn = journal.subarray(0, size).lastIndexOf("\n") + 1 !== size;
      await store?.commit([]); // shorter than most of what was cut off
      const once = disk.after("nothing");
      const again = await opened(once, (line) => log.push(line));
      await again?.commit([putInstance("new", 0)]);
      const third = await opened(once.after("nothing"), (line) => log.push(line));
      expect(await third?.get("instance", scope, "new")).toMatchObject({ rev: 1 });
      expect([size, log.length]).toEqual([size, torn ? 1 : 0]);
    }
  });

  test("with any byte of it damaged: refused, or the same as undamaged", async () => {
    let refused = 0;
    for (let at = 0; at < journal.length; at++) {
      for (const mask of [0x01, 0xff]) {
        const damaged = Buffer.from(journal);
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        const log: string[] = [];
        const store = await opened(SimulatedDisk.of({ [path]: snapshot, [journalPath]: damaged }), (line) =>
          log.push(line),
        );
        if (store === null) refused++;
        else
          expect([at, mask, await shownBy(store), log]).toEqual([
            at,
            mask,
            shownAfter.at(-1),
            [expect.stringContaining("cut off")],
          ]);
      }
    }
    const sealBytes = journal.length - journal.lastIndexOf("\n", journal.length - 2) - 1;
    expect(refused).toBe((journal.length - sealBytes) * 2); // only the seal, which holds nothing, may be lost
  });

  test("with any byte of the snapshot damaged: refused", async () => {
    const disk = SimulatedDisk.of({ [path]: snapshot, [journalPath]: journal });
    const store = await openLowdbStore(path, { ...options, files: disk });
    await store.close();
    const whole = disk.files()[path] ?? Buffer.alloc(0);
    for (let at = 0; at < whole.length; at++) {
      for (const mask of [0x01, 0xff]) {
        const damaged = Buffer.from(whole);
        damaged[at] = (damaged[at] ?? 0) ^ mask;
        expect([at, mask, await opened(SimulatedDisk.of({ [path]: damaged }))]).toEqual([at, mask, null]);
      }
    }
    for (let size = 0; size < whole.length; size++) {
      expect([size, await opened(SimulatedDisk.of({ [path]: whole.subarray(0, size) }))]).toEqual([size, null]);
    }
  });

  test("a line missing, doubled or moved is damage, unless it is the end that is missing", async () => {
    const [head = "", one = "", two = "", three = "", four = "", seal = ""] = journal.toString().split("\n");
    const write = (...lines: string[]) =>
      SimulatedDisk.of({ [path]: snapshot, [journalPath]: `${[head, ...lines].join("\n")}\n` });
    expect(await opened(write(two, three, four, seal))).toBeNull();
    expect(await opened(write(one, three, four, seal))).toBeNull();
    expect(await opened(write(one, two, two, three, four, seal))).toBeNull();
    expect(await opened(write(one, three, two, four, seal))).toBeNull();
    expect(await opened(write(one, two, three, four, one))).toBeNull();
    const short = await opened(write(one, two));
    expect(short && (await shownBy(short))).toEqual(shownAfter[3]);
  });

  test("the message of a damaged journal says where, and mending it so works", async () => {
    const second = journal.indexOf("\n", journal.indexOf("\n") + 1) + 1;
    const damaged = Buffer.from(journal);
    damaged[second + 50] = 0;
    const disk = SimulatedDisk.of({ [path]: snapshot, [journalPath]: damaged });
    const refusal = await openLowdbStore(path, { ...options, files: disk }).catch((error: unknown) => String(error));
    expect(refusal).toContain(`/s/db.journal is damaged at line 3 (byte ${second}): transaction 2 was acknowledged`);
    expect(refusal).toContain(`truncate -s ${second}`);
    const mended = await opened(SimulatedDisk.of({ [path]: snapshot, [journalPath]: damaged.subarray(0, second) }));
    expect(mended && (await shownBy(mended))).toEqual(shownAfter[2]);
  });
});

/** Runs a process that writes, kills it when it has told of that many acknowledged commits, and listens to the end. */
async function killWriter(
  acknowledgements: number,
  file: string,
  durability: string,
  told: (name: string, rev: number) => void,
): Promise<void> {
  const writer = fileURLToPath(new URL("writer.ts", import.meta.url));
  const child = spawn(process.execPath, [writer, file, durability], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [name = "", rev] = line.split(" ");
    told(name, Number(rev));
    if (++lines === acknowledgements) child.kill("SIGKILL");
  }
  expect(await exit).toEqual([null, "SIGKILL"]);
}

test("kill -9 under load, again and again: no acknowledged write is lost, no history has a gap", async () => {
  const { path: file, drop } = await temporaryFolder();
  const acknowledged = new Map<string, number>();
  for (const kills of [[1], [300, 40], [2000, 10, 1000]]) {
    for (const [n, lines] of kills.entries()) {
      await killWriter(lines, file, n === 1 ? "power" : "process", (name, rev) => acknowledged.set(name, rev));
    }
    const store = await openLowdbStore(file, options);
    for (const [name, rev] of acknowledged) expect(await eventsOf(store, name)).toBeGreaterThanOrEqual(rev);
    await store.close();
  }
  expect(acknowledged.size).toBe(16);
  await drop();
}, 30_000);
