// What a JSON Schema admits, as alternatives that each stand alone: references followed, `allOf` merged, `anyOf` and `oneOf` multiplied out.

import { type JsonSchema, type OpenApiDocument, resolve } from "../../spec/document.ts";

const allTypes = ["string", "number", "integer", "boolean", "null", "array", "object"] as const;
export type JsonType = (typeof allTypes)[number];

/** One alternative of a schema. Bounds that nobody set are absent. Schemas within are not resolved yet. */
export interface Shape {
  /** Empty when conjuncts contradict each other: nothing fits. */
  types: readonly JsonType[];
  values?: readonly unknown[];
  pattern?: string;
  format?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  /** What each item must fit, all of them. */
  items: readonly JsonSchema[];
  required: readonly string[];
  /** What each property must fit, all of them. */
  properties: ReadonlyMap<string, readonly JsonSchema[]>;
  /** What any other property must fit, all of them; false when there may be none. */
  additional: readonly JsonSchema[] | false;
  /** Whether the schema speaks of other properties at all: where it doesn't, they may come, but nobody asked for them. */
  invitesOthers: boolean;
}

/** A schema says something that values can't be generated for: told when it is loaded, not in the middle of a run. */
export class SchemaNotUnderstood extends Error {
  override name = "SchemaNotUnderstood";
}

const anything: Shape = {
  types: allTypes,
  items: [],
  required: [],
  properties: new Map(),
  additional: [],
  invitesOthers: false,
};

/** Keywords that admit and refuse nothing. */
const annotations = ["title", "description", "default", "example", "examples", "contentMediaType", "x-settle-canary"];

type Merge = (shape: Shape, value: never, schema: JsonSchema) => Shape;

const keywords: { [keyword: string]: Merge } = {
  type: (shape, type: JsonType | JsonType[]) => ({ ...shape, types: typesIn(shape.types, [type].flat()) }),
  enum: (shape, values: unknown[]) => ({ ...shape, values: valuesIn(shape.values, values) }),
  const: (shape, value: unknown) => ({ ...shape, values: valuesIn(shape.values, [value]) }),
  pattern: (shape, pattern: string) => ({ ...shape, pattern: once(shape.pattern, pattern, "pattern") }),
  format: (shape, format: string) => ({ ...shape, format: once(shape.format, format, "format") }),
  minLength: (shape, n: number) => ({ ...shape, minLength: Math.max(n, shape.minLength ?? 0) }),
  maxLength: (shape, n: number) => ({ ...shape, maxLength: Math.min(n, shape.maxLength ?? n) }),
  minimum: (shape, n: number) => ({ ...shape, minimum: Math.max(n, shape.minimum ?? n) }),
  maximum: (shape, n: number) => ({ ...shape, maximum: Math.min(n, shape.maximum ?? n) }),
  minItems: (shape, n: number) => ({ ...shape, minItems: Math.max(n, shape.minItems ?? 0) }),
  maxItems: (shape, n: number) => ({ ...shape, maxItems: Math.min(n, shape.maxItems ?? n) }),
  uniqueItems: (shape, unique: boolean) => ({ ...shape, uniqueItems: unique || (shape.uniqueItems ?? false) }),
  items: (shape, items: JsonSchema) => ({ ...shape, items: [...shape.items, items] }),
  required: (shape, names: string[]) => ({ ...shape, required: [...new Set([...shape.required, ...names])] }),
  properties: (shape, properties: { [name: string]: JsonSchema }) => {
    const merged = new Map(shape.properties);
    for (const [name, schema] of Object.entries(properties)) merged.set(name, [...(merged.get(name) ?? []), schema]);
    return { ...shape, properties: merged };
  },
  additionalProperties: (shape, rest: JsonSchema | boolean) => {
    if (rest === false || shape.additional === false) return { ...shape, additional: false };
    const additional = rest === true ? shape.additional : [...shape.additional, rest];
    return { ...shape, additional, invitesOthers: true };
  },
};

const combining = ["$ref", "allOf", "anyOf", "oneOf"];

/**
 * The alternatives of a conjunction of schemas. Those of a `oneOf` are taken to exclude each other, as the document's do.
 * @throws SchemaNotUnderstood for a keyword that values aren't generated for
 */
export function shapesOf(root: OpenApiDocument, schemas: readonly JsonSchema[]): Shape[] {
  let shapes = [anything];
  for (const schema of schemas) shapes = shapes.flatMap((shape) => narrowed(root, shape, schema));
  return shapes.map(withoutIntegers).filter(({ types }) => types.length > 0);
}

function narrowed(root: OpenApiDocument, start: Shape, schema: JsonSchema): Shape[] {
  let shape = start;
  for (const [keyword, value] of Object.entries(schema)) {
    if (annotations.includes(keyword) || combining.includes(keyword)) continue;
    const merge = Object.hasOwn(keywords, keyword) ? keywords[keyword] : undefined;
    if (merge === undefined) {
      throw new SchemaNotUnderstood(
        `No values are generated for the keyword ${keyword}. Teach src/oracle/generate/shape.ts what it means.`,
      );
    }
    shape = merge(shape, value as never, schema);
  }
  let shapes = [shape];
  const conjoin = (alternatives: readonly JsonSchema[]) => {
    shapes = shapes.flatMap((one) => alternatives.flatMap((alternative) => narrowed(root, one, alternative)));
  };
  const { $ref, allOf = [], anyOf, oneOf } = schema as Combining;
  if ($ref !== undefined) conjoin([resolve<JsonSchema>(root, { $ref }, "")[0]]);
  for (const part of allOf) conjoin([part]);
  if (anyOf !== undefined) conjoin(anyOf);
  if (oneOf !== undefined) conjoin(oneOf);
  return shapes;
}

interface Combining {
  $ref?: string;
  allOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
}

function typesIn(known: readonly JsonType[], given: readonly JsonType[]): JsonType[] {
  const wider = given.includes("number") ? [...given, "integer" as const] : given;
  return known.filter((type) => wider.includes(type));
}

/** Where any number fits, whole ones need no mention. */
function withoutIntegers(shape: Shape): Shape {
  if (!shape.types.includes("number")) return shape;
  return { ...shape, types: shape.types.filter((type) => type !== "integer") };
}

function valuesIn(known: readonly unknown[] | undefined, given: readonly unknown[]): unknown[] {
  if (known === undefined) return [...given];
  const texts = given.map((value) => JSON.stringify(value));
  return known.filter((value) => texts.includes(JSON.stringify(value)));
}

/** Two patterns or formats at once would need a value that fits both, which nobody has asked for yet. */
function once(known: string | undefined, given: string, keyword: string): string {
  if (known === undefined || known === given) return given;
  throw new SchemaNotUnderstood(`No values are generated for two keywords ${keyword} at once: ${known}, ${given}.`);
}
