// How much the server has in hand at a time: what would be more than its memory holds is refused, with a time to come back.

import { Problem } from "../domain/problem.ts";

export interface AdmissionLimits {
  /** Requests that came and are not done with. */
  requests: number;
  /** Of their bodies together; one that doesn't say how long it is counts as long as it may be. */
  bodyBytes: number;
}

export const defaultAdmissionLimits: AdmissionLimits = { requests: 10_000, bodyBytes: 256_000_000 };

/** A request's place, held by whoever sends its answer and by whoever works on it: it is free again when both have left. */
export interface Place {
  hold(): void;
  leave(): void;
}

/** What asks for a place. */
export interface Entrant {
  method: string;
  headers: { [name: string]: string | string[] | undefined };
  /** Longest body that is read of it. */
  longestBodyBytes: number;
}

/** They store nothing, or make room. */
const savingMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE"]);

export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #isShortOfMemory: () => boolean;
  #requests = 0;
  #bodyBytes = 0;

  constructor(limits: AdmissionLimits, isShortOfMemory: () => boolean) {
    this.#limits = limits;
    this.#isShortOfMemory = isShortOfMemory;
  }

  /** Held once already, or why there is no place: a Problem `unavailable`. */
  enter({ method, headers, longestBodyBytes }: Entrant): Place | Problem {
    const { requests, bodyBytes } = this.#limits;
    if (this.#requests >= requests)
      return new Problem(
        "unavailable",
        `Settle has ${requests} requests in hand, and takes no more until some are done.`,
      );
    const bytes = bodyBytesOf(headers, longestBodyBytes);
    // One alone is let in, however long it may be.
    if (bytes > 0 && this.#bodyBytes > 0 && this.#bodyBytes + bytes > bodyBytes) {
      const message = `Settle has requests with bodies of ${this.#bodyBytes} bytes in hand, and reads no more than ${bodyBytes} at a time.`;
      return new Problem("unavailable", message);
    }
    if (!savingMethods.has(method) && this.#isShortOfMemory()) {
      const message =
        "Settle is short of memory, and stores nothing more. Delete what is not needed, or start it with a higher limit (NODE_OPTIONS=--max-old-space-size=<MB>).";
      return new Problem("unavailable", message);
    }
    return this.#take(bytes);
  }

  #take(bytes: number): Place {
    this.#requests++;
    this.#bodyBytes += bytes;
    let holders = 1;
    return {
      hold: () => void holders++,
      leave: () => {
        if (--holders > 0) return;
        this.#requests--;
        this.#bodyBytes -= bytes;
      },
    };
  }
}

function bodyBytesOf(headers: Entrant["headers"], longest: number): number {
  // What may have any length is never read.
  if (longest === Number.POSITIVE_INFINITY) return 0;
  const announced = headers["content-length"];
  if (announced !== undefined) return Math.min(Number(announced) || 0, longest);
  return headers["transfer-encoding"] === undefined ? 0 : longest;
}
