// How many of an instance's transitions are kept: the newest, and up to a tenth more, so that not every event has something to drop.

/**
 * @param keep at least so many of the newest; undefined for all
 * @param before how many transitions the instance had had before this commit
 * @param after how many with it
 * @returns the last one to forget, by its `seq`; null for none
 */
export function lastToForget(keep: number | undefined, before: number, after: number): number | null {
  if (keep === undefined || after <= keep) return null;
  const stride = Math.max(1, Math.ceil(keep / 10));
  return Math.floor(after / stride) > Math.floor(before / stride) ? after - keep : null;
}

/** @throws TypeError */
export function assertHistoryRetention(keep: number | undefined): void {
  if (keep === undefined || (Number.isSafeInteger(keep) && keep >= 1)) return;
  throw new TypeError(`historyRetention is a whole number of transitions from 1, and not ${keep}`);
}
