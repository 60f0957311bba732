// Named snapshots as files beside the store, `db.snapshots/<name>.json`: whole and durable before they take their name.

import fs from "node:fs";
import fsp from "node:fs/promises";
import { dirname, join } from "node:path";
import { StoreUnavailable } from "../port.ts";
import type { Shelf, Shelved } from "../shelf.ts";
import { codeOf, mayPass, nodeFiles } from "./files.ts";
import { temporary } from "./names.ts";

const suffix = ".json";

/** @param path of the store. Names are file names: whoever calls sees to it that they are harmless. */
export function createFileShelf(path: string): Shelf {
  const pathOf = async (name: string) => join(await folderOf(path), `${name}${suffix}`);
  return {
    async put(name, pieces) {
      try {
        return await write(name, await pathOf(name), pieces);
      } catch (cause) {
        if (!mayPass(cause)) throw cause;
        throw new StoreUnavailable(`the disk is full: the snapshot ${name} can't be written`, false, { cause });
      }
    },
    async get(name) {
      const file = await pathOf(name);
      const isThere = (await orNull(fsp.stat(file))) !== null;
      return isThere ? () => fs.createReadStream(file, { highWaterMark: 256 * 1024 }) : null;
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
      const isThere = (await orNull(fsp.stat(file))) !== null;
      await nodeFiles.remove(file);
      return isThere;
    },
  };
}

async function folderOf(path: string): Promise<string> {
  const real = (await orNull(nodeFiles.realPath(path))) ?? path;
  return `${real.replace(/\.json$/, "")}.snapshots`;
}

async function write(name: string, path: string, pieces: AsyncIterable<string>): Promise<Shelved> {
  await nodeFiles.makeFolder(dirname(path));
  const file = await nodeFiles.open(temporary(path), "create");
  let position = 0;
  try {
    for await (const piece of pieces) {
      const bytes = Buffer.from(piece);
      await file.write(bytes, position);
      position += bytes.length;
    }
    await file.sync();
  } catch (error) {
    await nodeFiles.remove(temporary(path)).catch(() => {}); // the first error is the one to tell
    throw error;
  } finally {
    await file.close();
  }
  await nodeFiles.rename(temporary(path), path);
  await nodeFiles.syncFolder(dirname(path));
  await nodeFiles.syncFolder(dirname(dirname(path)));
  return (await statOf(name, path)) ?? { name, bytes: position, savedAt: 0 };
}

async function statOf(name: string, path: string): Promise<Shelved | null> {
  const stat = await orNull(fsp.stat(path));
  return stat && { name, bytes: stat.size, savedAt: Math.floor(stat.mtimeMs) };
}

async function orNull<T>(result: Promise<T>): Promise<T | null> {
  try {
    return await result;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
