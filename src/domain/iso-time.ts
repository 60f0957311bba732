// Moments as text: writing each of the hundreds in a page of a list by way of a Date took a quarter of its time.

const dayMs = 86_400_000;
/** The last that can be written: its day has this one moment only. */
export const lastWritableMoment = 8.64e15;
const twoDigits = Array.from({ length: 60 }, (_, n) => String(n).padStart(2, "0"));
/** The day last written, since one list's moments are mostly near to each other, and the text of it up to the `T`. */
let knownDay = Number.NaN;
let knownDate = "";

/** What `new Date(epochMs).toISOString()` gives. @throws RangeError where that does */
export function isoTime(epochMs: number): string {
  const moment = Math.trunc(epochMs);
  const day = Math.floor(moment / dayMs);
  if (day !== knownDay || moment > lastWritableMoment) {
    knownDate = new Date(moment).toISOString().slice(0, -"hh:mm:ss.sssZ".length);
    knownDay = day;
  }
  const inDay = moment - day * dayMs;
  const seconds = Math.floor(inDay / 1_000);
  const minutes = Math.floor(seconds / 60);
  const [hour, minute, second] = [
    twoDigits[Math.floor(minutes / 60)],
    twoDigits[minutes % 60],
    twoDigits[seconds % 60],
  ];
  return `${knownDate}${hour}:${minute}:${second}.${threeDigits(inDay - seconds * 1_000)}Z`;
}

function threeDigits(n: number): string {
  if (n >= 100) return String(n);
  return n < 10 ? `00${n}` : `0${n}`;
}
