// What a fuzz run actually met, as XState itself reports it: a generator that only makes machines that do nothing would pass everything.

import type { InvokeSpec, Major } from "./spec.ts";

/** A transition that was taken, as both XStates describe it. */
export interface Taken {
  eventType: string;
  source: StateNode;
  target?: readonly StateNode[] | undefined;
  /** Of XState 4. */
  internal?: boolean | undefined;
  /** Of XState 5. */
  reenter?: boolean | undefined;
}
interface StateNode {
  id: string;
  type: string;
  history: unknown;
  parent?: StateNode | undefined;
}

const causes: readonly (readonly [descriptor: RegExp, what: string])[] = [
  [/^$/, "eventless"],
  [/^\*$/, "by wildcard"],
  [/\.\*$/, "by partial descriptor"],
  [/^xstate\.after/, "by time"],
  [/^(xstate\.)?done\.state/, "by a final state"],
  [/^(xstate\.done\.actor|done\.invoke)/, "by a child's end"],
  [/^(xstate\.error\.actor|error\.platform)/, "by a child's error"],
  [/^xstate\.snapshot/, "by a child's snapshot"],
  [/^(OWN|CALL)$/, "by events of its own"],
  [/./, "by events from outside"],
];

const childKinds: { [source in InvokeSpec["source"]]: string } = {
  soon: "promises",
  soonNot: "promises",
  held: "promises",
  throws: "promises",
  caller: "callbacks",
  echo: "callbacks",
  quiet: "callbacks",
  stream: "observables",
  brokenStream: "observables",
  values: "observables",
  reducer: "reducers",
  kid: "machines",
  talker: "machines",
  ender: "machines",
};

export class Coverage {
  readonly #counts = new Map<string, number>();

  count(what: string, by = 1): void {
    this.#counts.set(what, this.of(what) + by);
  }

  of(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** Counts a guard's verdicts, but those of the guard that ends loops. */
  watch(name: string, guard: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
    if (name === "fresh") return guard;
    return (...args) => {
      let verdict: unknown;
      try {
        verdict = guard(...args);
      } catch (error) {
        this.count("guards threw");
        throw error;
      }
      this.count(verdict ? "guards passed" : "guards failed");
      return verdict;
    };
  }

  /** @param remembered whether a history state has something to restore */
  countTransition({ eventType, source, target = [], internal, reenter }: Taken, remembered: (id: string) => boolean) {
    this.count("transitions");
    this.count(`transitions ${causes.find(([descriptor]) => descriptor.test(eventType))?.[1]}`);
    const isExternal = reenter ?? !internal;
    const isWithin = target.some((state) => ancestry(state).includes(source));
    if (target.length === 0) this.count("transitions without a target");
    else if (isWithin) this.count(isExternal ? "transitions within (external)" : "transitions within (internal)");
    if (target.length > 1) this.count("transitions to two states");
    for (const { id, type, history } of target) {
      if (type === "history" && remembered(id))
        this.count(`histories restored (${history === "deep" ? "deep" : "shallow"})`);
    }
  }

  countChild(source: unknown): void {
    const kind = typeof source === "string" && childKinds[source as InvokeSpec["source"]];
    if (kind) this.count(`children begun: ${kind}`);
  }

  toString(): string {
    const sorted = [...this.#counts].sort(([a], [b]) => (a < b ? -1 : 1));
    return sorted.map(([what, count]) => `  ${String(count).padStart(7)} ${what}`).join("\n");
  }
}

function ancestry(state: StateNode | undefined): StateNode[] {
  return state ? [state, ...ancestry(state.parent)] : [];
}

/** What a run must have met at the least, per thousand machines: a fifth of what the generator gives, or less. */
const floors: { [what: string]: number } = {
  "actions cancel": 500,
  "actions log": 100,
  "actions on entry": 500,
  "actions on exit": 400,
  "actions sendTo": 500,
  "actions stopChild": 300,
  "children begun: callbacks": 50,
  "children begun: machines": 50,
  "children begun: observables": 50,
  "children begun: promises": 200,
  "children begun: reducers": 10,
  "children done": 80,
  "children failed": 40,
  "children spawned": 50,
  "contexts changed": 300,
  crashes: 8,
  events: 1_000,
  "events failed": 80,
  "events raised": 300,
  "events while a child ran": 50,
  "guards failed": 500,
  "guards passed": 500,
  "guards threw": 15,
  "histories restored (deep)": 8,
  "histories restored (shallow)": 8,
  "lines printed": 2_000,
  "machines done": 60,
  "parallel states": 250,
  restarts: 600,
  "settle timeouts": 5,
  "throws in actions": 200,
  "timers cancelled": 500,
  "timers fired": 100,
  "timers set": 1_000,
  "transitions by a child's end": 40,
  "transitions by a child's error": 20,
  "transitions by a final state": 15,
  "transitions by events from outside": 200,
  "transitions by events of its own": 200,
  "transitions by time": 40,
  "transitions by wildcard": 300,
  "transitions eventless": 25,
  "transitions to two states": 60,
  "transitions within (external)": 200,
  "transitions within (internal)": 60,
  "transitions without a target": 200,
};
/** XState 4 knows no such descriptors, nor snapshots of children. */
const floors5 = { "transitions by partial descriptor": 40, "transitions by a child's snapshot": 10 };

/** Everything that a run met too rarely to mean anything. */
export function shortcomings(coverage: Coverage, major: Major): string[] {
  const thousands = coverage.of("machines") / 1_000;
  return Object.entries(major === 5 ? { ...floors, ...floors5 } : floors)
    .filter(([what, floor]) => coverage.of(what) < Math.floor(floor * thousands))
    .map(([what, floor]) => `${what}: ${coverage.of(what)}, at least ${Math.floor(floor * thousands)} expected`);
}
