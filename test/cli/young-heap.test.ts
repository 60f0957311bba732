// The young generation of a process that allocates much, with and without the cap.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const file = fileURLToPath(new URL("../../src/cli/young-heap.ts", import.meta.url));

/** Most megabytes that the young generation has among many objects that live for a while, a turn of the event loop at a time; V8 takes some back when it sees fit. */
async function youngMegabytes(begin: string): Promise<number> {
  const program = `
    import { getHeapSpaceStatistics } from "node:v8";
    import { setImmediate as turn } from "node:timers/promises";
    ${begin}
    const youngBytes = () => getHeapSpaceStatistics().find((space) => space.space_name === "new_space").space_size;
    let kept = [];
    let most = 0;
    for (let n = 0; n < 1_000; n++) {
      for (let i = 0; i < 3_000; i++) kept.push({ n, list: [i] });
      if (kept.length > 400_000) kept = kept.slice(-200_000);
      await turn();
      most = Math.max(most, youngBytes());
    }
    console.log(most / 2 ** 20);`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  return Number(stdout);
}

test("it stops growing at 32 MB", async () => {
  const capped = await youngMegabytes(`(await import(${JSON.stringify(file)})).capYoungHeap();`);
  expect(capped).toBeGreaterThanOrEqual(16);
  expect(capped).toBeLessThanOrEqual(64);
  expect(await youngMegabytes("")).toBeGreaterThan(capped);
});
