// What a step leaves for the service to do once it is stored: timers, messages to other instances, and the children that are instances.

import type { Json, JsonObject } from "../../domain/json.ts";
import { isJsonObject } from "../../domain/json.ts";
import type { Address } from "../../domain/records.ts";
import type { Addressee, Posting, TimerChange } from "../port.ts";
import type { EventLike } from "./actor.ts";
import type { Names } from "./names.ts";
import type { Descriptor } from "./persistent.ts";
import { addressOf } from "./persistent.ts";
import { plainEvent, plainJson } from "./plain-json.ts";

/** Longest delay kept, some hundred years: what is meant never to come has to stay a date. */
const longestDelayMs = 3_155_760_000_000;

export interface Lasting {
  timers: TimerChange[];
  posts: Posting[];
}

/** `id` is the timer's, `delay` in milliseconds. Both as XState put them into the action. */
interface Delay {
  id?: string | number | undefined;
  delay?: unknown;
}

export class Outbox {
  /** Only the last word on each id counts. */
  readonly #timers = new Map<string, TimerChange>();
  #posts: Posting[] = [];
  /** By the id their parent knows them under. Replaced, never changed, so that a step can be taken back. */
  #children: ReadonlyMap<string, Address> = new Map();
  #childrenBefore = this.#children;
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  get children(): ReadonlyMap<string, Address> {
    return this.#children;
  }

  /** The form in which `restore` takes them; empty when there are none. */
  persistedChildren(): { persistent?: JsonObject } {
    return this.#children.size > 0 ? { persistent: Object.fromEntries(this.#children) as unknown as JsonObject } : {};
  }

  restore(persistent: Json | undefined): void {
    this.#children = new Map(isJsonObject(persistent) ? Object.entries(persistent as Record<string, never>) : []);
  }

  /** A step begins, which `undo` may take back. */
  begin(): void {
    this.#childrenBefore = this.#children;
  }

  undo(): void {
    this.#children = this.#childrenBefore;
    this.take();
  }

  /** @returns whether the service delivers it: not what goes to the machine itself at once, nor what has no addressee it knows */
  post(to: Addressee | "self" | undefined, event: EventLike, { id, delay }: Delay): boolean {
    if (to === undefined) return false;
    if (typeof delay === "number") this.#set(id, delay, event, to);
    else if (to === "self") return false;
    else this.#posts.push({ kind: "send", to, event: plainEvent(event) });
    return true;
  }

  /** What is set again replaces what was pending under its id, so that a cancellation right before needs no entry of its own. */
  #set(id: string | number | undefined, delayMs: number, event: EventLike, to: Addressee | "self"): void {
    const mark = this.#names();
    const key = id === undefined ? `settle.${mark}` : String(id);
    const whole = Math.min(Math.max(0, Math.ceil(delayMs) || 0), longestDelayMs);
    const setting = { mark, delayMs: whole, event: plainEvent(event) };
    this.#timers.delete(key); // to stand last: timers that fall due together fire in the order in which they were set
    this.#timers.set(key, { id: key, set: to === "self" ? setting : { ...setting, to } });
  }

  cancel(id: string | number | undefined): void {
    const key = String(id);
    this.#timers.set(key, { id: key, set: null });
  }

  /**
   * @param id a name is drawn for a child that has none
   * @param context whatever the machine gave the child to start with; what is no object is no context
   */
  spawn(source: Descriptor, context: unknown, id?: string): { id: string } & Address {
    const address = addressOf(source, this.#names);
    const child = { id: id ?? this.#names(), ...address };
    const version = source.machineVersionId === undefined ? {} : { versionId: source.machineVersionId };
    const plain = plainJson(context ?? {});
    this.#children = new Map(this.#children).set(child.id, address);
    this.#posts.push({ kind: "spawn", ...child, ...version, context: isJsonObject(plain) ? plain : {} });
    return child;
  }

  /**
   * A child that was spawned in the same step has not begun, and never will.
   * @returns whether it was one of these children
   */
  release(id: string): boolean {
    if (!this.#children.has(id)) return false;
    const children = new Map(this.#children);
    children.delete(id);
    this.#children = children;
    const kept = this.#posts.filter((post) => post.kind !== "spawn" || post.id !== id);
    if (kept.length === this.#posts.length) kept.push({ kind: "release", id });
    this.#posts = kept;
    return true;
  }

  /** What was collected so far, which is forgotten here. */
  take(): Lasting {
    const lasting = { timers: [...this.#timers.values()], posts: this.#posts };
    this.#timers.clear();
    this.#posts = [];
    return lasting;
  }
}
