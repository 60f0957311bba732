// What a context must be to be kept.

import { isJsonObject, jsonDepth } from "../../domain/json.ts";

/** Deepest nesting of a context: well below what would overflow a recursive walk anywhere it is kept. */
const maxContextDepth = 512;

export class ContextTooLarge extends Error {}

/** @returns the context as JSON. @throws what its serialisation throws, ContextTooLarge, or an error that says what is wrong with it */
export function checkContext(context: unknown, limitBytes: number): string {
  const text = JSON.stringify(context);
  // An object with a `toJSON` may be written as anything.
  if (!isJsonObject(context) || !text?.startsWith("{"))
    throw new Error(`the context must be an object, and it is ${text?.slice(0, 100)}`);
  const bytes = text.length * 3 <= limitBytes ? text.length : Buffer.byteLength(text);
  if (bytes > limitBytes)
    throw new ContextTooLarge(`the context is ${bytes} bytes as JSON, and the limit is ${limitBytes}`);
  if (jsonDepth(text) > maxContextDepth) throw new Error(`the context nests deeper than ${maxContextDepth} levels`);
  return text;
}
