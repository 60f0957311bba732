// The formats: a short way to a verdict must not be another verdict.

import { Ajv2020 } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { assert, constantFrom, integer, property, tuple } from "fast-check";
import { expect, test } from "vitest";
import { addFormats } from "../../src/spec/formats.ts";

const schema = { type: "string", format: "date-time" };
const ours = compiled(addFormats);
const theirs = compiled((ajv) => ajvFormats.default(ajv));

test("a date-time is one exactly where ajv-formats says so, around every border of its parts", () => {
  const part = (from: number, to: number) =>
    integer({ min: from, max: to }).map((n) => (n < 0 ? String(n) : String(n).padStart(2, "0")));
  const year = constantFrom("1900", "2000", "2023", "2024", "2026", "9999", "0000", "226", "10000");
  const pieces = tuple(
    year,
    constantFrom("-", "/"),
    part(0, 13),
    part(0, 32),
    constantFrom("T", "t", " ", "_"),
    part(0, 25),
    part(0, 61),
    part(0, 61),
    constantFrom(".000", ".123", ".12", ".1234", "", ".", ",123"),
    constantFrom("Z", "z", "+00:00", "-23:59", "+24:00", "", "Z\n", " Z"),
  );
  let verdicts = [0, 0];
  assert(
    property(pieces, ([yyyy, dash, mm, dd, separator, h, m, s, fraction, zone]) => {
      const text = `${yyyy}-${mm}${dash}${dd}${separator}${h}:${m}:${s}${fraction}${zone}`;
      const isOne = theirs(text);
      verdicts = isOne ? [(verdicts[0] ?? 0) + 1, verdicts[1] ?? 0] : [verdicts[0] ?? 0, (verdicts[1] ?? 0) + 1];
      return ours(text) === isOne;
    }),
    { numRuns: 20_000 },
  );
  // Both verdicts must have come up often, else the comparison says little.
  expect(Math.min(...verdicts)).toBeGreaterThan(100);
});

test("every day of four years, and those that don't exist", () => {
  for (let month = 0; month <= 13; month++) {
    for (let day = 0; day <= 32; day++) {
      for (const year of [1900, 2000, 2024, 2026]) {
        const date = `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
        expect([date, ours(`${date}T12:00:00.000Z`)]).toEqual([date, theirs(`${date}T12:00:00.000Z`)]);
      }
    }
  }
});

function compiled(add: (ajv: Ajv2020) => void): (text: string) => boolean {
  const ajv = new Ajv2020({ strict: true });
  add(ajv);
  return ajv.compile<string>(schema);
}
