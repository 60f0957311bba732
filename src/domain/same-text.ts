// Compares what a caller claims to know with what is right, without telling by its duration how much of it was.

import { timingSafeEqual } from "node:crypto";

export function isSameText(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
