// Cursors: opaque to clients, and good only for the very list that gave them out.

import { Problem } from "./problem.ts";

/** A cursor into `list` (any text that identifies it) after `position`. */
export function encodeCursor(list: string, position: number): string {
  return Buffer.from(`${list}\n${position}`).toString("base64url");
}

/** The position behind a cursor; 0, the start, without one. @throws Problem `invalid-parameter` for anything this list did not give out */
export function decodeCursor(list: string, cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const text = Buffer.from(cursor, "base64url").toString("utf8");
  const position = Number(text.slice(list.length + 1));
  if (Number.isSafeInteger(position) && position > 0 && encodeCursor(list, position) === cursor) return position;
  throw new Problem("invalid-parameter", "The cursor is not one that this list gave out. Start without a cursor.", {
    parameter: "cursor",
  });
}
