// One reader's view of one instance: the current state, then every stored one, in order, each only if the reader may see it by then.

import { Problem } from "../domain/problem.ts";
import type { State } from "../domain/records.ts";
import { instanceNamed } from "./lookup.ts";
import { requireRead } from "./read.ts";
import type { Caller, Services } from "./services.ts";
import type { InstanceUpdate } from "./updates.ts";

/** Whoever watches. Only `caller` may fail. */
export interface Reader {
  /**
   * Who reads; asked anew right before each state is handed over.
   * @throws Problem when that is nobody any more: the token has expired, or its key is gone
   */
  caller(): Promise<Caller>;
  /** Without room only the newest state is kept, until `resume` is called. */
  hasRoom(): boolean;
  update(state: State): void;
  /** The last that is heard: the Problem (or defect) that the watch ended with. */
  end(reason: unknown): void;
}

interface Asked {
  update: InstanceUpdate;
  /** Rejects when the reader may not see the update. */
  verdict: Promise<void>;
}

/** Most states of one watch that wait for `allowRead`: a slow one must not pile up contexts. Past it only the newest state is kept. */
const maxAsked = 32;

export class Watch {
  readonly #services: Services;
  readonly #names: { machine: string; slug: string };
  readonly #reader: Reader;
  /** Nobody until the reader has said who it is. */
  #caller: Caller = { orgId: "", keyId: "", authContext: {} };
  readonly #queue: Asked[] = [];
  /** What is newer than the queue, of which only the last is kept. */
  #newest: InstanceUpdate | undefined;
  #toldRev = 0;
  #isBusy = true;
  #hasEnded = false;
  #stopListening: () => void = () => {};

  /** Begins at once, and calls the reader only later. */
  constructor(services: Services, names: { machine: string; slug: string }, reader: Reader) {
    this.#services = services;
    this.#names = names;
    this.#reader = reader;
    void this.#begin();
  }

  /** There is room again. */
  resume(): void {
    void this.#tell();
  }

  /** The reader hears nothing more. */
  stop(): void {
    this.#hasEnded = true;
    this.#stopListening();
    this.#queue.length = 0;
    this.#newest = undefined;
  }

  async #begin(): Promise<void> {
    try {
      this.#caller = await this.#reader.caller();
      if (this.#hasEnded) return;
      const instance = { orgId: this.#caller.orgId, ...this.#names };
      // Before the state is read, so that nothing falls in between; what comes both ways is known by its revision.
      this.#stopListening = this.#services.updates.subscribe(instance, (update) => this.#hear(update));
      const { rev, rec } = await instanceNamed(this.#services, instance);
      const { state, versionId, context } = rec;
      this.#queue.unshift(this.#ask({ kind: "state", rev, state, versionId, context }));
    } catch (error) {
      return this.#end(error);
    }
    this.#isBusy = false;
    await this.#tell();
  }

  #hear(update: InstanceUpdate): void {
    // What comes after that is another instance of the same name.
    if (update.kind === "deleted") this.#stopListening();
    if (this.#newest || this.#queue.length >= maxAsked || !this.#reader.hasRoom()) this.#newest = update;
    else this.#queue.push(this.#ask(update));
    void this.#tell();
  }

  #ask(update: InstanceUpdate): Asked {
    const verdict =
      update.kind === "deleted"
        ? Promise.reject(new Problem("not-found", `The instance ${this.#names.slug} was deleted.`))
        : requireRead(this.#services, this.#caller, this.#names, update);
    verdict.catch(() => {}); // it may never be waited for
    return { update, verdict };
  }

  async #tell(): Promise<void> {
    if (this.#isBusy || this.#hasEnded) return;
    this.#isBusy = true;
    try {
      for (let asked = this.#next(); asked; asked = this.#next()) {
        if (this.#isTold(asked.update)) continue;
        await asked.verdict;
        await this.#reader.caller();
        if (!this.#hasEnded) this.#handOver(asked.update);
      }
    } catch (error) {
      this.#end(error);
    }
    this.#isBusy = false;
  }

  #next(): Asked | undefined {
    const asked = this.#queue.shift();
    const newest = this.#newest;
    if (asked || !newest || !this.#reader.hasRoom()) return asked;
    this.#newest = undefined;
    return this.#ask(newest);
  }

  #isTold(update: InstanceUpdate): boolean {
    return update.kind === "state" && update.rev <= this.#toldRev;
  }

  #handOver(update: InstanceUpdate): void {
    if (update.kind === "deleted") return;
    if (this.#reader.hasRoom()) {
      this.#toldRev = update.rev;
      this.#reader.update(update.state);
    } else {
      this.#newest ??= this.#queue.at(-1)?.update ?? update;
      this.#queue.length = 0;
    }
  }

  #end(reason: unknown): void {
    if (this.#hasEnded) return;
    this.stop();
    this.#reader.end(reason);
  }
}
