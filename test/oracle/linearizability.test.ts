// The search for an order: histories made by hand, and histories of a register that really is one, or really is not.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { linearize, type Operation, refuteOrder, type Sequential } from "../../src/oracle/linearizability.ts";

type Input = { put: number } | "get";
/** A place for a number; a `put` answers with what was there before. */
const register: Sequential<number, Input, number> = {
  initial: 0,
  step: (state, input, output) => {
    if (output !== undefined && output !== state) return [];
    return [input === "get" ? state : input.put];
  },
  key: String,
};
type Op = Operation<Input, number>;
const op = (invokedAt: number, returnedAt: number, input: Input, output?: number): Op => ({
  invokedAt,
  returnedAt: output === undefined ? Number.POSITIVE_INFINITY : returnedAt,
  input,
  output,
});

describe("an order is found", () => {
  it.each<[string, Op[]]>([
    ["of nothing", []],
    ["of one after the other", [op(1, 2, { put: 1 }, 0), op(3, 4, "get", 1)]],
    ["where a read overlaps a write, before it", [op(1, 4, { put: 1 }, 0), op(2, 3, "get", 0)]],
    ["where a read overlaps a write, after it", [op(1, 4, { put: 1 }, 0), op(2, 3, "get", 1)]],
    ["of writes that overlap, whichever was sent first", [op(1, 4, { put: 1 }, 2), op(2, 5, { put: 2 }, 0)]],
    ["where an unanswered write took effect", [op(1, 0, { put: 1 }), op(2, 3, "get", 0), op(4, 5, "get", 1)]],
    ["where an unanswered write took none", [op(1, 0, { put: 1 }), op(2, 3, "get", 0), op(4, 5, "get", 0)]],
  ])("%s", (_, history) => {
    const order = linearize(history, register);
    expect(order).not.toBeNull();
    expect(refuteOrder(order ?? [], register)).toBeNull();
  });
});

describe("no order is found", () => {
  it.each<[string, Op[]]>([
    ["for a lost update", [op(1, 4, { put: 1 }, 0), op(2, 5, { put: 2 }, 0)]],
    ["for a stale read", [op(1, 2, { put: 1 }, 0), op(3, 4, "get", 0)]],
    ["for reads that go back", [op(1, 9, { put: 1 }, 0), op(2, 3, "get", 1), op(4, 5, "get", 0)]],
    ["for a read of what nobody wrote", [op(1, 2, "get", 7)]],
    [
      "for two readers of different orders",
      [op(1, 20, { put: 1 }, 0), op(2, 21, { put: 2 }, 1), op(3, 4, "get", 2), op(5, 6, "get", 1)],
    ],
    ["for an unanswered write that is seen before it was sent", [op(1, 2, "get", 1), op(3, 0, { put: 1 })]],
  ])("%s", (_, history) => {
    expect(linearize(history, register)).toBeNull();
  });
  it("is told apart from a search that was given up", () => {
    const history = Array.from({ length: 12 }, (_, i) => op(i, 100 + i, "get", i < 11 ? 0 : 99));
    expect(linearize(history, register, 5)).toBeUndefined();
    expect(linearize(history, register)).toBeNull();
  });
});

describe("a given order", () => {
  const [first, second] = [op(1, 2, { put: 1 }, 0), op(3, 4, { put: 2 }, 1)];
  it("is refuted when something comes after what was sent only after its answer", () => {
    const blind = { ...register, step: (state: number) => [state] };
    expect(refuteOrder([second, first], blind)).toEqual({ at: first, why: "overtaken" });
    expect(refuteOrder([first, second], blind)).toBeNull();
  });
  it("is refuted where an answer does not fit", () => {
    expect(refuteOrder([first, { ...second, output: 0 }], register)).toMatchObject({ why: "impossible" });
  });
});

describe("histories made by chance", () => {
  /** Each operation happens at a moment of its own; around it lies the time that its client waited. */
  const moments = fc.array(
    fc.record({
      input: fc.oneof(
        fc.constant<Input>("get"),
        fc.integer({ min: 1, max: 3 }).map((put): Input => ({ put })),
      ),
      before: fc.integer({ min: 1, max: 40 }),
      after: fc.integer({ min: 1, max: 40 }),
    }),
    { minLength: 2, maxLength: 12 },
  );
  const happen = (calls: { input: Input; before: number; after: number }[]) => {
    let state = 0;
    return calls.map(({ input, before, after }, i): Op => {
      const output = state;
      if (input !== "get") state = input.put;
      const at = i * 10;
      // A fraction of its own keeps all moments apart.
      return op(at - before - i / 100, at + after + i / 100 + 0.001, input, output);
    });
  };

  it("have an order when each call happened at one moment", () => {
    fc.assert(
      fc.property(moments, (calls) => {
        const order = linearize(happen(calls), register);
        expect(order).toHaveLength(calls.length);
        expect(refuteOrder(order ?? [], register)).toBeNull();
      }),
      { seed: 11 },
    );
  });
  it("have the order that trying all of them finds, or none", () => {
    let without = 0;
    fc.assert(
      fc.property(moments, fc.nat(), fc.nat(3), (calls, which, output) => {
        const history = happen(calls.slice(0, 5)).map((one, i, all) =>
          i === which % all.length ? { ...one, output } : one,
        );
        const exists = permutations(history).some((order) => refuteOrder(order, register) === null);
        if (!exists) without++;
        expect(linearize(history, register) !== null).toBe(exists);
      }),
      { seed: 12 },
    );
    expect(without).toBeGreaterThan(10);
  });
});

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, i) => permutations(items.toSpliced(i, 1)).map((rest) => [item, ...rest]));
}
