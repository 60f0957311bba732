// Plays on a subject what XState itself was seen to do, and finds the first thing that differs.

import { isDeepStrictEqual } from "node:util";
import type { Expected } from "./expectation.ts";
import type { Observation } from "./observation.ts";
import type { Subject } from "./subject.ts";

export interface Mismatch {
  /** How far the case got, as the things that happened. */
  happened: Expected["op"][];
  what: string;
  expected: unknown;
  seen: unknown;
}

export async function compare(expected: readonly Expected[], subject: Subject): Promise<Mismatch | undefined> {
  const happened: Expected["op"][] = [];
  let [rows, printed] = [0, 0];
  for (const { op, seen } of expected) {
    happened.push(op);
    const differ = (what: string, wanted: unknown, got: unknown): Mismatch => ({
      happened,
      what,
      expected: wanted,
      seen: got,
    });
    if ("rows" in seen) [rows, printed] = [rows + seen.rows.length, printed + seen.printed.length];
    let outcome: Observation["outcome"];
    try {
      outcome = await subject.play(op, { rows, printed });
    } catch (error) {
      return differ("the engine failed", "an answer", String(error));
    }
    if (!("rows" in seen)) {
      if (outcome !== "failed") return differ("outcome", seen.outcome, outcome);
      return undefined;
    }
    if (subject.record.steps.length === 0) return differ("outcome", seen.outcome, "nothing stored");
    const got = subject.record.observe(outcome);
    for (const key of Object.keys(seen) as (keyof Observation)[]) {
      if (!isDeepStrictEqual(got[key], seen[key])) return differ(key, seen[key], got[key]);
    }
  }
  return undefined;
}
