// Keeps what passes, in its order, until it is written down as a scenario.

import type { Seen } from "../observer.ts";
import type { Exchanged } from "../traffic.ts";

export type Recorded = { exchange: Exchanged } | { message: Seen };

/** Longest traffic that is kept: exchanges and messages. */
const most = 5_000;

export class Recorder {
  readonly #exchanges: Exchanged[] = [];
  readonly #messages: Seen[] = [];
  /** What came when there was no room any more. */
  dropped = 0;

  exchange(exchange: Exchanged): void {
    if (this.#isFull()) this.dropped++;
    else this.#exchanges.push(exchange);
  }

  message(message: Seen): void {
    if (this.#isFull()) this.dropped++;
    else this.#messages.push(message);
  }

  #isFull(): boolean {
    return this.#exchanges.length + this.#messages.length >= most;
  }

  /**
   * In the order to do it again: exchanges as they were answered, and a message after every exchange that had begun before it, since it may
   * be the consequence of each of them.
   */
  list(): Recorded[] {
    const list: Recorded[] = this.#exchanges.map((exchange) => ({ exchange }));
    let least = 0;
    for (const message of this.#messages) {
      const place = 1 + list.findLastIndex((one) => "exchange" in one && one.exchange.n <= message.begun);
      least = Math.max(place, least);
      list.splice(least, 0, { message });
      least++;
    }
    return list;
  }
}
