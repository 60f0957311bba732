// A clock that stands still until it is told to move, and rings what falls due on the way.

import type { Alarm, Clock } from "./clock.ts";

export interface ManualClock extends Clock, Alarm {
  /** Moves to `timeMs` (epoch milliseconds), unless it is past it, and rings what is due then, earliest first. */
  moveTo(timeMs: number): void;
  /** Calls back after every move, before anything rings. */
  onMove(listener: (timeMs: number) => void): void;
}

/** Past it, moments are no longer written with four digits of a year, as `date-time` wants them. */
export const lastMoment = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

interface Ring {
  timeMs: number;
  ring: () => void;
}

/** @param startMs epoch milliseconds */
export function createManualClock(startMs: number): ManualClock {
  let now = startMs;
  const rings = new Set<Ring>();
  const listeners: ((timeMs: number) => void)[] = [];
  return {
    now: () => now,
    at(timeMs, ring) {
      const entry = { timeMs, ring };
      rings.add(entry);
      if (timeMs <= now) queueMicrotask(() => rings.delete(entry) && ring());
      return () => void rings.delete(entry);
    },
    onMove(listener) {
      listeners.push(listener);
    },
    moveTo(timeMs) {
      now = Math.max(now, timeMs);
      for (const listener of listeners) listener(now);
      const due = [...rings].filter((entry) => entry.timeMs <= now).sort((a, b) => a.timeMs - b.timeMs);
      for (const entry of due) if (rings.delete(entry)) entry.ring();
    },
  };
}
