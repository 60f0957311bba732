// `db.journal`: the transactions since the snapshot, a line each, only ever appended to.
//
//   {"crc":"…","format":2,"id":"…","snapshot":"…","sha256":"…","seq":12}      which snapshot it continues, and from where
//   {"crc":"…","seq":13,"durable":12,"rows":[…]}                              one transaction: all of it or nothing
//
// `durable` is the last transaction that was acknowledged when the line was written: a later line that covers an earlier
// damaged one proves that acknowledged work is damaged, not just a write that a crash tore.

import { messageOf } from "../../domain/message-of.ts";
import { StoreUnavailable } from "../port.ts";
import type { FileSegment } from "./file-segment.ts";
import { mayPass, type OpenFile } from "./files.ts";
import { roomFor, type Transaction, writeTransaction } from "./transaction.ts";

/** `process`: acknowledged work survives a kill -9 of this process; `power`: also a power cut. */
export type Durability = "process" | "power";

export interface JournalHead {
  id: string;
  /** Id and checksum of the snapshot it continues. */
  snapshot: string;
  sha256: string;
  /** Sequence number the snapshot ends at. */
  seq: number;
}

/** How far a journal reaches: its size and the sequence number of its last transaction. */
export interface JournalEnd {
  bytes: number;
  seq: number;
}

export interface JournalParts {
  path: string;
  id: string;
  file: OpenFile;
  /** The same file, as the place of texts. The journal holds it until it is closed. */
  segment: FileSegment;
  durability: Durability;
  end: JournalEnd;
  /** Told once when the disk is full, and once when there is room again. */
  log: (line: string) => void;
}

/** Batches up to this go to the page cache on the main thread: the trip to the thread pool costs more than the copy. */
const writeNowBytes = 256 * 1024;
const scratchBytes = 512 * 1024;

export class Journal {
  readonly id: string;
  readonly segment: FileSegment;
  readonly #path: string;
  readonly #file: OpenFile;
  readonly #durability: Durability;
  readonly #scratch = Buffer.allocUnsafe(scratchBytes);
  readonly #log: (line: string) => void;
  #end: JournalEnd;
  #isFull = false;

  constructor({ path, id, file, segment, durability, end, log }: JournalParts) {
    this.id = id;
    this.segment = segment;
    this.#path = path;
    this.#file = file;
    this.#durability = durability;
    this.#end = end;
    this.#log = log;
  }

  get end(): Readonly<JournalEnd> {
    return this.#end;
  }

  /**
   * Appends transactions, durable when it resolves, and tells their effects where the texts are.
   * @throws StoreUnavailable: a full disk leaves the journal as it was; any other error leaves it unknown, so it is final.
   */
  async append(transactions: readonly Transaction[]): Promise<void> {
    const bytes = this.#encode(transactions);
    await this.#write(bytes);
    if (this.#durability === "power") await this.#sync();
    this.#end = { bytes: this.#end.bytes + bytes.length, seq: this.#end.seq + transactions.length };
  }

  /** The file stays open for as long as others hold the segment. */
  close(): void {
    this.segment.letGo();
  }

  /** The lines' bytes, in a buffer that the next batch uses again unless they are many. */
  #encode(transactions: readonly Transaction[]): Buffer {
    const { bytes: origin, seq: durable } = this.#end;
    const room = transactions.reduce((sum, transaction) => sum + roomFor(transaction), 0);
    const into = room <= this.#scratch.length ? this.#scratch : Buffer.allocUnsafe(room);
    let at = 0;
    for (const [i, transaction] of transactions.entries()) {
      const numbers = { seq: durable + 1 + i, durable };
      at = writeTransaction(transaction, numbers, { into, at, segment: this.segment, origin });
    }
    return into.subarray(0, at);
  }

  async #write(bytes: Buffer): Promise<void> {
    try {
      if (bytes.length <= writeNowBytes) this.#file.writeNow(bytes, this.#end.bytes);
      else await this.#file.write(bytes, this.#end.bytes);
      this.#noteFull(false);
    } catch (cause) {
      if (!mayPass(cause)) throw this.#broken(cause);
      await this.#cutBack();
      this.#noteFull(true);
      throw new StoreUnavailable(`the disk is full: ${this.#path} can't grow`, false, { cause });
    }
  }

  #noteFull(isFull: boolean): void {
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    const then = isFull ? "is full: nothing is stored until there is room" : "has room again";
    this.#log(`${this.#path}: the disk ${then}`);
  }

  /** What a full disk took of a batch is nobody's: without it the next batch starts where this one did. */
  async #cutBack(): Promise<void> {
    try {
      await this.#file.truncate(this.#end.bytes);
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  /** After a failed sync no one can say which pages are on disk, and a second sync may wrongly succeed: never try again. */
  async #sync(): Promise<void> {
    try {
      await this.#file.sync();
    } catch (cause) {
      throw this.#broken(cause);
    }
  }

  #broken(cause: unknown): StoreUnavailable {
    const detail = messageOf(cause);
    return new StoreUnavailable(`the store stopped: ${this.#path} can't be written (${detail})`, true, { cause });
  }
}
