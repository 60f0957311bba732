// What is told of many figures: quantiles and medians.

import type { Latency } from "./figures.ts";

export function quantile(values: number[], part: number): number {
  return quantileOfSorted(sorted(values), part);
}

export function median(values: number[]): number {
  const all = sorted(values);
  const middle = all.length >> 1;
  return all.length % 2 === 1
    ? (all[middle] ?? Number.NaN)
    : ((all[middle - 1] ?? Number.NaN) + (all[middle] ?? Number.NaN)) / 2;
}

/** In whole microseconds, since nobody reads more. */
export function latencyOf(milliseconds: number[]): Latency {
  const all = sorted(milliseconds);
  const at = (part: number) => Math.round(quantileOfSorted(all, part) * 1_000) / 1_000;
  return { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), longest: at(1) };
}

function quantileOfSorted(all: number[], part: number): number {
  return all[Math.min(all.length - 1, Math.floor(all.length * part))] ?? Number.NaN;
}

function sorted(values: number[]): number[] {
  return values.toSorted((a, b) => a - b);
}
