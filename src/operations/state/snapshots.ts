// States kept under names beside their store.

import { Problem } from "../../domain/problem.ts";
import { type Shelf, ShelfBlocked, ShelfChanged, type Shelved } from "../../store/shelf.ts";
import type { PutIn } from "./import.ts";

/** They hold the secrets of their store, as the store itself does. */
export interface Snapshots {
  /** Keeps the state of this moment, in the place of an earlier one of that name. @throws Problem for a name that can't be one */
  save(name: string): Promise<Shelved>;
  list(): Promise<Shelved[]>;
  /** @throws Problem `not-found`; `invalid-state` when it is not as it was saved: nothing was changed then */
  restore(name: string): Promise<PutIn>;
  /** @throws Problem `not-found` */
  delete(name: string): Promise<void>;
}

export interface SnapshotSource {
  /** Lets `take` have a document of this moment, credentials included. */
  write<T>(take: (pieces: AsyncIterable<string>) => Promise<T>): Promise<T>;
  /** Puts a document in the place of everything. */
  put(read: () => AsyncIterable<Uint8Array>): Promise<PutIn>;
}

export function createSnapshots(shelf: Shelf, { write, put }: SnapshotSource): Snapshots {
  return {
    async save(name) {
      requireName(name);
      try {
        return await write((pieces) => shelf.put(name, pieces));
      } catch (cause) {
        if (!(cause instanceof ShelfBlocked)) throw cause;
        const message = `The snapshot ${name} can't be kept: ${cause.message}. Move it away, or choose another name.`;
        throw new Problem("invalid-state", message, { cause });
      }
    },
    // Whoever has put other files beside them sees what can be restored.
    list: async () => (await shelf.list()).filter(({ name }) => snapshotName.test(name)),
    async restore(name) {
      requireName(name);
      try {
        const read = await shelf.get(name);
        if (!read) throw noSnapshot(name);
        return await put(read);
      } catch (cause) {
        if (!(cause instanceof ShelfChanged)) throw cause;
        const what = `The snapshot ${name} was changed since it was saved: the checksum at its end is missing, or another`;
        const mend = `To use it as it is, import it: settle store import ${cause.path} --force`;
        const message = `${what}. Nothing was restored. ${mend}`;
        throw new Problem("invalid-state", message, { cause });
      }
    },
    async delete(name) {
      requireName(name);
      if (!(await shelf.delete(name))) throw noSnapshot(name);
    },
  };
}

/** Names of files, and parts of paths. */
const snapshotName = /^[a-zA-Z0-9_-]{1,64}$/;

function requireName(name: unknown): void {
  if (typeof name === "string" && snapshotName.test(name)) return;
  const message = "The name of a snapshot is 1 to 64 letters, digits, _ and -, such as before-the-sale.";
  throw new Problem("invalid-parameter", message, { parameter: "name" });
}

function noSnapshot(name: string): Problem {
  return new Problem("not-found", `There is no snapshot ${name}.`);
}
