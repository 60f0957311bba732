// What falls due when: a heap over the work records, by time and then by creation, from which stale entries are dropped when met.

interface Entry {
  dueAt: number;
  order: number;
  rev: number;
  scope: string;
  name: string;
}

/** A place of a record. */
export interface Place {
  scope: string;
  name: string;
}

/** Stale entries are swept out when they are this many and half of all: a timer set and cancelled for ever must not fill the memory. */
const sweepAtLeast = 1_024;

export class DueQueue {
  #heap: Entry[] = [];
  readonly #isCurrent: (entry: Entry) => boolean;
  #stale = 0;

  /** `isCurrent` tells whether the record is still at that order and revision. */
  constructor(isCurrent: (entry: Readonly<Entry>) => boolean) {
    this.#isCurrent = isCurrent;
  }

  /** Each revision of a record is a new entry; the ones before it are stale from then on. */
  add(entry: Entry): void {
    if (entry.rev > 1) this.noteStale();
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = heap[parent] as Entry;
      if (!isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  /** An entry somewhere in here no longer stands for anything. */
  noteStale(): void {
    this.#stale++;
    if (this.#stale >= sweepAtLeast && this.#stale * 2 >= this.#heap.length) this.#sweep();
  }

  /** When the earliest work falls due: epoch milliseconds; undefined when there is none. */
  next(): number | undefined {
    this.#dropStale();
    return this.#heap[0]?.dueAt;
  }

  /** Takes out at most `limit` places of work due at `now` or before, in order of time and then of creation. */
  claim(now: number, limit: number): Place[] {
    const claimed: Place[] = [];
    for (let at = this.next(); at !== undefined && at <= now && claimed.length < limit; at = this.next()) {
      const { scope, name } = this.#pop();
      claimed.push({ scope, name });
    }
    return claimed;
  }

  /** The same places without taking them. */
  peek(until: number, limit: number): Place[] {
    const due = this.#heap.filter((entry) => entry.dueAt <= until && this.#isCurrent(entry));
    return due
      .sort((a, b) => (isBefore(a, b) ? -1 : 1))
      .slice(0, limit)
      .map(({ scope, name }) => ({ scope, name }));
  }

  #dropStale(): void {
    for (let first = this.#heap[0]; first && !this.#isCurrent(first); first = this.#heap[0]) {
      this.#pop();
      if (this.#stale > 0) this.#stale--;
    }
  }

  #sweep(): void {
    // A sorted array is a heap.
    this.#heap = this.#heap.filter(this.#isCurrent).sort((a, b) => (isBefore(a, b) ? -1 : 1));
    this.#stale = 0;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const first = heap[0] as Entry;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1] as Entry, heap[child] as Entry)) child++;
      if (!isBefore(heap[child] as Entry, last)) break;
      heap[at] = heap[child] as Entry;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order);
}
