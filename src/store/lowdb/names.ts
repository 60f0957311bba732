// The files of one store, all beside each other.

import { dirname } from "node:path";
import type { Clock } from "../../domain/clock.ts";
import { isoTime } from "../../domain/iso-time.ts";
import { type Files, orNull } from "./files.ts";

export interface Names {
  /** The readable snapshot; what `--store` names. */
  snapshot: string;
  /** The transactions since. */
  journal: string;
  /** A folder of code by its SHA-256. */
  blobs: string;
  /** A folder of whole states by the names that they were given. */
  snapshots: string;
  /** Which process has the store open. */
  lock: string;
  /** Where the server that has it open listens. */
  server: string;
  folder: string;
}

/** `.settle/db.json` → `db.json`, `db.journal`, `db.blobs/`, `db.snapshots/`, `db.lock`, `db.server` in `.settle/`. */
export function namesOf(path: string): Names {
  const stem = path.replace(/\.json$/, "");
  return {
    snapshot: path,
    journal: `${stem}.journal`,
    blobs: `${stem}.blobs`,
    snapshots: `${stem}.snapshots`,
    lock: `${stem}.lock`,
    server: `${stem}.server`,
    folder: dirname(path),
  };
}

/** Those of the store that the path leads to, its links followed; a path without a folder has no links, and nothing beside it. */
export async function namesAt(path: string, files: Files): Promise<Names> {
  return namesOf((await orNull(files.realPath(path))) ?? path);
}

/** Where a file is written before it takes its place by a rename. Left over by a crash, it means nothing and is overwritten. */
export function temporary(path: string): string {
  return `${path}.tmp`;
}

/** The time, as it can be a part of a file's name anywhere. */
export function timeInName(clock: Clock): string {
  return isoTime(clock.now()).replaceAll(/[:.]/g, "-");
}
