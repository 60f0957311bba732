// Counts what a server was asked and what its machines did, for `--coverage`.

import type { StateValue } from "../../domain/records.ts";
import type { Candidate, ChartParts } from "../../engine/port.ts";
import type { ServerWatcher, WatchedVersion } from "../../index.ts";
import { conformanceRule } from "../../oracle/claims.ts";
import { type Coverage, chartPercentOf, coverageOf, type StatechartCoverage } from "../../oracle/report/coverage.ts";

/** What `--coverage` writes. `percent`: of states, transitions, and guards both ways. */
export interface WrittenCoverage {
  percent: number;
  coverage: Coverage;
}

interface Chart {
  counts: StatechartCoverage;
  pathOf: ReadonlyMap<string, string>;
}

/** The rules that every answer is judged by, which is all that can be seen of rules from within. */
const statusRules = ["SB-SPEC-SUCCESS-STATUS-DECLARED", "SB-SPEC-ERROR-STATUS-DECLARED"];
const allRules = new Set([...statusRules, ...[200, 204, 400, 404].map(conformanceRule)]);

export class CoverageCollector implements ServerWatcher {
  readonly #statuses = new Map<string, Map<number, number>>();
  readonly #charts = new Map<string, Chart>();

  answered(operationId: string, status: number): void {
    const statuses = this.#statuses.get(operationId) ?? new Map<number, number>();
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    this.#statuses.set(operationId, statuses);
  }

  chart({ machine, versionId }: WatchedVersion, { xstate, states, transitions }: ChartParts): void {
    const pathOf = new Map(states.map(({ id, path }) => [id, path]));
    const guards = transitions.flatMap((one) => (one.guard === undefined ? [] : [guardName(one.guard, one, pathOf)]));
    const counts: StatechartCoverage = {
      machine: `${machine} ${versionId}`,
      xstate,
      states: Object.fromEntries(states.map(({ path }) => [path, 0])),
      transitions: Object.fromEntries(transitions.map((one) => [transitionName(one, one.guard, pathOf), 0])),
      guards: Object.fromEntries(guards.map((name) => [name, { true: 0, false: 0 }])),
    };
    this.#charts.set(versionId, { counts, pathOf });
  }

  state({ versionId }: WatchedVersion, state: StateValue): void {
    const states = this.#charts.get(versionId)?.counts.states ?? {};
    for (const path of pathsIn(state)) states[path] = (states[path] ?? 0) + 1;
  }

  event({ versionId }: WatchedVersion, candidates: Candidate[]): void {
    const chart = this.#charts.get(versionId);
    if (chart === undefined) return;
    const { counts, pathOf } = chart;
    for (const one of candidates) {
      const name = transitionName(one, one.guard?.name, pathOf);
      if (one.isTaken) counts.transitions[name] = (counts.transitions[name] ?? 0) + 1;
      const guard = one.guard && counts.guards[guardName(one.guard.name, one, pathOf)];
      if (guard) guard[`${one.guard?.passes ?? false}`]++;
    }
  }

  written(): WrittenCoverage {
    const all = [...this.#statuses].flatMap(([, statuses]) => [...statuses.keys()]);
    const run = new Set(
      all.flatMap((status) => [status < 400 ? statusRules[0] : statusRules[1], conformanceRule(status)]),
    );
    const rules = { run: run.size, total: allRules.size };
    const statecharts = [...this.#charts.values()].map(({ counts }) => counts);
    return {
      percent: Math.floor(chartPercentOf(statecharts) * 10) / 10,
      coverage: { ...coverageOf(this.#statuses, rules), statecharts },
    };
  }
}

type Place = Pick<Candidate, "state" | "event" | "targets">;

/** As in `open.waiting PAY [isRich] → paid`. The root is `(machine)`. */
function transitionName({ state, event, targets }: Place, guard: string | undefined, pathOf: Chart["pathOf"]): string {
  const to = targets.map((id) => pathOf.get(id) ?? "(machine)").join(", ");
  return `${pathOf.get(state) ?? "(machine)"} ${event}${guard === undefined ? "" : ` [${guard}]`}${to === "" ? "" : ` → ${to}`}`;
}

/** Guards without a name are told apart by where they stand. */
function guardName(name: string, { state, event }: Place, pathOf: Chart["pathOf"]): string {
  return name === "(inline)" ? `(inline) at ${pathOf.get(state) ?? "(machine)"} ${event}` : name;
}

function pathsIn(state: StateValue, above = ""): string[] {
  if (typeof state === "string") return [`${above}${state}`];
  return Object.entries(state).flatMap(([key, inner]) => [`${above}${key}`, ...pathsIn(inner, `${above}${key}.`)]);
}
