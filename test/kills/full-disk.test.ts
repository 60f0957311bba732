// A disk that is full in the middle of load, for real: what needs room is refused, what was acknowledged stays, what was refused never was, and work goes on when there is room.

import { execFileSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { checkAll } from "./check.ts";
import { type Family, startFamily } from "./family.ts";
import { type Ledger, noTotals } from "./ledger.ts";
import { loadUntilDeath } from "./load.ts";

vi.setConfig({ testTimeout: 120_000 });

const patient = { timeout: 30_000 };
let folder: string;
let family: Family | undefined;
/** A small file system of its own takes root on Linux; elsewhere the store's own tests inject the error. */
let isMounted = false;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-full-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], { stdio: "ignore" });
    isMounted = true;
  } catch {
    // The test says so.
  }
});
afterAll(async () => {
  await family?.kill();
  if (isMounted) execFileSync("umount", [folder]);
  await rm(folder, { recursive: true, force: true });
});

test("nothing acknowledged is lost, and nothing refused is kept", async ({ skip }) => {
  skip(!isMounted, "no file system of its own can be mounted here");
  const store = join(folder, "db.json");
  family = startFamily(store, "compacting");
  const call = await family.ready();
  const ledger: Ledger = new Map();
  const refusals: string[] = [];
  let acknowledged = 0;
  const load = loadUntilDeath({
    ...{ call, ledger, totals: { ...noTotals }, round: 1, seed: "full disk" },
    onAcknowledged: () => void acknowledged++,
    onOddity: (what) => void refusals.push(what),
  });
  for (let time = 1; time <= 2; time++) {
    const before = acknowledged;
    await expect.poll(() => acknowledged, patient).toBeGreaterThan(before + 100);
    const refused = refusals.length;
    const filler = join(folder, "filler");
    const { bavail, bsize } = statfsSync(folder);
    // Whatever is written meanwhile makes this one fail, and the disk is full all the same.
    await writeFile(filler, Buffer.alloc(bavail * bsize)).catch(() => {});
    await expect.poll(() => refusals.length, patient).toBeGreaterThan(refused + 10);
    await rm(filler);
  }
  const last = acknowledged;
  await expect.poll(() => acknowledged, patient).toBeGreaterThan(last + 100);
  await family.kill();
  await load;
  expect(
    refusals.filter((refusal) => !/: 503 .*"The store can't take this now: the disk is full/.test(refusal)),
  ).toEqual([]);
  family = startFamily(store, "command");
  expect(await checkAll(await family.ready(), ledger)).toEqual([]);
});
