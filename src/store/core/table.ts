// One scope's records of one kind: found by name in constant time, listed in creation order from any position.

import type { Page, Stored } from "../port.ts";
import type { Hot } from "./hot.ts";
import type { Kept } from "./segment.ts";
import { Slot } from "./slot.ts";

/** Deleted places are swept out when they are this many and half of all, so that a delete costs the same at any size. */
const sweepAtLeast = 32;

export class Table<T> {
  readonly #hot: Hot | null;
  readonly #byName = new Map<string, Slot<T>>();
  #slots: Slot<T>[] = []; // ascending `order`
  #dead = 0;

  /** `hot` decides which records stay in memory; without it all do. */
  constructor(hot: Hot | null) {
    this.#hot = hot;
  }

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Stored<T> | null {
    const slot = this.#byName.get(name);
    return slot === undefined ? null : this.#read(slot);
  }

  /** The same without reading the record. */
  slot(name: string): Slot<T> | null {
    return this.#byName.get(name) ?? null;
  }

  /** Stores a new record at the end, or the next revision of an existing one in its place. Throws when it is neither. */
  put(name: string, rev: number, order: number, rec: T | null, kept: Kept | null): void {
    let slot = this.#byName.get(name);
    if (slot === undefined) slot = this.#add(name, rev, order);
    else if (slot.order !== order || slot.rev + 1 !== rev) {
      throw new Error(`revision ${rev} (order ${order}) does not follow ${slot.rev} (order ${slot.order})`);
    }
    slot.rev = rev;
    slot.hold(rec === null ? null : { rec, rev, order }, kept);
    if (rec !== null && kept !== null) this.#hot?.use(slot);
  }

  delete(name: string): void {
    const slot = this.#byName.get(name);
    if (slot === undefined) throw new Error("a record that does not exist can't be deleted");
    this.#byName.delete(name);
    slot.die();
    this.#dead++;
    if (this.#dead >= sweepAtLeast && this.#dead * 2 >= this.#slots.length) this.#sweep();
  }

  page(after: number, limit: number): Page<Stored<T>> {
    const items: Stored<T>[] = [];
    let last = after;
    for (let i = this.#firstWhere((slot) => slot.order > after); i < this.#slots.length; i++) {
      const slot = this.#slots[i] as Slot<T>;
      if (slot.isDead) continue;
      if (items.length === limit) return { items, next: last };
      items.push(this.#read(slot));
      last = slot.order;
    }
    return { items };
  }

  /** The order of the last record called before `name`, in a table whose names ascend in creation order; 0 when there is none. */
  before(name: string): number {
    return this.#slots[this.#firstWhere((slot) => slot.name >= name) - 1]?.order ?? 0;
  }

  /** Live places in creation order, those behind a position. The table must not change meanwhile. */
  *slots(after = 0): Generator<Slot<T>> {
    for (let i = this.#firstWhere((slot) => slot.order > after); i < this.#slots.length; i++) {
      const slot = this.#slots[i] as Slot<T>;
      if (!slot.isDead) yield slot;
    }
  }

  #read(slot: Slot<T>): Stored<T> {
    const stored = slot.read();
    if (slot.kept !== null) this.#hot?.use(slot);
    return stored;
  }

  #add(name: string, rev: number, order: number): Slot<T> {
    if (order <= (this.#slots.at(-1)?.order ?? 0)) throw new Error(`order ${order} is not the newest`);
    const slot = new Slot<T>(name, order, rev);
    this.#byName.set(name, slot);
    this.#slots.push(slot);
    return slot;
  }

  /** Index of the first place of which this is true, by binary search: it must be true of all after it. */
  #firstWhere(isBehind: (slot: Slot<T>) => boolean): number {
    let low = 0;
    let high = this.#slots.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (isBehind(this.#slots[middle] as Slot<T>)) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #sweep(): void {
    this.#slots = this.#slots.filter((slot) => !slot.isDead);
    this.#dead = 0;
  }
}
