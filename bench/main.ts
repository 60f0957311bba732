// `npm run bench`: Settle beside Prism's stateless mock, turn and turn about in one run, with start-up, memory, subscribers, timers and the engine alone; nothing is asserted.

import { cp, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import type { Request } from "./load.ts";
import { load, sendAll } from "./load.ts";
import type { Program } from "./programs.ts";
import { residentMemory, runProgram, startPrism, startSettle } from "./programs.ts";
import type { EngineFigures, Figures, Pair, SubscriberFigures, TimerFigures } from "./report.ts";
import { readFigures, toMarkdown, writeReport } from "./report.ts";
import type { Crowd, CrowdFigures } from "./subscribers.ts";
import { measureCrowd } from "./subscribers.ts";
import type { Alarms } from "./timers.ts";
import { measureAlarms } from "./timers.ts";

const flag = { type: "boolean", default: false } as const;
const { values: flags } = parseArgs({ options: { quick: flag, subscribers: flag, timers: flag, engine: flag } });
const instances = 1_000;
const plan = flags.quick
  ? { rounds: 2, seconds: 1, warmUpSeconds: 1, starts: 2, engineOperations: 4_000 }
  : { rounds: 5, seconds: 3, warmUpSeconds: 2, starts: 10, engineOperations: 20_000 };
const connections = 16;
const manySubscribers: Crowd[] = [
  { instances: 1, subscribersOfEach: 1_000, eventsOfEach: 20 },
  { instances: 1_000, subscribersOfEach: 1, eventsOfEach: 5 },
];
const manyTimers: Alarms = { timers: 1_000, spreadMs: 5_000 };
const machine = fileURLToPath(new URL("machine.ts", import.meta.url));
const alarm = fileURLToPath(new URL("alarm.ts", import.meta.url));
/** 1 kB as JSON. The owner is whoever the admin token speaks for, so that the machine's authorizers say yes. */
const context = { owner: "settle-admin", notes: "n".repeat(989) };

const folder = await mkdtemp(join(tmpdir(), "settle-bench-"));
try {
  // Parts alone take their place beside what was measured before.
  const isPart = flags.subscribers || flags.timers || flags.engine;
  const figures = isPart ? await readFigures() : await measure(folder);
  if (flags.subscribers) figures.subscribers = await measureSubscribers(folder);
  if (flags.timers) figures.timers = await measureTimers(folder);
  if (flags.engine) figures.engine = await measureEngine();
  process.stdout.write(toMarkdown(figures));
  // A quick look must not replace the figures that were taken with care.
  if (!flags.quick) await writeReport(figures);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function measure(folder: string): Promise<Figures> {
  const store = join(folder, "bench", "db.json");
  await fill(store);
  const startUp = await measureStartUp(folder, store);
  const operations = await measureOperations(store);
  const [cpu] = cpus();
  return {
    date: new Date().toISOString(),
    machine: {
      cores: availableParallelism(),
      cpu: cpu?.model.trim() ?? "",
      memoryGb: Math.round(totalmem() / 2 ** 30),
      node: process.version,
      load: loadavg()[0] ?? 0,
    },
    workload: { connections, instances, ...plan, contextBytes: JSON.stringify(context).length },
    startUp,
    ...operations,
    subscribers: await measureSubscribers(folder),
    timers: await measureTimers(folder),
    engine: await measureEngine(),
  };
}

async function measureTimers(folder: string): Promise<TimerFigures> {
  const settle = await startSettle(join(folder, "timers", "db.json"), [alarm]);
  try {
    return { date: new Date().toISOString(), load: loadavg()[0] ?? 0, ...(await measureAlarms(settle, manyTimers)) };
  } finally {
    await settle.stop();
  }
}

async function measureEngine(): Promise<EngineFigures> {
  const { rounds, engineOperations: operations } = plan;
  const measured = await runProgram("engine.ts", [rounds, operations]);
  return { date: new Date().toISOString(), load: loadavg()[0] ?? 0, operations, rounds: JSON.parse(measured) };
}

/** On a server of their own, so that its memory is theirs. */
async function measureSubscribers(folder: string): Promise<SubscriberFigures> {
  const settle = await startSettle(join(folder, "subscribers", "db.json"), [machine]);
  try {
    const crowds: CrowdFigures[] = [];
    for (const crowd of manySubscribers) {
      const slugs = Array.from({ length: crowd.instances }, (_, n) => `followed-${crowds.length}-${n}`);
      let n = 0;
      await sendAll(settle, Math.min(connections, slugs.length), slugs.length, () => creation(slugs[n++] ?? ""));
      crowds.push(await measureCrowd(settle, crowd, slugs));
    }
    return { date: new Date().toISOString(), load: loadavg()[0] ?? 0, crowds };
  } finally {
    await settle.stop();
  }
}

/** A store with the instances that are there before anything is measured, and their machine's bundle, as a clean stop leaves it. */
async function fill(store: string): Promise<void> {
  const settle = await startSettle(store, [machine]);
  let n = 0;
  try {
    await sendAll(settle, connections, instances, () => creation(`filled-${n++}`));
  } finally {
    await settle.stop();
  }
}

async function measureStartUp(folder: string, store: string): Promise<Figures["startUp"]> {
  const copy = join(folder, "copy");
  await cp(dirname(store), copy, { recursive: true });
  return {
    empty: await measureStarts((n) => startSettle(join(folder, `empty-${n}`, "db.json"))),
    filled: await measureStarts(() => startSettle(join(copy, "db.json"), [machine])),
  };
}

async function measureStarts(start: (n: number) => Promise<Program>): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < plan.starts; n++) {
    const settle = await start(n);
    times.push(settle.startMs);
    await settle.stop();
  }
  return times;
}

/** Every operation of ours is followed by Prism's mock, so that both meet the same noise: the machine's, and the load generator's age. */
async function measureOperations(store: string): Promise<Pick<Figures, "operations" | "memory">> {
  const settle = await startSettle(store, [machine]);
  const programs = [settle];
  try {
    const prism = await startPrism();
    programs.push(prism);
    const atRest = residentMemory(settle);
    const requests = createRequests();
    const measureOne = (next: () => Request, seconds: number) => load(settle, connections, seconds, next);
    const measurePrism = (seconds: number) => load(prism, connections, seconds, requests.create);
    for (const next of Object.values(requests)) await measureOne(next, plan.warmUpSeconds);
    await measurePrism(plan.warmUpSeconds);
    const operations: { [name: string]: Pair[] } = {};
    for (let round = 0; round < plan.rounds; round++) {
      for (const [name, next] of Object.entries(requests)) {
        const pair = { settle: await measureOne(next, plan.seconds), prism: await measurePrism(plan.seconds) };
        operations[name] = [...(operations[name] ?? []), pair];
      }
    }
    return { operations, memory: { atRest, afterLoad: residentMemory(settle) } };
  } finally {
    await Promise.all(programs.map((program) => program.stop()));
  }
}

/** The next request of each operation, by its name. Creations take a new slug, the others take turns with the instances there are. */
function createRequests() {
  let created = 0;
  let turn = 0;
  const place = () => `/machines/machine/i/filled-${turn++ % instances}`;
  const body = JSON.stringify({ event: { type: "add", by: 1 } });
  return {
    create: () => creation(`made-${created++}`),
    "send event": (): Request => ({ method: "POST", path: `${place()}/events`, body }),
    "get state, authorized": (): Request => ({ method: "GET", path: place() }),
    "get state as admin": (): Request => ({ method: "GET", path: `${place()}/admin` }),
  };
}

function creation(slug: string): Request {
  return { method: "POST", path: "/machines/machine", body: JSON.stringify({ slug, context }) };
}
