// Where time, randomness and the room in memory come in: the machine's own, or, under the manual clock, a time that is told to move and ids that come again.

import { randomBytes } from "node:crypto";
import { Session } from "node:inspector";
import { constants, PerformanceObserver } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
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
  let draw = createSeededBytes(`run ${run}`);
  return {
    bytes: (size) => draw(size),
    secretBytes: randomBytes,
    stir(text) {
      draw = createSeededBytes(`run ${run} after ${text}`);
    },
  };
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

export interface HeapWatch {
  /** Whether so much of the heap is in use that what is stored should not grow. */
  isShort(): boolean;
  stop(): void;
}

/** Of what may be used, so much may be in use after a full collection. */
const mostOfHeap = 0.85;
/** V8 counts its young generation in, at most three times 64 MB, which is no room for what stays. */
const youngBytes = 192 * 2 ** 20;
/** While memory is short, little is done that would make V8 collect, so it is asked to. */
const collectEveryMs = 5_000;

/** Looks at the heap after each full collection: before one, nobody knows how much of it is garbage. */
export function watchHeap(): HeapWatch {
  const mostBytes = (getHeapStatistics().heap_size_limit - youngBytes) * mostOfHeap;
  let isShort = false;
  let collecting: NodeJS.Timeout | undefined;
  const look = () => {
    isShort = getHeapStatistics().used_heap_size > mostBytes;
    if (isShort) collecting ??= setInterval(collectGarbage, collectEveryMs).unref();
    else {
      clearInterval(collecting);
      collecting = undefined;
    }
  };
  const observer = new PerformanceObserver((list) => {
    // Its types don't know yet what comes with an entry.
    const kinds = list.getEntries().map((entry) => (entry as { detail?: { kind?: number } }).detail?.kind);
    if (kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR)) look();
  });
  observer.observe({ entryTypes: ["gc"] });
  return {
    isShort: () => isShort,
    stop() {
      observer.disconnect();
      clearInterval(collecting);
    },
  };
}

function collectGarbage(): void {
  const session = new Session();
  session.connect();
  session.post("HeapProfiler.collectGarbage", () => session.disconnect());
}
