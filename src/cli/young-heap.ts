// Keeps the young generation of the server's heap from growing as far as Node lets it: the more survives in it, the longer a collection stops everything.

import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Of both its halves. Node's own limit is four times as much, and one answer in a hundred then waits half as long again for a collection. */
const enoughBytes = 32 * 2 ** 20;

/** Its limit can only be set when a process starts, but how fast it grows is asked at each collection: not at all is a factor of one. */
export function capYoungHeap(): void {
  let factor = 2;
  const observer = new PerformanceObserver(() => {
    const { space_size: bytes = 0 } = getHeapSpaceStatistics().find(isYoung) ?? {};
    const wanted = bytes >= enoughBytes ? 1 : 2;
    if (wanted !== factor) setFlagsFromString(`--semi-space-growth-factor=${wanted}`);
    factor = wanted;
  });
  observer.observe({ entryTypes: ["gc"] });
}

function isYoung({ space_name: name }: { space_name: string }): boolean {
  return name === "new_space";
}
