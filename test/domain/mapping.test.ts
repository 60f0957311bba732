// What mappings make of claims: the published example, the decisions beside it, and properties over claims and mappings of every kind.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Json, JsonObject } from "../../src/domain/json.ts";
import { isJsonObject } from "../../src/domain/json.ts";
import { compileMapping, MappingError } from "../../src/domain/mapping.ts";

const seed = Number(process.env.SEED ?? 1);
const map = (mapping: JsonObject, input: JsonObject) => compileMapping(mapping).apply(input);

test("the published example comes out as published", () => {
  const mapping = { "sub.$": "$.sub", "email.$": "$.email", service: "my-service", special: { "role.$": "$.role.id" } };
  const input = { sub: "my-user-id", email: "my-email@statebacked.dev", role: { id: "my-role" } };
  expect(map(mapping, input)).toEqual({
    sub: "my-user-id",
    email: "my-email@statebacked.dev",
    service: "my-service",
    special: { role: "my-role" },
  });
});

describe("a path", () => {
  const claims: JsonObject = {
    sub: "ada",
    admin: false,
    nothing: null,
    roles: [{ id: "reader" }, { id: "writer" }],
    emails: [{ at: "a@example.org", primary: true }],
    "https://example.org/team": "blue",
  };
  test.each<[string, JsonObject]>([
    ["$.sub", { x: "ada" }],
    ["$", { x: claims }],
    ["$.admin", { x: false }],
    ["$.nothing", { x: null }],
    ["$.roles", { x: [{ id: "reader" }, { id: "writer" }] }],
    ["$.roles[0].id", { x: "reader" }],
    ["$.roles[-1].id", { x: "writer" }],
    ["$['https://example.org/team']", { x: "blue" }],
  ])("to one value, %s, yields that value", (path, expected) => {
    expect(map({ "x.$": path }, claims)).toEqual(expected);
  });

  test.each(["$.none", "$.sub.none", "$.roles[7]", "$.roles.length", "$.constructor", "$.__proto__", "$.sub[0]"])(
    "to nothing, %s, leaves its name out",
    (path) => {
      expect(map({ "x.$": path, y: 1 }, claims)).toEqual({ y: 1 });
    },
  );

  test.each<[string, Json]>([
    ["$.roles[*].id", ["reader", "writer"]],
    ["$.roles[:1].id", ["reader"]],
    ["$.emails[?@.primary].at", ["a@example.org"]],
    ["$.emails[?@.none].at", []],
    ["$..id", ["reader", "writer"]],
    ["$['sub','admin']", ["ada", false]],
  ])("to any number of values, %s, yields an array of them", (path, expected) => {
    expect(map({ "x.$": path }, claims)).toEqual({ x: expected });
  });
});

test("arrays are constants, whatever their entries look like", () => {
  expect(map({ list: [{ "a.$": "$.sub" }] }, { sub: "ada" })).toEqual({ list: [{ "a.$": "$.sub" }] });
});

const deep = (levels: number): JsonObject => (levels === 1 ? { leaf: 1 } : { in: deep(levels - 1) });
const wide = (names: number): JsonObject => Object.fromEntries(Array.from({ length: names }, (_, i) => [`n${i}`, i]));

describe("a mapping is refused, and the place named", () => {
  test.each<[string, JsonObject, string]>([
    ["a path that is none", { "sub.$": "sub" }, "sub.$"],
    ["a path that ends early", { "sub.$": "$.roles[" }, "sub.$"],
    ["an empty path", { "sub.$": "" }, "sub.$"],
    ["a path that is no text", { "sub.$": 7 }, "sub.$"],
    ["a path that is an object", { "sub.$": { "a.$": "$.a" } }, "sub.$"],
    ["a wrong path within", { user: { role: { "id.$": "nope" } } }, "user.role.id.$"],
    ["a name given twice", { "sub.$": "$.sub", sub: "ada" }, "sub"],
    ["no name at all", { ".$": "$.sub" }, ".$"],
    ["an empty name", { user: { "": 1 } }, "user."],
    ["a regular expression", { "x.$": "$[?match(@.a, '(a+)+')]" }, "x.$"],
    ["17 levels", deep(17), [...Array(16).fill("in"), "leaf"].join(".")],
    ["257 names", wide(257), "n256"],
  ])("for %s", (_what, mapping, path) => {
    const refused = (() => {
      try {
        compileMapping(mapping);
        return undefined;
      } catch (error) {
        return error;
      }
    })();
    expect(refused).toBeInstanceOf(MappingError);
    expect(refused).toMatchObject({ path });
  });

  test("but not one level or one name sooner", () => {
    expect(map(deep(16), {})).toEqual(deep(16));
    expect(map(wide(256), {})).toEqual(wide(256));
  });
});

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;
const name = fc.oneof(
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.constantFrom("__proto__", "constructor", "toString"),
);
const object = fc.dictionary(name, json, { maxKeys: 5 }) as fc.Arbitrary<JsonObject>;

/** A place in claims, as the names that lead there. */
function places(value: Json, before: string[] = []): string[][] {
  if (!isJsonObject(value)) return [before];
  return [before, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...before, key]))];
}
const pathTo = (place: string[]) => `$${place.map((key) => `[${JSON.stringify(key)}]`).join("")}`;
const at = (value: Json, place: string[]): Json | undefined =>
  place.reduce<Json | undefined>(
    (inner, key) => (isJsonObject(inner) ? (Object.getOwnPropertyDescriptor(inner, key)?.value as Json) : undefined),
    value,
  );

describe("whatever the claims", () => {
  test("without paths a mapping yields itself", () => {
    const constants = object.filter((mapping) => !/(^|[",{])"[^"]*\.\$":|"":/.test(JSON.stringify(mapping)));
    fc.assert(
      fc.property(constants, object, (mapping, input) => {
        expect(JSON.stringify(map(mapping, input))).toBe(JSON.stringify(mapping));
      }),
      { seed },
    );
  });

  test("every place in them can be reached, and comes as it is", () => {
    const picked = object.chain((input) =>
      fc.record({ input: fc.constant(input), place: fc.constantFrom(...places(input)) }),
    );
    fc.assert(
      fc.property(picked, name, ({ input, place }, as) => {
        const before = JSON.stringify(input);
        const result = map({ outer: { [`${as}.$`]: pathTo(place) } }, input);
        const [inner] = Object.values(result);
        expect(Object.getOwnPropertyDescriptor(inner, as)?.value).toEqual(at(input, place));
        expect(JSON.stringify(input)).toBe(before);
        expect(Object.getPrototypeOf(inner)).toBe(Object.prototype);
      }),
      { seed },
    );
  });

  test("a mapping that is accepted can be applied, and yields what JSON can say", () => {
    const path = fc.oneof(
      fc.constantFrom("$", "$.a", "$..a", "$.*", "$[*]", "$[?@.a == 1]", "$[-1]", "$[::2]", "$.a.b.c", "$[?@[0]]"),
      fc.string({ maxLength: 12 }).map((text) => `$${text}`),
    );
    const mapping = fc.dictionary(
      name.map((text) => `${text}.$`),
      path,
      { maxKeys: 4 },
    );
    let applied = 0;
    fc.assert(
      fc.property(mapping, object, (given, input) => {
        const compiled = compiledOrNull(given);
        if (!compiled) return;
        applied++;
        const result = compiled.apply(input);
        expect(JSON.parse(JSON.stringify(result))).toEqual(result);
      }),
      { seed, numRuns: 300 },
    );
    expect(applied).toBeGreaterThan(50);
  });
});

function compiledOrNull(mapping: JsonObject) {
  try {
    return compileMapping(mapping);
  } catch (error) {
    expect(error).toBeInstanceOf(MappingError);
    return null;
  }
}
