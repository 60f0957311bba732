// Lines of a log that wait for being stored: so many at most, and a line that says how many found no room.

import type { InstanceRef, LogLine } from "../engine/port.ts";

/** `at` is when it came, in epoch milliseconds. */
export interface WaitingLine extends LogLine {
  instance: InstanceRef;
  at: number;
}

export class WaitingLines {
  readonly #most: { lines: number; characters: number };
  readonly #lines: WaitingLine[] = [];
  #characters = 0;
  /** Since the last line that waits. */
  #dropped: { first: WaitingLine; count: number } | null = null;

  constructor(most: { lines: number; characters: number }) {
    this.#most = most;
  }

  get count(): number {
    return this.#lines.length + (this.#dropped ? 1 : 0);
  }

  take(line: WaitingLine): void {
    if (this.#lines.length < this.#most.lines && this.#characters < this.#most.characters) {
      this.#noteDropped();
      this.#add(line);
    } else {
      this.#dropped ??= { first: line, count: 0 };
      this.#dropped.count++;
    }
  }

  /** The oldest, at most so many; they go on waiting. */
  first(count: number): readonly WaitingLine[] {
    if (this.#lines.length < count) this.#noteDropped();
    return this.#lines.slice(0, count);
  }

  /** The oldest are done with. */
  leave(count: number): void {
    for (const { log } of this.#lines.splice(0, count)) this.#characters -= log.length;
  }

  #noteDropped(): void {
    if (this.#dropped === null) return;
    const { first, count } = this.#dropped;
    this.#dropped = null;
    this.#add({ ...first, outputType: "stderr", log: `[${count} more were printed too fast to be kept]` });
  }

  #add(line: WaitingLine): void {
    this.#lines.push(line);
    this.#characters += line.log.length;
  }
}
