// Turns the first of ajv's errors on a request into a problem that names the field and says what would be right.

import type { ErrorObject } from "ajv";
import { Problem } from "../domain/problem.ts";

/** openapi-backend validates `{path, query, header, requestBody}`; the first segment says which part a field is of. */
export function validationProblem(errors: readonly ErrorObject[]): Problem {
  const error = mostTelling(errors);
  const path = error.instancePath.split("/").slice(1).map(unescapePointer);
  if (error.keyword === "required") path.push(String(error.params.missingProperty));
  const [part, ...field] = path;
  const parameter = field.join(".") || (part === "requestBody" ? "body" : part) || "body";
  const message = error.keyword === "required" ? `${parameter} is missing.` : `${parameter} ${expectation(error)}.`;
  return new Problem("invalid-parameter", message, { parameter });
}

/** Of a union's many errors the union's own says it best; ajv puts it after those of its members. */
function mostTelling(errors: readonly ErrorObject[]): ErrorObject {
  const union = errors.find(({ keyword }) => keyword === "oneOf" || keyword === "anyOf");
  const [first] = errors;
  const chosen = union && first?.schemaPath.includes(`${union.keyword}/`) ? union : first;
  return chosen ?? { keyword: "unknown", instancePath: "", schemaPath: "", params: {}, message: "is not valid" };
}

function expectation(error: ErrorObject): string {
  if (error.keyword === "enum")
    return `must be one of ${error.params.allowedValues.map((value: unknown) => JSON.stringify(value)).join(", ")}`;
  if (error.keyword === "const") return `must be ${JSON.stringify(error.params.allowedValue)}`;
  if (error.keyword === "oneOf" || error.keyword === "anyOf") return "has none of the forms that are allowed here";
  return error.message ?? "is not valid";
}

function unescapePointer(segment: string): string {
  return segment.replaceAll("~1", "/").replaceAll("~0", "~");
}
