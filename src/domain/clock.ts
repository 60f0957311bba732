// The sources of the outside world that pure code needs, injected so that tests and the manual clock own them.

/** Where time comes from. Nothing outside `cli` and the composition root reads the ambient clock. */
export interface Clock {
  /** Epoch milliseconds; never decreases within one process. */
  now(): number;
}

/** Who rings when a time has come. */
export interface Alarm {
  /** Calls `ring` once the clock has reached `timeMs` (epoch milliseconds), however far away that is. @returns how to call it off */
  at(timeMs: number, ring: () => void): () => void;
}

/** Where random bytes come from. */
export interface Entropy {
  /** `size` fresh bytes for ids, names and seeds: unpredictable, unless a seeded source makes a run repeatable. */
  bytes(size: number): Uint8Array;
  /** `size` fresh bytes for what nobody may guess: credentials, salts. Never seeded. */
  secretBytes(size: number): Uint8Array;
  /** Where a source makes a run repeatable: what it gives from now on follows from this text, too. */
  stir?(text: string): void;
}
