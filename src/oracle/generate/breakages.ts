// Ways to break a schema, each labelled with the constraint that it breaks, as edits to a value that fits.

import fc from "fast-check";
import type { JsonSchema, OpenApiDocument } from "../../spec/document.ts";
import type { Edit, Place } from "./edit.ts";
import { type Shape, shapesOf } from "./shape.ts";
import { anyText, plainName } from "./texts.ts";
import { isOfType } from "./values.ts";

export type Constraint =
  | "type"
  | "null"
  | "required"
  | "enum"
  | "pattern"
  | "format"
  | "minLength"
  | "maxLength"
  | "minimum"
  | "maximum"
  | "integer"
  | "minItems"
  | "maxItems"
  | "uniqueItems"
  | "additionalProperties";

export interface Breakage {
  constraint: Constraint;
  /** Where it is broken, or where what is missing would be. */
  at: Place;
  /** One, or several that only together break it: `anyOf` lets either of two properties do. */
  edits: readonly Edit[];
}

/** One constraint at one place, with whatever breaks it. */
type Way = fc.Arbitrary<Breakage>;

/**
 * Breakages of a schema, each kind and place as likely as another; null for a schema that admits everything.
 * Whether a value is really broken then depends on the rest of it (another alternative may admit it): ask a validator.
 */
export function breakagesOf(root: OpenApiDocument, ...schemas: JsonSchema[]): fc.Arbitrary<Breakage> | null {
  const ways = waysOf(root, schemas, [], 0);
  return ways.length === 0 ? null : fc.oneof(...ways);
}

const deepest = 4;

function waysOf(root: OpenApiDocument, schemas: readonly JsonSchema[], at: Place, depth: number): Way[] {
  if (depth > deepest) return [];
  const shapes = shapesOf(root, schemas);
  return [
    ...wrongTypes(shapes, at),
    ...shapes.flatMap((shape) => (shape.values === undefined ? wrongValues(shape, at) : wrongChoices(shapes, at))),
    ...missing(shapes, at),
    ...within(root, shapes, at, depth),
  ];
}

const samples: fc.Arbitrary<unknown>[] = [
  anyText,
  fc.integer(),
  fc.constant(0.5),
  fc.boolean(),
  fc.constant([]),
  fc.array(anyText, { minLength: 1, maxLength: 2 }),
  fc.constant({}),
  fc.dictionary(plainName, fc.integer(), { minKeys: 1, maxKeys: 2, noNullPrototype: true }),
];

function wrongTypes(shapes: readonly Shape[], at: Place): Way[] {
  const types = new Set(shapes.flatMap((shape) => shape.types));
  const isWrong = (value: unknown) => ![...types].some((type) => isOfType(value, type));
  const wrong = isOpen(types)
    ? []
    : [
        put(
          "type",
          at,
          fc.oneof(...samples).filter((value) => value !== null && isWrong(value)),
        ),
      ];
  return types.has("null") ? wrong : [...wrong, put("null", at, fc.constant(null))];
}

/** Every type but null fits. */
function isOpen(types: ReadonlySet<string>): boolean {
  return ["string", "number", "boolean", "array", "object"].every((type) => types.has(type));
}

function wrongChoices(shapes: readonly Shape[], at: Place): Way[] {
  const allowed = shapes.flatMap(({ values = [] }) => values);
  const texts = allowed.filter((value) => typeof value === "string");
  if (texts.length === 0) {
    const isBoolean = allowed.some((value) => typeof value === "boolean");
    return isBoolean
      ? [
          put(
            "enum",
            at,
            fc.boolean().filter((value) => !allowed.includes(value)),
          ),
        ]
      : [];
  }
  const near = texts.flatMap((text) => [text.toUpperCase(), `${text} `, `${text}x`, text.slice(0, -1)]);
  const other = fc.oneof(anyText, fc.constantFrom(...near));
  return [
    put(
      "enum",
      at,
      other.filter((value) => !allowed.includes(value)),
    ),
  ];
}

function wrongValues(shape: Shape, at: Place): Way[] {
  const ways: Way[] = [];
  const { pattern, format, minLength, maxLength, minimum, maximum, types } = shape;
  if (pattern !== undefined) {
    const fits = new RegExp(pattern, "u");
    ways.push(
      put(
        "pattern",
        at,
        misfits(pattern).filter((text) => !fits.test(text)),
      ),
    );
  }
  if (format !== undefined) ways.push(put("format", at, fc.constantFrom(...(formatMisfits[format] ?? ["no format"]))));
  if (minLength !== undefined && minLength > 0) ways.push(put("minLength", at, fc.constant("x".repeat(minLength - 1))));
  if (maxLength !== undefined) ways.push(put("maxLength", at, fc.constantFrom("x".repeat(maxLength + 1))));
  if (minimum !== undefined) ways.push(put("minimum", at, fc.constantFrom(minimum - 1, minimum - 1_000)));
  if (maximum !== undefined) ways.push(put("maximum", at, fc.constantFrom(maximum + 1, maximum + 1_000_000)));
  if (types.includes("integer")) ways.push(put("integer", at, fc.constant((minimum ?? 0) + 0.5)));
  return [...ways, ...wrongLists(shape, at)];
}

function wrongLists({ minItems = 0, maxItems, uniqueItems }: Shape, at: Place): Way[] {
  const ways: Way[] = [];
  if (minItems > 0) ways.push(put("minItems", at, fc.constant([])));
  if (maxItems !== undefined) ways.push(put("maxItems", at, fc.constant(Array(maxItems + 1).fill("x"))));
  if (uniqueItems) ways.push(put("uniqueItems", at, fc.constant(["x", "x"])));
  return ways;
}

/** Near misses first: a single character that is not admitted among those that are, one too many, none at all. */
function misfits(pattern: string): fc.Arbitrary<string> {
  const [, longest] = /\{\d+,(\d+)\}\$$/.exec(pattern) ?? [];
  const long = longest === undefined ? [] : [fc.constantFrom("x".repeat(Number(longest) + 1), "x".repeat(5_000))];
  return fc.oneof(
    fc.constantFrom(
      ...["two words", "a/b", "a?b", "a#b", "a%b", "dotted.name", "é", "日本", "a\nb", "a\u0000b", "x ", ""],
    ),
    anyText,
    ...long,
  );
}

const formatMisfits: { [format: string]: string[] } = {
  "date-time": ["yesterday", "2026-13-05T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-05T25:00:00Z", "x", ""],
  uri: ["jwks.json", "/keys", "//host/keys", "no uri at all", ""],
};

/** Properties whose absence every alternative for objects minds; none of them could stay. */
function missing(shapes: readonly Shape[], at: Place): Way[] {
  const demands = shapes.filter(({ types }) => types.includes("object")).map(({ required }) => required);
  return smallestHits(demands).map((names) =>
    fc.constant({ constraint: "required", at, edits: names.map((name): Edit => ({ at: [...at, name] })) }),
  );
}

/** The smallest sets of names of which each list has one. */
function smallestHits(lists: readonly (readonly string[])[]): string[][] {
  const names = [...new Set(lists.flat())];
  if (lists.length === 0 || names.length > 12) return [];
  const hits: string[][] = [];
  const sets = Array.from({ length: 2 ** names.length }, (_, bits) => names.filter((_, i) => bits & (1 << i)));
  for (const set of sets.toSorted((a, b) => a.length - b.length)) {
    const isHit = lists.every((list) => list.some((name) => set.includes(name)));
    if (isHit && !hits.some((smaller) => smaller.every((name) => set.includes(name)))) hits.push(set);
  }
  return hits;
}

function within(root: OpenApiDocument, shapes: readonly Shape[], at: Place, depth: number): Way[] {
  const objects = shapes.filter(({ types }) => types.includes("object"));
  const names = [...new Set(objects.flatMap(({ properties }) => [...properties.keys()]))];
  const ofProperties = names.flatMap((name) => {
    const [first] = objects.flatMap(({ properties }) => (properties.has(name) ? [properties.get(name) ?? []] : []));
    return waysOf(root, first ?? [], [...at, name], depth + 1);
  });
  const ofOthers = objects.flatMap(({ additional, properties }) => {
    if (additional === false) return [put("additionalProperties", [...at, "xUnnamed"], fc.integer())];
    return additional.length > 0 && properties.size === 0
      ? waysOf(root, additional, [...at, "xUnnamed"], depth + 1)
      : [];
  });
  const ofItems = shapes.flatMap(({ types, items }) =>
    types.includes("array") && items.length > 0 ? waysOf(root, items, [...at, 0], depth + 1) : [],
  );
  return [...ofProperties, ...ofOthers, ...ofItems];
}

function put(constraint: Constraint, at: Place, values: fc.Arbitrary<unknown>): Way {
  return values.map((value) => ({ constraint, at, edits: [{ at, put: { value } }] }));
}
