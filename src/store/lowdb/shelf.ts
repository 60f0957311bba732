// Named snapshots as files beside the store, `db.snapshots/<name>.json`: whole and durable before they take their name.

import fs from "node:fs";
import fsp from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Entropy } from "../../domain/clock.ts";
import { StoreUnavailable } from "../port.ts";
import { type Shelf, ShelfBlocked, ShelfChanged, type Shelved } from "../shelf.ts";
import { codeOf, mayPass, nodeFiles, orNull } from "./files.ts";
import { namesAt, temporary } from "./names.ts";
import { sealed, unsealed } from "./sealed.ts";

const suffix = ".json";

/**
 * The store must be open, or nobody's: what others are writing beside it would be taken for left over.
 * @param path of the store. Names are file names: whoever calls sees to it that they are harmless.
 */
export function createFileShelf(path: string, entropy: Entropy): Shelf {
  const pathOf = async (name: string) => join(await folderOf(path), `${name}${suffix}`);
  /** What is being written. */
  const drafts = new Set<string>();
  return {
    async put(name, pieces) {
      const file = await pathOf(name);
      // A name of its own, since the same snapshot may be saved twice at once.
      const mark = Buffer.from(entropy.bytes(9)).toString("base64url");
      const draft = temporary(join(dirname(file), `.${name}.${mark}`));
      drafts.add(draft);
      try {
        await makeRoom(file, drafts);
        return await write(name, { file, draft }, pieces);
      } catch (cause) {
        if (!mayPass(cause)) throw cause;
        throw new StoreUnavailable(`the disk is full: the snapshot ${name} can't be written`, false, { cause });
      } finally {
        drafts.delete(draft);
      }
    },
    async get(name) {
      const file = await pathOf(name);
      if ((await statOf(name, file)) === null) return null;
      const read = () =>
        unsealed(fs.createReadStream(file, { highWaterMark: 256 * 1024 }), () => new ShelfChanged(file));
      // As a whole first: whoever takes it in as it comes would else find another fault in what was changed.
      for await (const _ of read());
      return read;
    },
    async list() {
      const folder = await folderOf(path);
      const files = (await orNull(fsp.readdir(folder))) ?? [];
      const names = files.filter((file) => file.endsWith(suffix)).map((file) => file.slice(0, -suffix.length));
      const shelved = await Promise.all(names.sort().map((name) => statOf(name, join(folder, `${name}${suffix}`))));
      return shelved.filter((one) => one !== null);
    },
    async delete(name) {
      const file = await pathOf(name);
      const isThere = (await statOf(name, file)) !== null;
      if (isThere) await nodeFiles.remove(file);
      return isThere;
    },
  };
}

async function folderOf(path: string): Promise<string> {
  return (await namesAt(path, nodeFiles)).snapshots;
}

/** Makes the folder, and removes what a crash left over in it, which holds secrets. @throws ShelfBlocked */
async function makeRoom(file: string, drafts: ReadonlySet<string>): Promise<void> {
  const folder = dirname(file);
  await nodeFiles.makeFolder(folder).catch((cause) => {
    throw codeOf(cause) === "EEXIST" || codeOf(cause) === "ENOTDIR" ? new ShelfBlocked(folder, { cause }) : cause;
  });
  const there = await orNull(fsp.stat(file));
  if (there !== null && !there.isFile()) throw new ShelfBlocked(file);
  for (const entry of await fsp.readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isFile() && path.endsWith(temporary("")) && !drafts.has(path)) await nodeFiles.remove(path);
  }
}

async function write(
  name: string,
  { file, draft }: { file: string; draft: string },
  pieces: AsyncIterable<string>,
): Promise<Shelved> {
  try {
    await writeOut(draft, pieces);
    const shelved = await statOf(name, draft);
    if (shelved === null) throw new Error(`${basename(draft)} was taken away while it was written`);
    await nodeFiles.rename(draft, file);
    await nodeFiles.syncFolder(dirname(file));
    await nodeFiles.syncFolder(dirname(dirname(file)));
    return shelved;
  } catch (error) {
    await nodeFiles.remove(draft).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

async function writeOut(path: string, pieces: AsyncIterable<string>): Promise<void> {
  const file = await nodeFiles.open(path, "claim");
  let position = 0;
  try {
    for await (const bytes of sealed(pieces)) {
      await file.write(bytes, position);
      position += bytes.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Null for what is no file, too. */
async function statOf(name: string, path: string): Promise<Shelved | null> {
  const stat = await orNull(fsp.stat(path));
  return stat?.isFile() ? { name, bytes: stat.size, savedAt: Math.floor(stat.mtimeMs) } : null;
}
