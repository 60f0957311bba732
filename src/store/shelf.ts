// The port of the place where named snapshots of a store are kept, each a state document.

export interface Shelf {
  /** Keeps a document, a JSON object and a newline, under the name, in the place of an earlier one: the whole of it, durable, or nothing changes. @throws StoreUnavailable, ShelfBlocked */
  put(name: string, pieces: AsyncIterable<string>): Promise<Shelved>;
  /**
   * How to read it, as often as one likes; null when there is none. Whoever reads it throws what came away when reading throws.
   * @throws ShelfChanged, also at the end of reading
   */
  get(name: string): Promise<(() => AsyncIterable<Uint8Array>) | null>;
  /** By name. */
  list(): Promise<Shelved[]>;
  /** False when there is none. */
  delete(name: string): Promise<boolean>;
}

/** `savedAt`: epoch milliseconds, real time. */
export interface Shelved {
  name: string;
  bytes: number;
  savedAt: number;
}

/** Something that is no snapshot stands in the place of one, or of them all. */
export class ShelfBlocked extends Error {
  constructor(path: string, options?: ErrorOptions) {
    super(`${path} is in the way`, options);
    this.name = "ShelfBlocked";
  }
}

/** What is kept is not what was put there, byte for byte. */
export class ShelfChanged extends Error {
  readonly path: string;
  constructor(path: string) {
    super(`${path} is not as it was saved`);
    this.name = "ShelfChanged";
    this.path = path;
  }
}
