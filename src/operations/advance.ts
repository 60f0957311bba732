// Moves the manual clock: from one due time to the next, so that what fell due meets the time it was due at, until everything has settled.

import type { ManualClock } from "../domain/manual-clock.ts";
import type { Work } from "../domain/records.ts";
import type { Store } from "../store/port.ts";
import type { Dispatcher } from "./dispatcher.ts";

export interface Advanced {
  /** Epoch milliseconds. */
  now: number;
  /** Works done on the way: timers, and the messages between instances that they led to. */
  fired: number;
}

/** What a move would set off, as far as it is known before. */
export interface Preview {
  now: number;
  due: { dueAt: number; machine: string; instance: string; event: string }[];
}

export interface TimeTravel {
  /** One move at a time, in the order of the calls. */
  advance(ms: number): Promise<Advanced>;
  preview(ms: number): Preview;
}

/** Most works that a preview lists. */
const longestPreview = 1_000;

export function createTimeTravel(clock: ManualClock, store: Store, dispatcher: Dispatcher): TimeTravel {
  let moves: Promise<unknown> = Promise.resolve();

  async function move(ms: number): Promise<Advanced> {
    const target = clock.now() + ms;
    const before = dispatcher.taken();
    await dispatcher.idle();
    for (let next = store.nextDue(); next !== undefined && next <= target; next = store.nextDue()) {
      clock.moveTo(next);
      await dispatcher.idle();
    }
    clock.moveTo(target);
    await dispatcher.idle();
    return { now: clock.now(), fired: dispatcher.taken() - before };
  }

  return {
    advance(ms) {
      const moved = moves.then(() => move(ms));
      moves = moved.catch(() => {});
      return moved;
    },
    preview(ms) {
      const due = store.peekDue(clock.now() + ms, longestPreview);
      return { now: clock.now(), due: due.map(({ rec }) => shown(rec)) };
    },
  };
}

function shown({ dueAt, machine, instance, task }: Work): Preview["due"][number] {
  return { dueAt, machine, instance, event: "event" in task ? String(task.event.type) : task.kind };
}
