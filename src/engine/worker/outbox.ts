// What a step leaves for the service to do once it is stored: timers, messages to other instances, and the children that are instances.

import type { JsonObject } from "../../domain/json.ts";
import { isJsonObject } from "../../domain/json.ts";
import type { Addressee, Posting, TimerChange } from "../port.ts";
import type { EventLike } from "./actor.ts";
import type { Names } from "./names.ts";
import { plainJson } from "./plain-json.ts";

/** Longest delay kept, some hundred years: what is meant never to come has to stay a date. */
const longestDelayMs = 3_155_760_000_000;

export interface Lasting {
  timers: TimerChange[];
  posts: Posting[];
}

export class Outbox {
  /** Only the last word on each id counts. */
  readonly #timers = new Map<string, TimerChange>();
  #posts: Posting[] = [];
  readonly names: Names;

  constructor(names: Names) {
    this.names = names;
  }

  /**
   * A delayed event, to the instance itself unless `to` says otherwise. What is set again replaces what was pending under its id, so that a
   * cancellation right before needs no entry of its own.
   */
  set(id: string | number | undefined, delayMs: number, event: EventLike, to?: Addressee): void {
    const mark = this.names();
    const key = id === undefined ? `settle.${mark}` : String(id);
    const whole = Math.min(Math.max(0, Math.ceil(delayMs) || 0), longestDelayMs);
    const setting = { mark, delayMs: whole, event: plainJson(event) as JsonObject };
    this.#timers.set(key, { id: key, set: to === undefined ? setting : { ...setting, to } });
  }

  cancel(id: string | number | undefined): void {
    const key = String(id);
    this.#timers.set(key, { id: key, set: null });
  }

  send(to: Addressee, event: EventLike): void {
    this.#posts.push({ kind: "send", to, event: plainJson(event) as JsonObject });
  }

  /** `context` is whatever the machine gave the child to start with; what is no object is no context. */
  spawn(post: Omit<Extract<Posting, { kind: "spawn" }>, "kind" | "context">, context: unknown): void {
    const plain = plainJson(context ?? {});
    this.#posts.push({ kind: "spawn", ...post, context: isJsonObject(plain) ? plain : {} });
  }

  /** A child that was spawned in the same step has not begun, and never will. */
  release(id: string): void {
    const kept = this.#posts.filter((post) => post.kind !== "spawn" || post.id !== id);
    if (kept.length === this.#posts.length) kept.push({ kind: "release", id });
    this.#posts = kept;
  }

  /** What was collected so far, which is forgotten here. */
  take(): Lasting {
    const lasting = { timers: [...this.#timers.values()], posts: this.#posts };
    this.#timers.clear();
    this.#posts = [];
    return lasting;
  }
}
