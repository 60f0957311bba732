// The sorted list against the naive one: an array, sorted after every step.

import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedList } from "../../src/store/core/sorted-list.ts";

const ascending = (a: number, b: number) => a - b;

class Naive {
  items: number[];
  constructor(items: readonly number[]) {
    this.items = items.toSorted(ascending);
  }
  add(item: number): boolean {
    if (this.items.includes(item)) return false;
    this.items = [...this.items, item].sort(ascending);
    return true;
  }
  delete(item: number): boolean {
    const isThere = this.items.includes(item);
    this.items = this.items.filter((other) => other !== item);
    return isThere;
  }
}

function expectSame(list: SortedList<number>, naive: Naive, low: number, high: number): void {
  const between = naive.items.filter((item) => item >= low && item < high);
  const cuts = [(item: number) => item < low, (item: number) => item < high] as const;
  expect([...list.ascending(...cuts)]).toEqual(between);
  expect([...list.descending(...cuts)]).toEqual(between.toReversed());
  expect(list.size).toBe(naive.items.length);
}

test("whatever is added and removed, any range of it is the naive list's", () => {
  const number = fc.integer({ min: 0, max: 60 });
  const steps = fc.array(fc.record({ add: fc.boolean(), item: number, low: number, high: number }), { maxLength: 120 });
  fc.assert(
    fc.property(fc.uniqueArray(number), steps, (start, run) => {
      const [list, naive] = [new SortedList(ascending), new Naive(start)];
      for (const item of start) list.add(item);
      expectSame(list, naive, 0, 61);
      for (const { add, item, low, high } of run) {
        if (add) expect(list.add(item)).toBe(naive.add(item));
        else expect(list.delete(item)).toBe(naive.delete(item));
        expectSame(list, naive, low, high);
      }
    }),
  );
});

test("at a size of many chunks it grows and shrinks without losing anything", () => {
  /** A fixed shuffle: every number below `count` once. */
  const shuffled = (count: number) => Array.from({ length: count }, (_, n) => (n * 7_919) % count);
  const count = 10_007; // a prime
  const every = (step: number) => (item: number) => item % step === 0;
  const items = shuffled(count);
  const list = new SortedList(ascending);
  for (const item of items) expect(list.add(item)).toBe(true);
  const naive = new Naive(items);
  expectSame(list, naive, 0, count);
  for (const [low, high] of [
    [0, 0],
    [511, 513],
    [512, 1_024],
    [1, count - 1],
    [count - 1, count],
    [9_000, 2],
  ] as const)
    expectSame(list, naive, low, high);
  for (const item of items.filter((n) => !every(50)(n))) expect(list.delete(item)).toBe(true);
  naive.items = naive.items.filter(every(50));
  expectSame(list, naive, 0, count);
  for (const item of items) expect(list.add(item)).toBe(!every(50)(item));
  expectSame(list, new Naive(items), 0, count);
  for (const item of items) expect(list.delete(item)).toBe(true);
  expectSame(list, new Naive([]), 0, count);
  expect(list.add(7)).toBe(true);
  expectSame(list, new Naive([7]), 0, count);
});
