// The way that migrations open from one version of a machine to another.

import type { Migration } from "./records.ts";

/**
 * The shortest chain of migrations, first to last; null when there is none. Of several as short, the one that begins with the newest
 * migration, then goes on with the newest, and so on: so a mistaken migration is mended by another one between the same two versions.
 *
 * @param migrations in order of creation, oldest first
 */
export function shortestPath(
  migrations: readonly Migration[],
  fromVersionId: string,
  toVersionId: string,
): Migration[] | null {
  const newestFirst = migrations.toReversed();
  const reached = new Set([fromVersionId]);
  const chains: Migration[][] = [[]];
  // Chains are looked at in the order of their lengths, and for each version only the first one goes on.
  for (const chain of chains) {
    const end = chain.at(-1)?.toVersionId ?? fromVersionId;
    if (end === toVersionId) return chain;
    for (const migration of newestFirst) {
      if (migration.fromVersionId !== end || reached.has(migration.toVersionId)) continue;
      reached.add(migration.toVersionId);
      chains.push([...chain, migration]);
    }
  }
  return null;
}
