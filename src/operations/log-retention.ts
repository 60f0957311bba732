// How much of an organization's log is stored, and the end of what is too much of it.

import { setImmediate as nextTurn } from "node:timers/promises";
import { logName } from "../domain/log-name.ts";
import type { LogEntry } from "../domain/records.ts";
import type { Change, Page, Store, Stored } from "../store/port.ts";

/** How many entries, of how many characters, and the newest one's timestamp. */
export interface LogSize {
  entries: number;
  characters: number;
  last: number;
}

const pageSize = 500;

/** Reads every entry; others have their turns meanwhile. */
export async function readLogSize(store: Store, orgId: string): Promise<LogSize> {
  const size: LogSize = { entries: 0, characters: 0, last: 0 };
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: Page<Stored<LogEntry>> = await store.list("log", orgId, after, pageSize);
    for (const { rec } of page.items) grow(size, rec);
    after = page.next;
    if (after !== undefined) await nextTurn();
  }
  return size;
}

export function grow(size: LogSize, { ts, log }: LogEntry): void {
  size.entries++;
  size.characters += log.length;
  size.last = ts;
}

/** What may be kept. Entries stamped earlier than `since`, epoch milliseconds, are not. */
export interface MostLog {
  entries: number;
  characters: number;
  since: number;
}

/** Deletes the oldest entries for as long as there are more, or of more characters, than there may be, or older ones. */
export async function letGoOldest(store: Store, orgId: string, size: LogSize, most: MostLog): Promise<void> {
  for (;;) {
    let { entries, characters } = size;
    const isTooMuch = () => entries > most.entries || characters > most.characters;
    if (!isTooMuch() && most.since === Number.NEGATIVE_INFINITY) return;
    const changes: Change[] = [];
    const { items, next } = await store.list("log", orgId, 0, pageSize);
    for (const { rec, rev } of items) {
      if (!isTooMuch() && rec.ts >= most.since) break;
      changes.push({ op: "delete", kind: "log", scope: orgId, name: logName(rec), ifRev: rev });
      entries--;
      characters -= rec.log.length;
    }
    if (changes.length === 0) return;
    await store.commit(changes);
    Object.assign(size, { entries, characters });
    if (next === undefined) return;
  }
}
