// The store that both adapters are: durable contents in memory, lanes, group commit, blobs; what is below it differs.

import { setImmediate as nextTurn } from "node:timers/promises";
import type { Key, Transition } from "../../domain/records.ts";
import {
  type Change,
  type Collections,
  type DueWork,
  type IndexPage,
  type IndexQuery,
  type Kind,
  type NewRow,
  type Page,
  type PutBlob,
  type SavedRow,
  type Store,
  type Stored,
  StoreUnavailable,
} from "../port.ts";
import { type Blobs, sha256Of } from "./blobs.ts";
import type { Commits } from "./commits.ts";
import type { Contents } from "./contents.ts";
import type { Holds } from "./holds.ts";
import { Lanes } from "./lanes.ts";
import type { Latch } from "./latch.ts";
import { fillFrom, savedRows } from "./saved.ts";

export interface StoreParts {
  location: string;
  contents: Contents;
  commits: Pick<Commits<unknown>, "commit" | "settled" | "replaceBy" | "drawOrder">;
  blobs: Blobs;
  holds: Holds;
  /** Shut by a fatal error below. */
  latch: Latch;
  /** Lets go of what the adapter holds, when nothing is pending any more. */
  release(): Promise<void>;
}

/** @see Store for what each method promises. */
export class CoreStore implements Store {
  readonly location: string;
  readonly #parts: StoreParts;
  readonly #lanes = new Lanes();
  /** Those who wait for an index to be read. */
  readonly #readers = new Lanes();
  readonly #workListeners = new Set<() => void>();
  /** What closing waits for beside commits. */
  readonly #underWay = new Set<Promise<unknown>>();
  #closed: Promise<void> | null = null;

  constructor(parts: StoreParts) {
    this.location = parts.location;
    this.#parts = parts;
  }

  async get<K extends Kind>(kind: K, scope: string, name: string): Promise<Stored<Collections[K]> | null> {
    this.#assertOpen();
    return this.#parts.contents.get(kind, scope, name);
  }

  async keyById(id: string): Promise<Stored<Key> | null> {
    this.#assertOpen();
    return this.#parts.contents.keyById(id);
  }

  async list<K extends Kind>(
    kind: K,
    scope: string,
    after: number,
    limit: number,
  ): Promise<Page<Stored<Collections[K]>>> {
    this.#assertOpen();
    assertLimit(limit);
    return this.#parts.contents.list(kind, scope, after, limit);
  }

  async seek(kind: "log", scope: string, name: string): Promise<number> {
    this.#assertOpen();
    return this.#parts.contents.seek(kind, scope, name);
  }

  async history(scope: string, name: string, after: number, limit: number): Promise<Page<Transition>> {
    this.#assertOpen();
    assertLimit(limit);
    return this.#parts.contents.history(scope, name, after, limit);
  }

  async query(scope: string, query: IndexQuery): Promise<IndexPage> {
    const { contents } = this.#parts;
    assertLimit(query.limit);
    for (;;) {
      this.#assertOpen();
      const page = contents.query(scope, query);
      if (page !== null) return page;
      await this.#readers.run("index", () => this.#readIndexOn(scope, query));
    }
  }

  /** Of all that wait for an index one reads a part, and then everybody else has a turn. */
  async #readIndexOn(scope: string, query: IndexQuery): Promise<void> {
    this.#assertOpen();
    const { contents } = this.#parts;
    if (contents.query(scope, query) !== null) return; // another one came to the end
    contents.readIndexOn(scope, query.index);
    await nextTurn();
  }

  async exclusive<T>(lane: string, fn: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    return this.#lanes.run(lane, fn);
  }

  async commit(changes: Change[]): Promise<number[]> {
    this.#assertOpen();
    const revs = await this.#parts.commits.commit(changes);
    if (changes.some((change) => change.op === "put" && change.kind === "work")) {
      for (const listener of this.#workListeners) listener();
    }
    return revs;
  }

  async claimDue(now: number, limit: number): Promise<DueWork[]> {
    this.#assertOpen();
    assertLimit(limit);
    return this.#parts.contents.claimDue(now, limit);
  }

  peekDue(until: number, limit: number): DueWork[] {
    return this.#parts.contents.peekDue(until, limit);
  }

  nextDue(): number | undefined {
    return this.#parts.contents.nextDue();
  }

  onWork(listener: () => void): () => void {
    this.#workListeners.add(listener);
    return () => void this.#workListeners.delete(listener);
  }

  async holdBlobs<T>(fn: (put: PutBlob) => Promise<T>): Promise<T> {
    this.#assertOpen();
    const { blobs, holds } = this.#parts;
    const held: (() => void)[] = [];
    const put = async (bytes: Uint8Array) => {
      this.#assertOpen();
      const sha256 = sha256Of(bytes);
      held.push(holds.hold([sha256])); // before it is looked whether it is there
      await this.#untilDone(blobs.put(sha256, bytes));
      return sha256;
    };
    try {
      return await fn(put);
    } finally {
      for (const letGo of held) letGo();
    }
  }

  async getBlob(sha256: string): Promise<Uint8Array | null> {
    this.#assertOpen();
    return this.#parts.blobs.get(sha256);
  }

  saved(): AsyncIterable<SavedRow> {
    this.#assertOpen();
    return savedRows(this.#parts.contents, this.#parts.holds);
  }

  async replaceAll(rows: AsyncIterable<NewRow> | Iterable<NewRow>): Promise<void> {
    this.#assertOpen();
    const { commits, contents } = this.#parts;
    const next = contents.emptyOnes();
    await fillFrom(rows, next, () => commits.drawOrder());
    this.#assertOpen();
    await this.#untilDone(commits.replaceBy(next));
    for (const listener of this.#workListeners) listener();
  }

  /** The same promise each time. Rejects no one's accepted work. */
  close(): Promise<void> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  async #finish(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    await this.#parts.commits.settled();
    await this.#parts.release();
  }

  async #untilDone<T>(work: Promise<T>): Promise<T> {
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  #assertOpen(): void {
    if (this.#closed !== null) throw new StoreUnavailable(`the store ${this.location} is closed`, true);
    this.#parts.latch.assertOpen();
  }
}

function assertLimit(limit: number): void {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError(`a page of ${limit} items can't be listed`);
}
