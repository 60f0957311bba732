// Why the store takes no more calls: set once, asked by every call.

import { StoreUnavailable } from "../port.ts";

export class Latch {
  #reason: StoreUnavailable | null = null;

  /** The first reason wins: later ones are its consequences. */
  shut(reason: StoreUnavailable): StoreUnavailable {
    this.#reason ??= reason;
    return this.#reason;
  }

  get reason(): StoreUnavailable | null {
    return this.#reason;
  }

  /** @throws StoreUnavailable (final) once shut. */
  assertOpen(): void {
    if (this.#reason !== null) throw new StoreUnavailable(this.#reason.message, true, { cause: this.#reason.cause });
  }
}
