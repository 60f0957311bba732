// Cursors of sorted lists: they hold the last entry of their page itself, so that the next page begins behind its place even when it is gone.

import { createHash } from "node:crypto";
import { Problem } from "./problem.ts";

/** A place in a list sorted by value and then by name. */
export interface Entry {
  value: string;
  name: string;
}

/** A cursor into `list` (any text that identifies it, its filter and its direction included) after `entry`. */
export function encodeEntryCursor(list: string, { value, name }: Entry): string {
  const digest = createHash("sha256").update(list).digest("base64url").slice(0, 16);
  return Buffer.from(JSON.stringify([digest, value, name])).toString("base64url");
}

/** @throws Problem `invalid-parameter` for anything that this list did not give out */
export function decodeEntryCursor(list: string, cursor: string): Entry {
  const [, value, name] = partsOf(Buffer.from(cursor, "base64url").toString("utf8"));
  if (typeof value === "string" && typeof name === "string") {
    if (encodeEntryCursor(list, { value, name }) === cursor) return { value, name };
  }
  const mend = "Start without a cursor, and go on with the same op, value and dir.";
  throw new Problem("invalid-parameter", `The cursor is not one that this query gave out. ${mend}`, {
    parameter: "cursor",
  });
}

function partsOf(text: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(text);
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
