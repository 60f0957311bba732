// How much of the API a run has seen: declared statuses of operations, rules, and parts of statecharts.

import { type Operation, operations } from "../../spec/document.ts";

export interface Coverage {
  /** How often each status came, for the operations that were called. */
  operations: { operationId: string; statuses: { [status: string]: number } }[];
  rules: { run: number; total: number };
  /** Pairs of an operation and a status that the document declares for it. */
  statuses: { seen: number; declared: number };
  statecharts?: StatechartCoverage[];
}

/** How often a run met each part of a statechart; 0 for a part that it never met. */
export interface StatechartCoverage {
  machine: string;
  xstate: 4 | 5;
  /** By path, as in `open.waiting`. */
  states: { [state: string]: number };
  /** By source and event, as in `open.waiting GO`. */
  transitions: { [transition: string]: number };
  /** How often each guard held and did not. */
  guards: { [guard: string]: { true: number; false: number } };
}

export type StatusCounts = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** `operationIds`: those that the target has; all without it. */
export function coverageOf(
  counts: StatusCounts,
  rules: Coverage["rules"],
  operationIds: readonly string[] = operations.map(({ operationId }) => operationId),
): Coverage {
  const seen = [...counts]
    .map(([operationId, statuses]) => ({ operationId, statuses: Object.fromEntries(statuses) }))
    .toSorted((a, b) => (a.operationId < b.operationId ? -1 : 1));
  const cells = operations
    .filter(({ operationId }) => operationIds.includes(operationId))
    .flatMap((operation) => cellsOf(operation, Object.fromEntries(counts.get(operation.operationId) ?? [])));
  const declared = cells.filter(({ isDeclared }) => isDeclared);
  return {
    operations: seen,
    rules,
    statuses: { seen: declared.filter(({ count }) => count > 0).length, declared: declared.length },
  };
}

/** One status of one operation. */
export interface Cell {
  /** A status, or a range such as `4XX`, or `default`. */
  status: string;
  isDeclared: boolean;
  count: number;
}

/** The statuses that are declared for an operation, then those that came all the same. A status counts for what the document would judge it by. */
export function cellsOf({ statuses }: Operation, seen: { readonly [status: string]: number }): Cell[] {
  const counts = new Map(statuses.map((status) => [status, 0]));
  for (const [status, count] of Object.entries(seen)) {
    const place = [status, `${status[0]}XX`, "default"].find((name) => statuses.includes(name)) ?? status;
    counts.set(place, (counts.get(place) ?? 0) + count);
  }
  return [...counts].map(([status, count]) => ({ status, isDeclared: statuses.includes(status), count }));
}

/** What share of states, transitions, and guards both ways was met, in percent; 0 where there is no statechart. */
export function chartPercentOf(statecharts: readonly StatechartCoverage[]): number {
  const counts = statecharts.flatMap(({ states, transitions, guards }) => [
    ...Object.values(states),
    ...Object.values(transitions),
    ...Object.values(guards).flatMap((both) => [both.true, both.false]),
  ]);
  return counts.length === 0 ? 0 : (100 * counts.filter((count) => count > 0).length) / counts.length;
}

/** What share of declared statuses and rules was met, in percent: each counts one. 100 where there is nothing to meet. */
export function percentOf({ statuses, rules }: Pick<Coverage, "statuses" | "rules">): number {
  const total = statuses.declared + rules.total;
  return total === 0 ? 100 : (100 * (statuses.seen + rules.run)) / total;
}
