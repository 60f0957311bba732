// kill -9, again and again: each round loads the server on the store that the last one left, kills it, starts it again and looks for losses.

import { existsSync, readFileSync, watch } from "node:fs";
import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { namesOf, temporary } from "../../src/store/lowdb/names.ts";
import { checkAll } from "./check.ts";
import { createDice } from "./dice.ts";
import { type Family, startFamily } from "./family.ts";
import { type Ledger, noTotals, type Totals } from "./ledger.ts";
import { loadUntilDeath } from "./load.ts";

export interface KillOptions {
  /** Holds the store and the progress: a run that was interrupted goes on in the same folder. */
  folder: string;
  /** In all, those of earlier runs in the folder included. */
  rounds: number;
  /** Of a folder that has none yet. */
  seed: number;
  /** After so many rounds the next begins with an empty store. */
  roundsOfStore: number;
  onRound?(progress: Progress, tookMs: number): void;
  /** Done to the store of a server that was killed, before it starts again. */
  meddle?(store: string): Promise<void>;
}

/** What is kept of a run. */
export interface Progress {
  seed: number;
  /** Rounds without a loss. */
  done: number;
  totals: Totals;
  /** Kills that left a half-written snapshot or journal behind. */
  inCompaction: number;
  /** Servers killed once more while they started again. */
  inStart: number;
}

export interface Loss {
  round: number;
  faults: string[];
  /** Holds the store as the kill left it, what the clients knew, and the faults. */
  evidence: string;
}

/** It is killed some time before so many requests were acknowledged. */
const mostAcknowledged = 400;
/** Where that takes longer than this. */
const longestLoadMs = 3_000;
/** A compaction that doesn't come is not waited for any longer. */
const compactionComesMs = 1_500;
const compactionTakesMs = 6;
const startTakesMs = 400;

/** @returns the loss that ended it, or null. @throws when a server doesn't start */
export async function runKills(options: KillOptions): Promise<{ progress: Progress; loss: Loss | null }> {
  const { folder, rounds, roundsOfStore, onRound = () => {} } = options;
  await mkdir(folder, { recursive: true });
  const progress = readProgress(options);
  // What was sent after the last round that was finished nobody knows: a run that goes on starts with an empty store.
  let place = await freshPlace(folder, progress);
  try {
    for (let inStore = 0; progress.done < rounds; inStore++) {
      if (inStore === roundsOfStore) {
        await place.family.kill();
        [place, inStore] = [await freshPlace(folder, progress), 0];
      }
      const begun = performance.now();
      const loss = await playRound(options, progress, place);
      if (loss) return { progress, loss };
      await writeProgress(folder, progress);
      onRound(progress, performance.now() - begun);
    }
    return { progress, loss: null };
  } finally {
    await place.family.kill();
  }
}

/** A store, the server that has it, and what clients know of it. */
interface Place {
  store: string;
  family: Family;
  ledger: Ledger;
}

/** The server that a round ends with, where everything was found, is the one that the next is played on. */
async function playRound(options: KillOptions, progress: Progress, place: Place): Promise<Loss | null> {
  const round = progress.done + 1;
  const { store, ledger } = place;
  const oddities = await loadAndKill(progress, round, place);
  const { snapshot, journal } = namesOf(store);
  if ([snapshot, journal].some((path) => existsSync(temporary(path)))) progress.inCompaction++;
  await options.meddle?.(store);
  const evidence = await keepEvidence(options.folder, store, ledger);
  progress.done++;
  place.family = await startAgain(store, progress);
  const faults = [...oddities, ...(await faultsOf(place))];
  if (faults.length === 0) return null;
  progress.done--;
  await writeFile(join(evidence, "faults.json"), JSON.stringify({ ...progress, round, faults }, null, 2));
  return { round, faults, evidence };
}

/** @returns what was answered otherwise than it should have been */
async function loadAndKill(progress: Progress, round: number, { store, family, ledger }: Place): Promise<string[]> {
  const { totals } = progress;
  const seed = seedOf(progress);
  const dice = createDice(seed);
  const oddities: string[] = [];
  const call = await family.ready();
  const some = countdown(dice.below(mostAcknowledged));
  const onOddity = (what: string) => oddities.push(what);
  const load = loadUntilDeath({ call, ledger, totals, round, seed, onOddity, onAcknowledged: some.count });
  await Promise.race([some.reached, pause(longestLoadMs, undefined, { ref: false })]);
  // Some compactions have passed by then, and the next one is met in its middle.
  if (programOf(progress) === "compacting" && dice.percent(70)) await compactionBegins(store);
  await pause(dice.below(compactionTakesMs));
  await family.kill();
  await load;
  return oddities;
}

/** A server that doesn't start, or can't be asked, has lost everything. */
async function faultsOf({ family, ledger }: Place): Promise<string[]> {
  try {
    return await checkAll(await family.ready(), ledger);
  } catch (error) {
    return [String(error)];
  }
}

/** Of the round that comes next. */
function seedOf({ seed, done }: Progress): string {
  return `${seed} round ${done + 1}`;
}

/** What that is played on. */
function programOf(progress: Progress): "command" | "compacting" {
  return createDice(`${seedOf(progress)} program`).percent(50) ? "compacting" : "command";
}

function countdown(total: number): { reached: Promise<void>; count(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let left = total;
  return { reached: promise, count: () => void (--left <= 0 && resolve()) };
}

async function compactionBegins(store: string): Promise<void> {
  const { snapshot, folder } = namesOf(store);
  const giveUp = new AbortController();
  const watcher = watch(folder, { signal: giveUp.signal });
  const begins = new Promise<void>((resolve) => {
    watcher.on("change", (_what, name) => {
      if (join(folder, String(name)) === temporary(snapshot)) resolve();
    });
  });
  await Promise.race([begins, pause(compactionComesMs, undefined, { ref: false })]);
  giveUp.abort();
}

/** Sometimes it is killed while it starts, and started once more. */
async function startAgain(store: string, progress: Progress): Promise<Family> {
  const dice = createDice(`${seedOf(progress)} start`);
  if (dice.percent(15)) {
    const family = startFamily(store, programOf(progress));
    await pause(dice.below(startTakesMs));
    await family.kill();
    progress.inStart++;
  }
  return startFamily(store, programOf(progress));
}

/** The store before anybody mends it, and what the clients know of it; in the place of that of the round before. */
async function keepEvidence(folder: string, store: string, ledger: Ledger): Promise<string> {
  const evidence = join(folder, "evidence");
  await rm(evidence, { recursive: true, force: true });
  await cp(join(store, ".."), join(evidence, "store"), { recursive: true });
  await writeFile(join(evidence, "ledger.json"), JSON.stringify([...ledger.values()], null, 2));
  return evidence;
}

async function freshPlace(folder: string, progress: Progress): Promise<Place> {
  const place = join(folder, "store");
  await rm(place, { recursive: true, force: true });
  await mkdir(place);
  const store = join(place, "db.json");
  return { store, family: startFamily(store, programOf(progress)), ledger: new Map() };
}

function readProgress({ folder, seed }: KillOptions): Progress {
  const path = join(folder, "progress.json");
  if (!existsSync(path)) return { seed, done: 0, totals: { ...noTotals }, inCompaction: 0, inStart: 0 };
  return JSON.parse(readFileSync(path, "utf8")) as Progress;
}

async function writeProgress(folder: string, progress: Progress): Promise<void> {
  const path = join(folder, "progress.json");
  await writeFile(`${path}.tmp`, `${JSON.stringify(progress, null, 2)}\n`);
  await rename(`${path}.tmp`, path);
}
