// JSONPath as selectors and mappings use it: RFC 9535's own examples, refusals that say why, and hostile queries that end soon.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json } from "../../src/domain/json.ts";
import { compileJsonPath } from "../../src/domain/json-path.ts";

/** RFC 9535, figure 1. */
const bookstore = {
  store: {
    book: [
      { category: "reference", author: "Nigel Rees", title: "Sayings of the Century", price: 8.95 },
      { category: "fiction", author: "Evelyn Waugh", title: "Sword of Honour", price: 12.99 },
      { category: "fiction", author: "Herman Melville", title: "Moby Dick", isbn: "0-553-21311-3", price: 8.99 },
      { category: "fiction", author: "J. R. R. Tolkien", title: "The Lord", isbn: "0-395-19395-8", price: 22.99 },
    ],
    bicycle: { color: "red", price: 399 },
  },
};

describe("selects as RFC 9535 says", () => {
  const authors = ["Nigel Rees", "Evelyn Waugh", "Herman Melville", "J. R. R. Tolkien"];
  test.each<[string, Json[]]>([
    ["$", [bookstore]],
    ["$.store.book[*].author", authors],
    ["$..author", authors],
    ["$.store..price", [399, 8.95, 12.99, 8.99, 22.99]],
    ["$..book[2].title", ["Moby Dick"]],
    ["$..book[2].publisher", []],
    ["$..book[-1].title", ["The Lord"]],
    ["$..book[0,1].title", ["Sayings of the Century", "Sword of Honour"]],
    ["$..book[:2].title", ["Sayings of the Century", "Sword of Honour"]],
    ["$..book[?@.isbn].title", ["Moby Dick", "The Lord"]],
    ["$..book[?@.price<10].title", ["Sayings of the Century", "Moby Dick"]],
    ["$['store']['bicycle']['color']", ["red"]],
    ["$.store.book[?@.category == $.store.book[1].category && @.price > 20].title", ["The Lord"]],
    ["$.store.book[?!@.isbn].title", ["Sayings of the Century", "Sword of Honour"]],
    ["$.store[?count(@.*) == 2].color", ["red"]],
    ["$.store.book[?length(@.title) < 9].title", ["The Lord"]],
    ["$.store.book[?@ == $.store.book[0]].title", ["Sayings of the Century"]],
  ])("%s", (text, selected) => {
    const found = compileJsonPath(text).select(bookstore);
    expect(found).toHaveLength(selected.length);
    expect(found).toEqual(expect.arrayContaining(selected)); // members of an object have no order
  });

  test.each(["$.constructor", "$.toString", "$['__proto__']", "$[0]", "$.length"])(
    "%s finds only what is in the value",
    (text) => {
      expect(compileJsonPath(text).select({})).toEqual([]);
      expect(compileJsonPath(text).select("text")).toEqual([]);
      expect(compileJsonPath(text).select(null)).toEqual([]);
    },
  );
});

test.each([
  ["store.book", /is not JSONPath as RFC 9535 defines it/],
  ["", /is not JSONPath/],
  ["$.", /is not JSONPath/],
  ["$.a[", /is not JSONPath/],
  ["$.a b", /is not JSONPath/],
  ["$[01]", /is not JSONPath/],
  ["$[9007199254740992]", /is not JSONPath/],
  ["$[?@.a = 1]", /is not JSONPath/],
  ["$[?$.a[*] == 1]", /is not JSONPath/],
  ["$[?unknown(@.a)]", /is not JSONPath.*unknown/],
  ["$[?match(@.a, '(a+)+b')]", /match and search left out/],
  ["$[?search(@.a, '(a+)+b')]", /match and search left out/],
  [`$.${"a".repeat(511)}`, /is longer than 512 characters/],
])("%s is refused, and the message says why", (text, message) => {
  expect(() => compileJsonPath(text)).toThrow(message);
});

describe("a query that asks for too much selects nothing, and soon", () => {
  const nest = (depth: number) => JSON.parse(`${"[".repeat(depth)}1${"]".repeat(depth)}`) as Json;
  const numbers = Array.from({ length: 60_000 }, (_, n) => n);
  const list = { a: Array.from({ length: 3_000 }, (_, k) => ({ k })) };
  const copies = { a: nest(5), b: nest(5), list: numbers };
  test.each<[string, Json]>([
    ["$[?count($[?@ == 1]) == 1]", numbers],
    ["$.a[?count($.a[?@.k == $.a[0].k]) > 0]", list],
    [`$${"[*,*]".repeat(100)}`, nest(250)],
    ["$..[*,*]..[*,*]..[*,*]..[*,*]", nest(200)],
    ["$..a", nest(5_000)],
    ["$.list[?$.list == $.more]", { list: numbers, more: [...numbers] }],
    [
      "$.list[?value($.text) == value($.same)]",
      { ...copies, text: "x".repeat(200_000), same: `${"x".repeat(200_000)}` },
    ],
  ])("%s", (text, value) => {
    const query = compileJsonPath(text);
    const began = performance.now();
    expect(query.select(value)).toEqual([]);
    expect(performance.now() - began).toBeLessThan(2_000); // unbounded, each takes minutes at the least
  });

  test("the largest result there may be is returned whole, and the next evaluation starts afresh", () => {
    const query = compileJsonPath("$.list[?count($.wide.*) >= 0]");
    const wide = Array.from({ length: 99_000 }, (_, n) => n);
    expect(query.select({ wide, list: [1] })).toEqual([1]);
    expect(query.select({ wide, list: [1] })).toEqual([1]);
    expect(compileJsonPath("$[*]").select(wide)).toHaveLength(99_000);
  });
});

test("whatever the text, it is refused with a reason or selects without throwing", () => {
  const piece = fc.constantFrom(
    "$",
    "@",
    ".",
    "..",
    "*",
    "[",
    "]",
    "?",
    "(",
    ")",
    "'a'",
    "a",
    "0",
    ",",
    ":",
    "==",
    "&&",
    "!",
  );
  const text = fc.array(piece, { maxLength: 20 }).map((pieces) => `$${pieces.join("")}`);
  fc.assert(
    fc.property(text, fc.jsonValue(), (query, value) => {
      let compiled: ReturnType<typeof compileJsonPath>;
      try {
        compiled = compileJsonPath(query);
      } catch (error) {
        expect((error as Error).message).toMatch(/^is /);
        return;
      }
      expect(Array.isArray(compiled.select(value as Json))).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
