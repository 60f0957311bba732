// A stored text that is not in memory: which file it is in, and where.

/** A file that records and transitions are read from, as it was when it was written. */
export interface Segment {
  /**
   * The text of a record. A view that the next read may overwrite.
   * @param place what the row says before the text, by which a file that somebody else wrote over is found out
   * @throws StoreUnavailable (final) when it can't be read or is not what was written
   */
  text(at: number, bytes: number, place: string): Buffer;
  /** The rows from one offset to another, newlines included; for a segment that holds a row a line. @throws StoreUnavailable (final) */
  lines(from: number, to: number): Buffer;
  /** The error to throw when a line is not what was written: it ends the store. */
  changed(place: string): Error;
  /** Keeps it readable until it is let go as often as it was held, whatever takes its place meanwhile. */
  hold(): void;
  letGo(): void;
}

/** Where a text is. Never changed: a moved text gets another one. */
export interface Kept {
  readonly segment: Segment;
  readonly at: number;
  readonly bytes: number;
}

/** What a row says right before a record's text. */
export function recordPlace(rev: number, order: number): string {
  return `"rev":${rev},"order":${order}`;
}

/** What a row says right before a transition's text. */
export function transitionPlace(seq: number): string {
  return `"seq":${seq}`;
}
