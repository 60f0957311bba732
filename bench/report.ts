// Writes what was measured: all of it as JSON, the medians as a short table.

import { readFile, writeFile } from "node:fs/promises";
import type { Round } from "./load.ts";
import type { Resident } from "./programs.ts";
import type { CrowdFigures } from "./subscribers.ts";

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
}

/** May be measured apart from the rest, so with its own date and load average. */
export interface SubscriberFigures {
  date: string;
  load: number;
  crowds: CrowdFigures[];
}

/** What was written last. */
export async function readFigures(): Promise<Figures> {
  return JSON.parse(await readFile(new URL("results.json", import.meta.url), "utf8")) as Figures;
}

export async function writeReport(figures: Figures): Promise<void> {
  await writeFile(new URL("results.json", import.meta.url), `${JSON.stringify(figures, null, 2)}\n`);
  await writeFile(new URL("README.md", import.meta.url), toMarkdown(figures));
}

export function toMarkdown({ machine, workload, operations, startUp, memory, date, subscribers }: Figures): string {
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

${subscribersMarkdown(subscribers)}`;
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
