// Counts which states, transitions and guards of statecharts were seen at work, guards both ways.

import type { StatechartCoverage } from "./report/coverage.ts";

/** A statechart by the names of its parts. */
export interface ChartParts {
  machine: string;
  xstate: 4 | 5;
  elements: { states: readonly string[]; transitions: readonly string[]; guards: readonly string[] };
}

/** What one step was seen to do: the states active after it, and what was taken and asked on the way. */
export interface Visit {
  active: readonly string[];
  transitions: readonly string[];
  guards: readonly { name: string; result: boolean }[];
}

export class StatechartCounts {
  readonly #counts = new Map<string, StatechartCoverage>();

  /** Names that the statechart doesn't have are not counted. */
  visit(parts: ChartParts, { active, transitions, guards }: Visit): void {
    const counts = this.#of(parts);
    for (const id of active) increase(counts.states, id);
    for (const name of transitions) increase(counts.transitions, name);
    for (const { name, result } of guards) {
      const both = counts.guards[name];
      if (both !== undefined) both[`${result}`]++;
    }
  }

  #of({ machine, xstate, elements }: ChartParts): StatechartCoverage {
    const key = `${machine} ${xstate}`;
    const known = this.#counts.get(key);
    if (known !== undefined) return known;
    const zeros = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 0]));
    const fresh: StatechartCoverage = {
      machine,
      xstate,
      states: zeros(elements.states),
      transitions: zeros(elements.transitions),
      guards: Object.fromEntries(elements.guards.map((name) => [name, { true: 0, false: 0 }])),
    };
    this.#counts.set(key, fresh);
    return fresh;
  }

  /** By machine, then XState. */
  list(): StatechartCoverage[] {
    return [...this.#counts.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, counts]) => counts);
  }
}

function increase(counts: { [name: string]: number }, name: string): void {
  const count = counts[name];
  if (count !== undefined) counts[name] = count + 1;
}
