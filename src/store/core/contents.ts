// Everything durable, in memory: one table a scope and kind; only effects that already are on disk may be applied here.

import type { Key, Transition, Work } from "../../domain/records.ts";
import type { Collections, DueWork, IndexPage, IndexQuery, Kind, Page, Stored } from "../port.ts";
import type { Place } from "./due.ts";
import { DueQueue } from "./due.ts";
import type { History } from "./history.ts";
import { Indexes } from "./indexes.ts";
import { type Slot, Table } from "./table.ts";

/** What one change of a commit does, its fences already judged. `rows` are transitions as JSON texts, the first having `seq`. */
export type Effect =
  | { [K in Kind]: { op: "put"; kind: K; scope: string; name: string; stored: Stored<Collections[K]> } }[Kind]
  | { op: "delete"; kind: Kind; scope: string; name: string }
  | { op: "append"; scope: string; name: string; seq: number; rows: readonly string[] };

type Tables = { [K in Kind]: Map<string, Table<Collections[K]>> };

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

export class Contents {
  #held = new Holdings();
  #lastOrder = 0;

  /** Place of the newest record ever created; it never goes back, so that a cursor never hides a newer record. */
  get lastOrder(): number {
    return this.#lastOrder;
  }

  reserveOrder(order: number): void {
    if (order > this.#lastOrder) this.#lastOrder = order;
  }

  /** Each gets what the other held, in one step. Done twice, nothing happened. */
  exchange(other: Contents): void {
    [this.#held, other.#held] = [other.#held, this.#held];
    this.reserveOrder(other.#lastOrder);
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
    return this.#table("instance", scope)?.history(name)?.page(after, limit) ?? { items: [] };
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

  /** `seq` of an instance's newest transition, 0 when there is none. */
  lastSeq(scope: string, name: string): number {
    return this.#table("instance", scope)?.history(name)?.last ?? 0;
  }

  query(scope: string, query: IndexQuery): IndexPage {
    const table = this.#table("instance", scope);
    if (table === undefined) return { items: [] };
    const indexes = this.#held.indexes.get(scope) ?? new Indexes();
    this.#held.indexes.set(scope, indexes);
    return indexes.query(query, () => table.records());
  }

  /** Throws when the effect doesn't fit what is here, before changing anything: the caller's books are wrong. */
  apply(effect: Effect): void {
    const indexes =
      effect.op !== "append" && effect.kind === "instance" ? this.#held.indexes.get(effect.scope) : undefined;
    const before = indexes ? this.get("instance", effect.scope, effect.name) : null;
    this.#applyToTable(effect);
    indexes?.change(before?.rec ?? null, this.get("instance", effect.scope, effect.name)?.rec ?? null);
  }

  #applyToTable(effect: Effect): void {
    switch (effect.op) {
      case "put":
        this.#put(effect.kind, effect.scope, effect.name, effect.stored);
        break;
      case "delete":
        this.#delete(effect.kind, effect.scope, effect.name);
        break;
      case "append":
        this.#existing("instance", effect.scope).append(effect.name, effect.seq, effect.rows);
    }
  }

  /** Visits every record: kinds in the order of the port, scopes in order of appearance, records in creation order. */
  *all(): Generator<{
    kind: Kind;
    scope: string;
    slot: Slot<unknown> & { stored: Stored<unknown> };
    history: History | null;
  }> {
    for (const kind of kinds) {
      for (const [scope, table] of this.#held.tables[kind]) {
        for (const slot of table.slots()) yield { kind, scope, slot, history: slot.history };
      }
    }
  }

  #put<K extends Kind>(kind: K, scope: string, name: string, stored: Stored<Collections[K]>): void {
    const known = this.#table(kind, scope);
    const table = known ?? new Table<Collections[K]>();
    table.put(name, stored);
    if (known === undefined) this.#held.tables[kind].set(scope, table);
    if (kind === "key") this.#held.scopeOfKey.set(name, scope);
    this.reserveOrder(stored.order);
    if (kind === "work") {
      const { dueAt } = stored.rec as Work;
      this.#held.due.add({ dueAt, order: stored.order, rev: stored.rev, scope, name });
    }
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
