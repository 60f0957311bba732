// Where commits of the lowdb store go: appended to the journal, which is compacted when it has outgrown the snapshot.

import { messageOf } from "../../domain/message-of.ts";
import type { Sink } from "../core/commits.ts";
import type { Contents, Effect } from "../core/contents.ts";
import type { Latch } from "../core/latch.ts";
import { StoreUnavailable } from "../port.ts";
import type { JournalingAdapter } from "./adapter.ts";
import { mayPass } from "./files.ts";
import { SnapshotReplaced } from "./kept-beside.ts";
import { type Transaction, transactionOf } from "./transaction.ts";

export interface SinkOptions {
  adapter: JournalingAdapter;
  /** lowdb's `write`. */
  compact: () => Promise<void>;
  latch: Latch;
  log: (line: string) => void;
  /** The journal may grow to this or to the snapshot's size, whichever is more. */
  compactAtBytes: number;
}

/** How long nothing must have been written before the last transaction is sealed. */
const quietMs = 20;

/** A snapshot smaller than this is always written anew at the end: it takes a second or two. */
const atEndBytes = 256 * 1024 * 1024;

export class JournalSink implements Sink<Transaction> {
  readonly #options: SinkOptions;
  #compactAtBytes: number;
  #quiet: NodeJS.Timeout | null = null;
  /** A compaction, or what must not meet one. */
  #compacting: Promise<void> | null = null;
  #seal: () => boolean = () => true;

  constructor(options: SinkOptions) {
    this.#options = options;
    this.#compactAtBytes = Math.max(options.compactAtBytes, options.adapter.snapshotBytes);
  }

  /**
   * `seal` is called once after each burst of writes, and is to commit nothing: the empty transaction says that the ones before it were
   * acknowledged, so that damage to the last of them is told from a torn write too. False: it can't now, and is asked again.
   */
  sealWith(seal: () => boolean): void {
    this.#seal = seal;
  }

  encode(effects: readonly Effect[]): Transaction {
    return transactionOf(effects);
  }

  async write(batch: readonly Transaction[]): Promise<void> {
    const { adapter, latch } = this.#options;
    await adapter.journal.append(batch);
    if (batch.some(({ effects }) => effects.length > 0)) this.#sealSoon();
    const isDue = adapter.journal.end.bytes > this.#compactAtBytes && latch.reason === null;
    if (isDue && this.#compacting === null) this.#compactBeside(this.#compactOrTell());
  }

  async undisturbed<R>(fn: () => Promise<R>): Promise<R> {
    while (this.#compacting !== null) await this.#compacting;
    const done = fn();
    this.#compactBeside(
      done.then(
        () => {},
        () => {},
      ),
    );
    return done;
  }

  #compactBeside(done: Promise<unknown>): void {
    const ended = done.then(() => {});
    this.#compacting = ended.finally(() => {
      this.#compacting = null;
    });
  }

  /** Once the snapshot is in place it is done: a journal that could not be begun anew goes on, as after any compaction. */
  async replace(contents: Contents, next: Contents, exchange: () => void): Promise<void> {
    const { adapter, latch, compactAtBytes } = this.#options;
    let isDone = false;
    try {
      await adapter.replace(contents, next, () => {
        exchange();
        isDone = true;
      });
    } catch (cause) {
      const detail = messageOf(cause);
      const isFinal = !leavesAll(cause);
      const reason = new StoreUnavailable(`the store can't be replaced: ${detail}`, isFinal, { cause });
      if (isFinal) throw latch.shut(reason);
      if (!isDone) throw reason;
    }
    this.#compactAtBytes = Math.max(compactAtBytes, adapter.snapshotBytes, adapter.journal.end.bytes);
  }

  /**
   * Compacts for the last time, so that the snapshot alone says everything; a large one only when there is much to take into it, since
   * whoever stops a server waits for it. The store is whole either way.
   * @param isRequired compacts in any case
   * @throws StoreUnavailable when someone else's file is in the snapshot's place, or what is required can't be
   */
  async finish(isRequired: boolean): Promise<void> {
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    const { adapter, latch } = this.#options;
    while (this.#compacting !== null) await this.#compacting;
    const isWorthIt = adapter.snapshotBytes < atEndBytes || adapter.journal.end.bytes * 4 > adapter.snapshotBytes;
    const isDue = latch.reason === null && !adapter.isCompact;
    const isNow = isDue && (isWorthIt || isRequired || (await adapter.isReplaced()));
    const hindrance = isNow ? await this.#compact() : latch.reason;
    if (hindrance === null || adapter.isCompact) return;
    if (isRequired || hindrance.cause instanceof SnapshotReplaced) throw hindrance;
    if (isNow) this.#tell(hindrance);
  }

  async #compactOrTell(): Promise<void> {
    const hindrance = await this.#compact();
    if (hindrance !== null) this.#tell(hindrance);
  }

  /** What stops the store its callers are told. */
  #tell({ final: isFinal, message }: StoreUnavailable): void {
    if (!isFinal) this.#options.log(message);
  }

  /** A compaction that fails for want of space, or because the snapshot is someone else's now, is put off: the journal has everything. @returns what hindered it */
  async #compact(): Promise<StoreUnavailable | null> {
    const { adapter, compact, compactAtBytes, latch } = this.#options;
    try {
      await compact();
      this.#compactAtBytes = Math.max(compactAtBytes, adapter.snapshotBytes);
      return null;
    } catch (cause) {
      const detail = messageOf(cause);
      this.#compactAtBytes = adapter.journal.end.bytes + compactAtBytes;
      if (!leavesAll(cause)) {
        return latch.shut(new StoreUnavailable(`the store stopped: compaction failed (${detail})`, true, { cause }));
      }
      const isReplaced = cause instanceof SnapshotReplaced;
      const message = isReplaced ? detail : `compaction is put off, nothing is lost: ${detail}`;
      return new StoreUnavailable(message, false, { cause });
    }
  }

  #sealSoon(): void {
    this.#quiet ??= setTimeout(() => {
      if (!this.#seal()) this.#quiet?.refresh();
    }, quietMs).unref();
    this.#quiet.refresh();
  }
}

/** Whether a compaction that failed so left everything as it was: for want of space, or since the snapshot is someone else's now. */
function leavesAll(cause: unknown): boolean {
  return mayPass(cause) || cause instanceof SnapshotReplaced;
}
