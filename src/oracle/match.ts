// Compares what came with what a scenario expects: a part of it, or a matcher.

import { isDeepStrictEqual } from "node:util";
import { dig } from "./fill.ts";

/** A value, of which objects name only the properties that matter, or an object of `$` matchers. @see contracts/README.md */
export type Expected = unknown;

type Matcher = (argument: unknown, actual: unknown, where: string) => string | null;

const matchers: { readonly [name: string]: Matcher } = {
  $absent: (wanted, actual, where) => ((actual === undefined) === wanted ? null : `${where} is ${show(actual)}`),
  $type: (type, actual, where) => (typeOf(actual) === type ? null : `${where} is ${show(actual)}, not of type ${type}`),
  $gte: (bound, actual, where) =>
    typeof actual === "number" && typeof bound === "number" && actual >= bound
      ? null
      : `${where} is ${show(actual)}, not at least ${show(bound)}`,
  $lte: (bound, actual, where) =>
    typeof actual === "number" && typeof bound === "number" && actual <= bound
      ? null
      : `${where} is ${show(actual)}, not at most ${show(bound)}`,
  $pattern: (pattern, actual, where) =>
    typeof actual === "string" && new RegExp(String(pattern)).test(actual)
      ? null
      : `${where} is ${show(actual)}, which doesn't match ${pattern}`,
  $not: (expected, actual, where) =>
    mismatch(expected, actual, where) === null ? `${where} is ${show(actual)}` : null,
  $oneOf: (options, actual, where) =>
    asArray(options).some((option) => mismatch(option, actual, where) === null)
      ? null
      : `${where} is ${show(actual)}, none of ${show(options)}`,
  $length: (length, actual, where) =>
    asArray(actual).length === length ? null : `${where} has ${asArray(actual).length} entries, not ${length}`,
  $maxLength: (most, actual, where) =>
    Array.isArray(actual) && actual.length <= Number(most)
      ? null
      : `${where} has ${asArray(actual).length} entries, more than ${most}`,
  $unique: (_, actual, where) => {
    const texts = asArray(actual).map((item) => JSON.stringify(item));
    const twice = texts.find((text, i) => texts.indexOf(text) !== i);
    return twice === undefined ? null : `${where} has ${twice} twice`;
  },
  $ascending: (pointer, actual, where) => {
    const values = asArray(actual).map((item) => Number(dig(item, String(pointer))));
    const fall = values.findIndex((value, i) => !(value >= (values[i - 1] ?? value)));
    return fall === -1 ? null : `${where} has ${values[fall]} at ${pointer} after ${values[fall - 1]}`;
  },
  $contains: (expected, actual, where) =>
    asArray(actual).some((item) => mismatch(expected, item, where) === null)
      ? null
      : `${where} lacks ${show(expected)}: ${show(actual)}`,
  $containsAll: (expected, actual, where) =>
    first(asArray(expected), (entry) => matcherOf("$contains")(entry, actual, where)),
  $once: (expected, actual, where) => {
    const { length } = asArray(actual).filter((item) => mismatch(expected, item, where) === null);
    return length === 1 ? null : `${where} has ${show(expected)} ${length} times: ${show(actual)}`;
  },
  $excludes: (unwanted, actual, where) =>
    asArray(actual).some((item) => mismatch(unwanted, item, where) === null)
      ? `${where} has ${show(unwanted)}: ${show(actual)}`
      : null,
  $mentions: (text, actual, where) =>
    (JSON.stringify(actual) ?? "").includes(String(text))
      ? null
      : `${where} doesn't mention ${show(text)}: ${show(actual)}`,
  $claims: (expected, actual, where) => mismatch(expected, claimsOf(actual), `the claims of ${where}`),
  $inOrder: (expected, actual, where) => {
    let next = 0;
    const wanted = asArray(expected);
    for (const item of asArray(actual)) {
      if (next < wanted.length && mismatch(wanted[next], item, where) === null) next++;
    }
    return next === wanted.length ? null : `${where} lacks ${show(wanted[next])} in its place: ${show(actual)}`;
  },
};

/** How `actual` differs from what is expected of it, or null when it doesn't. An array is expected entry by entry. */
export function mismatch(expected: Expected, actual: unknown, where = "the body"): string | null {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${where} is ${show(actual)}, not an array`;
    if (actual.length !== expected.length) return `${where} is ${show(actual)}, not ${show(expected)}`;
    return first(expected, (entry, i) => mismatch(entry, actual[i], `${where}/${i}`));
  }
  if (!isObject(expected)) {
    return isDeepStrictEqual(expected, actual) ? null : `${where} is ${show(actual)}, not ${show(expected)}`;
  }
  const entries = Object.entries(expected);
  if (entries.length > 0 && entries.every(([name]) => name.startsWith("$"))) {
    return first(entries, ([name, argument]) => matcherOf(name)(argument, actual, where));
  }
  if (!isObject(actual)) return `${where} is ${show(actual)}, not an object`;
  return first(entries, ([name, value]) => mismatch(value, actual[name], `${where}/${name}`));
}

/** @throws for a name that is none of the matchers': a contract that checks nothing must not pass */
function matcherOf(name: string): Matcher {
  const matcher = matchers[name];
  if (matcher === undefined) throw new Error(`There is no matcher ${name}.`);
  return matcher;
}

function first<T>(items: T[], check: (item: T, i: number) => string | null): string | null {
  for (const [i, item] of items.entries()) {
    const found = check(item, i);
    if (found !== null) return found;
  }
  return null;
}

/** What a JWT says, whoever signed it; undefined for what is none. */
function claimsOf(token: unknown): unknown {
  try {
    return JSON.parse(Buffer.from(String(token).split(".")[1] ?? "", "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

const longest = 300;

/** A value as a report shows it: JSON, cut when long, without secrets. */
export function show(value: unknown): string {
  const text = (JSON.stringify(value) ?? "absent")
    .replaceAll(/sbsec_[\w-]+/g, "sbsec_…")
    .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, "eyJ…");
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
