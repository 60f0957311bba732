// The part about the engine alone, beside its prototype.

import type { EngineFigures, EngineRound } from "../figures.ts";
import { median } from "../statistics.ts";
import { table } from "./table.ts";

/**
 * What the engine's prototype took for an operation, in CPU microseconds, and how much XState alone took beside it: the two ends of its
 * own range each.
 */
const prototype = { bare: [31, 37], v5: [36, 44], v4: [69, 77], hop: [139, 169] } as const;
const prototypePace = (prototype.bare[0] + prototype.bare[1]) / 2;

export function engineMarkdown({ operations, rounds }: EngineFigures): string {
  const bare = median(rounds.map((round) => round.bare));
  const row = (name: string, [least, most]: readonly [number, number], of: (round: EngineRound) => number) => [
    name,
    median(rounds.map(of)).toFixed(0),
    `${least}–${most}`,
    median(rounds.map((round) => (of(round) / most) * (prototypePace / round.bare))).toFixed(2),
  ];
  return `CPU time of all threads for an operation, medians of ${rounds.length} rounds of ${operations}: an event on an instance with a context of 1 kB, from the JSON that comes to the JSON of the
commit, the authorizer asked. XState alone does a creation and two events in ${bare.toFixed(0)} µs here, and did in ${prototype.bare.join("–")} µs where the prototype was measured: the ratio is to the upper end
of the prototype's range, at this machine's pace.

${table(
  ["operation", "CPU µs", "prototype", "ratio"],
  [
    row("XState 5, in one thread", prototype.v5, ({ v5 }) => v5),
    row("XState 4, in one thread", prototype.v4, ({ v4 }) => v4),
    row("XState 5, to the runner and back, 64 at a time", prototype.hop, ({ hop }) => hop.server + hop.runner),
  ],
)}

Of the hop, ${median(rounds.map(({ hop }) => hop.server)).toFixed(0)} µs are the server's and ${median(rounds.map(({ hop }) => hop.runner)).toFixed(0)} µs the runner's.`;
}
