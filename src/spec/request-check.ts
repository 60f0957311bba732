// Judges requests against the API document: parameters, content type and body.

import {
  document as apiDocument,
  methods,
  type OpenApiDocument,
  type OperationObject,
  type Parameter,
  type PathItem,
  pointer,
  type RequestBody,
  resolve,
} from "./document.ts";
import { schemaCompiler, type Validate } from "./response-check.ts";

/** A place where a request is not what the document says. */
export interface RequestFault {
  where: "path" | "query" | "header" | "content-type" | "body";
  /** Of the parameter; of a body, the JSON pointer to what is wrong in it. */
  name: string;
  /** What was seen, and what would have been right. */
  message: string;
  /** A body that is no JSON at all. */
  isMalformed?: boolean;
}

/** A request as it is on the wire. Header names are in lower case. */
export interface WireRequest {
  operationId: string;
  /** Decoded, by name. */
  params: { readonly [name: string]: string };
  query: URLSearchParams;
  headers: { readonly [name: string]: string | readonly string[] | undefined };
  body: string | Uint8Array;
}

/** What a request violates; empty when it conforms. @throws for an operationId the document doesn't have */
export type RequestCheck = (request: WireRequest) => RequestFault[];

interface Declared {
  parameters: { name: string; place: Parameter["in"]; required: boolean; type: unknown; validate: Validate }[];
  bodyRequired: boolean;
  /** A media type without a validator admits any body. */
  media: Map<string, Validate | null>;
}

/** Schemas are compiled when first needed and kept. */
export function createRequestCheck(root: OpenApiDocument = apiDocument): RequestCheck {
  const schemas = schemaCompiler(root);
  const known = new Map<string, Declared>();
  return (request) => {
    const { operationId } = request;
    const declared = known.get(operationId) ?? declare(root, schemas, operationId);
    known.set(operationId, declared);
    return [
      ...declared.parameters.flatMap((parameter) => judgeParameter(parameter, request)),
      ...judgeBody(declared, request),
    ];
  };
}

function declare(root: OpenApiDocument, schemas: (place: string) => Validate, operationId: string): Declared {
  const [path, item, method, operation] = find(root, operationId);
  const listed = [
    ...placed(item.parameters, "paths", path, "parameters"),
    ...placed(operation.parameters, "paths", path, method, "parameters"),
  ];
  const parameters = listed.map(([parameter, place]) => {
    const [{ name, in: where, required = false, schema }, at] = resolve<Parameter>(root, parameter, place);
    const validate = schemas(`${at}${pointer("schema").slice(1)}`);
    return { name, place: where, required, type: schema.type, validate };
  });
  if (operation.requestBody === undefined) return { parameters, bodyRequired: false, media: new Map() };
  const place = pointer("paths", path, method, "requestBody");
  const [{ required, content }, at] = resolve<RequestBody>(root, operation.requestBody, place);
  const media = Object.entries(content).map(([type, { schema }]): [string, Validate | null] => {
    const isOpen = schema === undefined || Object.keys(schema).length === 0;
    return [type, isOpen ? null : schemas(`${at}${pointer("content", type, "schema").slice(1)}`)];
  });
  return { parameters, bodyRequired: required, media: new Map(media) };
}

type Listed = NonNullable<PathItem["parameters"]>;

function placed(parameters: Listed = [], ...at: string[]): [Listed[number], string][] {
  return parameters.map((parameter, i) => [parameter, pointer(...at, String(i))]);
}

function find(root: OpenApiDocument, operationId: string): [string, PathItem, string, OperationObject] {
  for (const [path, item] of Object.entries(root.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (operation?.operationId === operationId) return [path, item, method, operation];
    }
  }
  throw new Error(`The API document has no operation ${operationId}.`);
}

function judgeParameter(
  { name, place, required, type, validate }: Declared["parameters"][number],
  { params, query, headers }: WireRequest,
): RequestFault[] {
  const text = place === "path" ? params[name] : place === "query" ? query.get(name) : headers[name.toLowerCase()];
  if (text === undefined || text === null) {
    return required ? [{ where: place, name, message: `The ${place} parameter ${name} is missing.` }] : [];
  }
  const value = type === "number" || type === "integer" ? (text === "" ? text : Number(text)) : String(text);
  return validate(value).map(({ message }) => ({
    where: place,
    name,
    message: `The ${place} parameter ${name} is ${JSON.stringify(text)}: ${message}`,
  }));
}

function judgeBody({ bodyRequired, media }: Declared, { headers, body }: WireRequest): RequestFault[] {
  if (media.size === 0) return []; // what nobody reads is nobody's fault
  if (body.length === 0) return bodyRequired ? [{ where: "body", name: "", message: "The body is missing." }] : [];
  const type = String(headers["content-type"] ?? "")
    .replace(/;.*/s, "")
    .trim()
    .toLowerCase();
  const validate = media.has(type) ? media.get(type) : media.get("*/*");
  if (validate === undefined) {
    const expected = [...media.keys()].join(" or ");
    const message = `The content type is ${type || "missing"}; ${expected} is declared.`;
    return [{ where: "content-type", name: "content-type", message }];
  }
  if (validate === null) return [];
  const text = typeof body === "string" ? body : new TextDecoder().decode(body);
  const read = readAs(type, text);
  if ("problem" in read) return [{ where: "body", name: "", message: read.problem, isMalformed: true }];
  return validate(read.value).map(({ message, pointer: at = "" }) => ({
    where: "body",
    name: at,
    message: `The body is wrong: ${message}`,
  }));
}

/** A form is an object of texts; everything else that has a schema is JSON. */
function readAs(type: string, text: string): { value: unknown } | { problem: string } {
  if (type === "application/x-www-form-urlencoded") return { value: Object.fromEntries(new URLSearchParams(text)) };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: `The body is not JSON: ${error instanceof Error ? error.message : error}.` };
  }
}
