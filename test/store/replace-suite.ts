// What the port promises of a whole store written out and read in, run against every adapter.

import { describe, expect, test } from "vitest";
import { type NewRow, type SavedRow, type Store, StoreUnavailable } from "../../src/store/port.ts";
import { instance, machine, namesInPages, putInstance, remove, scope, shownBy, step, transition } from "./support.ts";

export function replaceTests(store: () => Store, reopen: () => Promise<Store>): void {
  describe("written out", () => {
    test("records come in creation order, each with its transitions, as they are at the moment of the call", async () => {
      await store().commit(step("b", 0));
      await store().commit([...step("a", 0), { op: "put", kind: "machine", ...door, rec: machine("door"), ifRev: 0 }]);
      await store().commit(step("b", 1));
      const rows = store().saved();
      await store().commit([remove("a", 1), ...step("b", 2)]);
      expect(await described(rows)).toEqual(["machine door 1", "instance b 2", "b 1", "b 2", "instance a 1", "a 1"]);
      expect(await described(store().saved())).toEqual(["machine door 1", "instance b 3", "b 1", "b 2", "b 3"]);
    });

    test("read in again they are the same store", async () => {
      for (const name of ["b", "a"]) for (const rev of [0, 1, 2]) await store().commit(step(name, rev));
      const before = await shownBy(store());
      await store().replaceAll(store().saved());
      expect(withoutPlaces(await shownBy(store()))).toEqual(withoutPlaces(before));
      expect(withoutPlaces(await shownBy(await reopen()))).toEqual(withoutPlaces(before));
    });
  });

  describe("read in", () => {
    const fresh: NewRow[] = [
      { kind: "instance", scope, name: "new", rec: instance("new", 1) },
      { kind: "transition", scope, name: "new", rec: transition(1) },
    ];

    test("rows take the place of everything, newest in order, and are written on", async () => {
      await store().commit([
        ...step("old", 0),
        { op: "put", kind: "machine", ...door, rec: machine("door"), ifRev: 0 },
      ]);
      const old = await store().get("instance", scope, "old");
      await store().replaceAll(fresh);
      expect(await namesInPages(store(), 10)).toEqual(["new"]);
      expect(await store().get("machine", door.scope, door.name)).toBeNull();
      const { order = 0 } = (await store().get("instance", scope, "new")) ?? {};
      expect(order).toBeGreaterThan(old?.order ?? 0);
      await store().commit(step("new", 1));
      await store().commit([putInstance("old", 0)]);
      expect(await namesInPages(await reopen(), 10)).toEqual(["new", "old"]);
    });

    test("rows that don't fit change nothing", async () => {
      await store().commit(step("old", 0));
      const before = await shownBy(store());
      const [born, moved] = fresh as [NewRow, NewRow];
      const unfit: [NewRow[], RegExp][] = [
        [[born, born], /^instance "new" in "org_test\/door": it stands there a second time/],
        [[moved], /^transition "new" in "org_test\/door": there is no instance/],
        [[born, moved, moved], /^transition "new" in "org_test\/door": transition 1 does not continue/],
      ];
      for (const [rows, message] of unfit) await expect(store().replaceAll(rows)).rejects.toThrow(message);
      const broken = (async function* () {
        yield born;
        throw new Error("the line went dead");
      })();
      await expect(store().replaceAll(broken)).rejects.toThrow("the line went dead");
      expect(await shownBy(store())).toEqual(before);
      expect(await shownBy(await reopen())).toEqual(before);
    });

    test("what is committed meanwhile is either refused or there, whichever store it was judged by", async () => {
      await store().commit(step("old", 0));
      const replaced = store().replaceAll(fresh);
      const late = await Promise.allSettled(
        Array.from({ length: 40 }, () => commitLater(store(), putInstance("x", 0))),
      );
      await replaced;
      for (const result of late) {
        if (result.status === "rejected") expect(String(result.reason)).toMatch(/StoreConflict|StoreUnavailable/);
      }
      const isThere = (await store().get("instance", scope, "x")) !== null;
      expect(await namesInPages(await reopen(), 10)).toEqual(isThere ? ["new", "x"] : ["new"]);
    });

    test("a commit that is not durable yet is refused, and may be tried again", async () => {
      await store().commit(step("old", 0));
      const rows = (async function* () {
        yield* fresh;
      })();
      let early: Promise<unknown> = Promise.resolve();
      const replaced = store().replaceAll(
        (async function* () {
          yield* rows;
          // Accepted in the very turn in which the last row is read: the replacement comes before its write.
          early = store()
            .commit(step("old", 1))
            .catch((error: unknown) => error);
        })(),
      );
      await replaced;
      const outcome = await early;
      if (outcome instanceof Error) expect(outcome).toMatchObject({ constructor: StoreUnavailable, final: false });
      expect(await namesInPages(store(), 10)).toEqual(["new"]);
    });

    test("nothing at all empties the store", async () => {
      await store().commit(step("old", 0));
      await store().replaceAll([]);
      expect(await described(store().saved())).toEqual([]);
      expect(await described((await reopen()).saved())).toEqual([]);
    });

    test("works among the rows fall due, and whoever listens hears of them", async () => {
      let heard = 0;
      store().onWork(() => void heard++);
      const task = { kind: "timer", id: "t", mark: "m", event: { type: "T" }, authContext: null } as const;
      const rec = { name: "timer t", orgId: "org_test", machine: "door", instance: "new", dueAt: 5, tries: 0, task };
      await store().replaceAll([...fresh, { kind: "work", scope: `${scope}/new`, name: "timer t", rec }]);
      expect(heard).toBe(1);
      expect(await store().claimDue(5, 10)).toMatchObject([{ name: "timer t" }]);
    });
  });
}

const door = { scope: "org_test", name: "door" };

async function commitLater(store: Store, change: Parameters<Store["commit"]>[0][number]): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  await store.commit([change]);
}

async function described(rows: AsyncIterable<SavedRow>): Promise<string[]> {
  const texts: string[] = [];
  for await (const row of rows) {
    texts.push(row.kind === "transition" ? `${row.name} ${row.rec.seq}` : `${row.kind} ${row.name} ${row.rev}`);
  }
  return texts;
}

/** Revisions and places are made anew. */
function withoutPlaces(shown: unknown): unknown {
  return JSON.parse(JSON.stringify(shown, (key, value) => (key === "order" || key === "rev" ? undefined : value)));
}
