// One external call that waits for a session (a creation or an event), and its settle timeout.

import { clearTimeout, setTimeout } from "node:timers";

export class Call {
  readonly id: number;
  readonly timeoutMs: number;
  /** Whether a commit already holds this call's transition. */
  stored = false;
  elapsed = false;
  /** Resolves when the settle timeout passes, so that a pending authorizer is no longer waited for. */
  readonly expired: Promise<"expired">;
  readonly #timer: NodeJS.Timeout;

  constructor(id: number, timeoutMs: number, onElapsed: () => void) {
    this.id = id;
    this.timeoutMs = timeoutMs;
    const { promise, resolve } = Promise.withResolvers<"expired">();
    this.expired = promise;
    this.#timer = setTimeout(() => {
      this.elapsed = true;
      resolve("expired");
      onElapsed();
    }, timeoutMs);
  }

  /** Nobody waits any more. */
  close(): void {
    clearTimeout(this.#timer);
  }
}
