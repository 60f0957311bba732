// Writes what was measured: all of it as JSON, the medians as a short table.

import { readFile, writeFile } from "node:fs/promises";
import type { Round } from "./load.ts";
import type { Resident } from "./programs.ts";
import type { CrowdFigures } from "./subscribers.ts";
import type { AlarmFigures } from "./timers.ts";

/** An operation of ours and, right after it, Prism's mock under the same load. */
export interface Pair {
  settle: Round;
  prism: Round;
}

export interface Figures {
  date: string;
  /** `load` is the load average of the last minute, this run included. */
  machine: { cores: number; cpu: string; memoryGb: number; node: string; load: number };
  workload: {
    connections: number;
    instances: number;
    rounds: number;
    seconds: number;
    starts: number;
    contextBytes: number;
  };
  /** The rounds of each operation, in the order they were run. */
  operations: { [name: string]: Pair[] };
  /** Milliseconds from the start of the process to the ready line. */
  startUp: { empty: number[]; filled: number[] };
  /** Bytes resident: the server, and its runner. */
  memory: { atRest: Resident; afterLoad: Resident };
  subscribers: SubscriberFigures;
  timers: TimerFigures;
  engine: EngineFigures;
}

/** May be measured apart from the rest, so with its own date and load average. */
export interface SubscriberFigures {
  date: string;
  load: number;
  crowds: CrowdFigures[];
}

/** The same holds for these. */
export interface TimerFigures extends AlarmFigures {
  date: string;
  load: number;
}

/** CPU microseconds an operation, in one round; the hop's on the server's side and on the runner's. @see engine.ts */
export interface EngineRound {
  bare: number;
  v5: number;
  v4: number;
  hop: { server: number; runner: number };
}

export interface EngineFigures {
  date: string;
  load: number;
  /** Of each kind in a round. */
  operations: number;
  rounds: EngineRound[];
}

/** What was written last. */
export async function readFigures(): Promise<Figures> {
  return JSON.parse(await readFile(new URL("results.json", import.meta.url), "utf8")) as Figures;
}

export async function writeReport(figures: Figures): Promise<void> {
  await writeFile(new URL("results.json", import.meta.url), `${JSON.stringify(figures, null, 2)}\n`);
  await writeFile(new URL("README.md", import.meta.url), toMarkdown(figures));
}

export function toMarkdown(figures: Figures): string {
  const { machine, workload, operations, startUp, memory, date, subscribers, timers, engine } = figures;
  const { connections, rounds, seconds, instances, contextBytes, starts } = workload;
  return `# Benchmark

Written by \`npm run bench\` on ${date.slice(0, 10)}: ${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB, Node ${machine.node}, load average ${machine.load.toFixed(1)}. Server,
Prism and the load generator share the machine, so compare the ratios, not the rates. With \`-- --quick\` it only prints.

${connections} connections, ${rounds} rounds of ${seconds} s for each operation, each followed by as long a round of Prism's mock; medians, and the median of the
rounds' ratios. Every write of Settle's is on disk before it is acknowledged (\`--durability process\`), with ${instances} instances in the store
before the first round and a context of ${contextBytes} bytes; "authorized" asks the machine's \`allowRead\` every time. Prism's mock stores nothing and
runs nothing: it answers \`POST /machines/{machineSlug}\` with an example.

${markdownTable(
  ["operation", "requests/s", "Prism's mock", "ratio", "p50 ms", "p99 ms"],
  Object.entries(operations).map(([name, pairs]) => operationRow(name, pairs)),
)}

${markdownTable(
  ["", "median"],
  [
    [`ready, empty store (of ${starts} starts)`, `${median(startUp.empty).toFixed(0)} ms`],
    [`ready, a store with ${instances} instances, and their machine`, `${median(startUp.filled).toFixed(0)} ms`],
    ["server's resident memory before the load", megabytes(memory.atRest.own)],
    ["runner's, then", megabytes(memory.atRest.children)],
    ["server's resident memory after the load", megabytes(memory.afterLoad.own)],
    ["runner's, then", megabytes(memory.afterLoad.children)],
  ],
)}

${subscribersMarkdown(subscribers)}
${timersMarkdown(timers)}
${engineMarkdown(engine)}`;
}

function timersMarkdown({ date, load, timers, spreadMs, lateMs }: TimerFigures): string {
  return `## Timers

Measured on ${date.slice(0, 10)}, load average ${load.toFixed(1)}; \`npm run bench -- --timers\` measures only this. ${timers} instances with one delayed transition each, due over
${spreadMs / 1_000} s in another order than they were set in. Late is from the time when a timer was due to the time of the state it led to.

${markdownTable(
  ["timers", "late p50 ms", "p99 ms", "longest ms"],
  [[timers, lateMs.p50, lateMs.p99, lateMs.longest].map(String)],
)}
`;
}

/**
 * What the engine's prototype took for an operation, in CPU microseconds, and how much XState alone took beside it: the two ends of its
 * own range each.
 */
const prototype = { bare: [31, 37], v5: [36, 44], v4: [69, 77], hop: [139, 169] } as const;
const prototypePace = (prototype.bare[0] + prototype.bare[1]) / 2;

function engineMarkdown({ date, load, operations, rounds }: EngineFigures): string {
  const bare = median(rounds.map((round) => round.bare));
  const row = (name: string, [least, most]: readonly [number, number], of: (round: EngineRound) => number) => [
    name,
    median(rounds.map(of)).toFixed(0),
    `${least}–${most}`,
    median(rounds.map((round) => (of(round) / most) * (prototypePace / round.bare))).toFixed(2),
  ];
  return `## Engine

Measured on ${date.slice(0, 10)}, load average ${load.toFixed(1)}; \`npm run bench -- --engine\` measures only this. CPU time of all threads for an operation, medians of ${rounds.length} rounds of
${operations}: an event on an instance with a context of 1 kB, from the JSON that comes to the JSON of the commit, the authorizer asked. XState alone does
a creation and two events in ${bare.toFixed(0)} µs here, and did in ${prototype.bare.join("–")} µs where the prototype was measured: the ratio is to the upper end of the prototype's range, at this
machine's pace.

${markdownTable(
  ["operation", "CPU µs", "prototype", "ratio"],
  [
    row("XState 5, in one thread", prototype.v5, ({ v5 }) => v5),
    row("XState 4, in one thread", prototype.v4, ({ v4 }) => v4),
    row("XState 5, to the runner and back, 64 at a time", prototype.hop, ({ hop }) => hop.server + hop.runner),
  ],
)}

Of the hop, ${median(rounds.map(({ hop }) => hop.server)).toFixed(0)} µs are the server's and ${median(rounds.map(({ hop }) => hop.runner)).toFixed(0)} µs the runner's.
`;
}

function subscribersMarkdown({ date, load, crowds }: SubscriberFigures): string {
  return `## Subscribers

Measured on ${date.slice(0, 10)}, load average ${load.toFixed(1)}; \`npm run bench -- --subscribers\` measures only this. Each subscriber has a socket, a token and an auth context of its own, and
\`allowRead\` is asked about each before every update. An instance's next event is sent when the updates of the one before are there, 16 instances
at a time. The delay is from the event's answer to the last of its updates. Subscribers, server and runner share the machine.

${markdownTable(
  [
    "instances × subscribers × events",
    "updates",
    "arrived",
    "delay p50 ms",
    "p99 ms",
    "updates/s",
    "server's MB",
    "runner's MB",
  ],
  crowds.map(crowdRow),
)}

Memory is before the first socket, with all subscribed, and after the last update.
`;
}

function crowdRow(figures: CrowdFigures): string[] {
  const { instances, subscribersOfEach, eventsOfEach, updates, delayMs, totalMs, memory } = figures;
  const stages = [memory.before, memory.subscribed, memory.after];
  const updatesOfEvents = instances * subscribersOfEach * eventsOfEach;
  return [
    `${instances} × ${subscribersOfEach} × ${eventsOfEach}`,
    String(updates.expected),
    String(updates.arrived),
    delayMs.p50.toFixed(1),
    delayMs.p99.toFixed(1),
    ((updatesOfEvents / totalMs) * 1_000).toFixed(0),
    stages.map(({ own }) => (own / 1e6).toFixed(0)).join(", "),
    stages.map(({ children }) => (children / 1e6).toFixed(0)).join(", "),
  ];
}

function operationRow(name: string, pairs: Pair[]): string[] {
  const middle = (of: (pair: Pair) => number) => median(pairs.map(of));
  return [
    name,
    middle(({ settle }) => settle.requestsPerSecond).toFixed(0),
    middle(({ prism }) => prism.requestsPerSecond).toFixed(0),
    middle(({ settle, prism }) => settle.requestsPerSecond / prism.requestsPerSecond).toFixed(2),
    middle(({ settle }) => settle.p50Ms).toFixed(1),
    middle(({ settle }) => settle.p99Ms).toFixed(1),
  ];
}

/** Padded, as the formatter would print it. */
function markdownTable(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

export function quantile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
