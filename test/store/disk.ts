// A disk in memory that can be full, break, and lose power: what was not synced is then gone.

import type { Files, OpenFile } from "../../src/store/lowdb/files.ts";

interface Inode {
  data: Buffer;
  /** What a power cut leaves of it. */
  synced: Buffer;
  changes: number;
}

export type Operation = "open" | "write" | "sync" | "truncate" | "rename" | "remove" | "makeFolder" | "syncFolder";

/** Asked before each operation that changes something. What it returns is thrown, after `written` bytes of a write. */
export type Fault = (operation: Operation, path: string) => { error: Error; written?: number } | undefined;

/**
 * What a crash takes: a killed process loses nothing it wrote; a power cut loses what was not synced: all of it, contents but no
 * names, or contents and all changed names but the last (a disk keeps no order of its own).
 */
export type Loss = "nothing" | "all unsynced" | "unsynced contents" | "all unsynced but the last name";

export class SimulatedDisk implements Files {
  /** File names to contents, as every process sees them. */
  #names = new Map<string, Inode>();
  /** The names a power cut leaves. */
  #syncedNames = new Map<string, Inode>();
  #lastNaming: (names: Map<string, Inode>) => void = () => {};
  fault: Fault = () => undefined;
  /** Waited for before each write that leaves the thread, each removal and each sync, so that others get their turns. */
  delay: (path: string) => Promise<void> | undefined = () => undefined;
  /** By reads on the main thread. */
  bytesRead = 0;
  /** Files that are open. */
  openFiles = 0;
  /** How often each operation was done. */
  readonly done = new Map<Operation, number>();

  /** A disk with these files, all of them safe. */
  static of(files: { [path: string]: Uint8Array | string }): SimulatedDisk {
    const disk = new SimulatedDisk();
    for (const [path, content] of Object.entries(files)) {
      const data = Buffer.from(content);
      disk.#names.set(path, { data, synced: data, changes: 0 });
    }
    disk.#syncedNames = new Map(disk.#names);
    return disk;
  }

  /** The disk as the next process finds it. The lock is left out: its process is gone, which a test can't be. */
  after(loss: Loss): SimulatedDisk {
    const names = new Map(loss.startsWith("all unsynced") ? this.#syncedNames : this.#names);
    if (loss === "all unsynced but the last name") this.#lastNaming(names);
    const left = [...names].filter(([path]) => !path.endsWith(".lock"));
    return SimulatedDisk.of(
      Object.fromEntries(left.map(([path, { data, synced }]) => [path, loss === "nothing" ? data : synced])),
    );
  }

  /** Every file but the lock. */
  files(): { [path: string]: Buffer } {
    const visible = [...this.#names].filter(([path]) => !path.endsWith(".lock"));
    return Object.fromEntries(visible.map(([path, { data }]) => [path, data]));
  }

  async open(path: string, how: "read" | "update" | "create" | "claim"): Promise<OpenFile> {
    const known = this.#names.get(path);
    if (how === "read" || how === "update") {
      if (known === undefined) throw systemError("ENOENT", path);
      return this.#file(path, known);
    }
    this.#ask("open", path);
    if (known !== undefined && how === "claim") throw systemError("EEXIST", path);
    const inode = known ?? { data: Buffer.alloc(0), synced: Buffer.alloc(0), changes: 0 };
    inode.data = Buffer.alloc(0);
    this.#names.set(path, inode);
    return this.#file(path, inode);
  }

  async read(path: string): Promise<Uint8Array | null> {
    return this.#names.get(path)?.data ?? null;
  }

  async rename(from: string, to: string): Promise<void> {
    this.#ask("rename", to);
    const inode = this.#names.get(from);
    if (inode === undefined) throw systemError("ENOENT", from);
    this.#rename((names) => {
      names.delete(from);
      names.set(to, inode);
    });
  }

  async remove(path: string): Promise<void> {
    await this.delay(path);
    this.#ask("remove", path);
    this.#rename((names) => names.delete(path));
  }

  async makeFolder(path: string): Promise<void> {
    this.#ask("makeFolder", path);
  }

  async list(path: string): Promise<string[]> {
    return [...this.#names.keys()].filter((name) => isInside(path, name)).map((name) => name.slice(path.length + 1));
  }

  async syncFolder(path: string): Promise<void> {
    await this.delay(path);
    this.#ask("syncFolder", path);
    const inside = (name: string) => isInside(path, name);
    for (const name of this.#syncedNames.keys()) if (inside(name)) this.#syncedNames.delete(name);
    for (const [name, inode] of this.#names) if (inside(name)) this.#syncedNames.set(name, inode);
    this.#lastNaming = () => {};
  }

  async realPath(path: string): Promise<string> {
    return path;
  }

  async identity(path: string): Promise<string | null> {
    const inode = this.#names.get(path);
    return inode === undefined
      ? null
      : `${inode.changes}:${inode.data.length}:${inode.data.toString("latin1", 0, 200)}`;
  }

  #rename(naming: (names: Map<string, Inode>) => void): void {
    naming(this.#names);
    this.#lastNaming = naming;
  }

  #ask(operation: Operation, path: string): void {
    const fault = this.fault(operation, path);
    if (fault !== undefined) throw fault.error;
    this.done.set(operation, (this.done.get(operation) ?? 0) + 1);
  }

  #file(openedAs: string, inode: Inode): OpenFile {
    const nameNow = () => [...this.#names].find(([, known]) => known === inode)?.[0] ?? openedAs; // it may be renamed
    let isClosed = false;
    this.openFiles++;
    const writeNow = (bytes: Uint8Array, position: number) => {
      if (isClosed) throw systemError("EBADF", nameNow());
      const fault = this.fault("write", nameNow());
      put(inode, fault === undefined ? bytes : bytes.subarray(0, fault.written ?? 0), position);
      if (fault !== undefined) throw fault.error;
      this.done.set("write", (this.done.get("write") ?? 0) + 1);
    };
    return {
      size: async () => inode.data.length,
      read: async (into, position) => inode.data.copy(into, 0, position, position + into.length),
      readNow: (into, position) => {
        if (isClosed) throw systemError("EBADF", nameNow());
        this.bytesRead += into.length;
        return inode.data.copy(into, 0, position, position + into.length);
      },
      write: async (bytes, position) => {
        await this.delay(nameNow());
        writeNow(bytes, position);
      },
      writeNow,
      sync: async () => {
        await this.delay(nameNow());
        this.#ask("sync", nameNow());
        inode.synced = inode.data;
      },
      truncate: async (size) => {
        this.#ask("truncate", nameNow());
        inode.data = Buffer.from(inode.data.subarray(0, size));
        inode.changes++;
      },
      close: async () => {
        if (isClosed) throw systemError("EBADF", nameNow());
        isClosed = true;
        this.openFiles--;
      },
    };
  }
}

export function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: simulated, ${path}`), { code });
}

function isInside(folder: string, name: string): boolean {
  return name.startsWith(`${folder}/`) && !name.slice(folder.length + 1).includes("/");
}

function put(inode: Inode, bytes: Uint8Array, position: number): void {
  const end = Math.max(inode.data.length, position + bytes.length);
  const data = Buffer.alloc(end);
  data.set(inode.data);
  data.set(bytes, position);
  inode.data = data;
  inode.changes++;
}
