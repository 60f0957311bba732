// What a version's index selectors find in a context, and what they may be.

import type { JsonObject } from "../domain/json.ts";
import { compileJsonPath, type JsonPath } from "../domain/json-path.ts";
import { messageOf } from "../domain/message-of.ts";
import { Problem } from "../domain/problem.ts";
import type { Version } from "../domain/records.ts";

/** What of an instance one index keeps at most; a cursor, and so a URL, holds a whole value. @see docs/semantics.md, Indexes */
const limits = { values: 1_000, valueBytes: 1_024 };

/** Compiled once a version; null when it selects nothing, which costs its instances nothing. */
const compiled = new WeakMap<Version, [index: string, path: JsonPath][] | null>();

/** By index name; undefined when the version selects nothing. */
export function indexValuesOf(version: Version, context: JsonObject): { [index: string]: string[] } | undefined {
  let selectors = compiled.get(version);
  if (selectors === undefined) {
    selectors = compile(version);
    compiled.set(version, selectors);
  }
  if (selectors === null) return undefined;
  // Not by assignment: an index may be called `__proto__`.
  return Object.fromEntries(selectors.map(([index, path]) => [index, valuesAt(path, context)]));
}

/** @throws Problem `invalid-parameter` that names the selector at fault */
export function checkIndexSelectors(selectors: Version["indexSelectors"], indexes: readonly string[]): void {
  for (const [index, text] of Object.entries(selectors)) {
    const parameter = `indexSelectors.${index}`;
    if (!indexes.includes(index)) {
      const known = indexes.length > 0 ? `its indexes are ${indexes.join(", ")}` : "it was created without any";
      throw new Problem("invalid-parameter", `The machine has no index ${index}: ${known}.`, { parameter });
    }
    try {
      compileJsonPath(text);
    } catch (error) {
      const reason = messageOf(error);
      throw new Problem("invalid-parameter", `The selector of index ${index} ${reason}.`, { parameter });
    }
  }
}

function compile({ indexSelectors }: Version): [string, JsonPath][] | null {
  const selectors = Object.entries(indexSelectors).flatMap(([index, text]): [string, JsonPath][] => {
    try {
      return [[index, compileJsonPath(text)]];
    } catch {
      // Finalized before selectors were checked. The instances have to go on; they are just not in that index.
      return [];
    }
  });
  return selectors.length > 0 ? selectors : null;
}

function valuesAt(path: JsonPath, context: JsonObject): string[] {
  const values = new Set<string>();
  for (const selected of path.select(context)) {
    for (const value of Array.isArray(selected) ? selected : [selected]) {
      if (typeof value !== "string" || Buffer.byteLength(value) > limits.valueBytes) continue;
      values.add(value.toWellFormed()); // UTF-8 can't write half a character, so nobody could ask for one
      if (values.size === limits.values) return [...values];
    }
  }
  return [...values];
}
