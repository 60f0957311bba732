// Moves the manual clock: from one due time to the next, so that everything meets the time it was due at, until all has settled.

import type { ManualClock } from "../domain/manual-clock.ts";
import { lastMoment } from "../domain/manual-clock.ts";
import { Problem } from "../domain/problem.ts";
import type { Work } from "../domain/records.ts";
import { EngineClosed } from "../engine/port.ts";
import type { Store } from "../store/port.ts";
import type { Dispatcher } from "./dispatcher.ts";

export interface Advanced {
  /** Epoch milliseconds. */
  now: number;
  /** Events delivered on the way: of timers, and what instances sent each other because of them. */
  fired: number;
}

/** What an advance would deliver, as far as it is owed already: what follows from that shows only when it happens. */
export interface Preview {
  /** Epoch milliseconds. */
  now: number;
  /** In the order in which it would be delivered. `event` is its type; a child's birth and a report of its end have none yet. */
  due: {
    dueAt: number;
    orgId: string;
    machine: string;
    instance: string;
    kind: Work["task"]["kind"];
    event?: string;
  }[];
  /** Whether there is more than is listed. */
  more: boolean;
}

export interface TimeTravel {
  now(): number;
  /**
   * What a request that writes waits for, so that it meets the same instances every time the same run is made: that everything due is
   * delivered. What waits for a machine to settle holds nobody up, since the machine may be waiting for this very request; nor does what goes
   * on without end, since this may be the request that ends it.
   */
  caughtUp(): Promise<void>;
  /**
   * Moves by `ms` and resolves once everything that fell due has settled. One move at a time, in the order of the calls.
   * @throws Problem `invalid-parameter`; `invalid-state` when events lead to events without end while no time passes
   */
  advance(ms: number): Promise<Advanced>;
  /** Resolves when no move is under way; those that are asked for wait until the answer is called. */
  hold(): Promise<() => void>;
  /** What the same advance would deliver; nothing is done. */
  preview(ms: number): Preview;
}

/** Most works that a preview lists. */
const longestPreview = 1_000;
/** Most works that fall due at one moment before it counts as a circle. */
const mostAtOnce = 100_000;

/** Longest move: a hundred years. */
const longestMoveMs = 3_155_760_000_000;

export function createTimeTravel(
  clock: ManualClock,
  store: Store,
  dispatcher: Dispatcher,
  limit = mostAtOnce,
): TimeTravel {
  let moves: Promise<unknown> = Promise.resolve();

  function targetOf(ms: number): number {
    const target = clock.now() + ms;
    if (Number.isSafeInteger(ms) && ms >= 0 && ms <= longestMoveMs && target <= lastMoment) return target;
    const message =
      "ms must be a whole number of milliseconds, 0 to a hundred years, and time ends with the year 9999.";
    throw new Problem("invalid-parameter", message, { parameter: "ms" });
  }

  async function settleAt(timeMs: number): Promise<void> {
    clock.moveTo(timeMs);
    const isIdle = await dispatcher.idle(limit);
    if (!dispatcher.isRunning()) throw new EngineClosed();
    if (isIdle) return;
    const at = new Date(timeMs).toISOString();
    const message = `More than ${limit} events fell due at ${at} one after the other, so time can't go on: some machine sets timers of 0 ms, or machines send to each other, without end. Pause or delete those instances.`;
    throw new Problem("invalid-state", message);
  }

  async function move(ms: number): Promise<Advanced> {
    const target = targetOf(ms);
    const before = dispatcher.taken();
    await settleAt(clock.now());
    for (let next = store.nextDue(); next !== undefined && next <= target; next = store.nextDue()) await settleAt(next);
    await settleAt(target);
    return { now: clock.now(), fired: dispatcher.taken() - before };
  }

  return {
    now: () => clock.now(),
    caughtUp: () => dispatcher.caughtUp(limit / 10),
    advance(ms) {
      const moved = moves.then(() => move(ms));
      moves = moved.catch(() => {});
      return moved;
    },
    async hold() {
      const turn = moves;
      const held = Promise.withResolvers<void>();
      moves = turn.then(() => held.promise);
      await turn;
      return held.resolve;
    },
    preview(ms) {
      const works = store.peekDue(targetOf(ms), longestPreview + 1);
      const due = works.slice(0, longestPreview).map(({ rec }) => shown(rec));
      return { now: clock.now(), due, more: works.length > longestPreview };
    },
  };
}

function shown({ dueAt, orgId, machine, instance, task }: Work): Preview["due"][number] {
  const event = "event" in task ? { event: String(task.event.type) } : {};
  return { dueAt, orgId, machine, instance, kind: task.kind, ...event };
}
