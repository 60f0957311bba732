// Waits for a module to load, but not for ever.

import { answerWithin, TooLate } from "./patience.ts";

/** Longest a module may take; only one that awaits something at its top level takes time without computing. */
const loadTimeoutMs = 5_000;

export async function loaded<T>(loading: Promise<T>): Promise<T | { reason: "invalid"; message: string }> {
  try {
    return await answerWithin(loadTimeoutMs, "the code", loading);
  } catch (error) {
    if (!(error instanceof TooLate)) throw error;
    const message = `the code did not finish loading within ${loadTimeoutMs} ms: what it awaits at its top level does not come`;
    return { reason: "invalid", message };
  }
}
