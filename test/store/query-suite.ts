// What the port promises about indexes, run against every adapter.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { Change, IndexEntry, IndexOperator, IndexQuery, Store } from "../../src/store/port.ts";
import { instance, remove, scope } from "./support.ts";

const operators: readonly IndexOperator[] = ["eq", "ne", "gt", "gte", "lt", "lte"];

function putIndexed(name: string, ifRev: number, values: string[] | null, index = "color"): Change {
  const rec = { ...instance(name), ...(values ? { indexValues: { [index]: values } } : {}) };
  return { op: "put", kind: "instance", scope, name, rec, ifRev };
}

/** Every entry, page after page, as `name=value`. `between` runs after each page that has a next one. */
async function pagesOf(
  store: Store,
  query: Omit<IndexQuery, "after" | "index">,
  between?: (page: number) => Promise<void>,
): Promise<string[]> {
  const seen: string[] = [];
  let after: IndexEntry | undefined;
  for (let page = 1; ; page++) {
    const { items, next } = await store.query(scope, { index: "color", ...query, ...(after ? { after } : {}) });
    if (page > 1_000) throw new Error("the pages have no end");
    if (next) expect(items).toHaveLength(query.limit);
    seen.push(...items.map(({ value, name }) => `${name}=${value}`));
    if (!next) return seen;
    await between?.(page);
    after = next;
  }
}

/** The naive answer: of each instance the first matching value, all of them sorted. */
function expected(
  values: ReadonlyMap<string, string[]>,
  { filter, dir }: Pick<IndexQuery, "filter" | "dir">,
): string[] {
  const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b)) * (dir === "asc" ? 1 : -1);
  const matches = (value: string) => {
    if (!filter) return true;
    const sign = Buffer.compare(Buffer.from(value), Buffer.from(filter.value));
    return { eq: sign === 0, ne: sign !== 0, gt: sign > 0, gte: sign >= 0, lt: sign < 0, lte: sign <= 0 }[filter.op];
  };
  const entries = [...values].flatMap(([name, all]) => {
    const [first] = all.filter(matches).sort(order);
    return first === undefined ? [] : [{ name, value: first }];
  });
  entries.sort((a, b) => order(a.value, b.value) || order(a.name, b.name));
  return entries.map(({ name, value }) => `${name}=${value}`);
}

export function queryTests(store: () => Store, reopen: () => Promise<Store>): void {
  test.each(operators)("a query compares with %s, in both directions, in pages of any size", async (op) => {
    const values = new Map([
      ["i1", ["b"]],
      ["i2", ["a"]],
      ["i3", ["b"]],
      ["i4", ["ba"]],
      ["i5", [""]],
      ["i6", ["c"]],
    ]);
    await store().commit([...values].map(([name, all]) => putIndexed(name, 0, all)));
    for (const value of ["", "a", "aa", "b", "ba", "c", "d"]) {
      for (const dir of ["asc", "desc"] as const) {
        const filter = { op, value };
        for (const limit of [1, 2, 3, 6, 7])
          expect(await pagesOf(store(), { filter, dir, limit })).toEqual(expected(values, { filter, dir }));
      }
    }
  });

  test("values are ordered as bytes in UTF-8, and equal ones by the instance's name", async () => {
    const ascending = ["", "\u0000", "B", "a", "aa", "z", "é", "ẞ", "\ud7ff", "\ue000", "\uffff", "𐀀", "😀"];
    const shuffled = ascending.map((_, n) => ascending[(n * 5) % ascending.length] ?? "");
    await store().commit(shuffled.map((value, n) => putIndexed(`i${n}`, 0, [value])));
    await store().commit([putIndexed("same2", 0, ["z"]), putIndexed("same1", 0, ["z"]), putIndexed("Same", 0, ["z"])]);
    const seen = await pagesOf(store(), { dir: "asc", limit: 4 });
    expect([...new Set(seen.map((text) => text.replace(/^.*?=/, "")))]).toEqual(ascending);
    const z = `i${shuffled.indexOf("z")}`;
    expect(seen.filter((text) => text.endsWith("=z"))).toEqual(["Same=z", `${z}=z`, "same1=z", "same2=z"]);
    expect(await pagesOf(store(), { dir: "desc", limit: 4 })).toEqual(seen.toReversed());
  });

  test("an index holds what the instances hold now: created, changed, deleted, taken out, put back, and after opening again", async () => {
    const all = () => pagesOf(store(), { dir: "asc", limit: 2 });
    await store().commit([putIndexed("a", 0, ["red"]), putIndexed("b", 0, ["blue"]), putIndexed("c", 0, null)]);
    expect(await all()).toEqual(["b=blue", "a=red"]);
    await store().commit([putIndexed("a", 1, ["azure"]), putIndexed("c", 1, ["green"])]);
    expect(await all()).toEqual(["a=azure", "b=blue", "c=green"]);
    await store().commit([putIndexed("b", 1, null), remove("c", 2)]);
    expect(await all()).toEqual(["a=azure"]);
    await store().commit([putIndexed("b", 2, ["brown", "black"]), putIndexed("c", 0, ["cyan"])]);
    await store().commit([putIndexed("c", 1, ["cyan"])]);
    expect(await all()).toEqual(["a=azure", "b=black", "c=cyan"]);
    await store().commit([putIndexed("b", 3, ["black", "brown", "beige"])]);
    expect(await all()).toEqual(["a=azure", "b=beige", "c=cyan"]);
    await reopen().then(async (again) => {
      expect(await pagesOf(again, { dir: "asc", limit: 2 })).toEqual(["a=azure", "b=beige", "c=cyan"]);
      await again.commit([remove("a", 2), remove("b", 4), remove("c", 2)]);
      expect(await pagesOf(again, { dir: "asc", limit: 2 })).toEqual([]);
      await again.commit([putIndexed("a", 0, ["amber"])]);
      expect(await pagesOf(again, { dir: "asc", limit: 2 })).toEqual(["a=amber"]);
    });
  });

  test("indexes and scopes are kept apart; what nobody filled is empty", async () => {
    const rec = { ...instance("a"), indexValues: { color: ["red"], size: ["xl"] } };
    await store().commit([
      { op: "put", kind: "instance", scope, name: "a", rec, ifRev: 0 },
      { op: "put", kind: "instance", scope: "org_test/gate", name: "a", rec, ifRev: 0 },
      putIndexed("b", 0, ["m"], "size"),
    ]);
    const query = { dir: "asc", limit: 10 } as const;
    expect(await store().query(scope, { index: "size", ...query })).toEqual({
      items: [
        { value: "m", name: "b" },
        { value: "xl", name: "a" },
      ],
    });
    expect(await store().query(scope, { index: "color", ...query })).toEqual({ items: [{ value: "red", name: "a" }] });
    expect(await store().query(scope, { index: "constructor", ...query })).toEqual({ items: [] });
    expect(await store().query("org_test/none", { index: "color", ...query })).toEqual({ items: [] });
    await expect(store().query(scope, { index: "color", dir: "asc", limit: 0 })).rejects.toThrow(RangeError);
  });

  test("nothing is found before its commit resolved", async () => {
    const query = { index: "color", dir: "asc", limit: 10 } as const;
    await store().commit([putIndexed("a", 0, ["red"])]);
    expect((await store().query(scope, query)).items).toHaveLength(1);
    const pending = store().commit([putIndexed("b", 0, ["blue"])]);
    expect((await store().query(scope, query)).items).toHaveLength(1);
    await pending;
    expect((await store().query(scope, query)).items).toHaveLength(2);
  });

  test.each(["asc", "desc"] as const)(
    "250 instances are each on exactly one page, whatever is written between them (%s)",
    async (dir) => {
      const names = Array.from({ length: 250 }, (_, n) => `i${String(n).padStart(3, "0")}`);
      // Fifty values, so that pages end among equal ones.
      const colorOf = (name: string) => `v${String(Number(name.slice(1)) % 50).padStart(2, "0")}`;
      await store().commit(names.map((name) => putIndexed(name, 0, [colorOf(name), "w"])));
      const seen = await pagesOf(store(), { filter: { op: "lt", value: "w" }, dir, limit: 100 }, async (page) => {
        const untouched = names.slice(0, 3).map((name) => putIndexed(name, page, [colorOf(name), "w"]));
        await store().commit([
          ...untouched,
          ...["a", "v20", "v25x", "v49"].map((value, n) => putIndexed(`late${page}${n}`, 0, [value])),
        ]);
      });
      const standing = seen.filter((text) => !text.startsWith("late"));
      expect(standing.toSorted()).toEqual(names.map((name) => `${name}=${colorOf(name)}`));
    },
  );

  test("where the last entry of a page went meanwhile, the next page begins behind its place", async () => {
    await store().commit(["a", "b", "c", "d"].map((name) => putIndexed(name, 0, [name])));
    const seen = await pagesOf(store(), { dir: "asc", limit: 2 }, async (page) => {
      if (page === 1) await store().commit([remove("b", 1), putIndexed("a", 1, ["z"])]);
    });
    expect(seen).toEqual(["a=a", "b=b", "c=c", "d=d", "a=z"]);
  });

  test("any instances with any values, any query: the naive answer", async () => {
    const value = fc.array(fc.constantFrom("a", "b", "\uffff", "😀"), { maxLength: 2 }).map((parts) => parts.join(""));
    const values = fc.uniqueArray(value, { maxLength: 3 });
    const change = fc.record({ name: fc.constantFrom("i1", "i2", "i3", "i4", "i5"), values: fc.option(values) });
    const filter = fc.option(fc.record({ op: fc.constantFrom(...operators), value }), { nil: undefined });
    const query = fc.record({
      filter,
      dir: fc.constantFrom("asc" as const, "desc" as const),
      limit: fc.integer({ min: 1, max: 4 }),
    });
    const held = new Map<string, string[]>();
    const revs = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 5 }), query, async (changes, asked) => {
        for (const { name, values: next } of changes) {
          const rev = revs.get(name) ?? 0;
          if (next === null && rev > 0) await store().commit([remove(name, rev)]);
          else await store().commit([putIndexed(name, rev, next)]);
          revs.set(name, next === null && rev > 0 ? 0 : rev + 1);
          held.set(name, next ?? []);
        }
        const { filter: asks, ...rest } = asked;
        const seen = await pagesOf(store(), { ...rest, ...(asks ? { filter: asks } : {}) });
        expect(seen).toEqual(expected(held, { dir: rest.dir, ...(asks ? { filter: asks } : {}) }));
      }),
      { numRuns: 150 },
    );
  });
}
