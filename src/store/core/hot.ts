// Which records stay in memory: the ones used lately, up to a number of bytes; the others are read from the files again.

/** What can be let go of because it can be read again. */
export interface Coolable {
  /** The period it was last used in. */
  usedIn: number;
  /** Of its text. */
  bytes: number;
  cool(): void;
}

/**
 * Time is cut into periods, each as long as it takes to use half of the budget. What was used in neither this period nor the one before
 * is let go of. A use costs one comparison, and no list is ever searched.
 */
export class Hot {
  readonly #bytesPerPeriod: number;
  #period = 1;
  #bytes = 0;
  #used: Coolable[] = [];
  #usedBefore: Coolable[] = [];

  /** `budgetBytes` of texts; as objects in memory they take some times as much. */
  constructor(budgetBytes: number) {
    this.#bytesPerPeriod = budgetBytes / 2;
  }

  use(item: Coolable): void {
    if (item.usedIn === this.#period) return;
    item.usedIn = this.#period;
    this.#used.push(item);
    this.#bytes += item.bytes;
    if (this.#bytes > this.#bytesPerPeriod) this.#nextPeriod();
  }

  #nextPeriod(): void {
    for (const item of this.#usedBefore) if (item.usedIn < this.#period) item.cool();
    this.#usedBefore = this.#used;
    this.#used = [];
    this.#bytes = 0;
    this.#period++;
  }
}
