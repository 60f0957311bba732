// JSON values as types, and the limits that keep a hostile document from hurting whoever walks it.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** Deepest nesting accepted from a client; recursive code (ajv, structured clone, JSON.stringify) stays far from its stack limit. */
export const maxJsonDepth = 256;

/**
 * Depth of the deepest array or object in a JSON text, found without parsing it: the parser must not see a bomb first.
 * Brackets inside strings don't count. Malformed text gives some number; the parser reports it afterwards.
 */
export function jsonDepth(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (inString) {
      if (c === 0x5c) i++;
      else if (c === 0x22) inString = false;
    } else if (c === 0x22) inString = true;
    else if (c === 0x7b || c === 0x5b) {
      depth++;
      if (depth > deepest) deepest = depth;
    } else if (c === 0x7d || c === 0x5d) depth--;
  }
  return deepest;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
