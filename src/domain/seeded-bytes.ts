// Bytes for names and ids, never for secrets: they look random and are the same for the same seed, so that a run can be repeated.

import { hash } from "node:crypto";

export function createSeededBytes(seed: string): (size: number) => Uint8Array {
  let drawn = 0;
  return (size) => {
    const blocks = Array.from({ length: Math.ceil(size / 32) }, () => hash("sha256", `${seed} ${drawn++}`, "buffer"));
    return new Uint8Array(Buffer.concat(blocks).subarray(0, size));
  };
}
