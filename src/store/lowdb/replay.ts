// Reading a journal at start: which snapshot it continues, what to apply, where an unacknowledged tail begins, what is damage.

import type { JsonObject } from "../../domain/json.ts";
import { messageOf } from "../../domain/message-of.ts";
import type { Contents } from "../core/contents.ts";
import type { Segment } from "../core/segment.ts";
import { checkedStart, isIntact, readChecked } from "./checked.ts";
import type { OpenFile } from "./files.ts";
import type { JournalEnd, JournalHead } from "./journal.ts";
import { type Line, linesOf } from "./lines.ts";
import { effectOf } from "./rows.ts";
import { formatVersion, type Snapshot } from "./snapshot.ts";
import { rowsIn, rowsInFormat1, transactionHead } from "./transaction.ts";
import { mendDamage, StoreTooNew, unreadable } from "./unreadable.ts";

export interface Replay {
  /** That the journal was written in. */
  format: number;
  head: JournalHead;
  /** Where to go on writing. */
  end: JournalEnd;
  /** Bytes after that: a write that was under way when the process ended, acknowledged to no one. */
  tornBytes: number;
}

interface Doubt {
  line: number;
  offset: number;
  /** The sequence number that was expected there. */
  seq: number;
}

/**
 * Applies to the contents what the journal adds to the snapshot. Null when it belongs to another snapshot but holds nothing.
 * @throws StoreUnreadable when it is damaged, or holds transactions of another snapshot.
 */
export async function replayJournal(
  file: OpenFile,
  path: string,
  snapshotPath: string,
  snapshot: Snapshot,
  contents: Contents,
  segment: Segment | null,
): Promise<Replay | null> {
  const bytes = await file.size();
  const reader = new Reader({ path, snapshotPath, snapshot, contents, segment }, bytes);
  for await (const { lines } of linesOf(file, 0, bytes)) {
    for (const line of lines) if (!reader.take(line)) return null;
  }
  return reader.result();
}

interface ReaderParts {
  path: string;
  snapshotPath: string;
  snapshot: Snapshot;
  contents: Contents;
  segment: Segment | null;
}

class Reader {
  readonly #path: string;
  readonly #snapshotPath: string;
  readonly #snapshot: Snapshot;
  readonly #contents: Contents;
  readonly #segment: Segment | null;
  readonly #bytes: number;
  #head: (JournalHead & { format: number }) | null = null;
  #end: JournalEnd = { bytes: 0, seq: 0 };
  #doubt: Doubt | null = null;

  constructor({ path, snapshotPath, snapshot, contents, segment }: ReaderParts, bytes: number) {
    this.#path = path;
    this.#snapshotPath = snapshotPath;
    this.#snapshot = snapshot;
    this.#contents = contents;
    this.#segment = segment;
    this.#bytes = bytes;
  }

  /** False: the journal is a stranger's, and empty. */
  take(line: Line): boolean {
    const isWhole = line.ended && isIntact(line.bytes);
    if (this.#head === null) return this.#open(line, isWhole ? readChecked(line.bytes) : null);
    const head = isWhole ? transactionHead(line.bytes) : null;
    const expected = this.#end.seq + 1;
    if (this.#doubt === null && head?.seq === expected) this.#apply(line, head.rowsAt);
    else this.#judge(line, isWhole ? (head ?? {}) : lastRecordIn(line.bytes), expected);
    return true;
  }

  result(): Replay {
    if (this.#head === null) throw this.#noHead();
    const { format, ...head } = this.#head;
    return { format, head, end: this.#end, tornBytes: this.#bytes - this.#end.bytes };
  }

  #open(line: Line, content: JsonObject | null): boolean {
    if (content === null) throw this.#noHead();
    const { format } = content;
    if (typeof format === "number" && format > formatVersion) {
      throw new StoreTooNew(this.#path, format, formatVersion, "Open the store with the newer version that wrote it.");
    }
    this.#head = headOf(content);
    if (this.#head === null) throw this.#noHead();
    this.#end = { bytes: line.bytes.length + 1, seq: this.#head.seq };
    const { id, sha256, follows } = this.#snapshot;
    if (this.#head.snapshot === id && this.#head.sha256 === sha256) return true;
    if (this.#head.id === follows) return true; // a crash came between the new snapshot and its own journal
    if (this.#bytes === this.#end.bytes) return false;
    const what = `holds transactions that continue another state of ${this.#snapshotPath} than the one there now`;
    const mend = `Put that ${this.#snapshotPath} back; or delete the journal, which gives up those transactions.`;
    throw unreadable(this.#path, what, mend);
  }

  #apply(line: Line, rowsAt: number): void {
    const seq = this.#end.seq + 1;
    this.#end = { bytes: line.offset + line.bytes.length + 1, seq };
    if (seq <= this.#snapshot.seq) return; // the snapshot was made of it
    const isOld = this.#head?.format === 1;
    try {
      for (const { head, text, at } of isOld ? rowsInFormat1(line.bytes) : rowsIn(line.bytes, rowsAt)) {
        this.#contents.apply(effectOf(head, text, line.offset + at, isOld ? null : this.#segment));
      }
    } catch (cause) {
      const detail = messageOf(cause);
      throw this.#damaged({ line: line.number, offset: line.offset, seq }, detail, cause);
    }
  }

  /** A line that doesn't continue the journal, or one after it: damage if acknowledged work is lost there, else a torn tail. */
  #judge(line: Line, content: { seq?: unknown; durable?: unknown } | null, expected: number): void {
    this.#doubt ??= { line: line.number, offset: line.offset, seq: expected };
    if (content === null) return;
    const { seq, durable } = content;
    if (typeof seq !== "number" || typeof durable !== "number")
      throw this.#damaged(this.#doubt, "it is not a transaction");
    if (durable >= expected)
      throw this.#damaged(this.#doubt, `transaction ${expected} was acknowledged and is unreadable`);
    if (seq < expected) throw this.#damaged(this.#doubt, `transaction ${seq} follows ${expected - 1}`);
  }

  #damaged({ line, offset }: Doubt, detail: string, cause?: unknown): Error {
    const what = `is damaged at line ${line} (byte ${offset}): ${detail}`;
    const mend = `${mendDamage} Or cut it off before that line (truncate -s ${offset}), which gives up what follows.`;
    return unreadable(this.#path, what, mend, cause);
  }

  #noHead(): Error {
    const what = "does not start with the head line of a Settle journal";
    return unreadable(this.#path, what, "Restore it from a copy; or delete it, which gives up the transactions in it.");
  }
}

/** The whole record at the end of a line that is damaged before it: what is left of two lines when the newline between them is damaged. */
function lastRecordIn(bytes: Buffer): JsonObject | null {
  for (let at = bytes.indexOf(checkedStart, 1); at !== -1; at = bytes.indexOf(checkedStart, at + 1)) {
    const content = readChecked(bytes.subarray(at));
    if (content !== null) return content;
  }
  return null;
}

function headOf(content: JsonObject): (JournalHead & { format: number }) | null {
  const { format, id, snapshot, sha256, seq } = content;
  if (typeof format !== "number" || format < 1 || typeof id !== "string" || typeof snapshot !== "string") return null;
  if (typeof sha256 !== "string" || typeof seq !== "number") return null;
  return { format, id, snapshot, sha256, seq };
}
