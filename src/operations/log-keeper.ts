// Keeps what machine code prints: gathers it in memory for a moment, then stores it, for each organization its newest.

import type { Clock } from "../domain/clock.ts";
import type { LogLine } from "../engine/port.ts";
import type { Store } from "../store/port.ts";
import { OrgLog } from "./org-log.ts";

export interface LogKeeper {
  /** Takes a line, which can be read some milliseconds later. Of lines that come faster than they are stored only the number is kept. */
  keep(line: LogLine): void;
  /**
   * Resolves with true when all that was taken can be read, with false when the store takes no writes. What is stored after the call is
   * stamped later than `after`, or than now if that is earlier.
   */
  flush(orgId: string, after: number): Promise<boolean>;
  /** Resolves when all that was taken is stored, or the store takes no writes. */
  settle(): Promise<void>;
  /** Other contents are in the store: what was known of it and what waits is dropped. */
  forget(): void;
  /** Stores what was taken, and takes nothing more. */
  close(): Promise<void>;
}

/** Of each organization. */
export interface LogLimits {
  /** The newest entries that stay: so many at most, of so many characters together. */
  entries: number;
  characters: number;
  /** None stays longer. */
  ageMs: number;
  /** Most that waits for being stored. */
  waitingEntries: number;
  waitingCharacters: number;
}

/** Room for entries of this length in the mean. */
const charactersOfEntry = 1_600;

/** How much of each organization's log is kept. */
export interface LogRetention {
  /** The newest so many. @default 10000 */
  entries?: number;
  /** None that is older. @default any age */
  ageMs?: number;
}

/** @throws TypeError for what is no retention */
export function limitsOf({ entries, ageMs }: LogRetention = {}): Partial<LogLimits> {
  if (entries !== undefined && !(Number.isSafeInteger(entries) && entries > 0))
    throw new TypeError(`logRetention.entries is a whole number above zero, and not ${entries}`);
  if (ageMs !== undefined && !(ageMs > 0))
    throw new TypeError(`logRetention.ageMs is a number of milliseconds above zero, and not ${ageMs}`);
  return {
    ...(entries === undefined ? {} : { entries, characters: entries * charactersOfEntry }),
    ...(ageMs === undefined ? {} : { ageMs }),
  };
}

const defaultLimits: LogLimits = {
  entries: 10_000,
  characters: 16_000_000,
  ageMs: Number.POSITIVE_INFINITY,
  waitingEntries: 2_000,
  waitingCharacters: 1_000_000,
};

/** Long enough for what one event prints to share a commit. */
const gatherMs = 10;
/** Between tries while the store takes no writes. */
const retryMs = 1_000;

export function createLogKeeper(store: Store, clock: Clock, limits: Partial<LogLimits> = {}): LogKeeper {
  const logs = new Map<string, OrgLog>();
  let isClosed = false;
  let timer: NodeJS.Timeout | null = null;

  function logOf(orgId: string): OrgLog {
    const log = logs.get(orgId) ?? new OrgLog(orgId, store, clock, { ...defaultLimits, ...limits });
    logs.set(orgId, log);
    return log;
  }

  async function storeAll(): Promise<boolean> {
    const stored = await Promise.all([...logs.values()].map((log) => log.flush()));
    return stored.every(Boolean);
  }

  function storeIn(delayMs: number): void {
    timer ??= setTimeout(async () => {
      const isStored = await storeAll();
      timer = null;
      if (!isClosed && [...logs.values()].some((log) => log.isWaiting)) storeIn(isStored ? gatherMs : retryMs);
    }, delayMs).unref();
  }

  return {
    keep(line) {
      // Loading a module is no instance's doing, and every entry names its instance. @see docs/semantics.md, Logs
      if (isClosed || line.instance === null) return;
      logOf(line.instance.orgId).take({ ...line, instance: line.instance, at: clock.now() });
      storeIn(gatherMs);
    },
    flush(orgId, after) {
      const log = logOf(orgId);
      log.beLaterThan(Math.min(after, clock.now()));
      return log.flush();
    },
    settle: async () => void (await storeAll()),
    forget: () => logs.clear(),
    async close() {
      isClosed = true;
      if (timer !== null) clearTimeout(timer);
      await storeAll();
    },
  };
}
