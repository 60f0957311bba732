// Takes code away that no record names any more, and never what somebody may still need.
//
// It goes only when a snapshot without its name is in its place and the journal behind that is synced: whatever a crash leaves from then on,
// no record in it names the code. What is about to be named, or still read, is held.

import { messageOf } from "../../domain/message-of.ts";
import type { Contents } from "../core/contents.ts";
import type { Holds } from "../core/holds.ts";
import type { FileBlobs } from "./blobs.ts";

/**
 * `known`: what this process saw a record name, or put itself. The code of a JSON file that was put aside for a while is none of that.
 * `all`: every file that is named like code. `none`: the code is another store's.
 */
export type Collects = "known" | "all" | "none";

export interface CollectorOptions {
  blobs: FileBlobs;
  holds: Holds;
  collects: Collects;
  log: (line: string) => void;
}

export class Collector {
  readonly #options: CollectorOptions;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** What may be nobody's at this moment. */
  suspects(contents: Contents): ReadonlySet<string> {
    const { collects, holds } = this.#options;
    return new Set(collects === "none" ? [] : [...contents.unnamed, ...holds.letGo]);
  }

  /** Which of them are nobody's. Everything in the contents is synced at the moment of the call. */
  condemn(contents: Contents, suspects: ReadonlySet<string>): string[] {
    const { holds } = this.#options;
    const named = contents.codes();
    for (const sha256 of suspects) {
      contents.forgetUnnamed(sha256); // it comes back when a record gives it up again
      holds.forget(sha256); // when somebody lets go of it again
    }
    return [...suspects].filter((sha256) => !named.has(sha256));
  }

  /** The same of everything, once nobody commits any more. */
  async condemnAll(contents: Contents): Promise<string[]> {
    const { collects, blobs, log } = this.#options;
    const suspects = new Set(this.suspects(contents));
    if (collects !== "all") return this.condemn(contents, suspects);
    try {
      for (const sha256 of await blobs.list()) suspects.add(sha256);
    } catch (cause) {
      log(`code that nobody needs stays: ${messageOf(cause)}`);
    }
    return this.condemn(contents, suspects);
  }

  /** Commits may go on meanwhile: what is held, or was held since, is not touched. */
  async remove(condemned: readonly string[]): Promise<void> {
    const { blobs, holds, log } = this.#options;
    let failure: unknown;
    for (const sha256 of condemned) {
      if (holds.isHeld(sha256) || holds.letGo.has(sha256)) continue;
      await blobs.remove(sha256).catch((cause) => {
        failure ??= cause;
      });
    }
    if (failure !== undefined) log(`code that nobody needs stays: ${messageOf(failure)}`);
  }
}
