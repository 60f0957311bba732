// The API document as data, and a flat table of its operations.

import json from "./generated/document.json" with { type: "json" };

export type Method = "get" | "put" | "post" | "delete" | "options" | "head" | "patch";
export type JsonSchema = { readonly [keyword: string]: unknown };

export interface Reference {
  $ref: string;
}
export interface MediaType {
  schema?: JsonSchema;
  examples?: { [name: string]: { value: unknown } };
}
export interface Header {
  required?: boolean;
  schema: JsonSchema;
}
export interface Response {
  description: string;
  headers?: { [name: string]: Header };
  content?: { [mediaType: string]: MediaType };
}
export interface RequestBody {
  required: boolean;
  content: { [mediaType: string]: MediaType };
}
export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
  schema: JsonSchema;
  example?: unknown;
}
export interface OperationObject {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: { [scheme: string]: string[] }[];
  parameters?: (Parameter | Reference)[];
  requestBody?: RequestBody | Reference;
  responses: { [status: string]: Response | Reference };
}
export type PathItem = { parameters?: (Parameter | Reference)[] } & { [M in Method]?: OperationObject };

/** What of OpenAPI 3.1 openapi.yaml uses. References are internal and stay references. */
export interface OpenApiDocument {
  paths: { [path: string]: PathItem };
  components: {
    parameters?: { [name: string]: Parameter };
    requestBodies?: { [name: string]: RequestBody };
    responses?: { [name: string]: Response };
    schemas?: { [name: string]: JsonSchema };
  };
}

export const document: OpenApiDocument = json as unknown as OpenApiDocument;

export interface Operation {
  operationId: string;
  method: Method;
  /** The path template, as in `/machines/{machineSlug}`. */
  path: string;
  /**
   * Alternatives; the key needs every scope of one of them. Without an alternative the operation is open to callers
   * without a bearer token; an empty alternative asks for a valid token and no scope.
   */
  scopes: string[][];
  parameters: Pick<Parameter, "name" | "in" | "required">[];
  bodyRequired: boolean;
  /** Empty for an operation without a body. */
  requestContentTypes: string[];
  /** Declared statuses: numbers, ranges such as `4XX`, `default`. */
  statuses: string[];
}

export const methods: readonly Method[] = ["get", "put", "post", "delete", "options", "head", "patch"];

/** Segments of a JSON pointer within a URI fragment, escapes undone. */
function segments(ref: string): string[] {
  return ref
    .slice("#/".length)
    .split("/")
    .map((segment) => decodeURIComponent(segment).replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** The URI fragment that points at a place in the document. */
export function pointer(...path: string[]): string {
  const escaped = path.map((segment) => encodeURIComponent(segment.replaceAll("~", "~0").replaceAll("/", "~1")));
  return `#/${escaped.join("/")}`;
}

/** What stands where a pointer points. @throws when nothing does */
export function at(root: OpenApiDocument, ref: string): unknown {
  let value: unknown = root;
  for (const segment of segments(ref)) {
    value = typeof value === "object" && value !== null ? (value as JsonSchema)[segment] : undefined;
  }
  if (value === undefined) throw new Error(`${ref} points at nothing in the API document.`);
  return value;
}

/** The object itself and where it stands, whether it was written in place or referred to. */
export function resolve<T extends object>(root: OpenApiDocument, value: T | Reference, place: string): [T, string] {
  if (!("$ref" in value) || typeof value.$ref !== "string") return [value as T, place];
  return [at(root, value.$ref) as T, value.$ref];
}

/** Every operation of a document, in the document's order. */
export function operationsOf(root: OpenApiDocument): Operation[] {
  return Object.entries(root.paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method];
      return operation === undefined ? [] : [describe(root, path, method, operation, item.parameters)];
    }),
  );
}

function describe(
  root: OpenApiDocument,
  path: string,
  method: Method,
  operation: OperationObject,
  shared: PathItem["parameters"] = [],
): Operation {
  const body = operation.requestBody && resolve(root, operation.requestBody, "")[0];
  const parameters = [...shared, ...(operation.parameters ?? [])].map((parameter) => resolve(root, parameter, "")[0]);
  return {
    operationId: operation.operationId,
    method,
    path,
    scopes: operation.security.flatMap(({ BearerAuth }) => (BearerAuth === undefined ? [] : [BearerAuth])),
    parameters: parameters.map(({ name, in: place, required = false }) => ({ name, in: place, required })),
    bodyRequired: body?.required ?? false,
    requestContentTypes: Object.keys(body?.content ?? {}),
    statuses: Object.keys(operation.responses),
  };
}

export const operations: readonly Operation[] = operationsOf(document);
