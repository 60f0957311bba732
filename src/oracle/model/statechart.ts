// One machine as a pure function: from a moment and an event to the next moment, and which transitions and guards that took.

import type { XStateVersion } from "../contracts.ts";
import { createChart4 } from "./chart4.ts";
import { createChart5 } from "./chart5.ts";
import type { MachineModule } from "./load.ts";

/** An event as it is sent, always as an object. */
export type Event = { readonly type: string; readonly [name: string]: unknown };
export type Context = { readonly [name: string]: unknown };

/** An instance between two events. */
export interface Moment {
  /** XState's own: State (4) or MachineSnapshot (5). */
  readonly snapshot: unknown;
  readonly value: unknown;
  /** All of it, private keys included. */
  readonly context: Context;
  readonly tags: readonly string[];
  readonly isDone: boolean;
  /** Places of the active states, as `placeOf` names them. */
  readonly active: readonly string[];
}

/** What an event did. */
export interface Reaction {
  moment: Moment;
  /** Names of the transitions that were taken, in order; none: the state does not handle the event. */
  transitions: string[];
  /** Guards that were asked, with each answer that they gave. */
  guards: { name: string; result: boolean }[];
}

/** What a statechart consists of, by name, in the order of the document. */
export interface Elements {
  states: string[];
  transitions: string[];
  guards: string[];
}

export interface Statechart {
  readonly version: XStateVersion;
  readonly elements: Elements;
  /** @throws MachineThrew */
  begin(given: Context): Reaction;
  /** @throws MachineThrew */
  react(moment: Moment, event: Event): Reaction;
}

/** The machine's code threw while a transition was computed. */
export class MachineThrew extends Error {
  override name = "MachineThrew";
}

/** What the two XStates do in their own ways. */
export interface Chart {
  elements: Elements;
  begin(given: Context): { moment: Moment; taken: string[] };
  react(moment: Moment, event: Event): { moment: Moment; taken: string[] };
}

/** Notes what a guard says. */
export type NoteGuard = (name: string, result: boolean) => void;

export function createStatechart(module: MachineModule, version: XStateVersion): Statechart {
  const asked: Reaction["guards"] = [];
  const note: NoteGuard = (name, result) => {
    if (!asked.some((guard) => guard.name === name && guard.result === result)) asked.push({ name, result });
  };
  const chart = (version === 4 ? createChart4 : createChart5)(module.default, note);
  const reaction = (compute: () => { moment: Moment; taken: string[] }): Reaction => {
    asked.length = 0;
    const { moment, taken } = computed(compute);
    return { moment, transitions: taken, guards: [...asked] };
  };
  return {
    version,
    elements: chart.elements,
    begin: (given) => reaction(() => chart.begin(structuredClone(given))),
    react: (moment, event) =>
      // What is done handles nothing any more, whatever its states say.
      moment.isDone ? { moment, transitions: [], guards: [] } : reaction(() => chart.react(moment, event)),
  };
}

function computed<T>(compute: () => T): T {
  try {
    return compute();
  } catch (cause) {
    throw new MachineThrew(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** The path to a state, as in `open.waiting`; for the whole machine its id. */
export function placeOf({ id, path }: { id: string; path: readonly string[] }): string {
  return path.length === 0 ? id : path.join(".");
}

/** A name for a transition: source, event, guard, targets; numbered when another has the same. */
export function transitionName(
  known: readonly string[],
  { source, event, guard, targets }: { source: string; event: string; guard: string | undefined; targets: string[] },
): string {
  const name = [
    source,
    event === "" ? "always" : event,
    ...(guard === undefined ? [] : [`[${guard}]`]),
    ...(targets.length === 0 ? [] : ["→", targets.join(" + ")]),
  ].join(" ");
  const others = known.filter((other) => other === name || other.startsWith(`${name} #`)).length;
  return others === 0 ? name : `${name} #${others + 1}`;
}
