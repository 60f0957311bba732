// A copy of what streams by, up to a length: what is longer passes all the same, but nobody judges it.

import { brotliDecompressSync, gunzipSync, inflateSync } from "node:zlib";

/** Longest body that is judged, in bytes, as sent and unpacked. */
export const longestJudged = 4_194_304;

export class Copy {
  #chunks: Uint8Array[] | null = [];
  #length = 0;

  add(chunk: Uint8Array): void {
    this.#length += chunk.length;
    if (this.#length > longestJudged) this.#chunks = null;
    this.#chunks?.push(chunk);
  }

  get isTooLong(): boolean {
    return this.#chunks === null;
  }

  /** Null when it was too long. */
  get bytes(): Uint8Array | null {
    return this.#chunks === null ? null : Buffer.concat(this.#chunks);
  }
}

const unpackers: { [coding: string]: (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array } = {
  gzip: gunzipSync,
  "x-gzip": gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync,
};

/** A body without its content coding; null for a coding that is none of HTTP's usual ones, or a body that is not what it says. */
export function unpacked(bytes: Uint8Array, coding: string | undefined): Uint8Array | null {
  if (coding === undefined || coding === "" || coding.toLowerCase() === "identity" || bytes.length === 0) return bytes;
  try {
    return unpackers[coding.toLowerCase()]?.(bytes, { maxOutputLength: longestJudged }) ?? null;
  } catch {
    return null;
  }
}
