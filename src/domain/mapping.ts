// What a mapping makes of claims: a name that ends in `.$` takes its value by JSONPath from them, an object is a mapping in turn, anything
// else is a constant.

import type { Json, JsonObject } from "./json.ts";
import { isJsonObject } from "./json.ts";
import type { JsonPath } from "./json-path.ts";
import { compileJsonPath } from "./json-path.ts";
import { messageOf } from "./message-of.ts";

export interface Mapping {
  /**
   * A path that can lead to one value at most yields that value, and no member where nothing is; any other path yields the array of what
   * it selects, be it one value or none, so that the type of a claim doesn't depend on how many there happen to be.
   */
  apply(input: JsonObject): JsonObject;
}

/** `path` names the member at fault, as in `special.role.$`. The message is the rest of a sentence about it. */
export class MappingError extends Error {
  readonly path: string;
  constructor(path: string, message: string) {
    super(message);
    this.name = "MappingError";
    this.path = path;
  }
}

const maxDepth = 16;
/** Most names that one mapping yields, those within objects included. */
const maxNames = 256;

/** The suffix of a name whose value is a path. */
const suffix = ".$";

/** What one name of the result is made from. */
type Source = { path: JsonPath } | { members: Map<string, Source> } | { constant: Json };

/** @throws MappingError for a path that is none, a name that is given twice, a mapping too deep or too large */
export function compileMapping(mapping: JsonObject): Mapping {
  const budget = { names: maxNames };
  const members = compileMembers(mapping, [], budget);
  return { apply: (input) => applyMembers(members, input) };
}

function compileMembers(mapping: JsonObject, within: readonly string[], budget: { names: number }) {
  const members = new Map<string, Source>();
  for (const [written, value] of Object.entries(mapping)) {
    const place = [...within, written];
    const path = place.join(".");
    const name = written.endsWith(suffix) ? written.slice(0, -suffix.length) : written;
    if (name === "") throw new MappingError(path, "names nothing");
    if (members.has(name)) throw new MappingError(path, `is the second to say what becomes of ${name}`);
    if (--budget.names < 0) throw new MappingError(path, `is more than the ${maxNames} names that a mapping may have`);
    if (place.length > maxDepth)
      throw new MappingError(path, `is deeper than the ${maxDepth} levels a mapping may have`);
    members.set(name, name === written ? compileValue(value, place, budget) : { path: pathOf(value, path) });
  }
  return members;
}

function compileValue(value: Json, place: readonly string[], budget: { names: number }): Source {
  return isJsonObject(value) ? { members: compileMembers(value, place, budget) } : { constant: value };
}

function pathOf(value: Json, place: string): JsonPath {
  if (typeof value !== "string") throw new MappingError(place, "must be a JSONPath, such as $.sub");
  try {
    return compileJsonPath(value);
  } catch (cause) {
    throw new MappingError(place, messageOf(cause));
  }
}

/** As entries, so that a member named `__proto__` is one like any other. */
function applyMembers(members: ReadonlyMap<string, Source>, input: JsonObject): JsonObject {
  const entries = [...members].flatMap(([name, source]) =>
    valuesOf(source, input).map((value): [string, Json] => [name, value]),
  );
  return Object.fromEntries(entries);
}

/** The value, or none. */
function valuesOf(source: Source, input: JsonObject): Json[] {
  if ("constant" in source) return [source.constant];
  if ("members" in source) return [applyMembers(source.members, input)];
  const selected = source.path.select(input);
  return source.path.isSingular ? selected : [selected];
}
