// What a store still has when its JSON file has become someone else's: kept beside that one, as a whole store of its own.

import type { Clock } from "../../domain/clock.ts";
import { messageOf } from "../../domain/message-of.ts";
import { Latch } from "../core/latch.ts";
import { FileBlobs } from "./blobs.ts";
import type { Files } from "./files.ts";
import { type Names, namesOf, temporary, timeInName } from "./names.ts";

/** Someone else wrote `db.json` while it was open here. It is theirs now: it is not written over. */
export class SnapshotReplaced extends Error {
  /** @param kept the JSON file that has everything, if one could be written */
  constructor({ snapshot, journal }: Names, kept: string | null, options?: ErrorOptions) {
    const what = `${snapshot} was changed by someone else while it was open, and is left as it is`;
    const mend =
      kept === null
        ? `Put the one that was there back before the next start: ${journal} continues it`
        : `Everything stored here is in ${kept}: to go on with it, move it to ${snapshot}; to go on with the one there, delete ${journal}`;
    super(`${what}. ${mend}`, options);
    this.name = "SnapshotReplaced";
  }
}

/** `db.json` → `db.kept-<time>.json`, `db.kept-<time>.blobs/`. */
export function keptNames({ snapshot }: Names, clock: Clock): Names {
  return namesOf(`${snapshot.replace(/\.json$/, "")}.kept-${timeInName(clock)}.json`);
}

export interface ToKeep {
  names: Names;
  /** Where to: a file of an earlier time is replaced. */
  kept: Names;
  blobs: FileBlobs;
  /** What its records name. */
  codes: Iterable<string>;
  log: (line: string) => void;
}

/**
 * Gives the new snapshot, written and synced under its temporary name, the name it is kept under. The journal goes on: the snapshot follows
 * it, so in the place of the store's own the two are the store, with what is stored from now on.
 */
export async function keepBeside(files: Files, { names, kept, blobs, codes, log }: ToKeep): Promise<void> {
  // Copies, since the store's own code goes when whoever opens it next has no use for it.
  const copies = new FileBlobs(files, kept, new Latch());
  for (const sha256 of codes) {
    try {
      const bytes = await blobs.get(sha256);
      if (bytes !== null) await copies.put(sha256, bytes);
    } catch (cause) {
      log(`${kept.blobs}: code stays behind (${messageOf(cause)})`);
    }
  }
  await files.rename(temporary(names.snapshot), kept.snapshot);
  await files.syncFolder(names.folder);
}
