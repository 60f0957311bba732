// `npm run bench`: Settle beside Prism's stateless mock, in one run, in alternating rounds; then start-up and memory. Nothing is asserted.

import { cp, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Request, Round } from "./load.ts";
import { load } from "./load.ts";
import type { Program } from "./programs.ts";
import { residentMemory, startPrism, startSettle } from "./programs.ts";
import type { Figures } from "./report.ts";
import { writeReport } from "./report.ts";

const { values: flags } = parseArgs({ options: { quick: { type: "boolean", default: false } } });
const plan = flags.quick
  ? { rounds: 2, seconds: 1, starts: 3, instances: 200 }
  : { rounds: 5, seconds: 3, starts: 10, instances: 1_000 };
const connections = 16;
const machine = fileURLToPath(new URL("machine.ts", import.meta.url));
/** Whoever the admin token speaks for, so that the machine's authorizers say yes; with it the context is about 1 kB. */
const context = { owner: "settle-admin", notes: "n".repeat(930) };

const folder = await mkdtemp(join(tmpdir(), "settle-bench-"));
try {
  const figures = await measure(folder);
  await writeReport(figures);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(folder: string): Promise<Figures> {
  const store = join(folder, "bench", "db.json");
  const settle = await startSettle(store, [machine]);
  const prism = await startPrism();
  let rounds: Awaited<ReturnType<typeof measureOperations>>;
  let underLoad: ReturnType<typeof residentMemory>;
  try {
    await fill(settle);
    rounds = await measureOperations(settle, prism);
    underLoad = residentMemory(settle);
  } finally {
    await Promise.all([settle.stop(), prism.stop()]);
  }
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    machine: {
      cores: availableParallelism(),
      cpu: cpu?.model.trim() ?? "",
      memoryGb: Math.round(totalmem() / 2 ** 30),
      node: process.version,
    },
    workload: { connections, ...plan, contextBytes: JSON.stringify(context).length },
    operations: rounds,
    startUp: {
      empty: await measureStarts((n) => join(folder, `empty-${n}`, "db.json")),
      filled: await measureFilledStarts(folder, store),
    },
    memory: { beforeFirstMachine: await memoryAtRest(join(folder, "rest", "db.json")), underLoad },
  };
}

/** The instances that are there before anything is measured. */
async function fill({ url, token }: Program): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const create = async (n: number) => {
    const body = JSON.stringify({ slug: `filled-${n}`, context });
    const answer = await fetch(`${url}/machines/machine`, { method: "POST", headers, body });
    if (answer.status !== 200) throw new Error(`filling the store: ${answer.status} ${await answer.text()}`);
  };
  for (let n = 0; n < plan.instances; n += connections) {
    await Promise.all(Array.from({ length: Math.min(connections, plan.instances - n) }, (_, i) => create(n + i)));
  }
}

async function measureOperations(settle: Program, prism: Program): Promise<{ [name: string]: Round[] }> {
  let created = 0;
  let turn = 0;
  const instance = () => `filled-${turn++ % plan.instances}`;
  const create = (): Request => ({
    method: "POST",
    path: "/machines/machine",
    body: JSON.stringify({ slug: `made-${++created}`, context }),
  });
  const event = JSON.stringify({ event: { type: "add", by: 1 } });
  const runs: [string, Program, () => Request][] = [
    ["prism: create (stateless)", prism, create],
    ["create", settle, create],
    ["send event", settle, () => ({ method: "POST", path: `/machines/machine/i/${instance()}/events`, body: event })],
    ["get state, authorized", settle, () => ({ method: "GET", path: `/machines/machine/i/${instance()}` })],
    ["get state as admin", settle, () => ({ method: "GET", path: `/machines/machine/i/${instance()}/admin` })],
  ];
  const results = new Map<string, Round[]>(runs.map(([name]) => [name, []]));
  for (const [, { url, token }, next] of runs) await load(url, token, connections, 1, next); // both warm
  for (let round = 0; round < plan.rounds; round++) {
    for (const [name, { url, token }, next] of runs) {
      results.get(name)?.push(await load(url, token, connections, plan.seconds, next));
    }
  }
  return Object.fromEntries(results);
}

async function measureStarts(storeOf: (n: number) => string): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < plan.starts; n++) {
    const settle = await startSettle(storeOf(n));
    times.push(settle.startMs);
    await settle.stop();
  }
  return times;
}

async function measureFilledStarts(folder: string, store: string): Promise<number[]> {
  const copy = join(folder, "copy");
  await cp(join(store, ".."), copy, { recursive: true });
  return measureStarts(() => join(copy, "db.json"));
}

async function memoryAtRest(store: string): Promise<ReturnType<typeof residentMemory>> {
  const settle = await startSettle(store);
  try {
    return residentMemory(settle);
  } finally {
    await settle.stop();
  }
}
