// How many transitions are kept: never fewer than asked for, never many more, whatever steps an instance takes.

import { expect, test } from "vitest";
import { lastToForget } from "../../src/operations/history-retention.ts";

/** Transitions that are left at each moment when so many come with each commit. */
function kept(keep: number | undefined, perCommit: number, commits: number): { had: number; left: number }[] {
  const moments = [];
  let [had, forgotten] = [0, 0];
  for (let n = 0; n < commits; n++) {
    forgotten = lastToForget(keep, had, had + perCommit) ?? forgotten;
    had += perCommit;
    moments.push({ had, left: had - forgotten });
  }
  return moments;
}

test.each([1, 2, 7, 10, 100, 1_000])(
  "of %i to keep, all are there while there are so few, then so many and at most a tenth more",
  (keep) => {
    for (const perCommit of [1, 3]) {
      for (const { had, left } of kept(keep, perCommit, 3_000)) {
        expect(left).toBeGreaterThanOrEqual(Math.min(had, keep));
        expect(left).toBeLessThan(keep + Math.ceil(keep / 10) + perCommit);
      }
    }
  },
);

test("without a number all are kept", () => {
  expect(kept(undefined, 1, 50).at(-1)).toEqual({ had: 50, left: 50 });
});
