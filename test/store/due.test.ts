// The queue of what falls due, against a list that is sorted anew at every question.

import fc from "fast-check";
import { expect, it } from "vitest";
import { DueQueue } from "../../src/store/core/due.ts";

interface Known {
  dueAt: number;
  order: number;
  rev: number;
}

it("gives out what is due in order of time and then of creation, and nothing that was changed or removed", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ put: fc.nat(30), dueAt: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ remove: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ claimUntil: fc.nat(20), limit: fc.integer({ min: 1, max: 9 }) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 3_000, size: "max" }), (steps) => {
      const known = new Map<string, Known>();
      const waiting = new Set<string>();
      const queue = new DueQueue(({ name, order, rev }) => {
        const current = known.get(name);
        return current?.order === order && current.rev === rev;
      });
      let orders = 0;
      for (const one of steps) {
        if ("put" in one) {
          const name = `w${one.put}`;
          const before = known.get(name);
          const now = { dueAt: one.dueAt, order: before?.order ?? ++orders, rev: (before?.rev ?? 0) + 1 };
          known.set(name, now);
          waiting.add(name);
          queue.add({ ...now, scope: "s", name });
        } else if ("remove" in one) {
          const name = `w${one.remove}`;
          waiting.delete(name);
          if (known.delete(name)) queue.noteStale();
        } else {
          const expected = inOrder(known, waiting).filter(([, { dueAt }]) => dueAt <= one.claimUntil);
          const names = queue.claim(one.claimUntil, one.limit).map(({ name }) => name);
          expect(names).toEqual(expected.slice(0, one.limit).map(([name]) => name));
          for (const name of names) waiting.delete(name);
        }
        expect(queue.next()).toBe(inOrder(known, waiting)[0]?.[1].dueAt);
      }
    }),
    { numRuns: 100 },
  );
});

function inOrder(known: Map<string, Known>, waiting: Set<string>): [string, Known][] {
  return [...known]
    .filter(([name]) => waiting.has(name))
    .sort(([, a], [, b]) => a.dueAt - b.dueAt || a.order - b.order);
}
