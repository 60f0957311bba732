// The whole state of a running server: written out, put in, emptied, and kept under names.

import { createHash, type Hash } from "node:crypto";
import { Problem } from "../../domain/problem.ts";
import type { NewRow } from "../../store/port.ts";
import type { Shelf } from "../../store/shelf.ts";
import { anonymousAccess } from "../anonymous.ts";
import type { Services } from "../services.ts";
import type { TimeTravel } from "../time-travel.ts";
import { type Own, ownOf, type PutIn, tellingWhere } from "./import.ts";
import type { Quiet } from "./quiet.ts";
import { credentialRows, readDocument } from "./read.ts";
import { createSnapshots, type Snapshots } from "./snapshots.ts";
import { type DocumentPieces, type WriteOptions, writeDocument } from "./write.ts";

export interface StateOptions {
  services: Services;
  quiet: Quiet;
  /** Where the clock is a manual one. */
  timeTravel: TimeTravel | undefined;
  shelf: Shelf;
  /** What was published from sources, once everything is loaded; nothing is replaced before. */
  sources(): Sources | undefined;
  /** Whether there is no room for more of what is stored. */
  isShortOfMemory(): boolean;
}

/** Machines that come from sources, and come back when everything is emptied. */
interface Sources {
  /** @throws Problem before it calls `empty` when they can't be published */
  anew(empty: (publish: () => Promise<void>) => Promise<void>): Promise<void>;
}

export interface StateControl {
  /** A state document of this moment, in pieces, however long they take to be read. */
  export(options: WriteOptions): Promise<DocumentPieces>;
  /**
   * Puts a document's state in the place of everything; the server's own credentials stay. Requests in hand are finished by the old state,
   * those that come wait for the new one. One at a time.
   * @throws Problem when it is no state document: nothing was changed then. StoreUnavailable
   */
  import(chunks: AsyncIterable<Uint8Array>): Promise<PutIn>;
  /**
   * As after the first start: nothing but its credentials, anonymous access, and the machines that come from sources.
   * @throws Problem when those can't be published: nothing was changed then
   */
  reset(): Promise<void>;
  readonly snapshots: Snapshots;
  /** Calls back when other state is in place, before anybody acts on it. */
  onReplaced(listener: () => void): void;
}

export function createStateControl(options: StateOptions): StateControl {
  return new Control(options);
}

class Control implements StateControl {
  readonly #options: StateOptions;
  readonly #listeners: (() => void)[] = [];
  /** Whatever is put in is in memory as a whole for a while, beside what it replaces. */
  #isPuttingIn = false;

  constructor(options: StateOptions) {
    this.#options = options;
  }

  async export(writeOptions: WriteOptions): Promise<DocumentPieces> {
    const { store, logs } = this.#options.services;
    await logs.settle();
    return writeDocument(store, writeOptions);
  }

  async import(chunks: AsyncIterable<Uint8Array>): Promise<PutIn> {
    if (this.#isPuttingIn) throw new Problem("unavailable", "Another state is being put in. Try again when it is.");
    this.#isPuttingIn = true;
    try {
      return await this.#putIn(chunks);
    } finally {
      this.#isPuttingIn = false;
    }
  }

  async #putIn(chunks: AsyncIterable<Uint8Array>): Promise<PutIn> {
    const { services, isShortOfMemory } = this.#options;
    const { store, entropy } = services;
    // Another server may have drawn the ids in the document from the same seed, so what is drawn after it follows from the document.
    const digest = createHash("sha256");
    const read = entropy.stir ? hashedInto(digest, chunks) : chunks;
    return store.holdBlobs((putBlob) =>
      tellingWhere((progress) =>
        this.#replace(
          (own) => whileThereIsRoom(readDocument(read, { store, putBlob, entropy, ...own }, progress), isShortOfMemory),
          async () => entropy.stir?.(digest.digest("hex")),
        ),
      ),
    );
  }

  async reset(): Promise<void> {
    const { clock, entropy } = this.#options.services;
    await this.#sources().anew((publish) =>
      this.#replace(async function* rows({ own, kept }) {
        yield* credentialRows(own, kept);
        for (const change of anonymousAccess(own.org.id, clock, entropy)) if (change.op === "put") yield change;
      }, publish),
    );
  }

  get snapshots(): Snapshots {
    return createSnapshots(this.#options.shelf, {
      write: async (take) => {
        const pieces = await this.export({ withCredentials: true });
        try {
          return await take(pieces);
        } finally {
          await pieces.return();
        }
      },
      put: (read) => this.import(read()),
    });
  }

  onReplaced(listener: () => void): void {
    this.#listeners.push(listener);
  }

  #sources(): Sources {
    const sources = this.#options.sources();
    if (sources) return sources;
    throw new Problem("unavailable", "The machines are still being loaded. Try again when it is ready.");
  }

  /** @param after happens before anybody else goes on */
  async #replace(
    rows: (own: Own) => AsyncIterable<NewRow>,
    after: () => Promise<void> = async () => {},
  ): Promise<void> {
    const { services } = this.#options;
    this.#sources();
    const before = await ownOf(services.store);
    const holdStill = () => this.#holdStill();
    let goOn: (() => void) | undefined;
    // The server goes on until the last row is read: only then is it held still.
    async function* untilStill() {
      yield* rows(before);
      goOn = await holdStill();
      const now = await ownOf(services.store);
      if (JSON.stringify(now) === JSON.stringify(before)) return;
      throw new Problem("invalid-state", "The server's own keys were changed meanwhile. Send it once more.");
    }
    try {
      await services.store.replaceAll(untilStill());
      await this.#beginAnew();
      await after();
    } finally {
      goOn?.();
    }
  }

  /** @returns how to let everybody go on */
  async #holdStill(): Promise<() => void> {
    const { services, quiet, timeTravel } = this.#options;
    const move = await timeTravel?.hold();
    const goOn = await quiet.hold();
    await services.logs.settle();
    return () => {
      goOn();
      move?.();
    };
  }

  /** What the server has made of the old state is dropped. */
  async #beginAnew(): Promise<void> {
    const { engine, logs } = this.#options.services;
    logs.forget();
    for (const listener of this.#listeners) listener();
    await engine.forget(new Problem("unavailable", "Everything in the store was replaced meanwhile. Try again."));
  }
}

async function* hashedInto(digest: Hash, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  for await (const chunk of chunks) {
    digest.update(chunk);
    yield chunk;
  }
}

async function* whileThereIsRoom(rows: AsyncIterable<NewRow>, isShort: () => boolean): AsyncGenerator<NewRow, void> {
  for await (const row of rows) {
    if (isShort()) throw shortOfMemory();
    yield row;
  }
}

function shortOfMemory(): Problem {
  const mend =
    "Delete what is not needed (POST /_settle/reset deletes everything), or start it with a higher limit (NODE_OPTIONS=--max-old-space-size=<MB>).";
  return new Problem("unavailable", `Settle is short of memory for another state: nothing was changed. ${mend}`);
}
