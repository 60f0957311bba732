// bench/README.md from what was measured: the targets first, then each part by itself.

import type { Figures, Measured } from "../figures.ts";
import { parts } from "../figures.ts";
import type { AlarmFigures } from "../timers.ts";
import { engineMarkdown } from "./engine.ts";
import { growthMarkdown } from "./growth.ts";
import { operationsMarkdown } from "./operations.ts";
import { memoryMarkdown, recoveryMarkdown, startMarkdown } from "./ready.ts";
import { subscribersMarkdown } from "./subscribers.ts";
import { short, table } from "./table.ts";
import { targetsMarkdown } from "./targets.ts";

export function toMarkdown(figures: Figures): string {
  const { operations, growth, recovery, memory, start, subscribers, timers, engine } = figures;
  const sections = [
    operations && section("Operations", "operations", operations, operationsMarkdown(operations)),
    growth && section("Cost by what is stored", "growth", growth, growthMarkdown(growth)),
    recovery && section("Recovery", "recovery", recovery, recoveryMarkdown(recovery)),
    memory && section("Memory", "memory", memory, memoryMarkdown(memory)),
    start && section("Start", "start", start, startMarkdown(start)),
    subscribers && section("Subscribers", "subscribers", subscribers, subscribersMarkdown(subscribers)),
    timers && section("Timers", "timers", timers, timersMarkdown(timers)),
    engine && section("Engine", "engine", engine, engineMarkdown(engine)),
  ];
  const told = [head, busyMarkdown(figures), targetsMarkdown(figures), ...sections];
  return told.filter((text) => text !== undefined).join("\n");
}

/** Beyond so many for each core, more was running than a bench and the part before it. */
const busyLoad = 2;

function busyMarkdown(figures: Figures): string | undefined {
  const busy = parts.filter((part) => {
    const { load, machine } = figures[part] ?? {};
    return load && machine && load.before > busyLoad * machine.cores;
  });
  if (busy.length === 0) return undefined;
  return `**The machine was busy with other work while these parts were measured, so take their figures for a first look: ${busy.join(", ")}.**
`;
}

const head = `# Benchmark

Written by \`npm run bench\`, which measures everything below in some ten minutes and takes 1.5 GB of temporary space meanwhile. A flag measures one part and leaves the others as they were: \`npm run bench -- --growth\`. With
\`--quick\` it only prints what a short look gives. \`--report\` writes this page and its charts again from [results.json](results.json).

Servers and load generator share the machine, so compare the ratios, not the rates. Other work on the machine makes all figures worse, and the slowest answers most: the load
average before a part tells of it, where the part before it has not raised it.
`;

function section(title: string, flag: string, measured: Measured, text: string): string {
  const { date, load, machine } = measured;
  const { cores, cpu, memoryGb, node } = machine;
  return `## ${title}

_\`--${flag}\`, ${date.slice(0, 10)}: ${cores} cores (${cpu}), ${memoryGb} GB, Node ${node}, load average ${load.before.toFixed(1)} before and ${load.after.toFixed(1)} after._

${text}
`;
}

function timersMarkdown({ timers, spreadMs, lateMs }: AlarmFigures): string {
  return `${timers} instances with one delayed transition each, due over ${spreadMs / 1_000} s in another order than they were set in. Late is from the time when a timer was
due to the time of the state it led to.

${table(["timers", "late p50 ms", "p99 ms", "longest ms"], [[String(timers), short(lateMs.p50), short(lateMs.p99), short(lateMs.longest)]])}`;
}
