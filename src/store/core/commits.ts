// Group commit: what is committed while a write is under way goes into the next write together, and is seen only once that is done.

import { setImmediate as nextTurn } from "node:timers/promises";
import { type Change, StoreUnavailable } from "../port.ts";
import type { Contents, Effect } from "./contents.ts";
import type { Latch } from "./latch.ts";
import { type Plan, Staging } from "./staging.ts";

/** Where commits become durable. `T` is the adapter's own form of one commit, made when it is accepted. */
export interface Sink<T> {
  encode(effects: readonly Effect[]): T;
  /** Durable when it resolves. @throws StoreUnavailable: none of the batch is kept, and a final one ends the store. */
  write(batch: readonly T[]): Promise<void>;
  /** Runs something that must not meet a compaction half way. */
  undisturbed<R>(fn: () => Promise<R>): Promise<R>;
  /**
   * Makes other contents durable while no commit is under way, and only then calls `exchange`, which puts them in the place of these.
   * @throws StoreUnavailable: then everything is as it was
   */
  replace(contents: Contents, next: Contents, exchange: () => void): Promise<void>;
}

interface Waiting<T> {
  /** What to write and apply; or why not, to be told when everything it was judged by is durable. */
  work: { plan: Plan; encoded: T } | { refusal: unknown };
  resolve: (revs: number[]) => void;
  reject: (reason: unknown) => void;
}

export class Commits<T> {
  readonly #contents: Contents;
  readonly #staging: Staging;
  readonly #sink: Sink<T>;
  readonly #latch: Latch;
  #queue: Waiting<T>[] = [];
  /** What waits to run while no write is under way. None of them throws. */
  readonly #alone: (() => Promise<void>)[] = [];
  #draining: Promise<void> | null = null;

  constructor(contents: Contents, sink: Sink<T>, latch: Latch) {
    this.#contents = contents;
    this.#staging = new Staging(contents);
    this.#sink = sink;
    this.#latch = latch;
  }

  /** Nothing is accepted that isn't durable. */
  get idle(): boolean {
    return this.#draining === null;
  }

  /** @see Store.commit */
  commit(changes: readonly Change[]): Promise<number[]> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ work: this.#accept(changes), resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  /** @see Staging.drawOrder */
  drawOrder(): number {
    return this.#staging.drawOrder();
  }

  /** Puts other contents in the place of these. What is accepted and not durable was judged by the old ones: it is refused. */
  replaceBy(next: Contents): Promise<void> {
    return this.#sink.undisturbed(() => this.exclusively(() => this.#replaceBy(next)));
  }

  async #replaceBy(next: Contents): Promise<void> {
    this.#latch.assertOpen();
    await this.#sink.replace(this.#contents, next, () => this.#contents.exchange(next));
    this.#fail([], new StoreUnavailable("everything in the store was replaced meanwhile", false));
  }

  /** Runs `fn` while no write is under way; what is committed meanwhile waits. */
  exclusively<R>(fn: () => Promise<R>): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#alone.push(() => fn().then(resolve, reject));
      this.#draining ??= this.#drain();
    });
  }

  /** Resolves when everything accepted has been answered. */
  async settled(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
  }

  #accept(changes: readonly Change[]): Waiting<T>["work"] {
    try {
      const plan = this.#staging.plan(changes);
      const encoded = this.#sink.encode(plan.effects); // now, in the one turn in which the books say so; the objects are the store's from here on
      this.#staging.accept(plan);
      return { plan, encoded };
    } catch (refusal) {
      // It may have been judged by commits that are not durable yet. Told at once, it would show them, and a caller that
      // reads again to retry would find the old revision.
      return { refusal };
    }
  }

  async #drain(): Promise<void> {
    await nextTurn(); // everything that arrives in this turn of the event loop shares the write
    while (this.#queue.length > 0 || this.#alone.length > 0) {
      await this.#alone.shift()?.();
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#write(batch);
        for (const waiting of batch) this.#finish(waiting);
      } catch (cause) {
        this.#fail(batch, cause);
      }
      await nextTurn();
    }
    this.#draining = null;
  }

  async #write(batch: readonly Waiting<T>[]): Promise<void> {
    this.#latch.assertOpen();
    const encoded: T[] = [];
    for (const { work } of batch) if ("plan" in work) encoded.push(work.encoded);
    if (encoded.length > 0) await this.#sink.write(encoded);
  }

  #finish({ work, resolve, reject }: Waiting<T>): void {
    if ("refusal" in work) {
      reject(work.refusal);
      return;
    }
    for (const effect of work.plan.effects) this.#contents.apply(effect);
    this.#staging.settle(work.plan);
    resolve(work.plan.revs);
  }

  /** Whatever is pending may build on the failed batch: all of it fails with it, and the books start again from what is durable. */
  #fail(batch: readonly Waiting<T>[], cause: unknown): void {
    const known = cause instanceof StoreUnavailable;
    const reason = known ? cause : new StoreUnavailable("the store failed in the middle of a commit", true, { cause });
    if (reason.final) this.#latch.shut(reason);
    const lost = [...batch, ...this.#queue];
    this.#queue = [];
    this.#staging.abandon();
    for (const waiting of lost) waiting.reject(reason);
  }
}
