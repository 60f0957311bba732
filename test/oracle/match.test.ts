// Expectations match what they should, and nothing else.

import { describe, expect, it } from "vitest";
import { dig, fill } from "../../src/oracle/fill.ts";
import { mismatch, show } from "../../src/oracle/match.ts";

const fits = (expected: unknown, actual: unknown) => mismatch(expected, actual) === null;

describe("an expected value", () => {
  it.each([
    ["a scalar", 1, 1, 2],
    ["a text", "a", "a", "b"],
    ["null", null, null, undefined],
    ["an object in part", { a: 1 }, { a: 1, b: 2 }, { b: 2 }],
    ["an object, not an array", {}, {}, []],
    ["a nested object", { a: { b: [] } }, { a: { b: [], c: 1 } }, { a: { b: [1] } }],
    ["an array entry by entry", [{ a: 1 }, 2], [{ a: 1, b: 1 }, 2], [{ a: 1 }]],
    ["$absent", { a: { $absent: true } }, {}, { a: null }],
    ["$type", { $type: "array" }, [], {}],
    ["$type null", { $type: "null" }, null, 0],
    ["$gte", { $gte: 5 }, 5, 4],
    ["$lte", { $lte: 5 }, 5, 6],
    ["$pattern", { $pattern: "^a" }, "ab", "ba"],
    ["$not", { $not: { a: 1 } }, { a: 2 }, { a: 1 }],
    ["$oneOf", { $oneOf: [1, { a: 1 }] }, { a: 1 }, 2],
    ["$length", { $length: 2 }, [1, 2], [1]],
    ["$unique", { $unique: true }, [{ a: 1 }, { a: 2 }], [{ a: 1 }, { a: 1 }]],
    ["$contains", { $contains: { a: 1 } }, [{}, { a: 1, b: 2 }], [{ a: 2 }]],
    ["$containsAll", { $containsAll: [1, 2] }, [2, 3, 1], [1, 3]],
    ["$once", { $once: { a: 1 } }, [{}, { a: 1, b: 2 }], [{ a: 1 }, { a: 1, b: 2 }]],
    ["$once, of what is not there", { $once: 1 }, [1], []],
    ["$excludes", { $excludes: { a: 1 } }, [{ a: 2 }], [{ a: 1 }]],
    ["$maxLength", { $maxLength: 2 }, [1, 2], [1, 2, 3]],
    ["$maxLength of what is no array", { $maxLength: 2 }, [], "ab"],
    ["$ascending", { $ascending: "/a" }, [{ a: 1 }, { a: 1 }, { a: 2.5 }], [{ a: 1 }, { a: 0.5 }]],
    ["$ascending, of numbers alone", { $ascending: "/a" }, [], [{}]],
    ["$inOrder", { $inOrder: [1, 2] }, [0, 1, 5, 2], [2, 1]],
    ["$mentions", { $mentions: "b c" }, { a: ["b c"] }, { a: ["b"] }],
    ["$claims", { $claims: { act: { sub: "ada" } } }, "e30.eyJhY3QiOnsic3ViIjoiYWRhIn19.x", "e30.e30.x"],
    ["$claims of what is no token", { $claims: { $absent: true } }, "x", "e30.e30.x"],
    ["several matchers at once", { $length: 1, $contains: 1 }, [1], [1, 1]],
  ])("%s", (_, expected, right, wrong) => {
    expect(fits(expected, right)).toBe(true);
    expect(fits(expected, wrong)).toBe(false);
  });
  it("refuses a matcher that doesn't exist", () => {
    expect(() => mismatch({ $contians: 1 }, [1])).toThrow("$contians");
  });
  it("names the place and both sides", () => {
    expect(mismatch({ a: [{ b: 1 }] }, { a: [{ b: 2 }] })).toBe("the body/a/0/b is 2, not 1");
  });
});

it("a shown value is short and has no secrets", () => {
  expect(show({ key: "sbsec_abc-DEF" })).toBe('{"key":"sbsec_…"}');
  expect(show("x".repeat(1000)).length).toBeLessThan(310);
  expect(show(undefined)).toBe("absent");
});

describe("variables", () => {
  const variables = new Map<string, unknown>([
    ["name", "ada"],
    ["count", 3],
    ["whole", { a: 1 }],
  ]);
  it("are filled in, whole or within a text", () => {
    expect(fill({ a: ["{name}-{count}", "{count}"], b: "{whole}" }, variables)).toEqual({
      a: ["ada-3", 3],
      b: { a: 1 },
    });
  });
  it("leave JSON in a text alone", () => {
    expect(fill('{"slug": "{name}"', variables)).toBe('{"slug": "ada"');
  });
  it("must be set", () => {
    expect(() => fill("{nobody}", variables)).toThrow("nobody");
  });
  it("are dug out of an answer", () => {
    expect(dig({ a: [{ "b/c": 1 }] }, "/a/0/b~1c")).toBe(1);
    expect(dig({ a: 1 }, "")).toEqual({ a: 1 });
    expect(dig({ a: 1 }, "/b/c")).toBe(undefined);
  });
});
