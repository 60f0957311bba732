// Whether what several clients saw could have happened one after the other: the search of Wing, Gong and Lowe, and the check of a given order.

/** A call and its answer. Times are of one clock, on which no two moments are the same. */
export interface Operation<I, O> {
  input: I;
  /** Undefined when none came: it may have taken effect or not, at any time after it was sent. */
  output: O | undefined;
  invokedAt: number;
  /** Infinity without an answer. */
  returnedAt: number;
}

/** What a single client may see. */
export interface Sequential<S, I, O> {
  initial: S;
  /** The states that the call may lead to if it is answered so; none: it can't be. */
  step(state: S, input: I, output: O | undefined): readonly S[];
  /** The same text for states that nobody can tell apart. */
  key(state: S): string;
}

/** An order in which everything that was answered fits, null when there is none, undefined when the search was given up after so many steps. */
export function linearize<S, I, O>(
  history: readonly Operation<I, O>[],
  model: Sequential<S, I, O>,
  mostSteps = 200_000,
): Operation<I, O>[] | null | undefined {
  const operations = history.toSorted((a, b) => a.invokedAt - b.invokedAt);
  const seen = new Set<string>();
  let steps = 0;

  /** `rest` are indices of what has no place in the order yet. */
  function search(rest: readonly number[], state: S): Operation<I, O>[] | null {
    const waiting = rest.flatMap((i) => operations[i] ?? []);
    if (waiting.every(({ output }) => output === undefined)) return [];
    const key = `${rest.join()} ${model.key(state)}`;
    if (seen.has(key) || ++steps > mostSteps) return null;
    seen.add(key);
    // Only what was sent before the first answer can come next.
    const firstAnswer = Math.min(...waiting.map(({ returnedAt }) => returnedAt));
    for (const i of rest) {
      const operation = operations[i];
      if (operation === undefined || operation.invokedAt > firstAnswer) break;
      const others = rest.filter((other) => other !== i);
      for (const next of model.step(state, operation.input, operation.output)) {
        const found = search(others, next);
        if (found !== null) return [operation, ...found];
      }
    }
    return null;
  }

  const order = search([...operations.keys()], model.initial);
  return order === null && steps > mostSteps ? undefined : order;
}

/** Why an order is none in which everything could have happened, or null when it is one; in linear time. */
export function refuteOrder<S, I, O>(
  order: readonly Operation<I, O>[],
  model: Sequential<S, I, O>,
): { at: Operation<I, O>; why: "overtaken" | "impossible" } | null {
  let states: readonly S[] = [model.initial];
  let lastInvokedAt = Number.NEGATIVE_INFINITY;
  for (const operation of order) {
    // Something before it in the order was sent only after it had been answered.
    if (operation.returnedAt < lastInvokedAt) return { at: operation, why: "overtaken" };
    lastInvokedAt = Math.max(lastInvokedAt, operation.invokedAt);
    states = distinct(
      states.flatMap((state) => model.step(state, operation.input, operation.output)),
      model,
    );
    if (states.length === 0) return { at: operation, why: "impossible" };
  }
  return null;
}

function distinct<S>(states: readonly S[], { key }: Pick<Sequential<S, never, never>, "key">): S[] {
  return [...new Map(states.map((state) => [key(state), state])).values()];
}
