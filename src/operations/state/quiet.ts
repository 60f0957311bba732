// The server held still for a moment: what is in hand is finished first, what comes meanwhile waits.

export interface Quiet {
  /** Resolves at once, or when the server is no longer held still. @returns how to say that it is done; nothing else ends it */
  enter(): Promise<() => void>;
  /** The same for what ends with a promise. */
  during<T>(fn: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is in hand any more; whatever comes waits until the answer is called. One after the other. */
  hold(): Promise<() => void>;
}

export function createQuiet(): Quiet {
  let inHand = 0;
  let held: PromiseWithResolvers<void> | null = null;
  let onEmpty: (() => void) | null = null;
  let turns: Promise<void> = Promise.resolve();

  function leave(): void {
    if (--inHand === 0) onEmpty?.();
  }

  async function enter(): Promise<() => void> {
    while (held !== null) await held.promise;
    inHand++;
    return leave;
  }

  return {
    enter,
    async during(fn) {
      if (held === null) inHand++;
      else await enter();
      try {
        return await fn();
      } finally {
        leave();
      }
    },
    async hold() {
      const turn = turns;
      const mine = Promise.withResolvers<void>();
      turns = turn.then(() => mine.promise);
      await turn;
      const holding = Promise.withResolvers<void>();
      held = holding;
      await new Promise<void>((resolve) => {
        onEmpty = resolve;
        if (inHand === 0) resolve();
      });
      onEmpty = null;
      return () => {
        held = null;
        holding.resolve();
        mine.resolve();
      };
    },
  };
}
