// A clock that stands still until it is told to move, and rings what falls due on the way.

import type { Alarm, Clock } from "../../src/domain/clock.ts";

export interface ManualClock extends Clock, Alarm {
  /** Moves to `timeMs` (epoch milliseconds), unless it is there or past it, and rings what is due then, earliest first. */
  moveTo(timeMs: number): void;
}

interface Ring {
  timeMs: number;
  ring: () => void;
}

/** @param startMs epoch milliseconds */
export function createManualClock(startMs: number): ManualClock {
  let now = startMs;
  const rings = new Set<Ring>();
  return {
    now: () => now,
    at(timeMs, ring) {
      const entry = { timeMs, ring };
      if (timeMs <= now) queueMicrotask(() => rings.delete(entry) && ring());
      rings.add(entry);
      return () => void rings.delete(entry);
    },
    moveTo(timeMs) {
      now = Math.max(now, timeMs);
      const due = [...rings].filter((entry) => entry.timeMs <= now).sort((a, b) => a.timeMs - b.timeMs);
      for (const entry of due) if (rings.delete(entry)) entry.ring();
    },
  };
}
