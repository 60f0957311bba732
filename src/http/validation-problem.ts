// Turns the first of ajv's errors on a request into a problem that names the field and says what would be right.

import type { ErrorObject } from "ajv";
import { Problem } from "../domain/problem.ts";

/**
 * openapi-backend validates `{path, query, header, requestBody}`; the first segment says which part a field is of.
 * The cause is ajv's error, whose `keyword` tells what kind of mistake it was.
 */
export function validationProblem(errors: readonly ErrorObject[]): Problem {
  const cause = mostTelling(errors);
  const path = cause.instancePath.split("/").slice(1).map(unescapePointer);
  const needed = neededOf(cause, errors);
  path.push(...needed.slice(0, 1));
  const [part, ...field] = path;
  const parameter = field.join(".") || (part === "requestBody" ? "body" : part) || "body";
  return new Problem("invalid-parameter", messageOf(cause, parameter, needed, errors), { parameter, cause });
}

/** Of a union's many errors the union's own says it best; ajv puts it after those of its members. */
function mostTelling(errors: readonly ErrorObject[]): ErrorObject {
  const union = errors.find(isUnion);
  const [first] = errors;
  const chosen = union && first?.schemaPath.includes(`${union.keyword}/`) ? union : first;
  return chosen ?? { keyword: "unknown", instancePath: "", schemaPath: "", params: {}, message: "is not valid" };
}

function isUnion({ keyword }: ErrorObject): boolean {
  return keyword === "oneOf" || keyword === "anyOf";
}

/** What is missing; of a union whose members differ in what they require, one name for each. */
function neededOf(cause: ErrorObject, errors: readonly ErrorObject[]): string[] {
  if (cause.keyword === "required") return [String(cause.params.missingProperty)];
  const members = errors.filter((error) => error !== cause && error.instancePath === cause.instancePath);
  const isChoice = isUnion(cause) && members.length > 0 && members.every(({ keyword }) => keyword === "required");
  return isChoice ? members.map(({ params }) => String(params.missingProperty)) : [];
}

function messageOf(
  error: ErrorObject,
  parameter: string,
  needed: readonly string[],
  all: readonly ErrorObject[],
): string {
  if (error.keyword === "required") return `${parameter} is missing.`;
  if (needed.length > 0) return `At least one of ${needed.join(" and ")} must be given.`;
  if (isUnion(error)) return `${formsOf(error, parameter, all)}.`;
  return `${parameter} ${expectation(error)}.`;
}

/** What each member of a union misses. */
function formsOf(union: ErrorObject, parameter: string, all: readonly ErrorObject[]): string {
  const inside = all.filter((error) => !isUnion(error) && error.instancePath.startsWith(union.instancePath));
  const forms = inside.map((error) => {
    const path = error.instancePath.slice(union.instancePath.length).split("/").slice(1).map(unescapePointer);
    if (error.keyword !== "required") return `${[parameter, ...path].join(".")} ${expectation(error)}`;
    return `${[parameter, ...path, String(error.params.missingProperty)].join(".")} is missing`;
  });
  return [...new Set(forms)].join(", or ") || `${parameter} has none of the forms that are allowed here`;
}

function expectation(error: ErrorObject): string {
  if (error.keyword === "enum")
    return `must be one of ${error.params.allowedValues.map((value: unknown) => JSON.stringify(value)).join(", ")}`;
  if (error.keyword === "const") return `must be ${JSON.stringify(error.params.allowedValue)}`;
  return error.message ?? "is not valid";
}

function unescapePointer(segment: string): string {
  return segment.replaceAll("~1", "/").replaceAll("~0", "~");
}
