// Moments as text: the same text that a Date gives, in any order of asking.

import { assert, integer, oneof, property } from "fast-check";
import { expect, test } from "vitest";
import { isoTime } from "../../src/domain/iso-time.ts";

const utmost = 8.64e15;

test("any moment is written as a Date writes it", () => {
  const now = Date.UTC(2026, 10, 25, 12);
  const moment = oneof(integer({ min: now - 2e8, max: now + 2e8 }), integer({ min: -1e5, max: 1e5 }));
  const anyMoment = integer({ min: -utmost, max: utmost });
  assert(
    property(oneof(moment, anyMoment), (ms) => isoTime(ms) === new Date(ms).toISOString()),
    { numRuns: 2_000, examples: [[0], [-1], [utmost], [-utmost], [86_399_999], [86_400_000], [253_402_300_800_000]] },
  );
});

test("a fraction of a millisecond is dropped, as by a Date", () => {
  for (const ms of [0.9, -0.9, 1.5, -86_400_000.5]) expect(isoTime(ms)).toBe(new Date(ms).toISOString());
});

test("what is no moment is refused, also after one of the same day", () => {
  for (const ms of [Number.NaN, Number.POSITIVE_INFINITY, utmost + 1]) {
    isoTime(utmost);
    expect(() => isoTime(ms)).toThrow(RangeError);
  }
});
