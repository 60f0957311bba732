// An index that is asked for the first time: its instances are read in parts, and whatever goes on between those, the answer is right.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LowdbOptions, openLowdbStore } from "../../src/store/lowdb/open.ts";
import { createMemoryStore } from "../../src/store/memory.ts";
import { type Change, type IndexPage, type Store, StoreUnavailable } from "../../src/store/port.ts";
import { SimulatedDisk } from "./disk.ts";
import { clock, entropy, instance, remove, scope } from "./support.ts";

const path = "/s/db.json";
const options: LowdbOptions = { durability: "process", clock, entropy };

/** As many as are read in a dozen parts. */
const count = 600;
const names = Array.from({ length: count }, (_, n) => `i${n}`);
/** What all have in the index until they are written again; no other value comes before these. */
const plain = Array.from({ length: 10 }, (_, n) => `a${n}`);

function indexed(name: string, color: string[], size = ["xl"]) {
  return { ...instance(name), indexValues: { color, size } };
}

function put(name: string, ifRev: number, color: string[]): Change {
  return { op: "put", kind: "instance", scope, name, rec: indexed(name, color), ifRev };
}

function ask(store: Store, index = "color"): Promise<IndexPage> {
  return store.query(scope, { index, dir: "asc", limit: count * 2 });
}

const fill = (store: Store) => store.commit(names.map((name) => put(name, 0, plain)));

interface Subject {
  store: Store;
  disk: SimulatedDisk;
}

async function inMemory(): Promise<Subject> {
  const store = createMemoryStore();
  await fill(store);
  return { store, disk: new SimulatedDisk() };
}

async function inFiles(more: Partial<LowdbOptions> = { hotBytes: 0 }): Promise<Subject> {
  const disk = new SimulatedDisk();
  const open = () => openLowdbStore(path, { ...options, files: disk, ...more });
  const filling = await open();
  await fill(filling);
  await filling.close();
  return { store: await open(), disk };
}

/** The compaction begins with the first question and takes as long as the reading. */
async function whileCompacted(): Promise<Subject> {
  const disk = new SimulatedDisk();
  disk.delay = (name) => (name.endsWith(".tmp") ? turns(4) : undefined);
  const store = await openLowdbStore(path, { ...options, files: disk, hotBytes: 0, compactAtBytes: 1_000 });
  await fill(store);
  return { store, disk };
}

/** What may happen while an index is read. `n` is the number of an instance. */
type Deed =
  | { do: "put" | "again"; n: number; color: string[] }
  | { do: "remove"; n: number }
  | { do: "replace" | "anew"; color: string[] }
  | { do: "turns"; n: number }
  | { do: "ask"; index: "color" | "size" };

const n = fc.nat({ max: count + 5 });
const color = fc.uniqueArray(fc.constantFrom("a0", "a9", "b", "c", "d"), { maxLength: 3 });
const deeds: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom("put" as const, "again" as const), n, color }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove" as const), n }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("replace" as const, "anew" as const), color }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("turns" as const), n: fc.nat({ max: 8 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("ask" as const), index: fc.constantFrom("color", "size") }) },
);

/** What a store holds: of each instance its revision and its colors. */
type State = ReadonlyMap<string, { rev: number; color: string[] }>;

/** The commits of a deed, each with the state that it leads to. */
function* commitsOf(deed: Deed, state: State): Generator<{ changes: Change[]; state: State }> {
  const next = new Map(state);
  if (deed.do === "anew") {
    const changes = [...state].map(([name, { rev }]) => remove(name, rev));
    yield { changes, state: new Map() };
    const again = names.map((name) => put(name, 0, deed.color));
    yield { changes: again, state: new Map(names.map((name) => [name, { rev: 1, color: deed.color }])) };
  } else if (deed.do === "put" || deed.do === "again" || deed.do === "remove") {
    const name = `i${deed.n}`;
    const rev = state.get(name)?.rev ?? 0;
    const isGone = deed.do !== "put" && rev > 0;
    const changes = isGone ? [remove(name, rev)] : [];
    next.delete(name);
    if (deed.do !== "remove") {
      const ifRev = isGone ? 0 : rev;
      changes.push(put(name, ifRev, deed.color));
      next.set(name, { rev: ifRev + 1, color: deed.color });
    }
    if (changes.length > 0) yield { changes, state: next };
  }
}

function answerIn(state: State, index: string): string[] {
  const firsts = [...state].flatMap(([name, each]) => {
    const [first] = index === "size" ? ["xl"] : each.color.toSorted();
    return first === undefined ? [] : [`${first} ${name}`];
  });
  return firsts.sort();
}

function textsOf({ items }: IndexPage): string[] {
  return items.map(({ value, name }) => `${value} ${name}`);
}

describe.each([
  ["in memory", inMemory],
  ["in files, with nothing kept in memory", () => inFiles()],
  ["in files that are compacted meanwhile", whileCompacted],
])("%s", (_name, open) => {
  test("whatever is written and replaced meanwhile, each answer is that of a moment between question and answer", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deeds, { maxLength: 12, size: "max" }), async (todo) => {
        const { store } = await open();
        const states: State[] = [new Map(names.map((name) => [name, { rev: 1, color: plain }]))];
        const now = () => states.at(-1) as State;
        const asked: Promise<void>[] = [];
        const askNow = (index: string) => {
          const from = states.length - 1;
          const answered = ask(store, index).then((page) => {
            const possible = new Set(states.slice(from).map((state) => answerIn(state, index).join()));
            expect(possible).toContain(textsOf(page).join());
          });
          answered.catch(() => {}); // it is told below
          asked.push(answered);
        };
        askNow("color");
        for (const deed of todo) {
          if (deed.do === "ask") askNow(deed.index);
          else if (deed.do === "turns") await turns(deed.n);
          else if (deed.do === "replace") {
            states.push(new Map(names.map((name) => [name, { rev: 1, color: deed.color }])));
            await store.replaceAll(
              names.map((name) => ({ kind: "instance", scope, name, rec: indexed(name, deed.color) })),
            );
          } else {
            for (const { changes, state } of commitsOf(deed, now())) {
              states.push(state);
              await store.commit(changes);
            }
          }
        }
        await Promise.all(asked);
        for (const index of ["color", "size"]) expect(textsOf(await ask(store, index))).toEqual(answerIn(now(), index));
        await store.close();
      }),
      { numRuns: 40 },
    );
  });

  test("everybody else has turns while it is read, and one part is read in each, however many wait for it", async () => {
    const { store } = await open();
    let turnsTaken = 0;
    let isAnswered = false;
    const answers = Promise.all(["color", "color", "size", "color"].map((index) => ask(store, index)));
    void answers.finally(() => {
      isAnswered = true;
    });
    for (; !isAnswered; turnsTaken++) await turns(1);
    expect(turnsTaken).toBeGreaterThan(12);
    for (const { items } of await answers) expect(items).toHaveLength(count);
    await store.close();
  });

  test("a store that is closed meanwhile refuses whoever waits, and reads no more", async () => {
    const { store, disk } = await open();
    const asked = Promise.allSettled(Array.from({ length: 100 }, () => ask(store)));
    await turns(2);
    const read = disk.bytesRead;
    await store.close();
    for (const answer of await asked)
      expect(answer).toMatchObject({ reason: { name: "StoreUnavailable", final: true } });
    await expect(ask(store)).rejects.toThrow(StoreUnavailable);
    expect([disk.openFiles, disk.bytesRead]).toEqual([0, read]);
  });
});

describe("in files", () => {
  test("many that ask at once share the reading, and so does who comes in the middle of it", async () => {
    const bytesReadFor = async (questions: (store: Store) => Promise<unknown>) => {
      const { store, disk } = await inFiles();
      const before = disk.bytesRead;
      await questions(store);
      const bytes = disk.bytesRead - before;
      await store.close();
      return bytes;
    };
    const once = await bytesReadFor((store) => ask(store));
    expect(once).toBeGreaterThan(count * 100);
    const shared = bytesReadFor(async (store) => {
      const first = [ask(store), ask(store), ask(store)];
      await turns(3);
      await Promise.all([...first, ask(store)]);
    });
    expect(await shared).toBe(once);
  });

  test("what is read for it takes nobody's place in memory", async () => {
    const { store, disk } = await inFiles({ hotBytes: 20_000 });
    const bytesReadFor = async (name: string) => {
      const before = disk.bytesRead;
      await store.get("instance", scope, name);
      return disk.bytesRead - before;
    };
    expect(await bytesReadFor("i7")).toBeGreaterThan(0);
    await ask(store);
    expect(await bytesReadFor("i7")).toBe(0);
    expect(await bytesReadFor("i8")).toBeGreaterThan(0);
    await store.close();
  });
});

async function turns(left: number): Promise<void> {
  for (let turn = 0; turn < left; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}
