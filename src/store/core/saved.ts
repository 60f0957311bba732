// A whole store written out and read in: rows of everything durable at one moment, and contents made of such rows.

import type { NewRow, SavedRow } from "../port.ts";
import { Contents, type Effect } from "./contents.ts";

/** The rows of what the contents hold now, whatever becomes of it while they are read. */
export function savedRows(contents: Contents): AsyncIterable<SavedRow> {
  const kept = [...contents.all()].map(({ kind, scope, slot: { name, stored }, history }) => ({
    kind,
    scope,
    name,
    stored,
    texts: history?.texts() ?? [],
    count: history?.last ?? 0,
  }));
  return (async function* rows() {
    for (const { kind, scope, name, stored, texts, count } of kept) {
      yield { kind, scope, name, ...stored } as SavedRow;
      for (let n = 0; n < count; n++) yield { kind: "transition", scope, name, rec: JSON.parse(texts[n] as string) };
    }
  })();
}

/** @param drawOrder gives each record its place, later than any that was given before */
export async function contentsOf(
  rows: AsyncIterable<NewRow> | Iterable<NewRow>,
  drawOrder: () => number,
): Promise<Contents> {
  const contents = new Contents();
  for await (const row of rows) {
    try {
      contents.apply(effectOf(row, drawOrder));
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new RangeError(`${row.kind} ${JSON.stringify(row.name)} in ${JSON.stringify(row.scope)}: ${detail}`, {
        cause,
      });
    }
  }
  return contents;
}

function effectOf(row: NewRow, drawOrder: () => number): Effect {
  const { kind, scope, name, rec } = row;
  if (kind === "transition") return { op: "append", scope, name, seq: rec.seq, rows: [JSON.stringify(rec)] };
  return { op: "put", kind, scope, name, stored: { rec, rev: 1, order: drawOrder() } } as Effect;
}
