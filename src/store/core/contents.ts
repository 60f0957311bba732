// Everything durable: one table a scope and kind; only effects that already are on disk may be applied here.

import type { Key, Transition, Work } from "../../domain/records.ts";
import type { Collections, DueWork, IndexPage, IndexQuery, Kind, Page, Stored } from "../port.ts";
import type { Place } from "./due.ts";
import { DueQueue } from "./due.ts";
import type { History, HistoryView, Run } from "./history.ts";
import type { Hot } from "./hot.ts";
import { Indexes } from "./indexes.ts";
import type { Kept } from "./segment.ts";
import type { Slot } from "./slot.ts";
import { Table } from "./table.ts";

/**
 * What one change of a commit does, its fences already judged. Of a record and of each transition (the first having `seq`) there is the
 * thing itself, or where its text is kept, or both.
 */
export type Effect =
  | { [K in Kind]: Put<K> }[Kind]
  | { op: "delete"; kind: Kind; scope: string; name: string }
  | { op: "append"; scope: string; name: string; seq: number; rows: readonly (string | Kept)[] }
  | { op: "forget"; scope: string; name: string; seq: number };

interface Put<K extends Kind> {
  op: "put";
  kind: K;
  scope: string;
  name: string;
  rev: number;
  order: number;
  rec: Collections[K] | null;
  kept: Kept | null;
}

/** A record as it is at a moment, with its transitions. */
export interface Seen {
  kind: Kind;
  scope: string;
  slot: Slot<unknown>;
  rev: number;
  /** Where the text is; without it there is `rec`. */
  kept: Kept | null;
  rec: unknown;
  history: HistoryView | null;
}

/** Where something seen is after it was written anew. */
export interface Moved {
  kept: Kept;
  run: Run | null;
}

type Tables = { [K in Kind]: Map<string, Table<Collections[K]>> };

/** The kinds whose records name code. All of them are in memory. */
export const kindsWithCode = ["version", "upload", "migration"] as const;

/** What contents hold, all of it, so that it can be exchanged in one step. */
class Holdings {
  readonly tables: Tables = {
    bootstrap: new Map(),
    org: new Map(),
    key: new Map(),
    machine: new Map(),
    version: new Map(),
    upload: new Map(),
    migration: new Map(),
    instance: new Map(),
    work: new Map(),
    idp: new Map(),
    tokenProvider: new Map(),
    invitation: new Map(),
    log: new Map(),
  };
  /** By scope; only of those whose indexes were asked for. */
  readonly indexes = new Map<string, Indexes>();
  /** The scope of each key. Ids are unique in the store, so a key is found by its id alone. */
  readonly scopeOfKey = new Map<string, string>();
  readonly due = new DueQueue(({ scope, name, order, rev }) => {
    const stored = this.tables.work.get(scope)?.get(name);
    return stored?.order === order && stored.rev === rev;
  });
}

/** The kinds that there may be many of, and large ones: they are left on disk. Of all others each record stays in memory. */
const kindsLeftOnDisk: ReadonlySet<Kind> = new Set(["instance", "log"]);

/** Whether records of the kind may be left where they are kept. */
export function leavesMemory(kind: Kind): boolean {
  return kindsLeftOnDisk.has(kind);
}

export class Contents {
  readonly #hot: Hot | null;
  #held = new Holdings();
  #lastOrder = 0;
  readonly #unnamed = new Set<string>();

  /** `hot` decides which of the many records stay in memory; without it all do. */
  constructor(hot: Hot | null = null) {
    this.#hot = hot;
  }

  /** Place of the newest record ever created; it never goes back, so that a cursor never hides a newer record. */
  get lastOrder(): number {
    return this.#lastOrder;
  }

  reserveOrder(order: number): void {
    if (order > this.#lastOrder) this.#lastOrder = order;
  }

  /** Others that keep in memory what these keep. */
  emptyOnes(): Contents {
    return new Contents(this.#hot);
  }

  /** Each gets what the other held, in one step. Done twice, nothing happened. */
  exchange(other: Contents): void {
    [this.#held, other.#held] = [other.#held, this.#held];
    this.reserveOrder(other.#lastOrder);
    for (const code of [...other.codes(), ...other.#unnamed]) this.#unnamed.add(code);
  }

  /** Of all code that records name, the SHA-256. */
  codes(): Set<string> {
    const codes = new Set<string>();
    for (const kind of kindsWithCode) {
      for (const table of this.#held.tables[kind].values()) {
        for (const slot of table.slots()) codes.add(slot.peek().rec.codeSha256);
      }
    }
    return codes;
  }

  /** Code that a record named and does not any more; another one may. */
  get unnamed(): ReadonlySet<string> {
    return this.#unnamed;
  }

  forgetUnnamed(code: string): void {
    this.#unnamed.delete(code);
  }

  get<K extends Kind>(kind: K, scope: string, name: string): Stored<Collections[K]> | null {
    return this.#table(kind, scope)?.get(name) ?? null;
  }

  keyById(id: string): Stored<Key> | null {
    const scope = this.#held.scopeOfKey.get(id);
    return scope === undefined ? null : this.get("key", scope, id);
  }

  /** Number of records of a kind in a scope. */
  size(kind: Kind, scope: string): number {
    return this.#table(kind, scope)?.size ?? 0;
  }

  list<K extends Kind>(kind: K, scope: string, after: number, limit: number): Page<Stored<Collections[K]>> {
    return this.#table(kind, scope)?.page(after, limit) ?? { items: [] };
  }

  seek(kind: Kind, scope: string, name: string): number {
    return this.#table(kind, scope)?.before(name) ?? 0;
  }

  history(scope: string, name: string, after: number, limit: number): Page<Transition> {
    return this.#table("instance", scope)?.slot(name)?.history?.page(after, limit) ?? { items: [] };
  }

  /** @see Store.claimDue */
  claimDue(now: number, limit: number): DueWork[] {
    return this.#held.due.claim(now, limit).flatMap((place) => this.#workAt(place));
  }

  peekDue(until: number, limit: number): DueWork[] {
    return this.#held.due.peek(until, limit).flatMap((place) => this.#workAt(place));
  }

  #workAt({ scope, name }: Place): DueWork[] {
    const stored = this.get("work", scope, name);
    return stored ? [{ ...stored, scope, name }] : [];
  }

  nextDue(): number | undefined {
    return this.#held.due.next();
  }

  /** What the next put of a record must follow, without reading it; null when there is none. */
  standing(kind: Kind, scope: string, name: string): { rev: number; order: number } | null {
    return this.#table(kind, scope)?.slot(name) ?? null;
  }

  /** `seq` of an instance's newest transition, 0 when there is none. */
  lastSeq(scope: string, name: string): number {
    return this.#table("instance", scope)?.slot(name)?.history?.last ?? 0;
  }

  /** Null while `readIndexOn` has to be called first. */
  query(scope: string, query: IndexQuery): IndexPage | null {
    if (this.#table("instance", scope) === undefined) return { items: [] };
    return this.#held.indexes.get(scope)?.query(query) ?? null;
  }

  /** Reads the next part of an index. @throws StoreUnavailable (final) when an instance can't be read */
  readIndexOn(scope: string, index: string): void {
    const table = this.#table("instance", scope);
    if (table === undefined) return;
    const indexes = this.#held.indexes.get(scope) ?? new Indexes();
    this.#held.indexes.set(scope, indexes);
    indexes.readOn(index, (order) => table.slots(order));
  }

  /** Throws when the effect doesn't fit what is here, before changing anything: the caller's books are wrong. */
  apply(effect: Effect): void {
    const isOfInstance = (effect.op === "put" || effect.op === "delete") && effect.kind === "instance";
    const indexes = isOfInstance ? this.#held.indexes.get(effect.scope) : undefined;
    const before = indexes ? this.get("instance", effect.scope, effect.name) : null;
    this.#applyToTable(effect);
    indexes?.change(before?.rec ?? null, this.get("instance", effect.scope, effect.name)?.rec ?? null);
  }

  #applyToTable(effect: Effect): void {
    if (effect.op === "put" || effect.op === "delete") this.#noteUnnamed(effect);
    switch (effect.op) {
      case "put":
        this.#put(effect);
        break;
      case "delete":
        this.#delete(effect.kind, effect.scope, effect.name);
        break;
      case "append":
        this.historyOf(effect.scope, effect.name).append(effect.seq, effect.rows);
        break;
      case "forget":
        this.historyOf(effect.scope, effect.name).forget(effect.seq);
    }
  }

  #noteUnnamed({ kind, scope, name }: { kind: Kind; scope: string; name: string }): void {
    const withCode = kindsWithCode.find((one) => one === kind);
    const code = withCode && this.#table(withCode, scope)?.get(name)?.rec.codeSha256;
    if (code !== undefined) this.#unnamed.add(code);
  }

  /** To be continued. Throws when there is no such instance. */
  historyOf(scope: string, name: string): History {
    const slot = this.#existing("instance", scope).slot(name);
    if (slot === null) throw new Error("a record that does not exist has no history");
    return slot.historyToAppendTo();
  }

  /** Every record as it is now: kinds in the order of the port, scopes in order of appearance, records in creation order. */
  see(): Seen[] {
    const seen: Seen[] = [];
    for (const { kind, scope, slot } of this.#slots()) {
      const { rev, kept, stored } = slot;
      const history = slot.history?.view() ?? null;
      seen.push({ kind, scope, slot, rev, kept, rec: kept === null ? stored?.rec : null, history });
    }
    return seen;
  }

  /**
   * What was seen was written anew, each thing to its place in `places`. What changed since is told by `moved` where it is.
   */
  move(seen: readonly Seen[], places: readonly Moved[], moved: (kept: Kept) => Kept): void {
    const done = new Set<History>();
    for (const [i, { kind, slot, rev, history }] of seen.entries()) {
      const { kept, run } = places[i] as Moved;
      if (slot.isDead) continue;
      if (slot.rev === rev) {
        const isNew = slot.kept === null && kindsLeftOnDisk.has(kind) && this.#hot !== null;
        slot.move(kept);
        if (isNew) slot.cool();
      }
      if (history === null || slot.history === null) continue;
      slot.history.move(history, run, moved);
      done.add(slot.history);
    }
    for (const { slot } of this.#slots()) {
      if (slot.kept !== null) slot.move(moved(slot.kept));
      if (slot.history !== null && !done.has(slot.history)) slot.history.relocate(moved);
    }
  }

  *#slots(): Generator<{ kind: Kind; scope: string; slot: Slot<unknown> }> {
    for (const kind of kinds) {
      for (const [scope, table] of this.#held.tables[kind]) {
        for (const slot of table.slots()) yield { kind, scope, slot };
      }
    }
  }

  #put<K extends Kind>({ kind, scope, name, rev, order, rec, kept }: Put<K>): void {
    const known = this.#table(kind, scope);
    const table = known ?? new Table<Collections[K]>(kindsLeftOnDisk.has(kind) ? this.#hot : null);
    table.put(name, rev, order, rec, kept);
    if (known === undefined) this.#held.tables[kind].set(scope, table);
    if (kind === "key") this.#held.scopeOfKey.set(name, scope);
    this.reserveOrder(order);
    if (kind === "work") this.#held.due.add({ dueAt: (rec as Work).dueAt, order, rev, scope, name });
  }

  #delete(kind: Kind, scope: string, name: string): void {
    if (kind === "work") this.#held.due.noteStale();
    const table = this.#existing(kind, scope);
    table.delete(name);
    if (kind === "key") this.#held.scopeOfKey.delete(name);
    if (table.size > 0) return;
    this.#held.tables[kind].delete(scope);
    if (kind === "instance") this.#held.indexes.delete(scope);
  }

  #table<K extends Kind>(kind: K, scope: string): Table<Collections[K]> | undefined {
    return this.#held.tables[kind].get(scope);
  }

  #existing<K extends Kind>(kind: K, scope: string): Table<Collections[K]> {
    const table = this.#table(kind, scope);
    if (table === undefined) throw new Error(`there is no ${kind} in this scope`);
    return table;
  }
}

export const kinds: readonly Kind[] = [
  "bootstrap",
  "org",
  "key",
  "machine",
  "version",
  "upload",
  "migration",
  "instance",
  "work",
  "idp",
  "tokenProvider",
  "invitation",
  "log",
];
