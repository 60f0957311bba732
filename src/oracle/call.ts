// Turns a step of a scenario into the HTTP request that it means.

import { type Operation, operations } from "../spec/document.ts";
import type { Credentials } from "./caller.ts";
import type { Caller, Send } from "./contracts.ts";
import type { Call } from "./exchange.ts";
import { dig, fill, type Variables } from "./fill.ts";

const operationsById = new Map(operations.map((operation) => [operation.operationId, operation]));

/**
 * Like the published client, it labels a request without a body as JSON too.
 * @throws when the step names an operation, parameter or variable that isn't there
 */
export function callOf(step: Send, variables: Variables): Call {
  const operation = operationsById.get(step.send);
  if (operation === undefined) throw new Error(`There is no operation ${step.send}.`);
  const { path, headers } = place(operation, fill(step.params ?? {}, variables));
  const text = step.text === undefined ? undefined : fill(step.text, variables);
  const body = step.body === undefined ? text : JSON.stringify(fill(step.body, variables));
  const type = step.contentType ?? (step.form ? "application/x-www-form-urlencoded" : "application/json");
  const label = type === "" ? {} : { "content-type": type };
  const caller = fill(step.as ?? {}, variables);
  return {
    operationId: operation.operationId,
    method: operation.method.toUpperCase(),
    path,
    headers: { ...label, ...headers },
    ...(body === undefined ? {} : { body }),
    ...(step.form === undefined ? {} : { form: fill(step.form, variables) }),
    caller,
    ...credentialsOf(caller),
  };
}

function place(operation: Operation, params: { [name: string]: unknown }) {
  let path = operation.path;
  const query: string[] = [];
  const headers: { [name: string]: string } = {};
  for (const [name, value] of Object.entries(params)) {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    const where = operation.parameters.find((parameter) => parameter.name === name)?.in;
    if (where === "path") path = path.replace(`{${name}}`, encodeURIComponent(text));
    else if (where === "query") query.push(value === null ? name : `${name}=${encodeURIComponent(text)}`);
    else if (where === "header") headers[name] = text;
    else throw new Error(`${operation.operationId} has no parameter ${name}.`);
  }
  if (path.includes("{")) throw new Error(`${operation.operationId} lacks a path parameter: ${path}.`);
  return { path: query.length === 0 ? path : `${path}?${query.join("&")}`, headers };
}

/** The key that a caller signs with when it isn't the target's own: an answer of createKey. */
function credentialsOf({ key }: Caller): { credentials?: Credentials } {
  if (key === undefined) return {};
  const keyId = String(dig(key, "/id"));
  return { credentials: { orgId: "", keyId, secretKey: String(dig(key, "/key")) } };
}
