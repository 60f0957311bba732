// A new journal in the place of whatever is there, in one step that survives a power cut: empty, or with what the old one took meanwhile.

import { checkedLine } from "./checked.ts";
import { FileSegment, type ReadFailure } from "./file-segment.ts";
import type { Files, OpenFile } from "./files.ts";
import { putInPlace } from "./in-place.ts";
import { type Durability, Journal, type JournalEnd, type JournalHead } from "./journal.ts";
import { type Names, temporary } from "./names.ts";
import { formatVersion } from "./snapshot.ts";

export interface SuccessionParts {
  files: Files;
  names: Names;
  head: JournalHead;
  durability: Durability;
  failure: ReadFailure;
  log: (line: string) => void;
}

/** What is left to copy while commits wait. */
const littleBytes = 64 * 1024;
const copyBytes = 256 * 1024;

export class Succession {
  readonly #parts: SuccessionParts;
  readonly #file: OpenFile;
  #bytes: number;

  private constructor(parts: SuccessionParts, file: OpenFile, bytes: number) {
    this.#parts = parts;
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Starts the new journal beside the old one. */
  static async begin(parts: SuccessionParts): Promise<Succession> {
    const { files, names, head } = parts;
    const line = checkedLine(JSON.stringify({ format: formatVersion, ...head }).slice(1, -1));
    const file = await files.open(temporary(names.journal), "create");
    const succession = new Succession(parts, file, line.length);
    await succession.#orAbandon(() => file.write(line, 0));
    return succession;
  }

  /**
   * Copies what the old journal holds from `from` on while it is being written, up to where little is left.
   * @returns where in the old one the rest starts
   */
  copyMost(old: Journal, from: number): Promise<number> {
    return this.#orAbandon(async () => {
      let at = from;
      while (old.end.bytes - at > littleBytes) at += await this.#copy(old, at);
      if (at > from) await this.#file.sync(); // so that little is left to sync, too
      return at;
    });
  }

  /** Copies the rest and takes the old one's place, which must not be written meanwhile. */
  takePlace(old?: { journal: Journal; from: number }): Promise<Journal> {
    const { files, names, head, durability, failure, log } = this.#parts;
    return this.#orAbandon(async () => {
      let end: JournalEnd = { bytes: this.#bytes, seq: head.seq };
      if (old !== undefined) {
        for (let at = old.from; at < old.journal.end.bytes; ) at += await this.#copy(old.journal, at);
        end = { bytes: this.#bytes, seq: old.journal.end.seq };
      }
      await this.#file.sync();
      await putInPlace(files, { from: temporary(names.journal), to: names.journal, folder: names.folder }, failure);
      const segment = new FileSegment(names.journal, this.#file, true, failure);
      return new Journal({ path: names.journal, id: head.id, file: this.#file, segment, durability, end, log });
    });
  }

  async #copy(old: Journal, from: number): Promise<number> {
    const bytes = old.segment.lines(from, Math.min(old.end.bytes, from + copyBytes));
    const count = bytes.length;
    await this.#file.write(Buffer.from(bytes), this.#bytes); // a copy, since others read through the segment meanwhile
    this.#bytes += count;
    return count;
  }

  async #orAbandon<T>(step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (error) {
      await this.#file.close();
      await this.#parts.files.remove(temporary(this.#parts.names.journal)).catch(() => {}); // the first error is the one to tell
      throw error;
    }
  }
}
