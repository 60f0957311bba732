// Blobs that nobody may take away: put and not named by a record yet, or read by somebody though no record names them any more.

export class Holds {
  /** By how many. */
  readonly #held = new Map<string, number>();
  readonly #letGo = new Set<string>();

  /** Held once and by nobody now: a record names it since, or nobody needs it. */
  get letGo(): ReadonlySet<string> {
    return this.#letGo;
  }

  /** @returns how to let go of them */
  hold(sha256s: Iterable<string>): () => void {
    const held = [...sha256s];
    for (const sha256 of held) this.#held.set(sha256, (this.#held.get(sha256) ?? 0) + 1);
    let isHeld = true;
    return () => {
      if (isHeld) for (const sha256 of held) this.#release(sha256);
      isHeld = false;
    };
  }

  isHeld(sha256: string): boolean {
    return this.#held.has(sha256);
  }

  /** It is looked into: from now on `letGo` has it only when it was held again. */
  forget(sha256: string): void {
    this.#letGo.delete(sha256);
  }

  #release(sha256: string): void {
    const others = (this.#held.get(sha256) ?? 0) - 1;
    if (others > 0) {
      this.#held.set(sha256, others);
      return;
    }
    this.#held.delete(sha256);
    this.#letGo.add(sha256);
  }
}
