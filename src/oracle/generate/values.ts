// Values that fit a schema, every one of them, shrinking towards the plainest.

import fc from "fast-check";
import type { JsonSchema, OpenApiDocument } from "../../spec/document.ts";
import { type JsonType, SchemaNotUnderstood, type Shape, shapesOf } from "./shape.ts";
import { anyText, plainName, textsOf } from "./texts.ts";

/** Any JSON value, not deep. */
export const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    { weight: 4, arbitrary: fc.oneof(anyText, fc.integer(), fc.boolean(), fc.constant(null), finite()) },
    { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 3 }) },
    { weight: 2, arbitrary: fc.dictionary(plainName, tie("value"), { maxKeys: 3, noNullPrototype: true }) },
  ),
})).value;

/** Deeper than this, objects that may have properties of any name have none: what a schema repeats within itself comes to an end. */
const deepest = 3;

/**
 * Values that fit all of the schemas. References are into `root`.
 * @throws SchemaNotUnderstood for a schema that says what values can't be generated for
 */
export function valuesOf(root: OpenApiDocument, ...schemas: JsonSchema[]): fc.Arbitrary<unknown> {
  return fitting(root, schemas, 0);
}

function fitting(root: OpenApiDocument, schemas: readonly JsonSchema[], depth: number): fc.Arbitrary<unknown> {
  const shapes = shapesOf(root, schemas);
  const alternatives = shapes.flatMap((shape) =>
    shape.values === undefined
      ? shape.types.map((type) => ofType(root, shape, type, depth))
      : [fc.constantFrom(...valuesOfEnum(shape))],
  );
  if (alternatives.length === 0) throw new SchemaNotUnderstood(`Nothing fits ${JSON.stringify(schemas)}.`);
  return alternatives.length === 1
    ? (alternatives[0] as fc.Arbitrary<unknown>)
    : fc.oneof({ withCrossShrink: true }, ...alternatives);
}

/** Of an enum's values, those of the type that stands beside it. */
function valuesOfEnum({ values = [], types }: Shape): unknown[] {
  const fits = values.filter((value) => types.some((type) => isOfType(value, type)));
  if (fits.length > 0) return fits;
  throw new SchemaNotUnderstood(`No value of ${JSON.stringify(values)} is of type ${types.join(" or ")}.`);
}

export function isOfType(value: unknown, type: JsonType): boolean {
  if (value === null) return type === "null";
  if (Array.isArray(value)) return type === "array";
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

function ofType(root: OpenApiDocument, shape: Shape, type: JsonType, depth: number): fc.Arbitrary<unknown> {
  switch (type) {
    case "string":
      return textsOf(shape);
    case "integer":
      return fc.integer({ min: shape.minimum ?? -1_000_000, max: shape.maximum ?? 1_000_000 });
    case "number":
      return shape.minimum === undefined && shape.maximum === undefined ? finite() : finite(shape);
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return arrays(root, shape, depth);
    case "object":
      return objects(root, shape, depth);
  }
}

function finite({ minimum: min = -1e9, maximum: max = 1e9 }: Pick<Shape, "minimum" | "maximum"> = {}) {
  const whole = fc.integer({ min: Math.ceil(min), max: Math.floor(max) });
  return fc.oneof(
    { withCrossShrink: true },
    whole,
    fc.double({ min, max, noNaN: true }).map((n) => n + 0), // JSON has no negative zero
  );
}

function arrays(root: OpenApiDocument, shape: Shape, depth: number): fc.Arbitrary<unknown[]> {
  const { items, minItems: minLength = 0, maxItems: maxLength = minLength + 4, uniqueItems = false } = shape;
  const item = items.length === 0 ? anyJson : fitting(root, items, depth + 1);
  if (!uniqueItems) return fc.array(item, { minLength, maxLength });
  return fc.uniqueArray(item, { minLength, maxLength, selector: (value) => JSON.stringify(value) });
}

function objects(root: OpenApiDocument, shape: Shape, depth: number): fc.Arbitrary<{ [name: string]: unknown }> {
  const { properties, required, additional, invitesOthers } = shape;
  const named = new Map([...properties].map(([name, schemas]) => [name, fitting(root, schemas, depth + 1)]));
  for (const name of required) {
    if (named.has(name)) continue;
    if (additional === false) throw new SchemaNotUnderstood(`The property ${name} is required and not admitted.`);
    named.set(name, additional.length === 0 ? anyJson : fitting(root, additional, depth + 1));
  }
  const known = fc.record(Object.fromEntries(named), { requiredKeys: [...required] as never[], noNullPrototype: true });
  const mayHaveMore = additional !== false && depth < deepest && (invitesOthers || properties.size === 0);
  if (!mayHaveMore) return known as fc.Arbitrary<{ [name: string]: unknown }>;
  const other = additional.length === 0 ? anyJson : fitting(root, additional, depth + 1);
  const more = fc.dictionary(plainName, other, { maxKeys: 4, noNullPrototype: true });
  return fc.tuple(known, more).map(([own, rest]) => ({ ...rest, ...(own as object) }));
}
