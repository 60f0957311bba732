// JSONPath (RFC 9535) over JSON values: what index selectors and claim mappings are written in.

import { JSONPathEnvironment, JSONPathError } from "json-p3";
import type { Json } from "./json.ts";

export interface JsonPath {
  /** The selected values, in document order. Never throws: a query that visits too much of a value selects nothing of it. */
  select(value: Json): Json[];
}

/** Longest query: one that a person wrote is far shorter, and the time a query takes grows with its segments. */
const maxLength = 512;
/** Most `..` in one query: each multiplies what has to be visited. */
const maxDescents = 1;

const environment = new JSONPathEnvironment({ strict: true, maxRecursionDepth: 100_000 });
// Regular expressions of strangers can take exponential time, and this is not the sandbox.
environment.functionRegister.delete("match");
environment.functionRegister.delete("search");

/** @throws Error whose message says what is wrong with the text, as the rest of a sentence about it */
export function compileJsonPath(text: string): JsonPath {
  if (text.length > maxLength) throw new Error(`is longer than ${maxLength} characters`);
  if (text.split("..").length - 1 > maxDescents) throw new Error("has more than one descendant segment (`..`)");
  let query: ReturnType<typeof environment.compile>;
  try {
    query = environment.compile(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
    throw new Error(`is not JSONPath as RFC 9535 defines it (the functions match and search left out): ${reason}`);
  }
  return {
    select(value) {
      try {
        return query.query(value as Parameters<typeof query.query>[0]).values() as Json[];
      } catch (error) {
        if (error instanceof JSONPathError) return [];
        throw error;
      }
    },
  };
}
