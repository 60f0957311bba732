// One organization's log: gives waiting lines their timestamps and stores them in batches.

import type { Clock } from "../domain/clock.ts";
import { logName, logsPerMillisecond } from "../domain/log-name.ts";
import type { LogEntry } from "../domain/records.ts";
import type { Change, Store } from "../store/port.ts";
import type { LogLimits } from "./log-keeper.ts";
import { grow, type LogSize, letGoOldest, readLogSize } from "./log-retention.ts";
import { type WaitingLine, WaitingLines } from "./waiting-lines.ts";

/** Others wait while a commit is made, so it is not made large. */
const batchSize = 500;

export class OrgLog {
  readonly #orgId: string;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #limits: LogLimits;
  readonly #waiting: WaitingLines;
  #size: LogSize | null = null;
  #earliest = 0;
  #flushing: Promise<boolean> = Promise.resolve(true);

  constructor(orgId: string, store: Store, clock: Clock, limits: LogLimits) {
    this.#orgId = orgId;
    this.#store = store;
    this.#clock = clock;
    this.#limits = limits;
    this.#waiting = new WaitingLines({ lines: limits.waitingEntries, characters: limits.waitingCharacters });
  }

  get isWaiting(): boolean {
    return this.#waiting.count > 0;
  }

  take(line: WaitingLine): void {
    this.#waiting.take(line);
  }

  /** Whatever is stored from now on gets a later timestamp. */
  beLaterThan(ts: number): void {
    this.#earliest = Math.max(this.#earliest, ts + 1);
  }

  /** Resolves with true when all that waits now is stored, with false when the store doesn't take it. Never rejects. */
  flush(): Promise<boolean> {
    this.#flushing = this.#flushing.then(() => this.#write());
    return this.#flushing;
  }

  async #write(): Promise<boolean> {
    try {
      for (let left = this.#waiting.count; left > 0; ) left -= await this.#storeBatch(Math.min(left, batchSize));
      // Nobody may have printed for a long time; whoever reads now is not shown what is too old.
      if (this.#limits.ageMs < Number.POSITIVE_INFINITY) await this.#letGo(await this.#readSize());
      return true;
    } catch {
      // The store's other callers are told why. What waits goes on waiting, and the books are read again.
      this.#size = null;
      return false;
    }
  }

  async #storeBatch(count: number): Promise<number> {
    const size = await this.#readSize();
    const entries = this.#stamp(this.#waiting.first(count), size.last);
    const puts = entries.map(
      (rec): Change => ({ op: "put", kind: "log", scope: this.#orgId, name: logName(rec), rec, ifRev: 0 }),
    );
    await this.#store.commit(puts);
    this.#waiting.leave(entries.length);
    for (const entry of entries) grow(size, entry);
    await this.#letGo(size);
    return entries.length;
  }

  async #readSize(): Promise<LogSize> {
    this.#size ??= await readLogSize(this.#store, this.#orgId);
    return this.#size;
  }

  #letGo(size: LogSize): Promise<void> {
    const { entries, characters, ageMs } = this.#limits;
    return letGoOldest(this.#store, this.#orgId, size, { entries, characters, since: this.#clock.now() - ageMs });
  }

  /** With when each came, or later where that is taken: by a batch that may have been read by now, or by many others. */
  #stamp(lines: readonly WaitingLine[], last: number): LogEntry[] {
    let [ts, nr] = [Math.max(this.#earliest, last + 1), 0];
    return lines.map(({ instance, versionId, outputType, log, at }) => {
      if (at > ts || nr === logsPerMillisecond) [ts, nr] = [Math.max(at, ts + 1), 0];
      const { orgId, machine, slug } = instance;
      return { orgId, ts, nr: nr++, machine, instance: slug, versionId, outputType, log };
    });
  }
}
