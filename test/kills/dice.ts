// Chance that comes again for the same seed.

import { createSeededBytes } from "../../src/domain/seeded-bytes.ts";

export interface Dice {
  /** A whole number from 0 to `below - 1`. */
  below(below: number): number;
  /** True in so many of 100 throws. */
  percent(chance: number): boolean;
  pick<T>(items: readonly T[]): T | undefined;
}

export function createDice(seed: string): Dice {
  const draw = createSeededBytes(seed);
  const below = (limit: number) => Buffer.from(draw(6)).readUIntBE(0, 6) % limit;
  return {
    below,
    percent: (chance) => below(100) < chance,
    pick: (items) => (items.length === 0 ? undefined : items[below(items.length)]),
  };
}
