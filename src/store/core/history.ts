// One instance's transitions: kept as the JSON text they are stored as, so that neither compaction nor recovery pays for them again.

import type { Transition } from "../../domain/records.ts";
import type { Page } from "../port.ts";

export class History {
  readonly #rows: string[] = [];

  /** `seq` of the newest transition, 0 when there is none. */
  get last(): number {
    return this.#rows.length;
  }

  /** Adds rows of which the first has `seq`. Throws when that leaves a gap. */
  append(seq: number, rows: readonly string[]): void {
    if (seq !== this.last + 1)
      throw new Error(`transition ${seq} does not continue a history that ends at ${this.last}`);
    for (const row of rows) this.#rows.push(row);
  }

  page(after: number, limit: number): Page<Transition> {
    const from = Math.max(0, after);
    const items = this.#rows.slice(from, from + limit).map((row): Transition => JSON.parse(row));
    const end = from + items.length;
    return end < this.last ? { items, next: end } : { items };
  }

  /** The rows as JSON texts, oldest first; the first has `seq` 1. */
  texts(): readonly string[] {
    return this.#rows;
  }
}
