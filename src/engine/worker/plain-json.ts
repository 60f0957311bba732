// Turns what machine code made (errors, dates, actors, undefined) into the JSON that is recorded of it.

import type { Json } from "../../domain/json.ts";

/** A deep JSON copy. Errors keep name and message, which plain JSON would lose; what has no JSON form is left out. */
export function plainJson(value: unknown): Json {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    item instanceof Error ? { name: item.name, message: item.message } : item,
  );
  return text === undefined ? null : (JSON.parse(text) as Json);
}

/** A deep copy of what is JSON already: a fraction of what the one above costs, or `structuredClone`. */
export function jsonCopy<T extends Json>(value: T): T {
  return typeof value === "object" && value !== null ? (JSON.parse(JSON.stringify(value)) as T) : value;
}
