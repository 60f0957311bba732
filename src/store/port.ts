// The store's port: records by (kind, scope, name), an append-only history per instance, blobs, and one atomic commit.

import type {
  Bootstrap,
  IdentityProvider,
  Instance,
  Invitation,
  Key,
  LogEntry,
  Machine,
  Migration,
  Org,
  TokenProvider,
  Transition,
  Upload,
  Version,
  Work,
} from "../domain/records.ts";

/** The kinds of record. A record lives in a scope (its parent's path) under a name that is unique there. */
export interface Collections {
  bootstrap: Bootstrap; // scope "", name "bootstrap"
  org: Org; // scope "", name = id
  key: Key; // scope = org id, name = id
  machine: Machine; // scope = org id, name = slug
  version: Version; // scope = `${orgId}/${machine}`, name = id
  upload: Upload; // scope = `${orgId}/${machine}`, name = version or migration id
  migration: Migration; // scope = `${orgId}/${machine}`, name = id
  instance: Instance; // scope = `${orgId}/${machine}`, name = slug
  work: Work; // scope = `${orgId}/${machine}/${instance}`, name = `timer ${id}`, or the kind of task and a drawn name
  idp: IdentityProvider; // scope = org id, name = JSON of [aud or null, iss or null]
  tokenProvider: TokenProvider; // scope = org id, name = service
  invitation: Invitation; // scope "", name = code
  log: LogEntry; // scope = org id, name = its logName
}
export type Kind = keyof Collections;

/** Where a record lives. */
export interface Ref<K extends Kind = Kind> {
  kind: K;
  scope: string;
  name: string;
}

/** A record as stored. `rev` starts at 1 and grows by one at each put; `order` is its place in creation order within the store. */
export interface Stored<T> {
  rec: T;
  rev: number;
  order: number;
}

/** A work as stored, with its place. */
export interface DueWork extends Stored<Work> {
  scope: string;
  name: string;
}

/** One record with its place, or one transition of an instance: a row of a whole store as it is written out. */
export type SavedRow =
  | { [K in Kind]: { kind: K; scope: string; name: string; rev: number; order: number; rec: Collections[K] } }[Kind]
  | { kind: "transition"; scope: string; name: string; rec: Transition };

/** The same as it is read in: revisions and orders are made anew. */
export type NewRow =
  | { [K in Kind]: { kind: K; scope: string; name: string; rec: Collections[K] } }[Kind]
  | { kind: "transition"; scope: string; name: string; rec: Transition };

/** One page in creation order, oldest first. `next` is the position to continue after; absent on the last page. */
export interface Page<T> {
  items: T[];
  next?: number;
}

/** How an indexed value compares with the one asked for, as bytes in UTF-8. */
export type IndexOperator = "eq" | "ne" | "gt" | "gte" | "lt" | "lte";

/** A place in an index: a `value`, and the `name` of an instance that has it. */
export interface IndexEntry {
  value: string;
  name: string;
}

/** Asks one index of a scope's instances. Without `filter` every value matches; `after` is the `next` of the page before. */
export interface IndexQuery {
  index: string;
  filter?: { op: IndexOperator; value: string };
  dir: "asc" | "desc";
  after?: IndexEntry;
  limit: number;
}

/** `next` is absent on the last page. */
export interface IndexPage {
  items: IndexEntry[];
  next?: IndexEntry;
}

/**
 * One part of a commit. `ifRev` fences it: the revision the record must have now, 0 = it must not exist.
 * `append` adds to an instance's history; the rows' `seq` must continue it without a gap. Deleting an instance deletes its history.
 * `forget` drops an instance's transitions up to `seq`, the newest never being one of them; the others keep their numbers.
 *
 * `expect` and `expectNone` change nothing and fence the rest of the commit. `expect`: the record is still the one with this `order`, at
 * whatever revision; a revision alone can't tell it from one made again under its name. `expectNone`: the scope holds no record of the
 * kind (a commit that is accepted and not durable yet counts), which only means something after the changes that emptied it.
 */
export type Change =
  | { [K in Kind]: { op: "put"; kind: K; scope: string; name: string; rec: Collections[K]; ifRev: number } }[Kind]
  | { op: "delete"; kind: Kind; scope: string; name: string; ifRev: number }
  | { op: "append"; scope: string; name: string; rows: Transition[] }
  | { op: "forget"; scope: string; name: string; seq: number }
  | { op: "expect"; kind: Kind; scope: string; name: string; order: number }
  | { op: "expectNone"; kind: Kind; scope: string };

/**
 * A commit was refused: the record `ref` is not at the revision, or not the one, that it was read at. Nothing of the commit was applied.
 * `actualRev` is 0 when it doesn't exist. A scope that should have been empty is a `ref` without a name.
 */
export class StoreConflict extends Error {
  readonly ref: Ref;
  readonly actualRev: number;
  constructor(ref: Ref, actualRev: number, message: string) {
    super(message);
    this.name = "StoreConflict";
    this.ref = ref;
    this.actualRev = actualRev;
  }
}

/** The store can't take writes now (disk full: try again) or any more (I/O error, closed: `final`). Nothing of the commit is acknowledged. */
export class StoreUnavailable extends Error {
  readonly final: boolean;
  constructor(message: string, final: boolean, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreUnavailable";
    this.final = final;
  }
}

/** The store can't be opened: damaged, locked by another process, or of a newer format; or code in it can't be used. The files were not touched. */
export class StoreUnreadable extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "StoreUnreadable";
  }
}

/** Keeps bytes under their SHA-256 (lower-case hex), durable before it resolves. The same bytes again are free. @throws StoreUnavailable */
export type PutBlob = (bytes: Uint8Array) => Promise<string>;

export interface Store {
  /** What `--store` named, as a person would recognise it: an absolute path, or `memory:`. */
  readonly location: string;

  /** Never shows what is not durable. The record returned is shared: treat it as frozen. */
  get<K extends Kind>(kind: K, scope: string, name: string): Promise<Stored<Collections[K]> | null>;

  /** A key by its id alone, whatever organization it belongs to: a token says which key signed it, and not whose that is. */
  keyById(id: string): Promise<Stored<Key> | null>;

  /** Records of a scope after position `after` (0 = from the start), in creation order: a write between two pages neither repeats nor hides another record. */
  list<K extends Kind>(kind: K, scope: string, after: number, limit: number): Promise<Page<Stored<Collections[K]>>>;

  /** The position before the first record that is called `name` or later, to `list` from. For kinds whose records are created in the order of their names. */
  seek(kind: "log", scope: string, name: string): Promise<number>;

  /** An instance's transitions with `seq` > `after` that are not forgotten, in order. Empty for an unknown instance. */
  history(scope: string, name: string, after: number, limit: number): Promise<Page<Transition>>;

  /**
   * The instances with a matching value, ordered by value and then by name, both as bytes in UTF-8; `desc` turns the whole order round.
   * An instance with several matching values comes once, with the first of them in that order. What stands still while others come, change
   * and go is on exactly one page. Who asks an index first waits until all instances were read for it, between whatever else goes on.
   */
  query(scope: string, query: IndexQuery): Promise<IndexPage>;

  /**
   * Takes at most `limit` works due at `now` (epoch milliseconds) or before, in order of time and then of creation. What was taken is not
   * given out again by this store, unless it is put again; after a restart it is.
   */
  claimDue(now: number, limit: number): Promise<DueWork[]>;

  /** The same without taking them. */
  peekDue(until: number, limit: number): DueWork[];

  /** When the earliest work that nobody took falls due; undefined when there is none. */
  nextDue(): number | undefined;

  /** Calls back after a commit that put works, once they are durable. @returns how to stop listening */
  onWork(listener: () => void): () => void;

  /** Runs `fn` alone among all calls with the same lane name, first come first served. A throw of one call doesn't hinder the next. */
  exclusive<T>(lane: string, fn: () => Promise<T>): Promise<T>;

  /**
   * Applies all changes or none; resolves with the new revision of each put, in order (0 for other changes), once they are durable.
   * @throws StoreConflict, StoreUnavailable
   */
  commit(changes: Change[]): Promise<number[]>;

  /**
   * Runs `fn`, which may put blobs and has to commit what names them: none of them is taken away before it has ended. Afterwards a blob
   * stays for as long as a version, a migration or an upload names it, or rows that are being read.
   */
  holdBlobs<T>(fn: (put: PutBlob) => Promise<T>): Promise<T>;
  getBlob(sha256: string): Promise<Uint8Array | null>;

  /**
   * Everything that is durable at the moment of the call, whatever is committed while it is read: kinds in the order of `Collections`, so that
   * what a record names stands before it; records of a kind and scope in creation order, an instance's transitions right after it. End the iteration, or it holds on to what was deleted since.
   */
  saved(): AsyncIterable<SavedRow>;

  /**
   * Puts these records and transitions in the place of everything. Changes nothing unless all rows were read, fit together and
   * are durable. The records come later in creation order than any there were at the call. All rows are in memory for a while. Commits that are not durable yet are refused as
   * StoreUnavailable (not final), and works that were given out are given out again if they are among the rows.
   *
   * @throws RangeError for a row that doesn't fit those before it: a record that is there already, a transition without its instance or
   * out of sequence. StoreUnavailable. Whatever reading the rows throws.
   */
  replaceAll(rows: AsyncIterable<NewRow> | Iterable<NewRow>): Promise<void>;

  /** Finishes what was accepted, compacts, lets go of the lock. Later calls reject with StoreUnavailable (final). */
  close(): Promise<void>;
}
