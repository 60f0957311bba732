// Makes a store of what can be read of a damaged one, and leaves the damaged files beside it.

import fs from "node:fs";
import fsp from "node:fs/promises";
import type { Clock, Entropy } from "../../domain/clock.ts";
import { filesOf } from "./copy.ts";
import { nodeFiles } from "./files.ts";
import { takeLock } from "./lock.ts";
import { namesOf } from "./names.ts";
import { openLowdbStore } from "./open.ts";
import { salvage } from "./salvage.ts";

export interface Repair {
  /** Copies of the files as they were. */
  backups: string[];
  /** What is given up, a line each. */
  givenUp: string[];
}

/** @throws StoreUnreadable while a server has the store open; what the file system says. The store is as it was then, or repaired. */
export async function repair(path: string, outside: { clock: Clock; entropy: Entropy }): Promise<Repair> {
  const { clock, entropy } = outside;
  const names = namesOf(await nodeFiles.realPath(path));
  const lock = await takeLock(nodeFiles, names.lock, entropy);
  try {
    const damaged = await filesOf(names);
    const { rows, givenUp } = await salvage(names);
    const repaired = `${names.snapshot.replace(/\.json$/, "")}.repaired.json`;
    await writeStore(repaired, rows, outside);
    const time = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, "-");
    const backups = damaged.map((file) => `${file}.damaged-${time}`);
    for (const [i, file] of damaged.entries()) {
      await fsp.copyFile(file, backups[i] as string, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
    }
    await nodeFiles.syncFolder(names.folder);
    // Once it has the name it is the store; what is left of the other one is told from it, and could only be given up again.
    await nodeFiles.rename(repaired, names.snapshot);
    for (const file of damaged) if (file !== names.snapshot) await nodeFiles.remove(file);
    await nodeFiles.syncFolder(names.folder);
    return { backups, givenUp };
  } finally {
    await lock.release();
  }
}

/** A whole store in one file: closed, it has no journal. */
async function writeStore(
  path: string,
  rows: Parameters<Awaited<ReturnType<typeof openLowdbStore>>["replaceAll"]>[0],
  { clock, entropy }: { clock: Clock; entropy: Entropy },
): Promise<void> {
  await nodeFiles.remove(path);
  const store = await openLowdbStore(path, { durability: "power", clock, entropy });
  try {
    await store.replaceAll(rows);
  } finally {
    await store.close();
  }
}
