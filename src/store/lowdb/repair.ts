// Makes a store of what can be read of a damaged one, and leaves the damaged files beside it.

import fs from "node:fs";
import fsp from "node:fs/promises";
import { basename, join } from "node:path";
import type { Clock, Entropy } from "../../domain/clock.ts";
import { sha256Of } from "../core/blobs.ts";
import { Latch } from "../core/latch.ts";
import type { NewRow } from "../port.ts";
import { FileBlobs } from "./blobs.ts";
import { filesOf } from "./copy.ts";
import { nodeFiles } from "./files.ts";
import { takeLock } from "./lock.ts";
import { type Names, namesOf, timeInName } from "./names.ts";
import { openLowdbStore } from "./open.ts";
import { type RowCheck, type Salvaged, salvage } from "./salvage.ts";

export interface Repair {
  /** Copies of the files as they were. */
  backups: string[];
  /** What is given up, a line each. */
  givenUp: string[];
}

/** What a store may hold, which the layers above know. */
export interface Rules {
  check: RowCheck;
  /** Leaves out what doesn't fit together, and adds what has to be there. */
  fit(salvaged: Salvaged): Promise<Fitted>;
}

export interface Fitted {
  rows: NewRow[];
  /** Code that rows name and that is not there yet. */
  codes: string[];
  /** What is given up, a line each. */
  givenUp: string[];
}

type Outside = { clock: Clock; entropy: Entropy };

/** @throws StoreUnreadable while a server has the store open; what the file system says. The store is as it was then, or repaired. */
export async function repair(path: string, rules: Rules, outside: Outside): Promise<Repair> {
  const names = namesOf(await nodeFiles.realPath(path));
  const lock = await takeLock(nodeFiles, names.lock, outside.entropy);
  try {
    const { rows, codes, givenUp } = await rules.fit(await salvage(names, rules.check));
    // Beside the store, since only there a rename is one step; in a folder of its own, since every other name may be somebody's.
    const folder = await fsp.mkdtemp(join(names.folder, ".settle-repair-"));
    try {
      const repaired = join(folder, basename(names.snapshot));
      await writeStore(repaired, rows, outside);
      const blobs = new FileBlobs(nodeFiles, names, new Latch());
      for (const code of codes) await blobs.put(sha256Of(Buffer.from(code)), Buffer.from(code));
      return { backups: await replace(names, repaired, outside.clock), givenUp };
    } finally {
      await fsp.rm(folder, { recursive: true, force: true });
    }
  } finally {
    await lock.release();
  }
}

/** @returns copies of the files that were there */
async function replace(names: Names, repaired: string, clock: Clock): Promise<string[]> {
  const damaged = await filesOf(names);
  const time = timeInName(clock);
  const backups = damaged.map((file) => `${file}.damaged-${time}`);
  for (const [i, file] of damaged.entries()) {
    await fsp.copyFile(file, backups[i] as string, fs.constants.COPYFILE_EXCL | fs.constants.COPYFILE_FICLONE);
  }
  await nodeFiles.syncFolder(names.folder);
  // Once it has the name it is the store; the journal of the other one is told from it, and could only be given up again.
  await nodeFiles.rename(repaired, names.snapshot);
  await nodeFiles.remove(names.journal);
  await nodeFiles.syncFolder(names.folder);
  return backups;
}

/** A whole store in one file: closed, it has no journal. */
async function writeStore(path: string, rows: NewRow[], { clock, entropy }: Outside): Promise<void> {
  const store = await openLowdbStore(path, { durability: "power", clock, entropy });
  try {
    await store.replaceAll(rows);
  } finally {
    await store.close();
  }
}
