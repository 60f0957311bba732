// The indexes of one scope's instances: each read from them when it is first asked for, a part at a time, and kept with every put and delete.

import { compareAsUtf8 } from "../../domain/byte-order.ts";
import type { Instance } from "../../domain/records.ts";
import type { IndexEntry, IndexOperator, IndexPage, IndexQuery } from "../port.ts";
import type { Slot } from "./slot.ts";
import { type Cut, SortedList } from "./sorted-list.ts";

/** `values` are all of the instance's in this index, ascending. */
interface Entry extends IndexEntry {
  values: readonly string[];
}

interface Index {
  entries: SortedList<Entry>;
  /** The place in creation order up to which the instances are in it; infinite once all are. */
  readTo: number;
}

/** What is read in one go, counted in instances, in values, and in kilobytes that have to be parsed: a few milliseconds' work. */
const readAtOnce = 512;

export class Indexes {
  readonly #indexes = new Map<string, Index>();

  /** Null while the index has not been read to its end. */
  query(query: IndexQuery): IndexPage | null {
    const index = this.#indexes.get(query.index);
    return index?.readTo === Number.POSITIVE_INFINITY ? pageOf(index.entries, query) : null;
  }

  /**
   * Reads the next part of an index, whoever read the ones before it.
   * @param after the instances behind a place in creation order; none of them stays in memory for that
   */
  readOn(name: string, after: (order: number) => Iterable<Slot<Instance>>): void {
    const index = this.#indexes.get(name) ?? { entries: new SortedList<Entry>(compareEntries), readTo: 0 };
    this.#indexes.set(name, index);
    let left = readAtOnce;
    for (const slot of after(index.readTo)) {
      if (left <= 0) return;
      const entries = entriesOf(slot.peek().rec, name);
      for (const entry of entries) index.entries.add(entry);
      index.readTo = slot.order;
      left -= 1 + entries.length + slot.bytes / 1024;
    }
    index.readTo = Number.POSITIVE_INFINITY;
  }

  /**
   * Takes note that an instance came (`before` null), changed or went (`after` null). Whether it was read already does not matter: what is
   * added twice is there once.
   */
  change(before: Instance | null, after: Instance | null): void {
    for (const [name, { entries }] of this.#indexes) {
      if (before && after && haveSameValues(before, after, name)) continue;
      for (const entry of entriesOf(before, name)) entries.delete(entry);
      for (const entry of entriesOf(after, name)) entries.add(entry);
    }
  }
}

function entriesOf(instance: Instance | null, index: string): Entry[] {
  if (!instance) return [];
  const given = valuesOf(instance, index);
  const values = given.length > 1 ? [...new Set(given)].sort(compareAsUtf8) : given;
  return values.map((value) => ({ value, name: instance.slug, values }));
}

function haveSameValues(one: Instance, other: Instance, index: string): boolean {
  const [a, b] = [valuesOf(one, index), valuesOf(other, index)];
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

/** An index may be called `constructor`. */
function valuesOf({ indexValues = {} }: Instance, index: string): readonly string[] {
  return (Object.hasOwn(indexValues, index) && indexValues[index]) || [];
}

function compareEntries(a: IndexEntry, b: IndexEntry): number {
  return compareAsUtf8(a.value, b.value) || compareAsUtf8(a.name, b.name);
}

function pageOf(list: SortedList<Entry>, { filter, dir, after, limit }: IndexQuery): IndexPage {
  const items: IndexEntry[] = [];
  const isMatch = filter ? (value: string) => operators[filter.op](compareAsUtf8(value, filter.value)) : () => true;
  for (const { value, name, values } of entriesFrom(list, rangesOf(filter), dir, after)) {
    // Of an instance's matching values the first in this direction stands for it; wherever a page begins, that is the same one.
    if (values.length > 1 && value !== (dir === "asc" ? values.find(isMatch) : values.findLast(isMatch))) continue;
    if (items.length === limit) return { items, next: items[limit - 1] as IndexEntry };
    items.push({ value, name });
  }
  return { items };
}

function* entriesFrom(
  list: SortedList<Entry>,
  ranges: readonly Range[],
  dir: IndexQuery["dir"],
  after: IndexEntry | undefined,
): Generator<Entry> {
  if (dir === "asc") {
    const isPassed: Cut<Entry> = after ? (entry) => compareEntries(entry, after) <= 0 : () => false;
    for (const [from, to] of ranges) yield* list.ascending((entry) => isPassed(entry) || from(entry), to);
  } else {
    const isToCome: Cut<Entry> = after ? (entry) => compareEntries(entry, after) < 0 : () => true;
    for (const [from, to] of ranges.toReversed()) yield* list.descending(from, (entry) => isToCome(entry) && to(entry));
  }
}

type Range = readonly [from: Cut<Entry>, to: Cut<Entry>];

/** The matching entries as runs of neighbours, ascending: whatever does not match is not even looked at. */
function rangesOf(filter: IndexQuery["filter"]): readonly Range[] {
  const [start, end]: Range = [() => false, () => true];
  if (!filter) return [[start, end]];
  const below: Cut<Entry> = (entry) => compareAsUtf8(entry.value, filter.value) < 0;
  const upTo: Cut<Entry> = (entry) => compareAsUtf8(entry.value, filter.value) <= 0;
  const ranges: { [op in IndexOperator]: readonly Range[] } = {
    eq: [[below, upTo]],
    ne: [
      [start, below],
      [upTo, end],
    ],
    gt: [[upTo, end]],
    gte: [[below, end]],
    lt: [[start, below]],
    lte: [[start, upTo]],
  };
  return ranges[filter.op];
}

/** By how a value compares with the one asked for. */
const operators: { [op in IndexOperator]: (order: number) => boolean } = {
  eq: (order) => order === 0,
  ne: (order) => order !== 0,
  gt: (order) => order > 0,
  gte: (order) => order >= 0,
  lt: (order) => order < 0,
  lte: (order) => order <= 0,
};
