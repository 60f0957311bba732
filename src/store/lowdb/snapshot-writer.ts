// Writes a snapshot of what was seen at a moment, while commits go on: texts that lie in files are copied, never parsed.

import { createHash } from "node:crypto";
import type { Moved, Seen } from "../core/contents.ts";
import { blockAt, type HistoryView, mark, type Run } from "../core/history.ts";
import { type Kept, recordPlace, type Segment, transitionPlace } from "../core/segment.ts";
import type { OpenFile } from "./files.ts";
import { beforeRec, rowStart } from "./rows.ts";
import { openRecords, type Snapshot, type SnapshotHead } from "./snapshot.ts";

export interface Written {
  snapshot: Snapshot;
  /** Where each thing seen is now. */
  places: Moved[];
}

const flushBytes = 256 * 1024;
const separator = ",\n";

/**
 * Writes into an empty file, a part at a time, so that others get their turns; the caller makes it durable.
 * @param segment the same file, as the place of what is written
 */
export async function writeSnapshot(
  file: OpenFile,
  head: SnapshotHead,
  seen: readonly Seen[],
  segment: Segment,
): Promise<Written> {
  const writer = new Writer(file, segment);
  const { format, id, follows, seq, order, savedAt } = head;
  writer.text(JSON.stringify({ format, id, follows, seq, order, savedAt }).slice(0, -1) + openRecords);
  const places: Moved[] = [];
  let before = "\n";
  for (const record of seen) {
    writer.text(before);
    before = separator;
    const kept = writer.record(record);
    if (writer.isFull) await writer.flush();
    let run: Run | null = null;
    if (record.history !== null) {
      const lines = writer.history(record.scope, record.slot.name, record.history);
      let step = lines.next();
      for (; !step.done; step = lines.next()) if (writer.isFull) await writer.flush();
      run = step.value;
    }
    places.push({ kept, run });
  }
  writer.text("\n");
  await writer.flush();
  const sha256 = await writer.end();
  return { snapshot: { ...head, sha256, bytes: writer.at }, places };
}

class Writer {
  readonly #file: OpenFile;
  readonly #segment: Segment;
  readonly #hash = createHash("sha256");
  #buffer = Buffer.allocUnsafe(2 * flushBytes);
  #filled = 0;
  /** Where in the file the buffer starts. */
  #origin = 0;

  constructor(file: OpenFile, segment: Segment) {
    this.#file = file;
    this.#segment = segment;
  }

  get at(): number {
    return this.#origin + this.#filled;
  }

  get isFull(): boolean {
    return this.#filled >= flushBytes;
  }

  async flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#filled);
    this.#hash.update(bytes);
    await this.#file.write(bytes, this.#origin);
    this.#origin += this.#filled;
    this.#filled = 0;
  }

  /** Writes the last line. @returns the checksum of everything before it */
  async end(): Promise<string> {
    const sha256 = this.#hash.digest("hex");
    const line = Buffer.from(`],"sha256":"${sha256}"}\n`);
    await this.#file.write(line, this.#origin);
    this.#origin += line.length;
    return sha256;
  }

  text(text: string): void {
    this.#makeRoom(text.length * 3);
    this.#filled += this.#buffer.write(text, this.#filled);
  }

  /** @returns where its text is */
  record({ kind, scope, slot, rev, kept, rec, history }: Seen): Kept {
    const place = recordPlace(rev, slot.order);
    const forgotten = history !== null && history.forgotten > 0 ? `"forgotten":${history.forgotten},` : "";
    this.text(`${rowStart(kind, scope, slot.name)}${forgotten}${place}${beforeRec}`);
    return kept === null ? this.#ownText(JSON.stringify(rec)) : this.#keptText(kept, place);
  }

  /** Yields where the buffer may be flushed. */
  *history(scope: string, name: string, view: HistoryView): Generator<void, Run | null> {
    const start = rowStart("transition", scope, name);
    const first = view.forgotten + 1;
    const marks: number[] = [];
    let count = 0;
    const note = () => mark(marks, first + count++, this.at);
    for (const lines of view.run === null ? [] : blocksOf(view.run, first, start)) {
      for (let at = 0; at < lines.length; ) {
        const newline = lines.indexOf("\n", at);
        const end = newline === -1 ? lines.length : newline - 1; // the comma before it
        this.text(separator);
        note();
        this.#bytes(lines.subarray(at, end));
        at = newline === -1 ? end : newline + 1;
      }
      yield;
    }
    for (let n = 0; n < view.looseCount; n++) {
      const row = view.loose[n] as string | Kept;
      this.text(separator);
      note();
      const place = transitionPlace(first + count - 1);
      this.text(`${start}${place}${beforeRec}`);
      if (typeof row === "string") this.#ownText(row);
      else this.#keptText(row, place);
      if (this.isFull) yield;
    }
    return count === 0 ? null : { segment: this.#segment, first, count, marks, end: this.at };
  }

  /** A brace ends the row. */
  #ownText(text: string): Kept {
    const at = this.at;
    this.text(text);
    return this.#ended(at);
  }

  #keptText({ segment, at, bytes }: Kept, place: string): Kept {
    const newAt = this.at;
    this.#bytes(segment.text(at, bytes, place));
    return this.#ended(newAt);
  }

  #ended(at: number): Kept {
    const kept = { segment: this.#segment, at, bytes: this.at - at };
    this.text("}");
    return kept;
  }

  #bytes(bytes: Buffer): void {
    this.#makeRoom(bytes.length);
    this.#filled += bytes.copy(this.#buffer, this.#filled);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#filled + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, this.#filled);
    this.#buffer = larger;
  }
}

/** The lines of a run from `from` on, a block at a time; each block is looked at once: it must start as it was written. */
function* blocksOf(run: Run, from: number, start: string): Generator<Buffer> {
  for (let index = 0; index < run.marks.length; index += 2) {
    const nextSeq = run.marks[index + 2] ?? run.first + run.count;
    if (nextSeq <= from) continue;
    const { seq, lines } = blockAt(run, index);
    const expected = Buffer.from(`${start}${transitionPlace(seq)}${beforeRec}`);
    if (expected.compare(lines, 0, expected.length) !== 0) throw run.segment.changed(transitionPlace(seq));
    let at = 0;
    for (let skip = from - seq; skip > 0; skip--) at = lines.indexOf("\n", at) + 1;
    yield lines.subarray(at);
  }
}
