// Looks after a store's files while no server has them open: checked, repaired, compacted, written out, put in, kept under names.

import { rm } from "node:fs/promises";
import { resolve } from "node:path";
import { ensureCredentials } from "./bootstrap.ts";
import { importInto, type PutIn } from "./operations/state/import.ts";
import { createSnapshots, type Snapshots } from "./operations/state/snapshots.ts";
import { readCredentials, type WriteOptions, writeDocument } from "./operations/state/write.ts";
import { systemEntropy, wallClock } from "./outside.ts";
import { type Examination, examine } from "./store/lowdb/examine.ts";
import { nodeFiles } from "./store/lowdb/files.ts";
import { namesOf } from "./store/lowdb/names.ts";
import { openLowdbStore } from "./store/lowdb/open.ts";
import { type Repair, repair } from "./store/lowdb/repair.ts";
import { createFileShelf } from "./store/lowdb/shelf.ts";
import type { Store } from "./store/port.ts";
import type { Shelved } from "./store/shelf.ts";

export type { Examination, PutIn, Repair, Shelved };

const outside = { clock: wallClock, entropy: systemEntropy };

/** Bytes of the snapshot, and of the journal beside it; null when there is no store. */
export async function storeSize(path: string): Promise<{ snapshot: number; journal: number } | null> {
  const names = namesOf(resolve(path));
  const [snapshot, journal] = await Promise.all([sizeOf(names.snapshot), sizeOf(names.journal)]);
  return snapshot === null && journal === null ? null : { snapshot: snapshot ?? 0, journal: journal ?? 0 };
}

async function sizeOf(path: string): Promise<number | null> {
  if ((await nodeFiles.identity(path)) === null) return null;
  const file = await nodeFiles.open(path, "read");
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}

/** @see examine */
export function examineStore(path: string): Promise<Examination | null> {
  return examine(resolve(path), outside);
}

/** @see repair */
export function repairStore(path: string): Promise<Repair> {
  return repair(resolve(path), outside);
}

/** @throws StoreUnreadable */
export async function compactStore(path: string): Promise<void> {
  await withStore(path, async () => {});
}

/** Hands a state document over, piece by piece. @throws StoreUnreadable */
export async function exportStore(
  path: string,
  options: WriteOptions,
  take: (pieces: AsyncIterable<string>) => Promise<void>,
): Promise<void> {
  await withStore(path, (store) => take(writeDocument(store, options)));
}

/**
 * Puts a document in the place of everything. A store that keeps its credentials, a new one, which has the document's if it has any.
 * @param read starts reading it, as often as it is called
 * @throws Problem for what is no state document: an existing store is as it was then, and a new one is not made. StoreUnreadable
 */
export async function importStore(path: string, read: () => AsyncIterable<Uint8Array>): Promise<PutIn> {
  const isNew = (await storeSize(path)) === null;
  try {
    return await withStore(path, (store) => {
      const make = async () => {
        await ensureCredentials(store, { ...outside, wallClock });
        const made = await readCredentials(store);
        if (!made) throw new Error("the store was given no credentials");
        return made;
      };
      return importInto(store, systemEntropy, read, make);
    });
  } catch (error) {
    const { snapshot, blobs } = namesOf(resolve(path));
    if (isNew) for (const file of [snapshot, blobs]) await rm(file, { recursive: true, force: true });
    throw error;
  }
}

/** Those of a store that no server has open. @throws StoreUnreadable, also by what the snapshots do */
export function storedSnapshots(path: string): Snapshots {
  const shelf = createFileShelf(resolve(path));
  return createSnapshots(shelf, {
    write: (take) => withStore(path, (store) => take(writeDocument(store, { withCredentials: true }))),
    put: (read) => importStore(path, read),
  });
}

async function withStore<T>(path: string, fn: (store: Store) => Promise<T>): Promise<T> {
  const store = await openLowdbStore(resolve(path), { durability: "power", ...outside });
  try {
    return await fn(store);
  } finally {
    await store.close();
  }
}
