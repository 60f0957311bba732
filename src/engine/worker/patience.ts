// Waits for what machine code answers, at once or later, but not for ever.

import { clearTimeout, setTimeout } from "node:timers";

/** Machine code did not answer in time. */
export class TooLate extends Error {
  constructor(who: string, timeoutMs: number) {
    super(`${who} did not answer within the settle timeout of ${timeoutMs} ms`);
    this.name = "TooLate";
  }
}

/** @throws TooLate when a promise takes longer than `timeoutMs`, and what it rejects with; `who` is for the message */
export async function answerWithin<T>(timeoutMs: number, who: string, answer: T | PromiseLike<T>): Promise<T> {
  // The common function answers at once; only a promise needs a timer.
  if (!isThenable(answer)) return answer;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TooLate(who, timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The answer, or `late` when a promise takes longer than that. */
export function sooner<T, L>(answer: T | PromiseLike<T>, late: Promise<L>): T | Promise<T | L> {
  return isThenable(answer) ? Promise.race([answer, late]) : answer;
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
