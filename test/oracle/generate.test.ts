// Generated values: those that are to fit the document all do, those that are to break it all do and say how, and both shrink.

import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { breakagesOf } from "../../src/oracle/generate/breakages.ts";
import { editedBy, pointerOf } from "../../src/oracle/generate/edit.ts";
import { requestParts } from "../../src/oracle/generate/requests.ts";
import { SchemaNotUnderstood } from "../../src/oracle/generate/shape.ts";
import { valuesOf } from "../../src/oracle/generate/values.ts";
import { document, type JsonSchema, type OpenApiDocument, operations } from "../../src/spec/document.ts";
import { createResponseCheck } from "../../src/spec/response-check.ts";

const parts = [...requestParts(document).values()].flatMap(({ operationId, parameters, bodies }) => [
  ...parameters.map((part) => ({ name: `${operationId} ${part.name}`, part })),
  ...bodies.map((part) => ({ name: `${operationId} ${part.contentType}`, part })),
]);
const seeds = [1, 2, 3];
const numRuns = 150;

describe("requests of the document", () => {
  it("are generated for each of its operations", () => {
    expect([...requestParts(document).keys()].sort()).toEqual(operations.map(({ operationId }) => operationId).sort());
  });
  it("fit, every one of them", () => {
    const misfits = parts.flatMap(({ name, part }) =>
      seeds.flatMap((seed) =>
        fc
          .sample(part.values, { numRuns, seed })
          .filter((value) => !part.fits(value))
          .map((value) => `${name}: ${JSON.stringify(value)}`),
      ),
    );
    expect(misfits).toEqual([]);
  });
  it("don't fit once they are broken, every one of them", () => {
    let broken = 0;
    const stillFit = parts.flatMap(({ name, part }) => {
      if (part.breakages === null) return [];
      const pairs = seeds.flatMap((seed) =>
        fc.sample(fc.tuple(part.values, part.breakages ?? fc.constant(never)), { numRuns, seed }),
      );
      broken += pairs.length;
      return pairs
        .map(([value, breakage]) => ({ breakage, value: editedBy(value, breakage.edits) }))
        .filter(({ value }) => part.fits(value))
        .map(({ breakage, value }) => `${name}, ${breakage.constraint}: ${JSON.stringify(value)}`);
    });
    expect(stillFit).toEqual([]);
    expect(broken).toBeGreaterThan(10_000);
  });
});

const never = { constraint: "type" as const, at: [], edits: [] };

/** What ajv calls the constraints that have names of their own here. */
const keywords: { [constraint: string]: string[] } = { null: ["type"], integer: ["type"], enum: ["enum", "const"] };

/** Small schemas, and the constraints that have to be broken in each. */
const labelled: [JsonSchema, ...string[]][] = [
  [{ type: "string", pattern: "^[a-z]{1,8}$" }, "type", "null", "pattern"],
  [{ type: "string", minLength: 2, maxLength: 5 }, "type", "null", "minLength", "maxLength"],
  [{ type: "string", format: "date-time" }, "type", "null", "format"],
  [{ type: "string", format: "uri" }, "type", "null", "format"],
  [{ type: "string", enum: ["asc", "desc"] }, "type", "null", "enum"],
  [{ type: "boolean", const: true }, "type", "null", "enum"],
  [{ type: "integer", minimum: 1, maximum: 9 }, "type", "null", "integer", "minimum", "maximum"],
  [{ type: "array", items: { type: "integer" }, minItems: 1, maxItems: 3 }, "type", "null", "minItems", "maxItems"],
  [{ type: "array", items: { type: "string" }, uniqueItems: true }, "type", "null", "uniqueItems"],
  [
    { type: "object", properties: { a: { type: "string" } }, required: ["a"], additionalProperties: false },
    "type",
    "null",
    "required",
    "additionalProperties",
  ],
];

function judgeOf(schema: JsonSchema): (value: unknown) => ErrorObject[] {
  const ajv = new Ajv2020({ allErrors: true });
  ajvFormats.default(ajv);
  const validate = ajv.compile(schema);
  return (value) => (validate(value) ? [] : (validate.errors ?? []));
}

describe("a broken value", () => {
  it.each(labelled)("of %j says which constraint it breaks, and where", (schema, ...constraints) => {
    const breakages = breakagesOf(document, schema);
    if (breakages === null) throw new Error("nothing breaks it");
    const judge = judgeOf(schema);
    const samples = fc.sample(fc.tuple(valuesOf(document, schema), breakages), { numRuns: 300, seed: 1 });
    const mislabelled = samples.filter(([value, { constraint, at, edits }]) => {
      const names = keywords[constraint] ?? [constraint];
      // ajv tells an unnamed property at the object that has it.
      const places = [pointerOf(at), pointerOf(at.slice(0, -1))];
      const errors = judge(editedBy(value, edits));
      return !errors.some(({ keyword, instancePath }) => names.includes(keyword) && places.includes(instancePath));
    });
    expect(mislabelled).toEqual([]);
    expect([...new Set(samples.map(([, { constraint }]) => constraint))].sort()).toEqual(
      expect.arrayContaining(constraints.toSorted()),
    );
  });
  it("lacks all of what would do instead of one another", () => {
    const schema = {
      type: "object",
      properties: { aud: { type: "string" }, iss: { type: "string" } },
      anyOf: [
        { type: "object", required: ["aud"] },
        { type: "object", required: ["iss"] },
      ],
    };
    const missing = fc
      .sample(breakagesOf(document, schema) ?? fc.constant(never), { numRuns: 100, seed: 1 })
      .filter(({ constraint }) => constraint === "required");
    expect(missing[0]?.edits).toEqual([{ at: ["aud"] }, { at: ["iss"] }]);
  });
});

describe("a generated value", () => {
  const schema = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });
  it("shrinks to the plainest that still fails", () => {
    const values = valuesOf(document, schema("CreateMachineRequest")) as fc.Arbitrary<{
      slug: string;
      indexes?: string[];
    }>;
    const { counterexample } = fc.check(
      fc.property(values, ({ slug, indexes = [] }) => slug.length < 3 || indexes.length < 2),
      { seed: 1, numRuns: 1_000 },
    );
    const [{ slug, indexes }] = counterexample ?? [{ slug: "", indexes: [] }];
    expect([slug.length, indexes?.map(({ length }) => length)]).toEqual([3, [1, 1]]);
  });
  it("comes to an end where its schema repeats itself", () => {
    const { checkSchema } = createResponseCheck();
    const values = fc.sample(valuesOf(document, schema("StateValue")), { numRuns: 300, seed: 1 });
    expect(values.flatMap((value) => checkSchema("StateValue", value))).toEqual([]);
    expect(values.some((value) => typeof value === "object")).toBe(true);
  });
  it("has nothing that its schema doesn't speak of", () => {
    const names = fc
      .sample(valuesOf(document, schema("CreateMachineRequest")), { numRuns: 200, seed: 1 })
      .flatMap((value) => Object.keys(value as object));
    expect([...new Set(names)].sort()).toEqual(["indexes", "slug"]);
  });
});

describe("what isn't understood is refused when it is loaded", () => {
  it.each([
    ["a keyword", { type: "number", multipleOf: 5 }, "multipleOf"],
    ["a format", { type: "string", format: "email" }, "email"],
    ["a schema that nothing fits", { type: "string", allOf: [{ type: "number" }] }, "Nothing fits"],
    ["two patterns at once", { type: "string", pattern: "a", allOf: [{ pattern: "b" }] }, "pattern"],
  ])("%s", (_, schema, message) => {
    expect(() => valuesOf(document, schema)).toThrow(SchemaNotUnderstood);
    expect(() => valuesOf(document, schema)).toThrow(message);
  });
  it("wherever in the document it stands", () => {
    const copy = structuredClone(document) as OpenApiDocument & { components: { schemas: Record<string, object> } };
    copy.components.schemas.CreateOrgRequest = { type: "object", patternProperties: {} };
    expect(() => requestParts(copy)).toThrow("patternProperties");
  });
});
