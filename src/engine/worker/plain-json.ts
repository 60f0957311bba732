// Turns what machine code made (errors, dates, actors, undefined) into the JSON that is recorded of it.

import type { Json } from "../../domain/json.ts";

/** A deep JSON copy. Errors keep name and message, which plain JSON would lose; what has no JSON form is left out. */
export function plainJson(value: unknown): Json {
  const text = JSON.stringify(value, (_key, item: unknown) =>
    item instanceof Error ? { name: item.name, message: item.message } : item,
  );
  return text === undefined ? null : (JSON.parse(text) as Json);
}
