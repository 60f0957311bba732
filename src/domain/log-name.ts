// What log entries are called in the store: names that ascend as the entries do.

/**
 * Most entries of one organization with the same timestamp. A page of logs ends between two timestamps and has room for as many, so that
 * going on after a timestamp neither loses nor repeats an entry.
 */
export const logsPerMillisecond = 100;

/** With `nr` 0 it comes before everything that is not earlier than `ts`. */
export function logName({ ts, nr }: { ts: number; nr: number }): string {
  return `${String(Math.max(0, ts)).padStart(15, "0")}.${String(nr).padStart(2, "0")}`;
}
