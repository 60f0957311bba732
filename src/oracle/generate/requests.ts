// What requests of each operation are made of: the schemas of its parameters and bodies, what fits them and what breaks them.

import { Ajv2020 } from "ajv/dist/2020.js";
import ajvFormats from "ajv-formats";
import type fc from "fast-check";
import {
  type JsonSchema,
  methods,
  type OpenApiDocument,
  type OperationObject,
  type Parameter,
  pointer,
  type Reference,
  type RequestBody,
  resolve,
} from "../../spec/document.ts";
import { type Breakage, breakagesOf } from "./breakages.ts";
import { valuesOf } from "./values.ts";

/** One schema of a request: what fits it, what breaks it, and the judge of both. */
export interface Part {
  values: fc.Arbitrary<unknown>;
  /** Null when everything fits. */
  breakages: fc.Arbitrary<Breakage> | null;
  fits: (value: unknown) => boolean;
}

export interface ParameterPart extends Part {
  name: string;
  in: Parameter["in"];
  isRequired: boolean;
}

export interface BodyPart extends Part {
  contentType: string;
}

export interface RequestParts {
  operationId: string;
  method: string;
  /** The path template. */
  path: string;
  isSecured: boolean;
  parameters: ParameterPart[];
  isBodyRequired: boolean;
  bodies: BodyPart[];
}

const documentId = "settle:requests";

/** By operation. @throws SchemaNotUnderstood when the document says what requests can't be generated for */
export function requestParts(root: OpenApiDocument): Map<string, RequestParts> {
  const partOf = partsOf(root);
  const parts = new Map<string, RequestParts>();
  for (const [path, item] of Object.entries(root.paths)) {
    for (const method of methods) {
      const operation = item[method];
      if (operation === undefined) continue;
      const shared = place(item.parameters, ["paths", path, "parameters"]);
      const own = place(operation.parameters, ["paths", path, method, "parameters"]);
      const parameters = [...shared, ...own].map(([parameter, at]) => parameterPart(root, parameter, at, partOf));
      const body = bodyParts(root, operation, ["paths", path, method, "requestBody"], partOf);
      const { operationId, security } = operation;
      const isSecured = security.length > 0;
      parts.set(operationId, { operationId, method: method.toUpperCase(), path, isSecured, parameters, ...body });
    }
  }
  return parts;
}

type PartOf = (schema: JsonSchema, place: string) => Part;

function partsOf(root: OpenApiDocument): PartOf {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, validateSchema: false });
  ajvFormats.default(ajv);
  for (const keyword of ["x-settle-canary", ...Object.keys(root)]) ajv.addKeyword(keyword);
  ajv.addSchema(root, documentId);
  const known = new Map<string, Part>();
  return (schema, place) => {
    const part = known.get(place) ?? {
      values: valuesOf(root, schema),
      breakages: breakagesOf(root, schema),
      fits: compiledLater(() => ajv.compile({ $ref: `${documentId}${place}` })),
    };
    known.set(place, part);
    return part;
  };
}

function compiledLater(compile: () => (value: unknown) => unknown): (value: unknown) => boolean {
  let fits: ((value: unknown) => unknown) | undefined;
  return (value) => {
    fits ??= compile();
    return fits(value) === true;
  };
}

function place(parameters: (Parameter | Reference)[] = [], at: string[]): [Parameter | Reference, string][] {
  return parameters.map((parameter, i) => [parameter, pointer(...at, String(i))]);
}

function parameterPart(root: OpenApiDocument, written: Parameter | Reference, at: string, partOf: PartOf) {
  const [parameter, where] = resolve<Parameter>(root, written, at);
  const { name, in: place, required: isRequired = false, schema } = parameter;
  return { name, in: place, isRequired, ...partOf(schema, `${where}/schema`) };
}

function bodyParts(root: OpenApiDocument, { requestBody }: OperationObject, at: string[], partOf: PartOf) {
  if (requestBody === undefined) return { isBodyRequired: false, bodies: [] };
  const [{ required, content }, where] = resolve<RequestBody>(root, requestBody, pointer(...at));
  const bodies = Object.entries(content).map(([contentType, { schema = {} }]) => ({
    contentType,
    ...partOf(schema, `${where}${pointer("content", contentType, "schema").slice(1)}`),
  }));
  return { isBodyRequired: required, bodies };
}
