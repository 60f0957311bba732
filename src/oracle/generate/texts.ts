// Texts: any, those that a pattern or format admits, and those that are known to trouble programs.

import fc from "fast-check";
import { SchemaNotUnderstood, type Shape } from "./shape.ts";

/** Names that JavaScript's own objects have. */
const inheritedNames = ["__proto__", "constructor", "prototype", "hasOwnProperty", "toString", "valueOf"];

/** Valid everywhere, and misread somewhere. */
const oddTexts = [
  "",
  " ",
  "null",
  "undefined",
  "true",
  "0",
  "-1",
  "1e3",
  "NaN",
  "{}",
  "[]",
  "$.public",
  "a.b",
  "a/b",
  "..",
  "%2e%2e%2f",
  "%00",
  "' OR 1=1 --",
  '"quoted"',
  "back\\slash",
  "<script>",
  "line\nbreak",
  "tab\t",
  "é",
  "e\u0301",
  "日本語",
  "عربي",
  "😀👩‍👩‍👧‍👦",
  "\u202eright to left",
  "\u2028\u2029",
  "\ufeff",
  "x".repeat(1_000),
];

/**
 * Any text: plain mostly, of all languages now and then. Control characters that stores are known to refuse are left out, as are
 * halves of surrogate pairs: JSON admits them, but RFC 8259 promises nothing of what becomes of them.
 */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { withCrossShrink: true },
  { weight: 4, arbitrary: fc.string({ unit: "grapheme-ascii", maxLength: 20 }) },
  { weight: 2, arbitrary: fc.string({ unit: "grapheme", maxLength: 20 }) },
  { weight: 2, arbitrary: fc.constantFrom(...oddTexts) },
  { weight: 1, arbitrary: fc.constantFrom(...inheritedNames) },
);

/** A name of a property that nothing inherits and no schema has. */
export const plainName: fc.Arbitrary<string> = fc.stringMatching(/^[a-z][a-zA-Z0-9_]{0,8}$/).map((name) => `x${name}`);

const hour = 3_600_000;

/** RFC 3339, from 1990 to 2090, in UTC or with an offset, with or without fractions of a second. */
const dateTime: fc.Arbitrary<string> = fc
  .record({
    moment: fc.date({ min: new Date(20 * 365 * 24 * hour), max: new Date(120 * 365 * 24 * hour), noInvalidDate: true }),
    digits: fc.constantFrom(3, 0, 1, 2),
    offset: fc.constantFrom("Z", "+00:00", "+05:30", "-08:00"),
  })
  .map(({ moment, digits, offset }) => {
    const [whole = "", fraction = ""] = moment.toISOString().slice(0, -1).split(".");
    return `${whole}${digits === 0 ? "" : `.${fraction.slice(0, digits)}`}${offset}`;
  });

/** Absolute, and of no host there is (RFC 2606): whoever follows it gets nowhere. */
const uri: fc.Arbitrary<string> = fc
  .record({
    scheme: fc.constantFrom("https", "http"),
    host: fc.stringMatching(/^[a-z][a-z0-9]{0,12}$/),
    path: fc.array(fc.stringMatching(/^[a-zA-Z0-9_.~-]{1,8}$/), { maxLength: 3 }),
  })
  .map(({ scheme, host, path }) => `${scheme}://${host}.invalid/${path.join("/")}`);

const formats: { [format: string]: fc.Arbitrary<string> } = { "date-time": dateTime, uri };

/** Texts that a shape admits. @throws SchemaNotUnderstood for a format that isn't known */
export function textsOf({ pattern, format, minLength = 0, maxLength = Number.POSITIVE_INFINITY }: Shape) {
  const isShort = (text: string) => {
    const length = [...text].length;
    return length >= minLength && length <= maxLength;
  };
  if (format !== undefined) {
    const known = Object.hasOwn(formats, format) ? formats[format] : undefined;
    if (known === undefined) throw new SchemaNotUnderstood(`No texts are generated for the format ${format}.`);
    const fits = pattern === undefined ? null : new RegExp(pattern, "u");
    return known.filter((text) => isShort(text) && (fits === null || fits.test(text)));
  }
  if (pattern !== undefined) return fc.stringMatching(new RegExp(pattern)).filter(isShort);
  if (maxLength < 20 || minLength > 1) {
    const longest = Number.isFinite(maxLength) ? { maxLength } : {};
    return fc.string({ unit: "grapheme-ascii", minLength, ...longest });
  }
  return anyText.filter(isShort);
}
