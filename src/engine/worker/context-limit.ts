// What a context must be to be kept, and what of it is not kept.

import { isJsonObject, jsonDepth } from "../../domain/json.ts";
import { describeThrown } from "./console.ts";

/** Deepest nesting of a context: well below what would overflow a recursive walk anywhere it is kept. */
const maxContextDepth = 512;

export class ContextTooLarge extends Error {}

export interface ContextRules {
  /** Most that it may have, as UTF-8 JSON. */
  contextBytes: number;
  /** Is told what of it is not kept. */
  note?(text: string): void;
}

/** @returns the context as JSON. @throws what its serialisation throws, ContextTooLarge, or an error that says what is wrong with it */
export function checkContext(context: unknown, { contextBytes: limitBytes, note }: ContextRules): string {
  const text = JSON.stringify(context);
  // An object with a `toJSON` may be written as anything.
  if (!isJsonObject(context) || !text?.startsWith("{"))
    throw new Error(`the context must be an object, and it is ${text?.slice(0, 100)}`);
  const bytes = text.length * 3 <= limitBytes ? text.length : Buffer.byteLength(text);
  if (bytes > limitBytes)
    throw new ContextTooLarge(`the context is ${bytes} bytes as JSON, and the limit is ${limitBytes}`);
  if (jsonDepth(text) > maxContextDepth) throw new Error(`the context nests deeper than ${maxContextDepth} levels`);
  if (note) for (const loss of newLosses(context)) note(loss);
  return text;
}

/** Most places that are told of; a worker that has told of so many looks no further. */
const mostPlaces = 20;
/** Most values looked at in one context: what answers differently each time could go on for ever. */
const mostValues = 100_000;
/** Places that were told of. A worker runs one version, so this is once for each version that is loaded. */
const told = new Set<string>();

/**
 * Says, once for each place, what a context holds that its JSON doesn't: functions, maps, errors, numbers that are none. Not `undefined`, which
 * clears a property, and nothing that has a `toJSON`, as dates and actors do.
 * @see docs/semantics.md, Context
 */
function newLosses(context: unknown): string[] {
  const losses: string[] = [];
  if (told.size >= mostPlaces) return losses;
  let left = mostValues;
  /** The keys on the way to what is looked at: written anew at each depth, since this is done for every transition. */
  const path: (string | number)[] = [];
  const look = (value: unknown, depth: number, isItem: boolean): void => {
    if (typeof value === "string" || left-- <= 0) return;
    const loss = lossOf(value, isItem);
    if (loss !== undefined) {
      const place = placeOf(path.slice(0, depth));
      if (place !== undefined) losses.push(`not all of the context is stored: ${place} is ${loss}`);
    } else if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        path[depth] = i;
        look(value[i], depth + 1, true);
      }
    } else if (typeof value === "object" && value !== null && !hasJson(value)) {
      const object = value as { [key: string]: unknown };
      for (const key of Object.keys(object)) {
        path[depth] = key;
        look(object[key], depth + 1, false);
      }
    }
  };
  try {
    look(context, 0, false);
  } catch {
    // A getter or a proxy threw this time: it had its say when the context was written.
  }
  return losses;
}

/** A place for people, if it was not told of. An item's place is every item's: nobody needs to be told a thousand times. */
function placeOf(path: readonly (string | number)[]): string | undefined {
  const text = (key: string | number) => (typeof key === "number" ? `[${key}]` : `.${key.slice(0, 100)}`);
  const known = path.map((key) => (typeof key === "number" ? "[]" : text(key))).join("");
  if (told.has(known) || told.size >= mostPlaces) return undefined;
  told.add(known);
  return `context${path.map(text).join("")}`;
}

/** What is lost of a value itself, if anything is. */
function lossOf(value: unknown, isItem: boolean): string | undefined {
  switch (typeof value) {
    case "function":
    case "symbol":
      return `a ${typeof value}, which JSON ${isItem ? "writes as null" : "leaves out"}`;
    case "number":
      return Number.isFinite(value) ? undefined : `${value}, which JSON writes as null`;
    case "object":
      return value === null || Array.isArray(value) || isPlain(value) || hasJson(value)
        ? undefined
        : lossOfClass(value);
    default:
      return undefined;
  }
}

function lossOfClass(value: object): string {
  const { name } = value.constructor ?? {};
  const kind = typeof name === "string" && name !== "" ? `of the class ${name.slice(0, 100)}` : "of a class";
  return `${kind}, and JSON keeps only its own properties: ${describeThrown(JSON.stringify(value)).slice(0, 100)}`;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function hasJson(value: object): boolean {
  return "toJSON" in value && typeof value.toJSON === "function";
}
