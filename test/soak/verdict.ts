// Whether memory was flat: the last fifth of a run against its early minutes, when everything had been loaded once.

import type { Memory } from "./server.ts";

/** What was measured some time after the load began. */
export interface Sample extends Memory {
  atMs: number;
}

export interface Trend {
  what: keyof Memory;
  /** Medians, in bytes. */
  early: number;
  late: number;
  isFlat: boolean;
}

/** The first five minutes are for warming up, and the next five are what is compared with; of a short run a third each. */
const warmUpMs = 5 * 60_000;
/** More than this above the early minutes is growth; to need less is no fault. */
const mostGrowth = 1.1;

/** One of each kind of memory, and what was compared. @param totalMs how long the load lasted */
export function trendsOf(samples: readonly Sample[], totalMs: number): Trend[] {
  const startMs = Math.min(warmUpMs, totalMs / 3);
  const early = samples.filter(({ atMs }) => atMs >= startMs && atMs <= 2 * startMs);
  const late = samples.filter(({ atMs }) => atMs >= totalMs * 0.8);
  return (["server", "runner", "serverHeap", "serverExternal"] as const).map((what) => {
    const [before, after] = [early, late].map((some) => median(some.map((sample) => sample[what])));
    return trend(what, before ?? Number.NaN, after ?? Number.NaN);
  });
}

/** Too few samples are no proof. What the heap holds beside what is resident is told, and not judged: it waits for its collector. */
export function isFlat(trends: readonly Trend[]): boolean {
  return trends.every(({ what, isFlat }) => isFlat || what === "serverHeap" || what === "serverExternal");
}

function trend(what: keyof Memory, early: number, late: number): Trend {
  return { what, early, late, isFlat: late <= early * mostGrowth };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
