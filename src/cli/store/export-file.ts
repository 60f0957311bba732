// Where `settle store export` writes to: stdout, a file that may be replaced, or whatever else takes bytes.

import { createReadStream, createWriteStream, type Stats } from "node:fs";
import { realpath, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isStorePath } from "../../domain/store-path.ts";
import { isFileOf } from "../../store-care.ts";
import { CannotRun } from "../cannot-run.ts";
import type { StoreFlags } from "../store.ts";
import { ensureWritable } from "../written-file.ts";

type Write = (pieces: AsyncIterable<string | Uint8Array>) => Promise<void>;

const standardOutput = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];
const beginsAsState = /^\s*\{\s*"format"\s*:\s*"settle-state"/;
const beginningBytes = 256;

/** @throws CannotRun, before anything is read, for what must not be replaced */
export async function openExport(
  file: string | undefined,
  { store, force = false, signal }: StoreFlags,
): Promise<Write> {
  if (file === undefined || standardOutput.includes(file)) {
    return (pieces) => pipeline(pieces, process.stdout, { end: false, signal });
  }
  const path = await followed(file);
  if (isStorePath(store) && (await isFileOf(store, path))) {
    throw new CannotRun(`${file} is a file of the store ${store} itself; name another one`);
  }
  const there = await statOf(path);
  if (there?.isDirectory()) throw new CannotRun(`${file} is a folder; name a file in it`);
  if (there && !there.isFile()) return (pieces) => pipeline(pieces, createWriteStream(path), { signal });
  if (there && there.size > 0 && !force && !beginsAsState.test(await beginningOf(path))) {
    throw new CannotRun(`${file} is there already, and is no exported state; name another file, or use --force`);
  }
  return (pieces) => replace(path, pieces, signal);
}

/** A link stays one, and a folder that isn't there is made. */
async function followed(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch {
    const folder = dirname(resolve(file));
    ensureWritable("the export", file);
    return join(await realpath(folder), basename(file));
  }
}

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function beginningOf(path: string): Promise<string> {
  let text = "";
  for await (const chunk of createReadStream(path, { end: beginningBytes - 1 })) text += chunk;
  return text;
}

/** For its owner only, and whole before it has its name. */
async function replace(
  path: string,
  pieces: AsyncIterable<string | Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const into = createWriteStream(temporary, { mode: 0o600, flags: "wx", flush: true });
  try {
    await pipeline(Readable.from(pieces), into, { signal });
    await rename(temporary, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") await rm(temporary, { force: true });
    throw error;
  }
}
