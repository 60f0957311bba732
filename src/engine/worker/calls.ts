// The external calls that wait for a session, and their settle timeouts.

import { clearTimeout, setTimeout } from "node:timers";

/** A creation or an event. */
export interface Call {
  id: number;
  timeoutMs: number;
  /** Whether a commit already holds this call's transition. */
  stored: boolean;
  elapsed: boolean;
  /** Resolves when the settle timeout passes, so that a pending authorizer is no longer waited for. */
  expired: Promise<"expired">;
  timer: NodeJS.Timeout;
}

export class Calls {
  readonly #open = new Map<number, Call>();
  /** One that was answered when nobody else waited: children that earlier events set going have its settle timeout still. */
  #lastAnswered: Call | undefined;
  readonly #onElapsed: () => void;

  constructor(onElapsed: () => void) {
    this.#onElapsed = onElapsed;
  }

  /** Those that are not answered yet. */
  get waiting(): Call[] {
    return [...this.#open.values()];
  }

  open(id: number, timeoutMs: number): Call {
    const { promise: expired, resolve: expire } = Promise.withResolvers<"expired">();
    const timer = setTimeout(() => {
      call.elapsed = true;
      expire("expired");
      this.#onElapsed();
    }, timeoutMs);
    const call: Call = { id, timeoutMs, stored: false, elapsed: false, expired, timer };
    this.#open.set(id, call);
    return call;
  }

  /** To be called when it is answered. @returns false when it was before */
  close(call: Call): boolean {
    if (!this.#open.delete(call.id)) return false;
    if (this.#open.size > 0) clearTimeout(call.timer);
    else {
      clearTimeout(this.#lastAnswered?.timer);
      this.#lastAnswered = call;
    }
    return true;
  }

  /** Those whose settle timeout has passed; `all` when nobody waits any longer for what the session does. */
  elapsed(): Call[] | "all" {
    const waiting = this.#open.size > 0 ? [...this.#open.values()] : this.#lastAnswered ? [this.#lastAnswered] : [];
    const elapsed = waiting.filter((call) => call.elapsed);
    return elapsed.length > 0 && elapsed.length === waiting.length ? "all" : elapsed;
  }

  /** No timeout passes any more. */
  end(): void {
    for (const { timer } of this.#open.values()) clearTimeout(timer);
    clearTimeout(this.#lastAnswered?.timer);
  }
}
