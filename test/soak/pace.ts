// So many requests a second, evenly: what the server doesn't take in time is not caught up with later.

import { setTimeout as pause } from "node:timers/promises";

const tickMs = 10;

/**
 * Begins `act` so often a second, and has at most `atOnce` of them under way.
 * @returns how many were left out since too many were under way
 */
export async function atRate(
  perSecond: number,
  atOnce: number,
  durationMs: number,
  act: () => Promise<void>,
): Promise<number> {
  const begun = performance.now();
  let [due, leftOut] = [0, 0];
  const underWay = new Set<Promise<void>>();
  for (let atMs = 0; atMs < durationMs; atMs = performance.now() - begun) {
    const until = Math.floor((atMs / 1_000) * perSecond);
    for (; due < until; due++) {
      if (underWay.size >= atOnce) leftOut++;
      else {
        const one = act().finally(() => underWay.delete(one));
        underWay.add(one);
      }
    }
    await pause(tickMs);
  }
  await Promise.all(underWay);
  return leftOut;
}
