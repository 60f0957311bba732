// Writes what was measured: all of it as JSON, the medians as a short table.

import { writeFile } from "node:fs/promises";
import type { Round } from "./load.ts";

export interface Figures {
  date: string;
  machine: { cores: number; cpu: string; memoryGb: number; node: string };
  workload: {
    connections: number;
    rounds: number;
    seconds: number;
    starts: number;
    instances: number;
    contextBytes: number;
  };
  /** The rounds of each operation, in the order they were run. */
  operations: { [name: string]: Round[] };
  /** Milliseconds from the start of the process to the ready line. */
  startUp: { empty: number[]; filled: number[] };
  /** Bytes resident: the server, and its runner. */
  memory: { beforeFirstMachine: Resident; underLoad: Resident };
}
interface Resident {
  own: number;
  children: number;
}

const peer = "prism: create (stateless)";

export async function writeReport(figures: Figures): Promise<void> {
  const table = toMarkdown(figures);
  await writeFile(new URL("results.json", import.meta.url), `${JSON.stringify(figures, null, 2)}\n`);
  await writeFile(new URL("README.md", import.meta.url), table);
  process.stdout.write(table);
}

function toMarkdown({ machine, workload, operations, startUp, memory, date }: Figures): string {
  const base = median((operations[peer] ?? []).map((round) => round.requestsPerSecond));
  const rows = Object.entries(operations).map(([name, rounds]) => {
    const rate = median(rounds.map((round) => round.requestsPerSecond));
    const [p50, p99] = [median(rounds.map((round) => round.p50Ms)), median(rounds.map((round) => round.p99Ms))];
    return [name, rate.toFixed(0), (rate / base).toFixed(2), p50.toFixed(1), p99.toFixed(1)];
  });
  const { connections, rounds, seconds, instances, contextBytes } = workload;
  return `# Benchmark

Written by \`npm run bench\` on ${date.slice(0, 10)}: ${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB, Node ${machine.node}. Server, Prism and the load
generator share the machine, so compare the ratios, not the rates.

${connections} connections, ${rounds} alternating rounds of ${seconds} s each, medians. Every write of Settle's is on disk before it is
acknowledged (\`--durability process\`), with ${instances} instances in the store before the first round and a context of ${contextBytes} bytes; "authorized" asks the
machine's \`allowRead\` every time. Prism's mock stores nothing and runs nothing: it answers \`POST /machines/{machineSlug}\` with an example.

${markdownTable(["operation", "requests/s", "ratio to Prism", "p50 ms", "p99 ms"], rows)}

${markdownTable(
  ["", "median"],
  [
    ["ready, empty store", `${median(startUp.empty).toFixed(0)} ms`],
    [
      `ready, the store of this run (${instances} instances and all that was created)`,
      `${median(startUp.filled).toFixed(0)} ms`,
    ],
    ["server's resident memory before the first machine runs", megabytes(memory.beforeFirstMachine.own)],
    ["runner's, then", megabytes(memory.beforeFirstMachine.children)],
    ["server's resident memory after the load", megabytes(memory.underLoad.own)],
    ["runner's, then", megabytes(memory.underLoad.children)],
  ],
)}
`;
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
