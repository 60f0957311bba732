// What a run is judged by: everything a client, a reader of the store or a log could notice, after each thing that happened.

import type { Json, JsonObject } from "../../src/domain/json.ts";
import type { StateValue } from "../../src/domain/records.ts";

export interface Observation {
  /**
   * `failed`: computing the event's transition threw, and the instance is as if it had never come.
   * `void`: what was owed to the instance came first, and cancelled the timer whose event this is.
   */
  outcome: "taken" | "failed" | "void";
  /** Transitions since the last observation. */
  rows: { event: Json; state: StateValue }[];
  /** Lines printed by actions and children since the last observation. */
  printed: string[];
  state: StateValue;
  context: Json;
  tags: string[];
  done: boolean;
  output: Json;
  history: Json;
  timers: { id: string; due: number; event: Json }[];
  /** Ids of the children that run. */
  running: string[];
}

/** One thing that happens. `open` lets one promise or stream that waits go on. */
export type Op =
  | { op: "create"; given: JsonObject }
  | { op: "send"; event: JsonObject }
  | { op: "fire" }
  | { op: "open" }
  | { op: "expire" }
  | { op: "crash" };

/** As the store would have it: no functions, no `undefined`, errors by name and message. */
export function asJson(value: unknown): Json {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    item instanceof Error ? { name: item.name, message: item.message } : item,
  );
  return text === undefined ? null : JSON.parse(text);
}

export interface Timer {
  id: string;
  due: number;
  event: Json;
  /** Whose settings the service tells apart by; empty where nobody does. */
  mark: string;
}

/**
 * Timers pending, in the order they fall due. What is set again under its id replaces what was pending there: a decision of ours, see
 * DECISIONS.md; XState itself lets both fire and forgets how to cancel the first.
 */
export class Timers {
  #pending: Timer[] = [];
  now = 0;

  set(id: string, delayMs: number, event: Json, mark = ""): void {
    this.cancel(id);
    this.#pending.push({ id, due: this.now + delayMs, event, mark });
  }

  /** @returns whether there was one */
  cancel(id: string): boolean {
    const before = this.#pending.length;
    this.#pending = this.#pending.filter((timer) => timer.id !== id);
    return this.#pending.length < before;
  }

  /** The timer that is next; the time is now when it is due. */
  next(): Timer | undefined {
    const [first] = this.#sorted();
    if (first) this.now = Math.max(this.now, first.due);
    return first;
  }

  /** Takes a timer out. @returns false when it was cancelled or set anew meanwhile */
  take(timer: Timer): boolean {
    const isPending = this.#pending.includes(timer);
    this.#pending = this.#pending.filter((one) => one !== timer);
    return isPending;
  }

  get pending(): readonly Timer[] {
    return this.#pending;
  }

  restore(pending: readonly Timer[]): void {
    this.#pending = [...pending];
  }

  /** Ids that nobody gave are as random as they are invisible. */
  list(): Observation["timers"] {
    const named = (id: string) => (/^(t1|t2|[A-C]|x\.y|CALL|OWN|xstate\.after.*)$/.test(id) ? id : "(unnamed)");
    return this.#sorted().map(({ id, due, event }) => ({ id: named(id), due, event }));
  }

  #sorted(): Timer[] {
    return this.#pending.toSorted((a, b) => a.due - b.due);
  }
}
