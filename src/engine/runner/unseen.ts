// Memory that no worker's heap accounts for (blobs, messages under way, shared buffers, keys): the process has it, and the busiest is to blame.

import type { Watched } from "./watchdog.ts";

/** What a worker takes beside heap and buffers: its thread, its compiled code. */
const workerBytes = 25_000_000;
/** Least that is put down to the machine's mood: allocators keep some of what was freed. */
const leastSlackBytes = 128_000_000;
/** V8 keeps an ended isolate's pages for the next one, and gives them back to the system eight seconds after the last has ended. */
const pooledMs = 10_000;
/** Of what is still unseen then, so much is on its way back a look later. */
const lingering = 0.85;

export interface Hog {
  worker: number;
  bytes: number;
  limit: number;
}

export class Unseen {
  /** Of the process before any worker was there. */
  readonly #baseBytes = process.memoryUsage.rss();
  /** What each worker is charged with: growth of the unseen, by how busy it was at the time. */
  readonly #charged = new Map<number, number>();
  readonly #activeMs = new Map<number, number>();
  #lastBytes = 0;
  #dying = 0;
  /** What was unseen when a worker was gone, and is still: nobody who is left is to blame for it. */
  #returningBytes = 0;
  #endedAt = 0;

  /** It was told to end; what it takes until it does is no other's doing. */
  forget(worker: number): void {
    this.#dying++;
    this.#charged.delete(worker);
    this.#activeMs.delete(worker);
  }

  /** One of those that were told to end has ended. */
  settle(watched: ReadonlyMap<number, Watched>, now: number): void {
    this.#dying--;
    this.#endedAt = now;
    this.#returningBytes = Math.max(this.#returningBytes, this.#unseenBytes(watched));
  }

  /** @returns the worker to end, when all of them together hold too much unseen */
  look(watched: ReadonlyMap<number, Watched>, now: number): Hog | null {
    const bytes = this.#unseenBytes(watched);
    this.#charge(bytes - this.#lastBytes, watched);
    this.#lastBytes = bytes;
    let limit = leastSlackBytes;
    let worker = 0;
    for (const [number, { limits }] of watched) {
      limit = Math.max(limit, limits.memoryBytes);
      if (worker === 0 || this.#chargeOf(number) > this.#chargeOf(worker)) worker = number;
    }
    if (this.#dying > 0) return null;
    this.#returningBytes = Math.min(this.#returningBytes, Math.max(0, bytes));
    if (now - this.#endedAt > pooledMs) this.#returningBytes *= lingering;
    return bytes - this.#returningBytes > limit && worker !== 0 ? { worker, bytes, limit } : null;
  }

  #unseenBytes(watched: ReadonlyMap<number, Watched>): number {
    let seen = this.#baseBytes;
    for (const { held } of watched.values()) seen += held + workerBytes;
    return process.memoryUsage.rss() - seen;
  }

  #charge(growth: number, watched: ReadonlyMap<number, Watched>): void {
    const busy = new Map<number, number>();
    let total = 0;
    for (const [number, { worker }] of watched) {
      const { active } = worker.performance.eventLoopUtilization();
      const since = active - (this.#activeMs.get(number) ?? 0);
      this.#activeMs.set(number, active);
      busy.set(number, since);
      total += since;
    }
    if (total <= 0) return;
    for (const [number, since] of busy)
      this.#charged.set(number, Math.max(0, this.#chargeOf(number) + (growth * since) / total));
  }

  #chargeOf(worker: number): number {
    return this.#charged.get(worker) ?? 0;
  }
}
