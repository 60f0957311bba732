// Reading a few kinds of records while the store may be open in another process: nothing is locked, nothing is written.

import { setTimeout as pause } from "node:timers/promises";
import { Contents, type Effect } from "../core/contents.ts";
import { type Kind, StoreUnreadable } from "../port.ts";
import { type Files, nodeFiles, type OpenFile, orNull } from "./files.ts";
import { type Names, namesOf } from "./names.ts";
import { replayJournal } from "./replay.ts";
import { readSnapshot } from "./snapshot.ts";
import { cannotOpen } from "./unreadable.ts";

/** A write under way can spoil a look, or several. What stays spoilt is damaged. */
const looksAtMost = 5;
/** While the snapshot is replaced again and again, a look that meets no replacement takes its luck. */
const looksAtReplaced = 60;
const pauseMs = 50;

/** The snapshot was replaced while it was looked at. */
class Replaced extends StoreUnreadable {}

/**
 * The records of these kinds as the files say at this moment; null when there is no store.
 * @throws StoreUnreadable
 */
export async function glance(
  path: string,
  kinds: readonly Kind[],
  files: Files = nodeFiles,
): Promise<Pick<Contents, "get" | "list" | "codes"> | null> {
  for (let looks = 1; ; looks++) {
    try {
      return await look(path, kinds, files);
    } catch (cause) {
      if (looks >= (cause instanceof Replaced ? looksAtReplaced : looksAtMost)) throw cannotOpen(path, cause);
    }
    await pause(pauseMs);
  }
}

async function look(path: string, kinds: readonly Kind[], files: Files): Promise<Contents | null> {
  const realPath = await orNull(files.realPath(path)); // null: not even its folder
  const names = realPath === null ? null : namesOf(realPath);
  const before = names && (await files.identity(names.snapshot));
  if (names === null || before === null) return null;
  const assertSame = async () => {
    if ((await files.identity(names.snapshot)) === before) return;
    throw new Replaced(`${path} was rewritten while it was read. Try again.`);
  };
  try {
    return await read(names, kinds, files);
  } finally {
    // Else the journal may have been that of a newer snapshot than the one read before it.
    await assertSame();
  }
}

async function read(names: Names, kinds: readonly Kind[], files: Files): Promise<Contents> {
  const contents = new Selection(kinds);
  const snapshot = await reading(files, names.snapshot, (file) => readSnapshot(file, names.snapshot, contents, null));
  if ((await files.identity(names.journal)) === null) return contents;
  await reading(files, names.journal, (file) =>
    replayJournal(file, names.journal, names.snapshot, snapshot, contents, null),
  );
  return contents;
}

async function reading<T>(files: Files, path: string, fn: (file: OpenFile) => Promise<T>): Promise<T> {
  const file = await files.open(path, "read");
  try {
    return await fn(file);
  } finally {
    await file.close();
  }
}

/** Keeps only some kinds, so that a store of any size takes little memory. */
class Selection extends Contents {
  readonly #kinds: readonly Kind[];

  constructor(kinds: readonly Kind[]) {
    super();
    this.#kinds = kinds;
  }

  override apply(effect: Effect): void {
    const kind = "kind" in effect ? effect.kind : "instance";
    if (this.#kinds.includes(kind)) super.apply(effect);
  }
}
