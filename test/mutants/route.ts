// Which operation of the document a request is for.

import { operations } from "../../src/spec/document.ts";

interface Template {
  operationId: string;
  method: string;
  pattern: RegExp;
  names: string[];
}

/** Those without parameters first: they are the more specific ones. */
const templates: Template[] = operations
  .toSorted((a, b) => a.path.split("{").length - b.path.split("{").length)
  .map(({ operationId, method, path }) => ({
    operationId,
    method: method.toUpperCase(),
    pattern: new RegExp(`^${path.replaceAll(/\{[^}]*\}/g, "([^/]+)")}$`),
    names: [...path.matchAll(/\{([^}]*)\}/g)].map(([, name = ""]) => name),
  }));

export interface Route {
  operationId: string | undefined;
  params: { [name: string]: string };
}

/** `target` is path and query. */
export function routeOf(method: string, target: string): Route {
  const [path = ""] = target.replace(/^\/\/+/, "/").split("?");
  const found = templates.find((template) => template.method === method && template.pattern.test(path));
  if (!found) return { operationId: undefined, params: {} };
  const values = found.pattern.exec(path) ?? [];
  const params = Object.fromEntries(found.names.map((name, index) => [name, decoded(values[index + 1] ?? "")]));
  return { operationId: found.operationId, params };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
