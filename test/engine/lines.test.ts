// Lines out of a stream of bytes, wherever the stream is cut.

import fc from "fast-check";
import { expect, test } from "vitest";
import { lineSplitter } from "../../src/engine/lines.ts";

function split(chunks: readonly Uint8Array[], maxBytes = 1_000) {
  const lines: string[] = [];
  let tooLong = 0;
  const take = lineSplitter({ onLine: (line) => lines.push(line), onTooLong: () => tooLong++, maxBytes });
  for (const chunk of chunks) take(Buffer.from(chunk));
  return { lines, tooLong };
}

test("come whole, other separators and characters of several bytes included", () => {
  const line = fc.string({ unit: "binary", maxLength: 20 }).map((text) => text.replaceAll("\n", "").toWellFormed());
  const odd = fc.constantFrom("a\u2028b\u2029c\r\u0085", "", "ä€😀");
  fc.assert(
    fc.property(
      fc.array(fc.oneof(line, odd)),
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
      (lines, cuts) => {
        const bytes = Buffer.from(lines.map((each) => `${each}\n`).join(""));
        const chunks: Uint8Array[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const length = cuts[i % cuts.length] ?? 1;
          chunks.push(bytes.subarray(at, at + length));
          at += length;
        }
        expect(split(chunks)).toEqual({ lines, tooLong: 0 });
      },
    ),
  );
});

test("one without end is told once, and nothing after it", () => {
  const chunks = [..."x\nabcdef"].map((character) => Buffer.from(character));
  expect(split([...chunks, ...chunks], 4)).toEqual({ lines: ["x"], tooLong: 1 });
});
