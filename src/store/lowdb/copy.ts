// Looking at a store in a copy of its files: with the very code that opens it, whatever it does, and nothing of the store is touched.

import fs from "node:fs";
import fsp from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Clock, Entropy } from "../../domain/clock.ts";
import { type Store, StoreUnreadable } from "../port.ts";
import { nodeFiles } from "./files.ts";
import { type Names, namesOf } from "./names.ts";
import { openLowdbStore } from "./open.ts";

/** While the store is in use, it may be rewritten again and again. */
const copiesAtMost = 60;
const pauseMs = 50;

/**
 * Opens a copy of the store, lets `fn` look at it, and throws it away.
 * @param fn also gets what names the store's own files in a line that names those of the copy
 * @param tell hears what opening the store would tell a person
 * @throws StoreUnreadable, in the words of the store itself
 */
export async function inCopy<T>(
  path: string,
  { clock, entropy }: { clock: Clock; entropy: Entropy },
  tell: (line: string) => void,
  fn: (store: Store, named: (line: string) => string) => Promise<T>,
): Promise<T> {
  const names = namesOf(await nodeFiles.realPath(path));
  const folder = await fsp.mkdtemp(join(tmpdir(), "settle-copy-"));
  const named = (line: string) => line.replaceAll(folder, names.folder);
  try {
    await copy(names, folder);
    const store = await openLowdbStore(join(folder, basename(names.snapshot)), {
      durability: "process",
      clock,
      entropy,
      log: (line) => tell(named(line)),
      collects: "none", // the code is the store's own, through a link
    });
    try {
      return await fn(store, named);
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof Error) error.message = named(error.message);
    throw error;
  } finally {
    await fsp.rm(folder, { recursive: true, force: true });
  }
}

/** The files that hold what the store holds, code apart, as far as they are there. What else begins with its name is somebody else's. */
export async function filesOf(names: Names): Promise<string[]> {
  const files = [names.snapshot, names.journal];
  const found = await Promise.all(files.map((file) => nodeFiles.identity(file)));
  return files.filter((_, i) => found[i] !== null);
}

/** As the files were at one moment, as far as a rewriting shows in the snapshot; what is appended meanwhile does no harm. */
async function copy(names: Names, folder: string): Promise<void> {
  for (let copies = 1; ; copies++) {
    const before = await nodeFiles.identity(names.snapshot);
    const copied = await copyFiles(await filesOf(names), folder);
    if (copied && (await nodeFiles.identity(names.snapshot)) === before) break;
    if (copies === copiesAtMost) throw new StoreUnreadable(`${names.snapshot} is rewritten all the time. Try again.`);
    await pause(pauseMs);
  }
  await fsp.symlink(names.blobs, join(folder, basename(names.blobs)), "junction");
}

async function copyFiles(paths: readonly string[], folder: string): Promise<boolean> {
  for (const path of await fsp.readdir(folder)) await fsp.rm(join(folder, path));
  try {
    for (const path of paths) {
      const to = join(folder, basename(path));
      await fsp.copyFile(path, to, fs.constants.COPYFILE_FICLONE);
      await fsp.chmod(to, 0o600); // what may only be read is whole all the same
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false; // it took another name meanwhile
    throw error;
  }
}
