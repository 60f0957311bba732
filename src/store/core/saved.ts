// A whole store written out and read in: rows of everything durable at one moment, and contents made of such rows.

import { setImmediate as nextTurn } from "node:timers/promises";
import { messageOf } from "../../domain/message-of.ts";
import type { NewRow, SavedRow } from "../port.ts";
import type { Contents, Effect, Seen } from "./contents.ts";
import { lastOf, transitionsOf } from "./history.ts";
import type { Holds } from "./holds.ts";
import { type Kept, recordPlace, type Segment } from "./segment.ts";

/** Transitions that are in memory together while they are written out. */
const rowsAtOnce = 256;

/** The rows of what the contents hold now, whatever becomes of it while they are read; the code that they name is held until then. */
export function savedRows(contents: Contents, holds: Holds): AsyncIterable<SavedRow> {
  const seen = contents.see();
  const letGoCode = holds.hold(contents.codes());
  const segments = segmentsOf(seen);
  for (const segment of segments) segment.hold();
  let isHeld = true;
  const letGo = () => {
    if (isHeld) for (const segment of segments) segment.letGo();
    isHeld = false;
    letGoCode();
  };
  const rows = breathing(seen);
  // A generator that is ended before it began runs nothing of its own.
  const iterator: AsyncIterator<SavedRow> = {
    async next() {
      const step = isHeld ? await rows.next().catch(endWith(letGo)) : { done: true as const, value: undefined };
      if (step.done) letGo();
      return step;
    },
    async return() {
      letGo();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

function endWith(letGo: () => void): (error: unknown) => never {
  return (error) => {
    letGo();
    throw error;
  };
}

/** Others get their turns now and then: reading takes as long as there is much. */
async function* breathing(seen: readonly Seen[]): AsyncGenerator<SavedRow> {
  let count = 0;
  for (const record of seen) {
    for (const row of rowsOf(record)) {
      yield row;
      if (++count % rowsAtOnce === 0) await nextTurn();
    }
  }
}

function* rowsOf({ kind, scope, slot, rev, kept, rec, history }: Seen): Generator<SavedRow> {
  const { name, order } = slot;
  yield { kind, scope, name, rev, order, rec: kept === null ? rec : recordAt(kept, rev, order) } as SavedRow;
  if (history === null) return;
  const last = lastOf(history);
  for (let from = history.forgotten + 1; from <= last; from += rowsAtOnce) {
    for (const transition of transitionsOf(history, from, Math.min(last, from + rowsAtOnce - 1))) {
      yield { kind: "transition", scope, name, rec: transition };
    }
  }
}

function recordAt({ segment, at, bytes }: Kept, rev: number, order: number): unknown {
  return JSON.parse(segment.text(at, bytes, recordPlace(rev, order)).toString());
}

/** The files that what was seen lies in. */
function segmentsOf(seen: readonly Seen[]): Set<Segment> {
  const segments = new Set<Segment>();
  for (const { kept, history } of seen) {
    if (kept !== null) segments.add(kept.segment);
    if (history === null) continue;
    if (history.run !== null) segments.add(history.run.segment);
    for (const row of history.loose) if (typeof row !== "string") segments.add(row.segment);
  }
  return segments;
}

/**
 * Fills empty contents.
 * @param drawOrder gives each record its place, later than any that was given before
 */
export async function fillFrom(
  rows: AsyncIterable<NewRow> | Iterable<NewRow>,
  contents: Contents,
  drawOrder: () => number,
): Promise<void> {
  let count = 0;
  for await (const row of rows) {
    if (++count % rowsAtOnce === 0) await nextTurn();
    try {
      for (const effect of effectsOf(row, contents, drawOrder)) contents.apply(effect);
    } catch (cause) {
      const detail = messageOf(cause);
      throw new RangeError(`${row.kind} ${JSON.stringify(row.name)} in ${JSON.stringify(row.scope)}: ${detail}`, {
        cause,
      });
    }
  }
}

function* effectsOf(row: NewRow, contents: Contents, drawOrder: () => number): Generator<Effect> {
  const { kind, scope, name, rec } = row;
  if (kind !== "transition") {
    if (contents.standing(kind, scope, name) !== null) throw new Error("it stands there a second time");
    yield { op: "put", kind, scope, name, rev: 1, order: drawOrder(), rec, kept: null } as Effect;
    return;
  }
  const isFirst = contents.lastSeq(scope, name) === 0;
  // What comes before the first one was forgotten when the rows were written out.
  if (isFirst && rec.seq > 1) yield { op: "forget", scope, name, seq: rec.seq - 1 };
  yield { op: "append", scope, name, seq: rec.seq, rows: [JSON.stringify(rec)] };
}
