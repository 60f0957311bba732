// Takes in the lines of a snapshot: most of a large one are transitions of the record before, recognised without parsing them.

import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { Contents } from "../core/contents.ts";
import type { History } from "../core/history.ts";
import type { Segment } from "../core/segment.ts";
import type { Line } from "./lines.ts";
import { beforeRec, effectOf, forgottenOf, rowStart } from "./rows.ts";

const comma = ",".charCodeAt(0);
const brace = "}".charCodeAt(0);
const zero = "0".charCodeAt(0);
const restAfterSeq = Buffer.from(beforeRec);

export class SnapshotLoader {
  readonly #contents: Contents;
  readonly #segment: Segment | null;
  /** Of the newest instance, what the lines of its transitions start with. */
  #followers: { start: Buffer; history: () => History } | null = null;

  /** @param segment the file, written by Settle, in which texts may be left; null when everything is to be read */
  constructor(contents: Contents, segment: Segment | null) {
    this.#contents = contents;
    this.#segment = segment;
  }

  /** Throws an Error that says what is wrong. */
  take(line: Line): void {
    const { chunk } = line;
    const end = chunk[line.end - 1] === comma ? line.end - 1 : line.end;
    if (this.#takeFollower(line, end)) return;
    const bytes = chunk.subarray(line.start, end);
    if (chunk[end - 1] !== brace) throw new Error("it is not a row");
    const { head, text, textAt } = rowIn(bytes);
    const effect = effectOf(head, text, line.offset + textAt, this.#segment);
    this.#contents.apply(effect);
    if (effect.op !== "put" || effect.kind !== "instance") return;
    const { scope, name } = effect;
    const forgotten = forgottenOf(head);
    if (forgotten > 0) this.#contents.apply({ op: "forget", scope, name, seq: forgotten });
    const start = Buffer.from(`${rowStart("transition", scope, name)}"seq":`);
    this.#followers = { start, history: () => this.#contents.historyOf(scope, name) };
  }

  /** False when the line is something else, or must be looked into. */
  #takeFollower({ chunk, start, offset }: Line, end: number): boolean {
    const segment = this.#segment;
    if (segment === null || this.#followers === null) return false;
    const lead = this.#followers.start;
    let at = start + lead.length;
    if (at > end || lead.compare(chunk, start, at) !== 0) return false;
    let seq = 0;
    for (let digit = digitAt(chunk, at); digit >= 0 && digit <= 9; digit = digitAt(chunk, ++at)) seq = seq * 10 + digit;
    const textAt = at + restAfterSeq.length;
    if (restAfterSeq.compare(chunk, at, textAt) !== 0 || chunk[end - 1] !== brace) return false;
    const inFile = offset - start;
    const text = { segment, at: inFile + textAt, bytes: end - 1 - textAt };
    this.#followers.history().appendLine(seq, offset, inFile + end, text);
    return true;
  }
}

function rowIn(bytes: Buffer): { head: JsonObject; text: Buffer; textAt: number } {
  const headEnd = bytes.indexOf(beforeRec); // inside a JSON string its quotes would be escaped: the first is the real one
  if (headEnd === -1) return editedRow(bytes);
  const head: unknown = JSON.parse(`${bytes.toString("utf8", 0, headEnd)}}`);
  if (!isJsonObject(head)) throw new Error("it is not a row");
  const textAt = headEnd + restAfterSeq.length;
  return { head, text: bytes.subarray(textAt, bytes.length - 1), textAt };
}

/** One that an editor spaced in another way; no text is left where it is in such a file. */
function editedRow(bytes: Buffer): { head: JsonObject; text: Buffer; textAt: number } {
  const row: unknown = JSON.parse(bytes.toString());
  if (!isJsonObject(row) || row.rec === undefined) throw new Error("it is not a row");
  const { rec, ...head } = row;
  return { head, text: Buffer.from(JSON.stringify(rec)), textAt: 0 };
}

function digitAt(bytes: Buffer, at: number): number {
  return (bytes[at] as number) - zero;
}
