// Named snapshots of a store in memory, which end with it.

import type { Clock } from "../domain/clock.ts";
import type { Shelf, Shelved } from "./shelf.ts";

export function createMemoryShelf(clock: Clock): Shelf {
  const kept = new Map<string, Shelved & { pieces: Buffer[] }>();
  const shown = ({ name, bytes, savedAt }: Shelved) => ({ name, bytes, savedAt });
  return {
    async put(name, pieces) {
      const copies: Buffer[] = [];
      for await (const piece of pieces) copies.push(Buffer.from(piece));
      const bytes = copies.reduce((sum, { length }) => sum + length, 0);
      const shelved = { name, bytes, savedAt: clock.now(), pieces: copies };
      kept.set(name, shelved);
      return shown(shelved);
    },
    async get(name) {
      const shelved = kept.get(name);
      return shelved ? () => piecesOf(shelved.pieces) : null;
    },
    list: async () => [...kept.values()].map(shown).sort((a, b) => (a.name < b.name ? -1 : 1)),
    delete: async (name) => kept.delete(name),
  };
}

async function* piecesOf(pieces: readonly Buffer[]): AsyncGenerator<Uint8Array, void> {
  yield* pieces;
}
