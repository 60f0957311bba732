// One scope's records of one kind: found by name in constant time, listed in creation order from any position.

import type { Page, Stored } from "../port.ts";
import { History } from "./history.ts";

/** A record's place. Once deleted, `stored` is null and the place only keeps its neighbours findable until the next sweep. */
export interface Slot<T> {
  readonly name: string;
  readonly order: number;
  stored: Stored<T> | null;
  history: History | null;
}

/** Deleted places are swept out when they are this many and half of all, so that a delete costs the same at any size. */
const sweepAtLeast = 32;

export class Table<T> {
  readonly #byName = new Map<string, Slot<T>>();
  #slots: Slot<T>[] = []; // ascending `order`
  #dead = 0;

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): Stored<T> | null {
    return this.#byName.get(name)?.stored ?? null;
  }

  history(name: string): History | null {
    return this.#byName.get(name)?.history ?? null;
  }

  /** Stores a new record at the end, or the next revision of an existing one in its place. Throws when it is neither. */
  put(name: string, stored: Stored<T>): void {
    const slot = this.#byName.get(name);
    if (slot === undefined) {
      this.#add(name, stored);
      return;
    }
    const known = slot.stored;
    if (known === null || known.order !== stored.order || known.rev + 1 !== stored.rev) {
      throw new Error(
        `revision ${stored.rev} (order ${stored.order}) does not follow ${known?.rev} (order ${known?.order})`,
      );
    }
    slot.stored = stored;
  }

  delete(name: string): void {
    const slot = this.#byName.get(name);
    if (slot === undefined) throw new Error("a record that does not exist can't be deleted");
    this.#byName.delete(name);
    slot.stored = null;
    slot.history = null;
    this.#dead++;
    if (this.#dead >= sweepAtLeast && this.#dead * 2 >= this.#slots.length) this.#sweep();
  }

  append(name: string, seq: number, rows: readonly string[]): void {
    const slot = this.#byName.get(name);
    if (slot === undefined) throw new Error("a record that does not exist has no history");
    slot.history ??= new History();
    slot.history.append(seq, rows);
  }

  page(after: number, limit: number): Page<Stored<T>> {
    const items: Stored<T>[] = [];
    let last = after;
    for (let i = this.#firstWhere((slot) => slot.order > after); i < this.#slots.length; i++) {
      const stored = this.#slots[i]?.stored;
      if (!stored) continue;
      if (items.length === limit) return { items, next: last };
      items.push(stored);
      last = stored.order;
    }
    return { items };
  }

  /** The order of the last record called before `name`, in a table whose names ascend in creation order; 0 when there is none. */
  before(name: string): number {
    return this.#slots[this.#firstWhere((slot) => slot.name >= name) - 1]?.order ?? 0;
  }

  /** Live places in creation order. */
  *slots(): Generator<Slot<T> & { stored: Stored<T> }> {
    for (const slot of this.#slots) if (isLive(slot)) yield slot;
  }

  /** The records in creation order. */
  *records(): Generator<T> {
    for (const { stored } of this.slots()) yield stored.rec;
  }

  #add(name: string, stored: Stored<T>): void {
    if (stored.order <= (this.#slots.at(-1)?.order ?? 0)) throw new Error(`order ${stored.order} is not the newest`);
    const slot: Slot<T> = { name, order: stored.order, stored, history: null };
    this.#byName.set(name, slot);
    this.#slots.push(slot);
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
    this.#slots = this.#slots.filter(isLive);
    this.#dead = 0;
  }
}

function isLive<T>(slot: Slot<T>): slot is Slot<T> & { stored: Stored<T> } {
  return slot.stored !== null;
}
