// Replacing everything in a lowdb store: a crash, a full disk or an error at any step leaves the old contents or the new ones, whole.

import { describe, expect, test } from "vitest";
import { openLowdbStore } from "../../src/store/lowdb/open.ts";
import { type Store, StoreUnavailable } from "../../src/store/port.ts";
import { type Loss, SimulatedDisk, systemError } from "./disk.ts";
import { clock, entropy, instance, namesInPages, scope, step, transition } from "./support.ts";

const path = "/s/db.json";

function openOn(files: SimulatedDisk): Promise<Store> {
  return openLowdbStore(path, { durability: "power", clock, entropy, files });
}

/** A store that holds `old`, with a journal that is not empty. */
async function storeOn(disk: SimulatedDisk): Promise<Store> {
  const store = await openOn(disk);
  await store.commit(step("old", 0));
  await store.commit(step("old", 1));
  return store;
}

function replaced(store: Store): Promise<void> {
  return store.replaceAll([
    { kind: "instance", scope, name: "new", rec: instance("new", 1) },
    { kind: "transition", scope, name: "new", rec: transition(1) },
  ]);
}

/** What a store holds, which must be one of the two, and that it takes commits. */
async function heldBy(store: Store): Promise<string> {
  const [name = "", ...others] = await namesInPages(store, 10);
  expect(others).toEqual([]);
  const { rev = 0, rec } = (await store.get("instance", scope, name)) ?? {};
  const { items } = await store.history(scope, name, 0, 10);
  expect(items.map(({ seq }) => seq)).toEqual(name === "old" ? [1, 2] : [1]);
  await store.commit(step(name, rev).map((change) => (change.op === "append" ? next(change, items.length) : change)));
  expect(rec?.slug).toBe(name);
  return name;
}

function next<T extends { rows: unknown[] }>(change: T, last: number): T {
  return { ...change, rows: [transition(last + 1)] };
}

test.each<Loss>(["nothing", "all unsynced", "unsynced contents", "all unsynced but the last name"])(
  "a crash at any step, losing %s: the old contents or the new, and the new once that was acknowledged",
  async (loss) => {
    const seen = new Set<string>();
    for (let steps = 0; ; steps++) {
      const disk = new SimulatedDisk();
      const store = await storeOn(disk);
      let left = steps;
      disk.fault = () => (left-- > 0 ? undefined : { error: new Error("crash"), written: 20 });
      const isAcknowledged = await replaced(store).then(
        () => true,
        () => false,
      );
      const held = await heldBy(await openOn(disk.after(loss)));
      seen.add(held);
      if (isAcknowledged) expect([steps, held]).toEqual([steps, "new"]);
      if (left >= 0) break;
    }
    expect([...seen].sort()).toEqual(["new", "old"]);
  },
);

describe("a disk that is full at any step", () => {
  test("refuses, for now, or has it done; either way the store goes on as it says, and so does the next process", async () => {
    const refusals: number[] = [];
    for (let steps = 0; ; steps++) {
      const disk = new SimulatedDisk();
      const store = await storeOn(disk);
      let left = steps;
      disk.fault = (operation, name) => {
        if (operation !== "write" && operation !== "open") return undefined;
        return left-- > 0 ? undefined : { error: systemError("ENOSPC", name), written: 20 };
      };
      const refusal: unknown = await replaced(store).then(
        () => null,
        (error: unknown) => error,
      );
      const isFull = left < 0;
      disk.fault = () => undefined;
      if (refusal !== null) {
        expect(refusal).toMatchObject({ constructor: StoreUnavailable, final: false });
        refusals.push(steps);
      }
      const held = await heldBy(store);
      expect([steps, held]).toEqual([steps, refusal === null ? "new" : "old"]);
      const after = await openOn(disk.after("all unsynced"));
      expect(await namesInPages(after, 10)).toEqual([held]);
      if (!isFull) break;
    }
    expect(refusals.length).toBeGreaterThan(2);
  });

  test("an I/O error stops the store for good", async () => {
    const disk = new SimulatedDisk();
    const store = await storeOn(disk);
    disk.fault = (operation, name) => (operation === "sync" ? { error: systemError("EIO", name) } : undefined);
    await expect(replaced(store)).rejects.toMatchObject({ constructor: StoreUnavailable, final: true });
    disk.fault = () => undefined;
    await expect(store.get("instance", scope, "old")).rejects.toMatchObject({ final: true });
    expect(await heldBy(await openOn(disk.after("nothing")))).toBe("old");
  });
});
