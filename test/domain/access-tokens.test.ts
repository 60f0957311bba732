// A payload that clients can read with `atob`, whatever the claims say.

import fc from "fast-check";
import { expect, test } from "vitest";
import { atobSafeJson } from "../../src/domain/access-tokens.ts";
import type { Json } from "../../src/domain/json.ts";

const seed = Number(process.env.SEED ?? 1);

test("any value is written so that base64url needs neither - nor _, and reads as what it was", () => {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({
      unit: fc.constantFrom(">", "?", "~", "\u007f", "\u0080", "\uffff", "\ud800", "é", "😀", "\\", '"', "x"),
    }),
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(text, fc.double(), fc.boolean(), fc.constant(null), tie("array"), tie("object")),
    array: fc.array(tie("any"), { maxLength: 4 }),
    object: fc.dictionary(text, tie("any"), { maxKeys: 4 }),
  })).object;
  fc.assert(
    fc.property(value, (claims) => {
      const written = atobSafeJson(claims as Json);
      const segment = Buffer.from(written).toString("base64url");
      expect(segment).toMatch(/^[A-Za-z0-9]*$/);
      // As the published client reads it.
      expect(JSON.parse(atob(segment))).toEqual(JSON.parse(JSON.stringify(claims)));
    }),
    { seed, numRuns: 500 },
  );
});

test("the alphabet's two odd characters would come up otherwise", () => {
  const segments = ["??>", "~", "a~", "ab~", "ÿ"].map((claim) =>
    Buffer.from(JSON.stringify(claim)).toString("base64url"),
  );
  expect(segments.some((segment) => /[-_]/.test(segment))).toBe(true);
});
