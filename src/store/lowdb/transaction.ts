// A transaction of the journal: written as one line, and read row by row without parsing the records in it.

import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { Effect } from "../core/contents.ts";
import type { Kept, Segment } from "../core/segment.ts";
import { coveredFrom, endChecked, roomAround } from "./checked.ts";
import { beforeRec, journalRows, placeRows, type RowText } from "./rows.ts";

/** A commit as it is written. */
export interface Transaction {
  effects: readonly Effect[];
  rows: readonly RowText[];
}

/** Made when the commit is accepted: the caller may change its objects afterwards. */
export function transactionOf(effects: readonly Effect[]): Transaction {
  return { effects, rows: effects.flatMap(journalRows) };
}

/** Sequence numbers of a transaction and of the last one that was durable when it was written, with the longest numbers. */
const headRoom = '"seq":,"durable":,"rows":['.length + 2 * 16;

/** Bytes that its line takes at most. */
export function roomFor({ rows }: Transaction): number {
  return rows.reduce(
    (sum, row) => sum + row.leadBytes + row.textBytes + "},".length,
    roomAround + headRoom + "]".length,
  );
}

/**
 * Writes the line into a buffer that has room for it, and tells the effects where their texts are.
 * @param origin where in the file the buffer starts
 * @returns where the line ends
 */
export function writeTransaction(
  { effects, rows }: Transaction,
  { seq, durable }: { seq: number; durable: number },
  { into, at, segment, origin }: { into: Buffer; at: number; segment: Segment; origin: number },
): number {
  let end = at + coveredFrom;
  end += into.write(`"seq":${seq},"durable":${durable},"rows":[`, end, "latin1");
  const places: Kept[] = [];
  for (const { lead, text, textBytes } of rows) {
    if (places.length > 0) end += into.write(",", end, "latin1");
    end += into.write(lead, end);
    places.push({ segment, at: origin + end, bytes: textBytes });
    end += into.write(text, end);
    end += into.write("}", end, "latin1");
  }
  placeRows(effects, places);
  return endChecked(into, at, end + into.write("]", end, "latin1"));
}

const headPattern = /^"seq":(\d+),"durable":(\d+),"rows":\[/;

/** The numbers of a line that is intact, and where its rows start; null when it is none of these. */
export function transactionHead(line: Buffer): { seq: number; durable: number; rowsAt: number } | null {
  const match = headPattern.exec(line.toString("latin1", coveredFrom, Math.min(line.length, coveredFrom + headRoom)));
  if (match === null) return null;
  return { seq: Number(match[1]), durable: Number(match[2]), rowsAt: coveredFrom + match[0].length };
}

/** A row, its text left unparsed. */
export interface UnparsedRow {
  head: JsonObject;
  text: Buffer;
  /** Where the text is in the line. */
  at: number;
}

/** The rows of an intact line. Throws an Error that says what is wrong with one. */
export function* rowsIn(line: Buffer, rowsAt: number): Generator<UnparsedRow> {
  const end = line.length - "]}".length;
  for (let at = rowsAt; at < end; ) {
    const headEnd = line.indexOf(beforeRec, at); // inside a JSON string its quotes would be escaped: the first is the real one
    if (headEnd === -1) throw new Error("a row has no rec");
    const head: unknown = JSON.parse(`${line.toString("utf8", at, headEnd)}}`);
    if (!isJsonObject(head) || !Number.isSafeInteger(head.bytes)) throw new Error("a row does not say its length");
    const textAt = headEnd + beforeRec.length;
    const textEnd = textAt + Number(head.bytes);
    if (textEnd >= line.length) throw new Error("a row is longer than its line");
    yield { head, text: line.subarray(textAt, textEnd), at: textAt };
    at = textEnd + "},".length;
  }
}

/** The same for a line of format 1, whose rows don't say their lengths. */
export function* rowsInFormat1(line: Buffer): Generator<UnparsedRow> {
  const { rows } = JSON.parse(line.toString());
  if (!Array.isArray(rows)) throw new Error("it has no rows");
  for (const row of rows) {
    if (!isJsonObject(row)) throw new Error("a row is not an object");
    const { rec, ...head } = row;
    yield { head, text: Buffer.from(JSON.stringify(rec ?? null)), at: 0 };
  }
}
