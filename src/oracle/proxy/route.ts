// Which operation of the API document a request is for.

import { type Operation, operations } from "../../spec/document.ts";

export interface Routed {
  operation: Operation;
  /** Decoded, by name. */
  params: { [name: string]: string };
}

/** Null for a path and method that no operation has. Leading slashes may be doubled, as one published client doubles them. */
export function route(method: string, target: string): Routed | null {
  const path = pathOf(target);
  for (const { operation, pattern, names } of templates) {
    const values = operation.method === method.toLowerCase() ? pattern.exec(path) : null;
    if (values === null) continue;
    return { operation, params: Object.fromEntries(names.map((name, i) => [name, decoded(values[i + 1] ?? "")])) };
  }
  return null;
}

/** Without query and doubled slashes. */
export function pathOf(target: string): string {
  return (target.split("?")[0] ?? "").replace(/^\/{2,}/, "/").replace(/^\/http-apis\//, "/http-api/");
}

export function queryOf(target: string): URLSearchParams {
  const at = target.indexOf("?");
  return new URLSearchParams(at === -1 ? "" : target.slice(at + 1));
}

/** The most literal first, so that a parameter swallows no word of another path. */
const templates = operations
  .map((operation) => ({
    operation,
    literal: operation.path.replaceAll(/\{[^}]*\}/g, "").length - 1_000 * operation.path.split("{").length,
    pattern: new RegExp(
      `^${operation.path
        .split(/\{[^}]*\}/)
        .map(escaped)
        .join("([^/]+)")}$`,
    ),
    names: [...operation.path.matchAll(/\{([^}]*)\}/g)].map(([, name = ""]) => name),
  }))
  .toSorted((a, b) => b.literal - a.literal);

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
