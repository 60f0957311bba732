// The file operations the store stands on, as a port: tests inject full disks, I/O errors and crashes here.

import fs from "node:fs";
import fsp from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";

export interface OpenFile {
  /** Bytes in the file. */
  size(): Promise<number>;
  /** Number of bytes read from `position`; less than asked for only at the end. */
  read(into: Uint8Array, position: number): Promise<number>;
  /** The same without leaving the thread: a few µs where the system has the page in memory. */
  readNow(into: Uint8Array, position: number): number;
  /** Writes all bytes at `position`. On an error some of them may be there. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** The same without leaving the thread: some 3 µs into the page cache, where a trip to the thread pool costs 20 to 90. */
  writeNow(bytes: Uint8Array, position: number): void;
  /** What was written survives a power cut. */
  sync(): Promise<void>;
  truncate(size: number): Promise<void>;
  close(): Promise<void>;
}

export interface Files {
  /** `create` empties what is there, `claim` fails (EEXIST) when something is there. New files are for their owner only. */
  open(path: string, how: "read" | "update" | "create" | "claim"): Promise<OpenFile>;
  /** The whole file; null when there is none. What is no file of this store's, such as a device, is not read. */
  read(path: string): Promise<Uint8Array | null>;
  rename(from: string, to: string): Promise<void>;
  /** Removes a file; none is fine. */
  remove(path: string): Promise<void>;
  /** Makes a folder, for its owner only, with its parents; an existing one is fine. */
  makeFolder(path: string): Promise<void>;
  /** What is in the folder; nothing when there is none. */
  list(path: string): Promise<string[]>;
  /** Names in the folder survive a power cut. */
  syncFolder(path: string): Promise<void>;
  /** The path with its links followed, the file's own included, whether or not the file exists; its folder must. */
  realPath(path: string): Promise<string>;
  /** Changes whenever someone else writes or replaces the file; null when there is none. */
  identity(path: string): Promise<string | null>;
}

const flags = { read: "r", update: "r+", create: "w+", claim: "wx+" };
/** Of a file that is read in one piece: a record of a state document may have so many, code included. */
const wholeBytesAtMost = 100_000_000;
const ownerOnly = 0o600;
const ownerOnlyFolder = 0o700;

export const nodeFiles: Files = {
  open: async (path, how) => {
    const fd = await openFd(path, flags[how], ownerOnly);
    if (!(await fstat(fd)).isDirectory()) return openFile(fd);
    await close(fd); // reading it would fail without saying what
    throw Object.assign(new Error(`${path} is a folder`), { code: "EISDIR", syscall: "open" });
  },
  read: async (path) => {
    const stat = await orNull(fsp.stat(path));
    if (stat === null) return null;
    if (!stat.isFile()) throw new Error(`${path} is no regular file`);
    if (stat.size > wholeBytesAtMost) throw new Error(`${path} is larger than any that Settle writes there`);
    return orNull(fsp.readFile(path));
  },
  rename: (from, to) => fsp.rename(from, to),
  remove: (path) => fsp.rm(path, { force: true }),
  makeFolder: async (path) => {
    await makeFirstFolder(path);
    await fsp.mkdir(path, { recursive: true, mode: ownerOnlyFolder });
  },
  list: async (path) => (await orNull(fsp.readdir(path))) ?? [],
  syncFolder: async (path) => {
    if (process.platform === "win32") return; // a folder can't be opened there, and a rename is journaled by the system
    const fd = await openFd(path, "r", 0);
    try {
      await fsync(fd);
    } finally {
      await close(fd);
    }
  },
  realPath: async (path) =>
    (await orNull(fsp.realpath(path))) ?? join(await fsp.realpath(dirname(path)), basename(path)),
  identity: async (path) => {
    const stat = await orNull(fsp.stat(path, { bigint: true }));
    return stat && `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
  },
};

/** Node makes folders with their parents for ever where a parent is there and says that it is not, as those in /proc do. */
async function makeFirstFolder(path: string): Promise<void> {
  if ((await orNull(fsp.stat(path))) !== null) return;
  let first = path;
  for (let parent = dirname(first); (await orNull(fsp.stat(parent))) === null; parent = dirname(first)) {
    if (parent === first) break; // a drive that isn't there
    first = parent;
  }
  try {
    await fsp.mkdir(first, { mode: ownerOnlyFolder });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error; // made meanwhile
  }
}

/** Whether the error may pass and left nothing in doubt: a full disk or quota, too many open files. */
export function mayPass(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && passing.has(code);
}

const passing: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE"]);

export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

// The promise API of a FileHandle costs several times as much per call as the plain one.
const openFd = promisify(fs.open);
const read = promisify(fs.read);
const write = promisify(fs.write);
const fsync = promisify(fs.fsync);
const fdatasync = promisify(fs.fdatasync);
const ftruncate = promisify(fs.ftruncate);
const fstat = promisify(fs.fstat);
const close = promisify(fs.close);

function openFile(fd: number): OpenFile {
  return {
    size: async () => (await fstat(fd)).size,
    read: async (into, position) => {
      let done = 0;
      while (done < into.length) {
        const { bytesRead } = await read(fd, into, done, into.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    readNow: (into, position) => {
      let done = 0;
      while (done < into.length) {
        const bytesRead = fs.readSync(fd, into, done, into.length - done, position + done);
        if (bytesRead === 0) break;
        done += bytesRead;
      }
      return done;
    },
    write: async (bytes, position) => {
      let done = 0;
      while (done < bytes.length) {
        done += (await write(fd, bytes, done, bytes.length - done, position + done)).bytesWritten;
      }
    },
    writeNow: (bytes, position) => {
      let done = 0;
      while (done < bytes.length) done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
    },
    sync: () => fdatasync(fd),
    truncate: (size) => ftruncate(fd, size),
    close: () => close(fd),
  };
}

/** What asks about a file or folder that isn't there answers null. */
export async function orNull<T>(result: Promise<T>): Promise<T | null> {
  try {
    return await result;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}
