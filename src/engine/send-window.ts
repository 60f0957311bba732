// How much of what is asked of one worker is under way at a time: what many callers ask together must not add up to more than it may hold.

import type { ToWorker } from "./protocol.ts";

interface Flight {
  message: ToWorker;
  /** How many of its calls have not landed. */
  open: number;
  /** The length of its line, once that is sent, for as long as it counts. */
  length: number;
}

export interface SendWindowOptions {
  /** Nothing more is sent while the lines under way are so long together; so one always goes, however long it is. */
  length: number;
  /** Sends. @returns the length of the line */
  transmit(message: ToWorker): number;
}

/** What is under way counts no more when none of it has landed for so many looks: it may be waiting for what waits here. */
const patienceLooks = 2;

/** What doesn't fit waits here, and goes in the order in which it came. */
export class SendWindow {
  readonly #options: SendWindowOptions;
  readonly #flights = new Map<number, Flight>();
  readonly #waiting = new Set<Flight>();
  #underWay = 0;
  #looks = 0;

  constructor(options: SendWindowOptions) {
    this.#options = options;
  }

  /** @param calls those that the message is about, each of which lands by itself */
  send(message: ToWorker, calls: readonly number[]): void {
    const flight = { message, open: calls.length, length: 0 };
    for (const id of calls) this.#flights.set(id, flight);
    if (this.#waiting.size === 0 && this.#hasRoom()) this.#transmit(flight);
    else this.#waiting.add(flight);
  }

  /** The worker is done with the call, or holds only what it must: an event is stored, and its children run. One that waits is not sent. */
  land(id: number): void {
    const flight = this.#flights.get(id);
    this.#flights.delete(id);
    if (!flight || --flight.open > 0) return;
    this.#underWay -= flight.length;
    this.#looks = 0;
    if (this.#waiting.size === 0) return;
    this.#waiting.delete(flight);
    this.#fill();
  }

  /** To be called now and then, while the worker is not computing. */
  look(): void {
    if (this.#waiting.size === 0 || ++this.#looks < patienceLooks) return;
    for (const flight of this.#flights.values()) flight.length = 0;
    this.#underWay = 0;
    this.#looks = 0;
    this.#fill();
  }

  /** The worker is no more. @returns the calls that it never heard of */
  close(): Set<number> {
    const unsent = [...this.#flights].filter(([, flight]) => this.#waiting.has(flight)).map(([id]) => id);
    this.#waiting.clear();
    this.#flights.clear();
    return new Set(unsent);
  }

  #fill(): void {
    for (const flight of this.#waiting) {
      if (!this.#hasRoom()) return;
      this.#waiting.delete(flight);
      this.#transmit(flight);
    }
  }

  #hasRoom(): boolean {
    return this.#underWay < this.#options.length;
  }

  #transmit(flight: Flight): void {
    flight.length = this.#options.transmit(flight.message);
    this.#underWay += flight.length;
  }
}
