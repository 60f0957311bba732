// The order of UTF-8 bytes, held against the bytes themselves.

import fc from "fast-check";
import { expect, test } from "vitest";
import { compareAsUtf8 } from "../../src/domain/byte-order.ts";

/** Characters around every border where the order of code units and that of bytes part, and combinations of them. */
const borders = [
  "",
  "\u0000",
  "a",
  "\u007f",
  "\u0080",
  "é",
  "\u07ff",
  "\u0800",
  "\ud7ff",
  "\ue000",
  "\uffff",
  "𐀀",
  "😀",
  "\u{10ffff}",
];
const text = fc.array(fc.constantFrom(...borders), { maxLength: 4 }).map((parts) => parts.join(""));

test("well-formed texts are ordered as their bytes are", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareAsUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 5_000 },
  );
});

test("JavaScript's own order is another one", () => {
  expect("\uffff" < "😀").toBe(false);
  expect(compareAsUtf8("\uffff", "😀")).toBeLessThan(0);
});

test("lone surrogates have their place in one total order", () => {
  const half = fc.constantFrom("\ud800", "\udbff", "\udc00", "\udfff", "a", "\ud7ff", "\ue000", "😀");
  const torn = fc.array(half, { maxLength: 4 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(torn, torn, torn, (a, b, c) => {
      expect(Math.sign(compareAsUtf8(a, b))).toBe(-Math.sign(compareAsUtf8(b, a)) + 0);
      expect(compareAsUtf8(a, b) === 0).toBe(a === b);
      if (compareAsUtf8(a, b) < 0 && compareAsUtf8(b, c) < 0) expect(compareAsUtf8(a, c)).toBeLessThan(0);
    }),
    { numRuns: 5_000 },
  );
});
