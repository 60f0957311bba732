// Where time and randomness come in: the machine's own, or, under the manual clock, a time that is told to move and ids that come again.

import { randomBytes } from "node:crypto";
import type { Alarm, Clock, Entropy } from "./domain/clock.ts";
import { createManualClock, type ManualClock } from "./domain/manual-clock.ts";
import { pooledBytes } from "./domain/pooled-bytes.ts";
import { createSeededBytes } from "./domain/seeded-bytes.ts";

export interface Times {
  clock: Clock;
  /** Rings by that clock. */
  alarm: Alarm;
  /** The same clock, where it is one that can be moved. */
  manualClock?: ManualClock;
}

/** Real time, whatever the clock. */
export const wallClock = systemClock();

export const systemEntropy: Entropy = { bytes: pooledBytes(randomBytes), secretBytes: randomBytes };

export function systemTimes(): Times {
  return { clock: wallClock, alarm: systemAlarm(wallClock) };
}

/** @param startMs epoch milliseconds at which the clock stands */
export function manualTimes(startMs: number): Times {
  const clock = createManualClock(startMs);
  return { clock, alarm: clock, manualClock: clock };
}

/** @param run which run of its store it is: what one run drew, the next must not draw again */
export function seededEntropy(run: number): Entropy {
  return { bytes: createSeededBytes(`run ${run}`), secretBytes: randomBytes };
}

/** Longest delay that a timer of Node's takes. */
const longestTimeoutMs = 2_147_483_647;

function systemAlarm(clock: Clock): Alarm {
  return {
    at(timeMs, ring) {
      let timer: NodeJS.Timeout;
      // Node may ring a moment early, and takes no delay of a month.
      const look = () => {
        const leftMs = timeMs - clock.now();
        if (leftMs > 0) timer = setTimeout(look, Math.min(leftMs, longestTimeoutMs));
        else ring();
      };
      timer = setTimeout(look, Math.min(Math.max(0, timeMs - clock.now()), longestTimeoutMs));
      return () => clearTimeout(timer);
    },
  };
}

/** Never decreases, even when somebody sets the machine's clock back. */
function systemClock(): Clock {
  let last = 0;
  return {
    now() {
      last = Math.max(last, Date.now());
      return last;
    },
  };
}
