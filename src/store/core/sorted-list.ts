// A sorted list in chunks: an item is added, removed or sought among a million in some microseconds, and none is there twice.

/** A place between two items, told by which of them are before it: true up to the place, false from there on. */
export type Cut<T> = (item: T) => boolean;

interface Position {
  chunk: number;
  at: number;
}

/** A chunk that outgrows this is split in two; neighbours that together fit in half of it are joined. */
const chunkSizeAtMost = 1024;

export class SortedList<T> {
  readonly #compare: (a: T, b: T) => number;
  readonly #chunks: T[][] = []; // none is empty
  #size = 0;

  constructor(compare: (a: T, b: T) => number) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#size;
  }

  /** False when an equal item is there already, which stays. */
  add(item: T): boolean {
    const { chunk, at } = this.#find((other) => this.#compare(other, item) < 0);
    const found = this.#chunks[chunk]?.[at];
    if (found !== undefined && this.#compare(found, item) === 0) return false;
    this.#size++;
    // Behind the last item of all there is no chunk: the last one takes it.
    const home = Math.min(chunk, this.#chunks.length - 1);
    const items = this.#chunks[home];
    if (items === undefined) this.#chunks.push([item]);
    else items.splice(home === chunk ? at : items.length, 0, item);
    if (items !== undefined && items.length > chunkSizeAtMost) {
      this.#chunks.splice(home + 1, 0, items.splice(chunkSizeAtMost / 2));
    }
    return true;
  }

  /** False when no equal item is there. */
  delete(item: T): boolean {
    const { chunk, at } = this.#find((other) => this.#compare(other, item) < 0);
    const items = this.#chunks[chunk];
    const found = items?.[at];
    if (items === undefined || found === undefined || this.#compare(found, item) !== 0) return false;
    this.#size--;
    items.splice(at, 1);
    if (items.length === 0) this.#chunks.splice(chunk, 1);
    else if (!this.#join(chunk - 1)) this.#join(chunk);
    return true;
  }

  /** The items between two places, in order. The list must not change meanwhile. */
  *ascending(from: Cut<T>, to: Cut<T>): Generator<T> {
    let { chunk, at } = this.#find(from);
    for (let items = this.#chunks[chunk]; items !== undefined; items = this.#chunks[++chunk]) {
      for (; at < items.length; at++) {
        const item = items[at] as T;
        if (!to(item)) return;
        yield item;
      }
      at = 0;
    }
  }

  /** The items between two places, from the last to the first. */
  *descending(from: Cut<T>, to: Cut<T>): Generator<T> {
    let { chunk, at } = this.#find(to);
    for (let items = this.#chunks[chunk] ?? []; chunk >= 0; items = this.#chunks[--chunk] ?? [], at = items.length) {
      while (--at >= 0) {
        const item = items[at] as T;
        if (from(item)) return;
        yield item;
      }
    }
  }

  /** Where the first item after the cut is: in the chunk behind the last one when there is none. */
  #find(cut: Cut<T>): Position {
    const chunk = firstAfter(this.#chunks, (items) => cut(items[items.length - 1] as T));
    return { chunk, at: firstAfter(this.#chunks[chunk] ?? [], cut) };
  }

  /** Puts two neighbours into one when they are small. */
  #join(chunk: number): boolean {
    const [items, next] = [this.#chunks[chunk], this.#chunks[chunk + 1]];
    if (items === undefined || next === undefined || items.length + next.length > chunkSizeAtMost / 2) return false;
    items.push(...next);
    this.#chunks.splice(chunk + 1, 1);
    return true;
  }
}

/** Index of the first item that is not before the cut, by binary search. */
function firstAfter<T>(items: readonly T[], isBefore: Cut<T>): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(items[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
