// Does what the store says is due: each receiver's works one after the other, different receivers side by side; failed ones again later.

import type { Alarm, Clock } from "../domain/clock.ts";
import type { Work } from "../domain/records.ts";
import type { Change, DueWork, Store } from "../store/port.ts";
import { StoreConflict } from "../store/port.ts";

/**
 * How one try of a work went. `taken`: its event is stored, or needs no storing any more; `settled` is when all that it set off is over, and
 * `isSettling` says whether that may take its time, since children run.
 * `postponed`: it was not its turn yet, which is no try.
 */
export type Try =
  | { kind: "taken"; settled: Promise<void>; isSettling?: boolean }
  | { kind: "failed"; reason: string }
  | { kind: "postponed"; dueAt: number };

export interface DispatcherOptions {
  store: Store;
  clock: Clock;
  alarm: Alarm;
  /** Between the tries of a work. */
  retryDelayMs: number;
  /** Receivers served at the same time; 1: everything strictly in order, each settled before the next, so that a run can be repeated. */
  concurrency: number;
  /** Delivers a work's event once. @throws StoreUnavailable, and EngineClosed while stopping: neither counts as a try */
  attempt(work: DueWork): Promise<Try>;
  /** A work is given up after its last try. */
  onDropped(work: Work, reason: string): void;
}

export interface Dispatcher {
  /** Begins with what fell due while nobody looked. */
  start(): void;
  /**
   * Resolves when nothing that is due remains, and everything that was set off has settled; with false as soon as more than `limit` works
   * were done meanwhile.
   */
  idle(limit?: number): Promise<boolean>;
  /**
   * Resolves when nothing that is due waits for its delivery, unless the delivery waits for a machine to settle, or when more than `limit`
   * works were done meanwhile.
   */
  caughtUp(limit: number): Promise<void>;
  isRunning(): boolean;
  /** Works that were done since it was made. */
  taken(): number;
  /** Begins nothing more; what is in hand goes on. */
  stop(): void;
}

/** Times a work is tried in all. @see docs/semantics.md, Timers */
const maxTries = 5;
/** Works taken out of the store at a time: what waits in memory stays bounded. */
const batchSize = 256;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  return new WorkDispatcher(options);
}

class WorkDispatcher implements Dispatcher {
  readonly #options: DispatcherOptions;
  /** Works taken and not begun, by receiver; a receiver is in here while one of its works is in hand. */
  readonly #lines = new Map<string, DueWork[]>();
  /** Receivers whose turn has not come. */
  readonly #ready: string[] = [];
  readonly #settling = new Set<Promise<void>>();
  #busy = 0;
  #done = 0;
  #claiming: Promise<void> | undefined;
  #isRunning = false;
  /** Who waits for it to be idle, and how many works may be done in all before they are told that it isn't. */
  #idle: { resolve: (isIdle: boolean) => void; until: number }[] = [];
  #caughtUp: { resolve: () => void; until: number }[] = [];
  /** Whether the next work has to wait until a machine has settled. */
  #isHeldUp = false;
  #cancelAlarm: () => void = () => {};
  #forgetListener: () => void = () => {};

  constructor(options: DispatcherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#isRunning = true;
    this.#forgetListener = this.#options.store.onWork(() => this.#look());
    this.#look();
  }

  stop(): void {
    this.#isRunning = false;
    this.#forgetListener();
    this.#cancelAlarm();
    this.#lines.clear();
    this.#ready.length = 0;
    this.#tellIdle();
  }

  idle(limit = Number.POSITIVE_INFINITY): Promise<boolean> {
    return new Promise((resolve) => {
      this.#idle.push({ resolve, until: this.#done + limit });
      this.#look();
    });
  }

  caughtUp(limit: number): Promise<void> {
    return new Promise((resolve) => {
      this.#caughtUp.push({ resolve, until: this.#done + limit });
      this.#look();
    });
  }

  /** Takes what is due, and sees to it that somebody looks again when the next work is. */
  #look(): void {
    this.#claiming ??= this.#claim().finally(() => {
      this.#claiming = undefined;
      this.#advance();
    });
  }

  async #claim(): Promise<void> {
    const { store, clock } = this.#options;
    while (this.#isRunning && this.#inHand() < batchSize) {
      const works = await store.claimDue(clock.now(), batchSize).catch(() => null);
      if (works === null) return this.stop(); // the store was closed, or stopped for good
      for (const work of works) this.#enqueue(work);
      if (works.length === 0) return;
    }
  }

  isRunning(): boolean {
    return this.#isRunning;
  }

  taken(): number {
    return this.#done;
  }

  #inHand(): number {
    return [...this.#lines.values()].reduce((sum, line) => sum + line.length, this.#busy);
  }

  #enqueue(work: DueWork): void {
    const receiver = this.#options.concurrency === 1 ? "" : work.scope;
    const line = this.#lines.get(receiver);
    if (line) line.push(work);
    else {
      this.#lines.set(receiver, [work]);
      this.#ready.push(receiver);
    }
  }

  #advance(): void {
    const { concurrency, store, clock, alarm } = this.#options;
    while (this.#isRunning && this.#busy < concurrency && this.#ready.length > 0) {
      void this.#serve(this.#ready.shift() ?? "");
    }
    this.#cancelAlarm();
    const next = this.#isRunning ? store.nextDue() : undefined;
    if (next !== undefined && next > clock.now()) this.#cancelAlarm = alarm.at(next, () => this.#look());
    this.#tellIdle();
  }

  /** One work of one receiver; the receiver's next has to wait until its event is stored. */
  async #serve(receiver: string): Promise<void> {
    const work = this.#lines.get(receiver)?.shift();
    this.#busy++;
    if (work) await this.#try(work);
    this.#busy--;
    const line = this.#lines.get(receiver);
    if (line && line.length > 0) this.#ready.push(receiver);
    else this.#lines.delete(receiver);
    this.#look();
  }

  async #try(work: DueWork): Promise<void> {
    try {
      const result = await this.#options.attempt(work);
      if (result.kind === "failed") return await this.#failed(work, result.reason);
      if (result.kind === "postponed") return await this.#put(work, { ...work.rec, dueAt: result.dueAt });
      this.#done++;
      this.#await(result.settled);
      if (this.#options.concurrency === 1) await this.#holdUp(result.isSettling === true);
    } catch {
      // Neither the store nor the sandbox could be asked: the same work again later. It is still in the store, whatever becomes of us.
      this.#later(work);
    }
  }

  async #holdUp(isSettling: boolean): Promise<void> {
    this.#isHeldUp = isSettling;
    this.#tellIdle();
    await Promise.all(this.#settling);
    this.#isHeldUp = false;
  }

  #await(settled: Promise<void>): void {
    const settling = settled
      .catch(() => {})
      .finally(() => {
        this.#settling.delete(settling);
        this.#tellIdle();
      });
    this.#settling.add(settling);
  }

  async #failed(work: DueWork, reason: string): Promise<void> {
    const { clock, retryDelayMs, onDropped } = this.#options;
    const { rec } = work;
    const tries = rec.tries + 1;
    if (tries < maxTries) return this.#put(work, { ...rec, tries, dueAt: clock.now() + retryDelayMs });
    if (await this.#commit({ op: "delete", ...placeOf(work) })) onDropped(rec, reason);
  }

  async #put(work: DueWork, rec: Work): Promise<void> {
    await this.#commit({ op: "put", ...placeOf(work), rec });
  }

  /** @returns false when the work was cancelled in the meantime */
  async #commit(change: Change): Promise<boolean> {
    try {
      await this.#options.store.commit([change]);
      return true;
    } catch (error) {
      if (error instanceof StoreConflict) return false;
      throw error;
    }
  }

  #later(work: DueWork): void {
    const { clock, alarm, retryDelayMs } = this.#options;
    alarm.at(clock.now() + retryDelayMs, () => {
      if (!this.#isRunning) return;
      this.#enqueue(work);
      this.#advance();
    });
  }

  #tellIdle(): void {
    const { store, clock } = this.#options;
    for (const { resolve, until } of this.#idle) if (this.#done > until) resolve(false);
    this.#idle = this.#idle.filter(({ until }) => this.#done <= until);
    for (const { resolve, until } of this.#caughtUp) if (this.#done > until) resolve();
    this.#caughtUp = this.#caughtUp.filter(({ until }) => this.#done <= until);
    if (this.#isHeldUp) this.#tellCaughtUp();
    if (this.#isRunning && (this.#claiming || this.#lines.size > 0 || this.#busy > 0)) return;
    const next = this.#isRunning ? store.nextDue() : undefined;
    if (next !== undefined && next <= clock.now()) return void this.#look();
    this.#tellCaughtUp();
    if (this.#isRunning && this.#settling.size > 0) return;
    for (const { resolve } of this.#idle.splice(0)) resolve(true);
  }

  #tellCaughtUp(): void {
    for (const { resolve } of this.#caughtUp.splice(0)) resolve();
  }
}

function placeOf({ scope, name, rev }: DueWork): { kind: "work"; scope: string; name: string; ifRev: number } {
  return { kind: "work", scope, name, ifRev: rev };
}
