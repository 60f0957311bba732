// The snapshot or the journal as the place of texts that are not in memory: read where they lie, closed when nobody needs them any more.

import { messageOf } from "../../domain/message-of.ts";
import type { Segment } from "../core/segment.ts";
import type { OpenFile } from "./files.ts";
import { beforeRec } from "./rows.ts";

/** What can't be read ends the store: makes the error to throw of what is wrong. */
export type ReadFailure = (detail: string, cause?: unknown) => Error;

const scratchBytes = 64 * 1024;

export class FileSegment implements Segment {
  readonly #path: string;
  readonly #saysBytes: boolean;
  readonly #failure: ReadFailure;
  #file: OpenFile;
  readonly #scratch = Buffer.allocUnsafe(scratchBytes);
  #holds = 1;

  /** @param saysBytes whether a row tells the length of its text, as in the journal */
  constructor(path: string, file: OpenFile, saysBytes: boolean, failure: ReadFailure) {
    this.#path = path;
    this.#file = file;
    this.#saysBytes = saysBytes;
    this.#failure = failure;
  }

  get file(): OpenFile {
    return this.#file;
  }

  /** Goes on reading through another opening of the same file. */
  async use(file: OpenFile): Promise<void> {
    const before = this.#file;
    this.#file = file;
    await before.close();
  }

  text(at: number, bytes: number, place: string): Buffer {
    const mark = this.#saysBytes ? `${place},"bytes":${bytes}${beforeRec}` : `${place}${beforeRec}`;
    const from = at - mark.length; // it is ASCII
    const read = this.#read(from, mark.length + bytes);
    if (read.toString("latin1", 0, mark.length) !== mark) throw this.changed(place);
    return read.subarray(mark.length);
  }

  lines(from: number, to: number): Buffer {
    return this.#read(from, to - from);
  }

  changed(place: string): Error {
    return this.#failure(`${this.#path} was changed by someone else: ${place} is not where it was written`);
  }

  hold(): void {
    this.#holds++;
  }

  letGo(): void {
    if (this.#holds === 0 || --this.#holds > 0) return;
    this.#file.close().catch(() => {}); // whoever wrote to it has told of every error already
  }

  #read(from: number, bytes: number): Buffer {
    // What is seldom large must not keep its room for ever.
    const into = bytes > this.#scratch.length ? Buffer.allocUnsafe(bytes) : this.#scratch.subarray(0, bytes);
    let got: number;
    try {
      got = this.#file.readNow(into, from);
    } catch (cause) {
      const detail = messageOf(cause);
      throw this.#failure(`${this.#path} can't be read (${detail})`, cause);
    }
    if (got < bytes) throw this.#failure(`${this.#path} was cut short by someone else`);
    return into;
  }
}
