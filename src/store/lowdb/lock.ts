// One process a store: a lock file that names the process, taken over when that process is gone (Node has no flock).

import { setTimeout as pause } from "node:timers/promises";
import type { Entropy } from "../../domain/clock.ts";
import { StoreUnreadable } from "../port.ts";
import { codeOf, type Files } from "./files.ts";
import { isRunning, type Owner, thisProcess } from "./owner.ts";
import { unreadable } from "./unreadable.ts";

export interface Lock {
  /** Throws StoreUnreadable when another process took it for an abandoned one, which it does with one found empty for long. */
  assertHeld(): Promise<void>;
  /** Removes the file, if it still is ours. */
  release(): Promise<void>;
}

interface Holder extends Owner {
  token: string;
}

/** A competitor may be between creating its lock and writing it; one that stays empty this long was left by a power cut. */
const emptyLooksAtMost = 20;
const pauseMs = 10;
const triesAtMost = 100;

/** @throws StoreUnreadable, naming the process, when it is held by one that lives. */
export async function takeLock(files: Files, path: string, entropy: Entropy): Promise<Lock> {
  const token = Buffer.from(entropy.bytes(12)).toString("base64url");
  const text = `${JSON.stringify({ ...thisProcess(), token } satisfies Holder)}\n`;
  let emptyLooks = 0;
  for (let attempt = 0; attempt < triesAtMost; attempt++) {
    if (await claim(files, path, text)) return heldLock(files, path, text);
    const held = await textOf(files, path);
    if (held === null) continue; // let go in this moment
    if (held === "" && ++emptyLooks < emptyLooksAtMost) await pause(pauseMs);
    else {
      if (held !== "") assertGone(path, held);
      await removeStale(files, path, held, entropy);
    }
  }
  throw unreadable(path, "can't be taken: others keep taking it", "Start again when they have ended.");
}

async function claim(files: Files, path: string, text: string): Promise<boolean> {
  try {
    const file = await files.open(path, "claim");
    try {
      await file.write(Buffer.from(text), 0);
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

function heldLock(files: Files, path: string, text: string): Lock {
  return {
    assertHeld: async () => {
      if ((await textOf(files, path)) === text) return;
      throw unreadable(path, "was taken by another process meanwhile", "Start again if that one ended.");
    },
    release: async () => {
      if ((await textOf(files, path)) === text) await files.remove(path);
    },
  };
}

function assertGone(path: string, held: string): void {
  const holder = holderOf(held);
  if (holder === null)
    throw unreadable(path, "is not a lock of Settle's", "Delete it if no Settle process uses this store.");
  if (!isRunning(holder)) return;
  const who = holder.pid === process.pid ? "this process itself" : `process ${holder.pid}`;
  throw unreadable(
    path,
    `says that the store is open in ${who} (pid ${holder.pid})`,
    "Stop that one first, or name another store.",
  );
}

/**
 * Removes a dead owner's lock, unless that was done meanwhile. Only who holds the guard does that, and looks again first:
 * else one process could remove the lock that another has just taken over.
 */
async function removeStale(files: Files, path: string, stale: string, entropy: Entropy): Promise<void> {
  let guard: Lock;
  try {
    guard = await takeLock(files, `${path}.takeover`, entropy);
  } catch (error) {
    if (!(error instanceof StoreUnreadable)) throw error;
    return pause(pauseMs); // another process is at it
  }
  try {
    if ((await textOf(files, path)) === stale) await files.remove(path);
  } finally {
    await guard.release();
  }
}

function holderOf(text: string): Holder | null {
  try {
    const { pid, start, token } = JSON.parse(text);
    const valid = Number.isSafeInteger(pid) && typeof start === "string" && typeof token === "string";
    return valid ? { pid, start, token } : null;
  } catch {
    return null;
  }
}

async function textOf(files: Files, path: string): Promise<string | null> {
  const bytes = await files.read(path);
  return bytes === null ? null : Buffer.from(bytes).toString();
}
