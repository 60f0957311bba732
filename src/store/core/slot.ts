// A record's place in its table: the record itself, or where its text is; and an instance's history.

import type { Stored } from "../port.ts";
import { History } from "./history.ts";
import type { Coolable } from "./hot.ts";
import { type Kept, recordPlace } from "./segment.ts";

export class Slot<T> implements Coolable {
  readonly name: string;
  readonly order: number;
  rev: number;
  usedIn = 0;
  history: History | null = null;
  #stored: Stored<T> | null = null;
  #kept: Kept | null = null;

  constructor(name: string, order: number, rev: number) {
    this.name = name;
    this.order = order;
    this.rev = rev;
  }

  /** Once deleted, a place only keeps its neighbours findable until the next sweep. */
  get isDead(): boolean {
    return this.#stored === null && this.#kept === null;
  }

  get kept(): Kept | null {
    return this.#kept;
  }

  /** What is in memory of the record. */
  get stored(): Stored<T> | null {
    return this.#stored;
  }

  get bytes(): number {
    return this.#kept?.bytes ?? 0;
  }

  hold(stored: Stored<T> | null, kept: Kept | null): void {
    this.#stored = stored;
    this.#kept = kept;
  }

  /** The same revision's text is elsewhere now. */
  move(kept: Kept): void {
    this.#kept = kept;
  }

  /** @throws StoreUnavailable (final) when the text can't be read */
  read(): Stored<T> {
    this.#stored ??= this.#fromText();
    return this.#stored;
  }

  /** The same, and it does not stay in memory for that. */
  peek(): Stored<T> {
    return this.#stored ?? this.#fromText();
  }

  historyToAppendTo(): History {
    this.history ??= new History();
    return this.history;
  }

  cool(): void {
    if (this.#kept !== null) this.#stored = null;
  }

  die(): void {
    this.#stored = null;
    this.#kept = null;
    this.history = null;
  }

  #fromText(): Stored<T> {
    if (this.#kept === null) throw new Error(`${this.name} is neither in memory nor in a file`);
    const { segment, at, bytes } = this.#kept;
    const text = segment.text(at, bytes, recordPlace(this.rev, this.order)).toString();
    return { rec: JSON.parse(text), rev: this.rev, order: this.order };
  }
}
