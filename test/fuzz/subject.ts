// The engine under test, and the store it needs: what was committed last, and the timers pending.

import type { Json, JsonObject } from "../../src/domain/json.ts";
import type { Step, TimerRef } from "../../src/engine/port.ts";
import type { Observation, Op } from "./observation.ts";
import { Timers } from "./observation.ts";

export interface Subject {
  /** What is stored and printed so far. */
  readonly record: Record;
  /** Does what happens next, and waits for all it sets off. `expected` is how much should be on record then, for those who can't see it end. */
  play(op: Op, expected: { rows: number; printed: number }): Promise<Observation["outcome"]>;
  close(): Promise<void>;
}

/** What an engine told the store and the log. */
export class Record {
  readonly steps: Step[] = [];
  readonly printed: string[] = [];
  readonly timers = new Timers();
  #rowsShown = 0;
  #printedShown = 0;

  commit(step: Step): void {
    this.steps.push(step);
    for (const { id, set } of step.timers) {
      if (set) this.timers.set(id, set.delayMs, set.event, set.mark);
      else this.timers.cancel(id);
    }
  }

  get last(): Step {
    const step = this.steps.at(-1);
    if (!step) throw new Error("nothing was stored");
    return step;
  }

  get rows(): Step["rows"] {
    return this.steps.flatMap((step) => step.rows);
  }

  /** Takes the timer that is due next. */
  due(): { event: JsonObject; timer: TimerRef } {
    const timer = this.timers.next();
    if (!timer) throw new Error("no timer is pending");
    this.timers.take(timer);
    return { event: timer.event as JsonObject, timer: { id: timer.id, mark: timer.mark } };
  }

  observe(outcome: Observation["outcome"]): Observation {
    const { state, context, tags, done, snapshot, running } = this.last;
    const rows = this.rows.slice(this.#rowsShown);
    const printed = this.printed.slice(this.#printedShown);
    this.#rowsShown += rows.length;
    this.#printedShown += printed.length;
    const { output = null, historyValue = {} } = snapshot as { [key: string]: Json };
    return {
      outcome,
      rows: withoutSources(rows),
      printed: withoutSources(printed),
      state,
      context,
      tags: [...tags].sort(),
      done,
      output,
      history: historyValue,
      timers: done ? [] : this.timers.list(),
      running: running.map(({ id }) => id),
    };
  }
}

/** The service's own error events name what a child ran; an interpreter of XState 4 doesn't know it. */
function withoutSources<T>(told: T): T {
  return JSON.parse(JSON.stringify(told).replaceAll(/ \(\(?[^()]*\)?\) was stopped before/g, " was stopped before"));
}
