// Says whether a store is whole, and what is in it; touches nothing, also while a server uses it.

import type { Clock, Entropy } from "../../domain/clock.ts";
import { messageOf } from "../../domain/message-of.ts";
import { kindsWithCode } from "../core/contents.ts";
import { type SavedRow, type Store, StoreUnreadable } from "../port.ts";
import { inCopy } from "./copy.ts";
import { codeOf, nodeFiles } from "./files.ts";
import { glance } from "./glance.ts";
import { namesOf } from "./names.ts";
import { salvage } from "./salvage.ts";
import { NoStore, StoreTooNew } from "./unreadable.ts";

export interface Examination {
  /** How many there are of each kind, transitions included. */
  counts: { [K in SavedRow["kind"]]?: number };
  journalBytes: number;
  /** Different codes that records name. */
  codes: number;
  /** What is wrong, a sentence each; empty for a whole store. */
  damage: string[];
  /** What a person may want to know, and is no damage. */
  notes: string[];
}

/** Null when there is no store. @throws StoreTooNew, NoStore; what the file system says */
export async function examine(
  path: string,
  outside: { clock: Clock; entropy: Entropy },
  signal?: AbortSignal,
): Promise<Examination | null> {
  const given = namesOf(path);
  if ((await nodeFiles.identity(given.snapshot)) === null && (await nodeFiles.identity(given.journal)) === null)
    return null;
  const names = namesOf(await nodeFiles.realPath(path));
  const journalBytes = await sizeOf(names.journal);
  const found: Examination = { counts: {}, journalBytes, codes: 0, damage: [], notes: [] };
  try {
    await inCopy(
      path,
      outside,
      (line) => found.notes.push(line),
      (store, named) => look(store, found, named, () => signal?.throwIfAborted()),
    ).then((missing) => tellOfMissing(names.snapshot, missing, found));
  } catch (error) {
    if (!(error instanceof StoreUnreadable) || error instanceof StoreTooNew) throw error;
    if (codeOf(error.cause) !== undefined) throw error; // the system's failure: no permission, no room for the copy
    if (error instanceof NoStore) await salvage(names, () => null); // which says so when nothing of it is a store
    found.damage.push(error.message);
  }
  return found;
}

async function sizeOf(path: string): Promise<number> {
  if ((await nodeFiles.identity(path)) === null) return 0;
  const file = await nodeFiles.open(path, "read");
  try {
    return await file.size();
  } finally {
    await file.close();
  }
}

/** A server takes code away that no record names any more, also what the copy of its records still names. */
async function tellOfMissing(path: string, missing: ReadonlyMap<string, string>, found: Examination): Promise<void> {
  if (missing.size === 0) return;
  const named = (await glance(path, kindsWithCode))?.codes();
  for (const [sha256, what] of missing) if (named?.has(sha256)) found.damage.push(what);
}

/** @returns what to say of the code that isn't there, by its SHA-256 */
async function look(
  store: Store,
  found: Examination,
  named: (line: string) => string,
  tick: () => void,
): Promise<Map<string, string>> {
  const missing = new Map<string, string>();
  const codes = new Set<string>();
  for await (const { kind, name, rec } of store.saved()) {
    tick();
    found.counts[kind] = (found.counts[kind] ?? 0) + 1;
    if (kind !== "version" && kind !== "migration" && kind !== "upload") continue;
    const { codeSha256 } = rec;
    if (codes.has(codeSha256)) continue;
    codes.add(codeSha256);
    const code = `The code of the ${kind} ${name}`;
    try {
      if ((await store.getBlob(codeSha256)) !== null) continue;
      missing.set(codeSha256, `${code} is missing (blob ${codeSha256}).`);
    } catch (error) {
      found.damage.push(named(`${code} can't be used: ${messageOf(error)}.`));
    }
  }
  found.codes = codes.size;
  return missing;
}
