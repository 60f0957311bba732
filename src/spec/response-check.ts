// Judges responses against the API document: status, content type, headers and body.

import type { ErrorObject, ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import {
  document as apiDocument,
  methods,
  type OpenApiDocument,
  type OperationObject,
  pointer,
  type Response,
  resolve,
} from "./document.ts";
import { addFormats } from "./formats.ts";

/** A place where a response, or the document itself, is not what the document says. */
export interface Violation {
  rule: "undeclared-status" | "content-type" | "header" | "body" | "canary";
  /** What was seen, and what would have been right. */
  message: string;
  /** Where in the body, or for a canary in the document: a JSON pointer. */
  pointer?: string;
}

/** A response as it is on the wire. Header names are in lower case. */
export interface WireResponse {
  status: number;
  headers: { readonly [name: string]: string | number | readonly string[] | undefined };
  body: string | Uint8Array | null;
}

export interface ResponseCheck {
  /** What the response of an operation violates; empty when it conforms. @throws for an operationId the document doesn't have */
  checkResponse(response: WireResponse & { operationId: string }): Violation[];
  /** The same for a response that belongs to no operation, such as a 404 for an unknown path: it must be an error body. */
  checkErrorShape(response: WireResponse): Violation[];
  /** Whether a value fits a component schema, and if not, why. */
  checkSchema(schema: string, value: unknown): Violation[];
  /** Schemas that accept an instance they must reject, or that name none: a check that checks nothing is noticed here. */
  verifyCanaries(): Violation[];
}

export type Validate = (value: unknown) => Violation[];

/** What is declared for one status of one operation. A media type without a validator admits any body. */
interface Declared {
  media: Map<string, Validate | null>;
  headers: { name: string; required: boolean; validate: Validate }[];
}

const documentId = "settle:openapi";
const none: Violation[] = [];

/** Schemas are compiled when first needed and kept; `root` is the published document unless a test brings its own. */
export function createResponseCheck(root: OpenApiDocument = apiDocument): ResponseCheck {
  const schemas = schemaCompiler(root);
  const places = operationPlaces(root);
  const declarations = new Map<string, Declared | null>();

  function declared(operationId: string, status: number): Declared | null {
    const key = `${operationId} ${status}`;
    const known = declarations.get(key);
    if (known !== undefined) return known;
    const place = places.get(operationId);
    if (place === undefined) throw new Error(`The API document has no operation ${operationId}.`);
    const found = declare(root, schemas, place, status);
    declarations.set(key, found);
    return found;
  }

  return {
    checkResponse(response) {
      const { operationId, status } = response;
      const found = declared(operationId, status);
      if (found !== null) return judge(found, response);
      const statuses = Object.keys(places.get(operationId)?.operation.responses ?? {}).join(", ");
      return [{ rule: "undeclared-status", message: `${operationId} answered ${status}; it may answer ${statuses}.` }];
    },
    checkErrorShape(response) {
      const validate = schemas(pointer("components", "schemas", "Error"));
      return judge({ media: new Map([["application/json", validate]]), headers: [] }, response);
    },
    checkSchema(schema, value) {
      return schemas(pointer("components", "schemas", schema))(value);
    },
    verifyCanaries() {
      return Object.entries(root.components.schemas ?? {}).flatMap(([name, schema]) => {
        const place = pointer("components", "schemas", name);
        const failures = canaries(schema["x-settle-canary"], schemas(place));
        return failures.map(
          (rest): Violation => ({ rule: "canary", message: `Schema ${name} ${rest}`, pointer: place }),
        );
      });
    },
  };
}

/**
 * Compiles what stands at a pointer into the document, once; references are followed in place. To ajv the whole document
 * is a schema without meaning, hence its top-level names as keywords; unknown keywords elsewhere are errors.
 */
export function schemaCompiler(root: OpenApiDocument): (place: string) => Validate {
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false, // `anyOf` alternatives require what the schema around them defines
    validateSchema: false, // the tests do, once
    keywords: ["x-settle-canary", ...Object.keys(root)],
  });
  addFormats(ajv);
  ajv.addSchema(root, documentId);
  const compiled = new Map<string, Validate>();
  return (place) => {
    let validate = compiled.get(place);
    if (validate === undefined) {
      validate = explain(ajv.compile({ $ref: `${documentId}${place}` }));
      compiled.set(place, validate);
    }
    return validate;
  };
}

function explain(fits: ValidateFunction): Validate {
  return (value) => (fits(value) ? none : [bodyViolation(fits.errors ?? [])]);
}

function bodyViolation(errors: ErrorObject[]): Violation {
  const [first] = errors;
  const seen = new Set(errors.map((error) => `${error.instancePath || "the value"} ${error.message}${allowed(error)}`));
  return { rule: "body", message: `${[...seen].join("; ")}.`, pointer: first?.instancePath ?? "" };
}

function allowed({ keyword, params }: ErrorObject): string {
  if (keyword === "enum") return `: ${params.allowedValues.join(", ")}`;
  return keyword === "const" ? `: ${JSON.stringify(params.allowedValue)}` : "";
}

interface OperationPlace {
  operation: OperationObject;
  place: string[];
}

function operationPlaces(root: OpenApiDocument): Map<string, OperationPlace> {
  const places = new Map<string, OperationPlace>();
  for (const [path, item] of Object.entries(root.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (operation !== undefined) places.set(operation.operationId, { operation, place: ["paths", path, method] });
    }
  }
  return places;
}

/** What a document declares for a status: the status itself, else its range, else `default`. Null when nothing is. */
function declare(
  root: OpenApiDocument,
  schemas: (place: string) => Validate,
  { operation, place }: OperationPlace,
  status: number,
): Declared | null {
  const key = [String(status), `${Math.floor(status / 100)}XX`, "default"].find((name) => name in operation.responses);
  const entry = key === undefined ? undefined : operation.responses[key];
  if (key === undefined || entry === undefined) return null;
  const [response, where] = resolve<Response>(root, entry, pointer(...place, "responses", key));
  const media = Object.entries(response.content ?? {}).map(([type, { schema }]): [string, Validate | null] => {
    const isOpen = schema === undefined || Object.keys(schema).length === 0;
    return [type, isOpen ? null : schemas(`${where}${pointer("content", type, "schema").slice(1)}`)];
  });
  const headers = Object.entries(response.headers ?? {}).map(([name, header]) => ({
    name: name.toLowerCase(),
    required: header.required ?? false,
    validate: schemas(`${where}${pointer("headers", name, "schema").slice(1)}`),
  }));
  return { media: new Map(media), headers };
}

function judge(declared: Declared, response: WireResponse): Violation[] {
  const body = judgeBody(declared, response);
  if (declared.headers.length === 0) return body;
  return [...body, ...declared.headers.flatMap((header) => judgeHeader(header, response.headers[header.name]))];
}

function judgeHeader(header: Declared["headers"][number], value: WireResponse["headers"][string]): Violation[] {
  if (value === undefined) {
    return header.required ? [{ rule: "header", message: `The header ${header.name} is missing.` }] : none;
  }
  return header.validate(String(value)).map(({ message }) => ({
    rule: "header",
    message: `The header ${header.name} is ${JSON.stringify(value)}: ${message}`,
  }));
}

function judgeBody({ media }: Declared, { status, headers, body }: WireResponse): Violation[] {
  const type = mediaType(headers["content-type"]);
  const isEmpty = body === null || body.length === 0;
  if (media.size === 0) {
    const body: Violation = { rule: "body", message: `A ${status} has no body here; one came.` };
    const label: Violation = { rule: "content-type", message: `A ${status} has no content here; its type is ${type}.` };
    return [...(isEmpty ? none : [body]), ...(type === "" ? none : [label])];
  }
  const validate = media.has(type) ? media.get(type) : media.get("*/*");
  if (validate === undefined) {
    const expected = [...media.keys()].join(" or ");
    return [{ rule: "content-type", message: `The content type is ${type || "missing"}; ${expected} is declared.` }];
  }
  if (validate === null) return none;
  if (isEmpty) return [{ rule: "body", message: `A ${status} has a body here; none came.`, pointer: "" }];
  let value: unknown;
  try {
    value = JSON.parse(typeof body === "string" ? body : utf8.decode(body));
  } catch (error) {
    return [{ rule: "body", message: `The body is not JSON in UTF-8: ${String(error)}.`, pointer: "" }];
  }
  return validate(value);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** `application/json` of `Application/JSON; charset=utf-8`; empty without a header. */
function mediaType(header: WireResponse["headers"][string]): string {
  const value = String(header ?? "");
  const end = value.indexOf(";");
  return (end === -1 ? value : value.slice(0, end)).trim().toLowerCase();
}

/** What is wrong with a schema's canaries, as the rest of a sentence about the schema. */
function canaries(instances: unknown, validate: Validate): string[] {
  if (!Array.isArray(instances) || instances.length === 0) return ["names no canary."];
  return instances
    .filter((instance) => validate(instance).length === 0)
    .map((instance) => `accepts ${JSON.stringify(instance)}, which it must reject.`);
}
