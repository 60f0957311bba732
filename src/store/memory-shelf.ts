// Named snapshots of a store in memory, which end with it.

import type { Clock } from "../domain/clock.ts";
import { StoreUnavailable } from "./port.ts";
import type { Shelf, Shelved } from "./shelf.ts";

/** Of all snapshots together. */
const defaultMostBytes = 256_000_000;

export function createMemoryShelf(clock: Clock, mostBytes = defaultMostBytes): Shelf {
  const kept = new Map<string, Shelved & { pieces: Buffer[] }>();
  const shown = ({ name, bytes, savedAt }: Shelved) => ({ name, bytes, savedAt });
  /** What is being written counts, too. */
  let heldBytes = 0;
  const drop = (name: string) => {
    heldBytes -= kept.get(name)?.bytes ?? 0;
    return kept.delete(name);
  };
  return {
    async put(name, pieces) {
      const copies: Buffer[] = [];
      let bytes = 0;
      try {
        for await (const piece of pieces) {
          const copy = Buffer.from(piece);
          copies.push(copy);
          bytes += copy.length;
          heldBytes += copy.length;
          if (heldBytes - (kept.get(name)?.bytes ?? 0) > mostBytes) throw noRoom(name, mostBytes);
        }
      } catch (error) {
        heldBytes -= bytes;
        throw error;
      }
      drop(name);
      const shelved = { name, bytes, savedAt: clock.now(), pieces: copies };
      kept.set(name, shelved);
      return shown(shelved);
    },
    async get(name) {
      const shelved = kept.get(name);
      return shelved ? () => piecesOf(shelved.pieces) : null;
    },
    list: async () => [...kept.values()].map(shown).sort((a, b) => (a.name < b.name ? -1 : 1)),
    delete: async (name) => drop(name),
  };
}

function noRoom(name: string, mostBytes: number): StoreUnavailable {
  const most = `more than the ${mostBytes} bytes that snapshots of a store in memory may take together`;
  const mend = "Delete others first, or keep the store in a file (--store), and they are kept beside it";
  return new StoreUnavailable(`with the snapshot ${name} it would be ${most}. ${mend}`, false);
}

async function* piecesOf(pieces: readonly Buffer[]): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}
