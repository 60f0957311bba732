// Pooled random bytes are the source's own: each handed out once, in order, and shared with nobody.

import { expect, test } from "vitest";
import { pooledBytes } from "../../src/domain/pooled-bytes.ts";

/** Counts from 0, so that every byte tells its place. */
function counting() {
  let next = 0;
  const asked: number[] = [];
  const bytes = (size: number) => {
    asked.push(size);
    return Uint8Array.from({ length: size }, () => next++);
  };
  return { asked, bytes };
}

test("each byte is handed out once, and what doesn't fit any more is not handed out at all", () => {
  const source = counting();
  const pooled = pooledBytes(source.bytes, 8);
  const drawn = [3, 3, 3, 8, 1].map((size) => [...pooled(size)]);
  expect(drawn).toEqual([[0, 1, 2], [3, 4, 5], [8, 9, 10], [16, 17, 18, 19, 20, 21, 22, 23], [24]]);
  expect(source.asked).toEqual([8, 8, 8, 8]);
});

test("more than the pool holds comes from the source", () => {
  const source = counting();
  expect(pooledBytes(source.bytes, 8)(9)).toHaveLength(9);
  expect(source.asked).toEqual([9]);
});

test("whoever writes into what they got changes nobody else's", () => {
  const pooled = pooledBytes(counting().bytes, 8);
  pooled(4).fill(255);
  expect([...pooled(4)]).toEqual([4, 5, 6, 7]);
});
