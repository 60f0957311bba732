// When a soak run's memory is flat, and what of it is compared.

import { expect, test } from "vitest";
import { isFlat, type Sample, trendsOf } from "./verdict.ts";

const minute = 60_000;
const megabyte = 2 ** 20;
/** A sample every ten seconds: what holds how many megabytes in which minute. */
function samplesOf(minutes: number, server: (minute: number) => number, runner = (_minute: number) => 100): Sample[] {
  return Array.from({ length: minutes * 6 }, (_, n) => {
    const atMs = (n + 1) * 10_000;
    const at = atMs / minute;
    const heap = { serverHeap: at * megabyte, serverExternal: megabyte };
    return { atMs, server: server(at) * megabyte, runner: runner(at) * megabyte, ...heap };
  });
}
const verdict = (minutes: number, ...of: [(minute: number) => number, ((minute: number) => number)?]) =>
  isFlat(trendsOf(samplesOf(minutes, ...of), minutes * minute));

test.each<[string, boolean, boolean]>([
  ["the same all the time", verdict(60, () => 200), true],
  ["much until everything was loaded once", verdict(60, (at) => (at < 5 ? at * 100 : 200)), true],
  ["a tenth more in the end", verdict(60, (at) => (at > 30 ? 219 : 200)), true],
  ["more than a tenth", verdict(60, (at) => (at > 30 ? 221 : 200)), false],
  ["steady growth", verdict(60, (at) => 200 + at), false],
  [
    "growth of the runner alone",
    verdict(
      60,
      () => 200,
      (at) => 100 + at,
    ),
    false,
  ],
  ["less in the end", verdict(60, (at) => (at > 30 ? 100 : 200)), true],
  ["one high sample", verdict(60, (at) => (at === 59 ? 900 : 200)), true],
  ["a short run that warms up in its first third", verdict(3, (at) => (at < 1 ? 50 : 200)), true],
  ["a short run that grows", verdict(3, (at) => 100 * at), false],
  ["no samples", isFlat(trendsOf([], minute)), false],
])("%s", (_what, actual, expected) => {
  expect(actual).toBe(expected);
});

test("minutes five to ten are compared with the last fifth", () => {
  const [server] = trendsOf(
    samplesOf(60, (at) => at),
    60 * minute,
  );
  expect([server?.early, server?.late].map((bytes) => Math.round((bytes ?? 0) / megabyte))).toEqual([8, 54]);
});
