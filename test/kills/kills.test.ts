// A handful of the rounds that `npm run kills` plays, and one that has to end with a loss.

import { mkdtemp, readFile, rm, stat, truncate } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { namesOf } from "../../src/store/lowdb/names.ts";
import { runKills } from "./rounds.ts";

vi.setConfig({ testTimeout: 180_000 });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-kills-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("nothing acknowledged is lost, and a run that ended goes on in its folder", async () => {
  const begun = await runKills({ folder, rounds: 1, seed: 7, roundsOfStore: 2 });
  expect(begun).toMatchObject({ loss: null, progress: { done: 1, seed: 7 } });
  const { progress, loss } = await runKills({ folder, rounds: 4, seed: 8, roundsOfStore: 2 });
  expect(loss).toBeNull();
  expect(progress).toMatchObject({ done: 4, seed: 7 });
  expect(progress.totals.events).toBeGreaterThan(begun.progress.totals.events);
});

test("a store that lost its end after the kill is told from one that lost nothing, with the evidence", async () => {
  const meddle = async (store: string) => {
    const { journal } = namesOf(store);
    await truncate(journal, Math.floor((await stat(journal)).size / 2));
  };
  const { progress, loss } = await runKills({ folder, rounds: 1, seed: 1, roundsOfStore: 1, meddle });
  expect(progress.done).toBe(0);
  expect(loss?.faults.join("\n")).toMatch(/acknowledged/);
  const kept = JSON.parse(await readFile(join(loss?.evidence ?? "", "faults.json"), "utf8"));
  expect(kept).toMatchObject({ round: 1, seed: 1, faults: loss?.faults });
});
