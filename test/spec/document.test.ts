// openapi.yaml as a document: valid for independent validators, clean for the linter, complete, and true in its examples.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { compileErrors, validate as validateWithReadme } from "@readme/openapi-parser";
import { Validator } from "@seriousme/openapi-schema-validator";
import { Ajv2020 } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  type Header,
  type MediaType,
  methods,
  type OpenApiDocument,
  operationsOf,
  type Parameter,
  pointer,
  type RequestBody,
  type Response,
} from "../../src/spec/document.ts";

const root = new URL("../../", import.meta.url);
/** The source itself, not what was generated from it. */
const source = readFileSync(new URL("openapi.yaml", root), "utf8");
const yaml: OpenApiDocument = parse(source);
const operations = operationsOf(yaml);

/** What State Backed published. */
const published = `
GET /machines
POST /machines
GET /machines/{machineSlug}
POST /machines/{machineSlug}
DELETE /machines/{machineSlug}
GET /machines/{machineSlug}/i
GET /machines/{machineSlug}/i/{instanceSlug}
DELETE /machines/{machineSlug}/i/{instanceSlug}
GET /machines/{machineSlug}/indexes/{index}/query
GET /machines/{machineSlug}/i/{instanceSlug}/admin
GET /machines/{machineSlug}/i/{instanceSlug}/events
POST /machines/{machineSlug}/i/{instanceSlug}/events
PUT /machines/{machineSlug}/i/{instanceSlug}/v
PUT /machines/{machineSlug}/i/{instanceSlug}/status
GET /machines/{machineSlug}/v
POST /machines/{machineSlug}/v
PUT /machines/{machineSlug}/v/{signedMachineVersionId}
POST /machines/{machineSlug}/migrations
PUT /machines/{machineSlug}/migrations/{signedMachineVersionMigrationId}
GET /logs
GET /rt
GET /idps
POST /idps
DELETE /idps
GET /token-providers
POST /token-providers
DELETE /token-providers/{service}
POST /tokens
GET /orgs
POST /orgs
GET /keys
POST /keys
DELETE /keys/{keyId}
GET /billing`
  .trim()
  .split("\n");

/** What the published clients call beside that. */
const additional = [
  "POST /org-members",
  "PUT /inv_{invitation}",
  ...["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"].map(
    (method) => `${method} /http-api/{orgId}/machines/{machineSlug}/{slug}`,
  ),
];

describe("openapi.yaml", () => {
  it("is valid for @seriousme/openapi-schema-validator", async () => {
    expect(await new Validator().validate(parse(source))).toEqual({ valid: true });
  });

  it("is valid for @readme/openapi-parser", async () => {
    const result = await validateWithReadme(parse(source));
    expect(result.valid ? [] : compileErrors(result)).toEqual([]);
  });

  it("is clean for redocly", { timeout: 60_000 }, async () => {
    const bin = new URL("node_modules/@redocly/cli/bin/cli.js", root).pathname;
    const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
    const args = [bin, "lint", "settle", "--format=json"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env }).catch((error) => error);
    expect(JSON.parse(stdout).problems).toEqual([]);
  });

  it("has the 34 published operations and the nine that clients call beside them", () => {
    expect(published).toHaveLength(34);
    const ours = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(ours.toSorted()).toEqual([...published, ...additional].toSorted());
  });

  it("gives every operation an id of its own, a summary and a description", () => {
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(/^[a-z]+[A-Za-z]*$/);
    for (const [, , operation] of operationObjects()) {
      expect(operation.summary, operation.operationId).toMatch(/\w/);
      expect(operation.description, operation.operationId).toMatch(/\w/);
    }
  });

  it("declares a success for every operation", () => {
    const success = ({ operationId, statuses }: (typeof operations)[number]) =>
      operationId === "openRealtime" ? statuses.includes("101") : statuses.some((s) => /^2\d\d$|^default$/.test(s));
    expect(operations.filter((operation) => !success(operation))).toEqual([]);
  });

  it("refers to every component but the messages of the realtime socket", () => {
    const text = JSON.stringify(yaml);
    const unused = Object.entries(yaml.components as { [kind: string]: object })
      .filter(([kind]) => kind !== "securitySchemes")
      .flatMap(([kind, entries]) => Object.keys(entries).map((name) => pointer("components", kind, name)))
      .filter((place) => !text.includes(JSON.stringify(place)));
    expect(unused).toEqual([
      pointer("components", "schemas", "WSToServerMsg"),
      pointer("components", "schemas", "WSToClientMsg"),
    ]);
  });

  it("lists for every scope of an operation a scope that a key can have", () => {
    const known = new Set(yaml.components.schemas?.KeyScope?.enum as string[]);
    const used = operations.flatMap(({ scopes }) => scopes.flat());
    expect(used.filter((scope) => !known.has(scope))).toEqual([]);
  });
});

describe("examples in openapi.yaml", () => {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  ajvFormats.default(ajv);
  ajv.addSchema(yaml, "openapi");

  function errors(place: string, value: unknown): string[] {
    const validate = ajv.compile({ $ref: `openapi${place}/schema` });
    return validate(value) ? [] : [`${place}: ${JSON.stringify(value)} ${ajv.errorsText(validate.errors)}`];
  }

  function mediaErrors(content: { [type: string]: MediaType } | undefined, place: string): string[] {
    return Object.entries(content ?? {}).flatMap(([type, media]) => {
      const where = `${place}${pointer("content", type).slice(1)}`;
      const examples = Object.values(media.examples ?? {});
      return examples.length === 0
        ? [`${where} has no example`]
        : examples.flatMap(({ value }) => errors(where, value));
    });
  }

  function exampleErrors(holder: { example?: unknown }, place: string): string[] {
    return holder.example === undefined ? [`${place} has no example`] : errors(place, holder.example);
  }

  const parts = [...operationParts(), ...componentParts()];
  const ofKind = (kind: Part["kind"]) => parts.filter((part) => part.kind === kind);

  it("fit the schema of every request body, and every body has one", () => {
    const bodies = ofKind("requestBody");
    expect(bodies.length).toBeGreaterThan(15);
    expect(bodies.flatMap(({ value, place }) => mediaErrors((value as RequestBody).content, place))).toEqual([]);
  });

  it("fit the schema of every response, and every response with content has one", () => {
    const responses = ofKind("response");
    expect(responses.length).toBeGreaterThan(20);
    expect(responses.flatMap(({ value, place }) => mediaErrors((value as Response).content, place))).toEqual([]);
  });

  it("fit the schema of every parameter and response header, and every one of them has one", () => {
    const parameters = ofKind("parameter");
    expect(parameters.length).toBeGreaterThan(15);
    expect(parameters.flatMap(({ value, place }) => exampleErrors(value as Parameter, place))).toEqual([]);
    const headers = ofKind("response").flatMap(({ value, place }) =>
      Object.entries((value as Response).headers ?? {}).flatMap(([name, header]) =>
        exampleErrors(header as Header & { example?: unknown }, `${place}${pointer("headers", name).slice(1)}`),
      ),
    );
    expect(headers).toEqual([]);
  });

  it("don't hide a mistake: a wrong one is noticed", () => {
    const place = pointer("components", "responses", "State", "content", "application/json");
    expect(errors(place, { state: "idle" })).toHaveLength(1);
  });
});

interface Part {
  kind: "requestBody" | "response" | "parameter";
  value: object;
  place: string;
}

function operationObjects() {
  return Object.entries(yaml.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [[path, method, operation] as const];
    }),
  );
}

/** Bodies, responses and parameters written in place; those that are referred to are checked where they stand. */
function operationParts(): Part[] {
  const inItems = Object.entries(yaml.paths).flatMap(([path, item]) =>
    (item.parameters ?? []).map(
      (value, i): Part => ({ kind: "parameter", value, place: pointer("paths", path, "parameters", `${i}`) }),
    ),
  );
  const inOperations = operationObjects().flatMap(([path, method, operation]): Part[] => [
    ...(operation.parameters ?? []).map(
      (value, i): Part => ({ kind: "parameter", value, place: pointer("paths", path, method, "parameters", `${i}`) }),
    ),
    ...(operation.requestBody === undefined
      ? []
      : [
          {
            kind: "requestBody" as const,
            value: operation.requestBody,
            place: pointer("paths", path, method, "requestBody"),
          },
        ]),
    ...Object.entries(operation.responses).map(
      ([status, value]): Part => ({
        kind: "response",
        value,
        place: pointer("paths", path, method, "responses", status),
      }),
    ),
  ]);
  return [...inItems, ...inOperations].filter(({ value }) => !("$ref" in value));
}

function componentParts(): Part[] {
  const kinds = { parameters: "parameter", requestBodies: "requestBody", responses: "response" } as const;
  return (["parameters", "requestBodies", "responses"] as const).flatMap((section) =>
    Object.entries(yaml.components[section] ?? {}).map(
      ([name, value]): Part => ({ kind: kinds[section], value, place: pointer("components", section, name) }),
    ),
  );
}
