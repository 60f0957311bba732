// `npm run bench`: measures all parts, or those that are named, and writes bench/README.md and its charts from what was ever measured; nothing is asserted.

import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { EngineFigures, Figures, Measured, Part } from "./figures.ts";
import { parts, readFigures, writeFigures } from "./figures.ts";
import { measureGrowth } from "./growth.ts";
import { measureMemory } from "./memory.ts";
import { measureOperations } from "./operations.ts";
import { type Plan, plans } from "./plan.ts";
import { runProgram } from "./programs.ts";
import { measureRecovery } from "./recovery.ts";
import { toMarkdown } from "./report/markdown.ts";
import { writeReport } from "./report/write.ts";
import { measureStart } from "./start.ts";
import { Stocks } from "./stock.ts";
import { measureSubscribers } from "./subscribers.ts";
import { measureTimers } from "./timers.ts";

const flag = { type: "boolean", default: false } as const;
const { values: flags } = parseArgs({
  options: {
    quick: flag,
    report: flag,
    operations: flag,
    growth: flag,
    recovery: flag,
    memory: flag,
    start: flag,
    subscribers: flag,
    timers: flag,
    engine: flag,
  },
});

if (flags.report) await writeReport(await readFigures());
else await measure(flags.quick ? plans.quick : plans.careful);

async function measure(plan: Plan): Promise<void> {
  const named = parts.filter((part) => flags[part]);
  const measured: Figures = {};
  const folder = await mkdtemp(join(tmpdir(), "settle-bench-"));
  try {
    const measures = measuresIn(folder, plan);
    for (const part of named.length > 0 ? named : parts) {
      process.stderr.write(`${part} …\n`);
      Object.assign(measured, { [part]: await described<object>(measures[part]) });
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(toMarkdown(measured));
  // A quick look must not replace the figures that were taken with care. Parts alone take their place beside the others.
  if (flags.quick) return;
  const figures = { ...(named.length > 0 ? await readFigures() : {}), ...measured };
  await writeFigures(figures);
  await writeReport(figures);
}

function measuresIn(
  folder: string,
  plan: Plan,
): { [P in Part]: () => Promise<Omit<Required<Figures>[P], keyof Measured>> } {
  const stocks = new Stocks(join(folder, "stocks"));
  const store = (name: string) => join(folder, name, "db.json");
  return {
    operations: () => measureOperations(store("operations"), plan),
    growth: () => measureGrowth(stocks, plan),
    recovery: () => measureRecovery(stocks, plan),
    memory: () => measureMemory(folder, stocks, plan),
    start: () => measureStart(folder, stocks, plan),
    subscribers: () => measureSubscribers(store("subscribers"), plan),
    timers: () => measureTimers(store("timers")),
    engine: () => measureEngine(plan),
  };
}

async function measureEngine({ engine: { rounds, operations } }: Plan): Promise<EngineFigures> {
  const measured = await runProgram("engine.ts", [rounds, operations]);
  return { operations, rounds: JSON.parse(measured) };
}

async function described<T>(measure: () => Promise<T>): Promise<T & Measured> {
  const [before = 0] = loadavg();
  const figures = await measure();
  const [after = 0] = loadavg();
  const [cpu] = cpus();
  const machine = {
    cores: availableParallelism(),
    cpu: cpu?.model.trim() ?? "",
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
  return { date: new Date().toISOString(), machine, load: { before, after }, ...figures };
}
