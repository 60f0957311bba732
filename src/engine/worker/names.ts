// Names that the service draws for a machine: UUIDs, the same ones for the same seed, so that a run can be repeated.

import { hash } from "node:crypto";

/** Draws the next name. */
export type Names = () => string;

export function createNames(seed: string): Names {
  let drawn = 0;
  return () => uuidOf(hash("sha256", `${seed} ${drawn++}`));
}

/** RFC 9562, version 8: what is in it is the maker's affair. */
function uuidOf(hex: string): string {
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    "-",
  );
}
