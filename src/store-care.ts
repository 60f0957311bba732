// Looks after a store's files while no server has them open: checked, repaired, compacted, written out, put in, kept under names.

import { mkdtemp, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { credentialsAnew, ensureCredentials } from "./bootstrap.ts";
import { createRowCheck, fitRows } from "./operations/state/fit.ts";
import { importInto, type PutIn } from "./operations/state/import.ts";
import { createSnapshots, type Snapshots } from "./operations/state/snapshots.ts";
import { readCredentials, type WriteOptions, writeDocument } from "./operations/state/write.ts";
import { systemEntropy, wallClock } from "./outside.ts";
import { inCopy } from "./store/lowdb/copy.ts";
import { type Examination, examine } from "./store/lowdb/examine.ts";
import { nodeFiles } from "./store/lowdb/files.ts";
import { takeLock } from "./store/lowdb/lock.ts";
import { namesAt, namesOf } from "./store/lowdb/names.ts";
import { type LowdbOptions, openLowdbStore } from "./store/lowdb/open.ts";
import { type Fitted, type Repair, repair } from "./store/lowdb/repair.ts";
import type { Salvaged } from "./store/lowdb/salvage.ts";
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

/** Whether the file is, or would be, one of those that make the store. @param file with its links followed */
export async function isFileOf(store: string, file: string): Promise<boolean> {
  const { snapshot, journal, lock, server, blobs, snapshots } = namesOf(await realPathOrSame(resolve(store)));
  return [snapshot, journal, lock, server].includes(file) || [blobs, snapshots].includes(dirname(file));
}

/** A path without a folder has no links to follow. */
async function realPathOrSame(path: string): Promise<string> {
  try {
    return await nodeFiles.realPath(path);
  } catch {
    return path;
  }
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
export function examineStore(path: string, signal?: AbortSignal): Promise<Examination | null> {
  return examine(resolve(path), outside, signal);
}

/** What was salvaged, as a store that a server can go on with. */
async function fitTogether({ rows, givenUp, remnants, codes: there }: Salvaged): Promise<Fitted> {
  const fitting = fitRows(rows, { lines: remnants, codes: new Set(there) });
  const { codes } = fitting;
  const found = fitting.rows.find(({ kind }) => kind === "bootstrap");
  const org = fitting.rows.find(({ kind }) => kind === "org");
  const made = [...givenUp, ...fitting.givenUp];
  if (found) return { rows: fitting.rows, codes, givenUp: made };
  if (!org) {
    return { rows: fitting.rows, codes, givenUp: [...made, "the store's credentials: a server gives it new ones"] };
  }
  const keys = fitting.rows.flatMap((row) => (row.kind === "key" && row.scope === org.name ? [row.rec] : []));
  const credentials = await credentialsAnew(org.name, keys, { ...outside, wallClock });
  const what = `the store's credentials: organization ${org.name} has new ones, a new admin token among them`;
  return { rows: [...credentials, ...fitting.rows], codes, givenUp: [...made, what] };
}

/** @see repair */
export function repairStore(path: string): Promise<Repair> {
  return repair(resolve(path), { check: createRowCheck(), fit: fitTogether }, outside);
}

/** Takes all code away that no record names, too. @returns how many files of it, and their bytes. @throws StoreUnreadable; StoreUnavailable when there is no room for it */
export async function compactStore(path: string): Promise<{ codes: number; bytes: number }> {
  const before = await codeSizes(path);
  await withStore(path, async () => {}, { collects: "all", mustCompact: true });
  const after = await codeSizes(path);
  const gone = [...before].filter(([name]) => !after.has(name));
  return { codes: gone.length, bytes: gone.reduce((sum, [, bytes]) => sum + bytes, 0) };
}

/** By file. */
async function codeSizes(path: string): Promise<Map<string, number>> {
  const { blobs } = await namesAt(resolve(path), nodeFiles);
  const files = await nodeFiles.list(blobs);
  return new Map(await Promise.all(files.map(async (file) => [file, (await stat(join(blobs, file))).size] as const)));
}

/** Hands a state document over, piece by piece. Touches nothing, so that a store that can't be written will do. @throws StoreUnreadable */
export async function exportStore(
  path: string,
  options: WriteOptions,
  take: (pieces: AsyncIterable<string>) => Promise<void>,
): Promise<void> {
  await inCopy(
    resolve(path),
    outside,
    () => {},
    (store) => take(writeDocument(store, options)),
  );
}

/**
 * Puts a document in the place of everything. A store that keeps its credentials, a new one, which has the document's if it has any.
 * @param read starts reading it, as often as it is called
 * @throws Problem for what is no state document: an existing store is as it was then, and a new one is not made. StoreUnreadable
 */
export async function importStore(path: string, read: () => AsyncIterable<Uint8Array>): Promise<PutIn> {
  return (await importNew(path, read)) ?? withStore(path, (store) => importTo(store, read));
}

function importTo(store: Store, read: () => AsyncIterable<Uint8Array>): Promise<PutIn> {
  const make = async () => {
    await ensureCredentials(store, { ...outside, wallClock });
    const made = await readCredentials(store);
    if (!made) throw new Error("the store was given no credentials");
    return made;
  };
  return importInto(store, systemEntropy, read, make);
}

/** Makes a store in a folder of its own, whose files take their names once it is whole. Null when there is one already. */
async function importNew(path: string, read: () => AsyncIterable<Uint8Array>): Promise<PutIn | null> {
  if ((await storeSize(path)) !== null) return null;
  await nodeFiles.makeFolder(dirname(resolve(path)));
  const names = namesOf(await nodeFiles.realPath(resolve(path)));
  const lock = await takeLock(nodeFiles, names.lock, systemEntropy);
  try {
    if ((await storeSize(path)) !== null) return null; // made meanwhile
    const folder = await mkdtemp(join(names.folder, ".settle-import-"));
    try {
      const made = namesOf(join(folder, basename(names.snapshot)));
      const putIn = await withStore(made.snapshot, (store) => importTo(store, read));
      await nodeFiles.makeFolder(names.blobs);
      for (const blob of await nodeFiles.list(made.blobs)) {
        await nodeFiles.rename(join(made.blobs, blob), join(names.blobs, blob));
      }
      await nodeFiles.syncFolder(names.blobs);
      await nodeFiles.rename(made.snapshot, names.snapshot);
      await nodeFiles.syncFolder(names.folder);
      return putIn;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    await lock.release();
  }
}

/** Those of a store that no server has open. @throws StoreUnreadable, also by what the snapshots do */
export function storedSnapshots(path: string): Snapshots {
  const shelf = createFileShelf(resolve(path), systemEntropy);
  return createSnapshots(shelf, {
    write: (take) => withStore(path, (store) => take(writeDocument(store, { withCredentials: true }))),
    put: (read) => importStore(path, read),
  });
}

async function withStore<T>(
  path: string,
  fn: (store: Store) => Promise<T>,
  more: Pick<LowdbOptions, "collects" | "mustCompact"> = {},
): Promise<T> {
  const store = await openLowdbStore(resolve(path), { durability: "power", ...outside, ...more });
  try {
    return await fn(store);
  } finally {
    await store.close();
  }
}
