// Measures the store alone: transactions a second, cost at size, recovery. Run: node bench/store.ts [instances for recovery]

import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Instance } from "../src/domain/records.ts";
import { systemEntropy, wallClock } from "../src/outside.ts";
import { type LowdbOptions, openLowdbStore } from "../src/store/lowdb/open.ts";
import type { Change, Store } from "../src/store/port.ts";

const scope = "org_bench/order";
const runMs = 1_500;
const options: LowdbOptions = {
  durability: "process",
  clock: wallClock,
  entropy: systemEntropy,
};

function order(slug: string, transitionCount: number): Instance {
  const state = { ts: 1_700_000_000_000, state: "cart", tags: ["open"], done: false };
  const context = {
    lines: Array.from({ length: 10 }, (_, n) => ({ sku: `sku-${n}`, quantity: n, note: "x".repeat(50) })),
  };
  const place = {
    orgId: "org_bench",
    machine: "order",
    slug,
    createdAt: 1_700_000_000_000,
    versionId: "ver_AAAAAAAAAAAAAAAAAAAAAA",
  };
  return { ...place, status: "running", state, context, snapshot: {}, running: [], transitionCount };
}

/** One event of an instance: its next revision and one transition, some 1.2 kB. */
function event(slug: string, rev: number): Change[] {
  const row = {
    seq: rev + 1,
    createdAt: 1_700_000_000_000,
    event: { type: "add", sku: "sku-1", quantity: 1 },
    state: "cart",
  };
  return [
    { op: "put", kind: "instance", scope, name: slug, rec: order(slug, rev + 1), ifRev: rev },
    { op: "append", scope, name: slug, rows: [row] },
  ];
}

/** Transactions a second with that many writers, each with an instance of its own and one commit in hand. */
async function throughput(store: Store, writers: number): Promise<number> {
  const from = performance.now();
  let done = 0;
  const write = async (slug: string) => {
    for (let rev = 0; performance.now() - from < runMs; rev++) {
      await store.commit(event(slug, rev));
      done++;
    }
  };
  const run = randomBytes(4).toString("hex");
  await Promise.all(Array.from({ length: writers }, (_, n) => write(`w-${run}-${n}`)));
  return done / ((performance.now() - from) / 1000);
}

async function fill(store: Store, instances: number, transitions: number): Promise<void> {
  for (let n = 0; n < instances; n += 500) {
    const create = async (slug: string) => {
      for (let rev = 0; rev < transitions; rev++) await store.commit(event(slug, rev));
    };
    await Promise.all(Array.from({ length: Math.min(500, instances - n) }, (_, i) => create(`o-${n + i}`)));
  }
}

async function inFolder(measure: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "settle-bench-"));
  try {
    await measure(join(folder, "db.json"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function say(...cells: (string | number)[]): void {
  const text = cells.map((cell) =>
    (typeof cell === "number" ? Math.round(cell).toLocaleString("en") : cell).padStart(14),
  );
  process.stdout.write(`${text.join("")}\n`);
}

async function measureThroughput(instances: number): Promise<void> {
  for (const durability of ["process", "power"] as const) {
    await inFolder(async (path) => {
      const store = await openLowdbStore(path, { ...options, durability });
      await fill(store, instances, 1);
      const rates: number[] = [];
      for (const writers of [1, 16, 64]) rates.push(await throughput(store, writers));
      say(durability, instances, ...rates);
      await store.close();
    });
  }
}

/** Microseconds an event takes alone, with that many transitions behind it. */
async function measureHistory(): Promise<void> {
  await inFolder(async (path) => {
    const store = await openLowdbStore(path, options);
    let rev = 0;
    for (const behind of [0, 1_000, 10_000]) {
      for (; rev < behind; rev++) await store.commit(event("long", rev));
      const from = performance.now();
      for (let n = 0; n < 1_000; n++, rev++) await store.commit(event("long", rev));
      say(behind, performance.now() - from);
    }
    await store.close();
  });
}

async function measureRecovery(instances: number): Promise<void> {
  await inFolder(async (path) => {
    let store = await openLowdbStore(path, options);
    await fill(store, instances, 5);
    let from = performance.now();
    await store.close();
    const closeMs = performance.now() - from;
    const { size } = await stat(path);
    const heapBefore = process.memoryUsage().heapUsed;
    from = performance.now();
    store = await openLowdbStore(path, options);
    const openMs = performance.now() - from;
    say(instances, size / 1e6, closeMs, openMs, (process.memoryUsage().heapUsed - heapBefore) / 1e6);
    await store.close();
  });
}

process.stdout.write(
  `node ${process.version}, ${availableParallelism()} cores, ${tmpdir()}\n\ntransactions a second\n`,
);
say("durability", "instances", "1 writer", "16", "64");
for (const instances of [100, 100_000]) await measureThroughput(instances);
process.stdout.write("\nmicroseconds an event, by transitions behind it\n");
await measureHistory();
process.stdout.write("\nrecovery: instances (1 kB and 5 transitions each), file MB, close ms, open ms, heap MB\n");
await measureRecovery(Number(process.argv[2] ?? 100_000));
