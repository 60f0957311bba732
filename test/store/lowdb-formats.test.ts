// Stores of older formats: opened as they are, converted once, then like any other.

import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { openLowdbStore } from "../../src/store/lowdb/open.ts";
import type { Store } from "../../src/store/port.ts";
import { SimulatedDisk } from "./disk.ts";
import { clock, entropy, namesInPages, scope, step } from "./support.ts";

const path = "/s/db.json";

/** Written by the first version: three events of `b` in the snapshot; in the journal a fourth, `a` deleted, `c` made, a log entry. */
async function format1(): Promise<SimulatedDisk> {
  const [snapshot, journal] = await Promise.all(
    ["snapshot.txt", "journal.txt"].map((name) => readFile(new URL(`format-1/${name}`, import.meta.url))),
  );
  return SimulatedDisk.of({ [path]: snapshot as Buffer, "/s/db.journal": journal as Buffer });
}

function openOn(files: SimulatedDisk, log: string[] = []): Promise<Store> {
  return openLowdbStore(path, { durability: "process", clock, entropy, files, log: (line) => log.push(line) });
}

async function expectAll(store: Store): Promise<void> {
  expect(await namesInPages(store, 10)).toEqual(["b", "c"]);
  const { items } = await store.history(scope, "b", 0, 10);
  expect(items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
  expect(items[3]?.event).toEqual({ type: "push", text: "é 🚪 \u0000 \ud800", rec: { a: 1, rec: {} } });
  expect(await store.get("instance", scope, "b")).toMatchObject({ rev: 4, rec: { transitionCount: 3 } });
  expect((await store.list("log", "org_test", 0, 10)).items).toMatchObject([{ rec: { log: "x" } }]);
  expect(await store.get("machine", "org_test", "door")).not.toBeNull();
}

test("a store of format 1 with transactions in its journal shows all of them, and is of the newest format from then on", async () => {
  const disk = await format1();
  const log: string[] = [];
  const store = await openOn(disk, log);
  expect(log).toEqual(["/s/db.json: converted from format 1 to 2"]);
  await expectAll(store);
  await store.commit(step("c", 1));
  const left = disk.after("nothing");
  for (const name of [path, "/s/db.journal"]) expect(left.files()[name]?.toString()).toMatch(/^\{[^{]*"format":2,/);
  const again: string[] = [];
  await expectAll(await openOn(left, again));
  expect(again).toEqual([]);
});

test("a crash at any step of the conversion leaves either format, whole", async () => {
  for (let steps = 0; ; steps++) {
    const disk = await format1();
    let left = steps;
    disk.fault = () => (left-- > 0 ? undefined : { error: new Error("crash"), written: 10 });
    const outcome = await openOn(disk).catch((error: unknown) => error);
    const isDone = left >= 0;
    expect([steps, outcome instanceof Error]).toEqual([steps, !isDone]);
    await expectAll(await openOn(disk.after("nothing")));
    if (isDone) break;
  }
});
