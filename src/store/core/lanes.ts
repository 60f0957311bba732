// Lanes: what shares a lane's name runs one at a time, first come first served; different names don't wait for each other.

export class Lanes {
  readonly #waiting = new Map<string, (() => void)[]>();

  /** Lanes in use; an idle lane costs nothing. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Settles as `fn` does; the next in the lane starts either way. */
  async run<T>(lane: string, fn: () => Promise<T>): Promise<T> {
    const queue = this.#waiting.get(lane);
    if (queue === undefined) this.#waiting.set(lane, []);
    else await new Promise<void>((enter) => queue.push(enter));
    try {
      return await fn();
    } finally {
      this.#leave(lane);
    }
  }

  #leave(lane: string): void {
    const next = this.#waiting.get(lane)?.shift();
    if (next === undefined) this.#waiting.delete(lane);
    else next();
  }
}
