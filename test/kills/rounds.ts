// kill -9, again and again: each round loads the server on the store that the last one left, kills it, starts it again and looks for losses.

import { existsSync, readFileSync, watch } from "node:fs";
import { cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { namesOf, temporary } from "../../src/store/lowdb/names.ts";
import { checkAll } from "./check.ts";
import { createDice, type Dice } from "./dice.ts";
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
  /** Kills that left a half-written snapshot behind. */
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
const compactionTakesMs = 12;
const startTakesMs = 400;

/** @returns the loss that ended it, or null. @throws when a server doesn't start */
export async function runKills(options: KillOptions): Promise<{ progress: Progress; loss: Loss | null }> {
  const { folder, rounds, roundsOfStore, onRound = () => {} } = options;
  await mkdir(folder, { recursive: true });
  const progress = readProgress(options);
  let ledger: Ledger = new Map();
  // What was sent after the last round that was finished nobody knows: a run that goes on starts with an empty store.
  let store = await freshStore(folder);
  for (let inStore = 0; progress.done < rounds; inStore++) {
    if (inStore === roundsOfStore) {
      [ledger, store, inStore] = [new Map(), await freshStore(folder), 0];
    }
    const begun = performance.now();
    const loss = await playRound(options, progress, store, ledger);
    if (loss) return { progress, loss };
    progress.done++;
    await writeProgress(folder, progress);
    onRound(progress, performance.now() - begun);
  }
  return { progress, loss: null };
}

async function playRound(
  options: KillOptions,
  progress: Progress,
  store: string,
  ledger: Ledger,
): Promise<Loss | null> {
  const round = progress.done + 1;
  const seed = `${progress.seed} round ${round}`;
  const dice = createDice(seed);
  const isCompacting = dice.percent(50);
  const oddities: string[] = [];
  let family = startFamily(store, isCompacting ? "compacting" : "command");
  try {
    const call = await family.ready();
    const { totals } = progress;
    const some = countdown(dice.below(mostAcknowledged));
    const onOddity = (what: string) => oddities.push(what);
    const load = loadUntilDeath({ call, ledger, totals, round, seed, onOddity, onAcknowledged: some.count });
    await Promise.race([some.reached, pause(longestLoadMs, undefined, { ref: false })]);
    // Some compactions have passed by then, and the next one is met in its middle.
    if (isCompacting && dice.percent(70)) await compactionBegins(store);
    await pause(dice.below(compactionTakesMs));
    await family.kill();
    await load;
    if (existsSync(temporary(namesOf(store).snapshot))) progress.inCompaction++;
    await options.meddle?.(store);
    const evidence = await keepEvidence(options.folder, store, ledger);
    family = await startAgain(dice, store, progress);
    const faults = [...oddities, ...(await checkAll(await family.ready(), ledger))];
    if (faults.length === 0) return null;
    await writeFile(join(evidence, "faults.json"), JSON.stringify({ ...progress, round, faults }, null, 2));
    return { round, faults, evidence };
  } finally {
    await family.kill();
  }
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
async function startAgain(dice: Dice, store: string, progress: Progress): Promise<Family> {
  if (dice.percent(15)) {
    const family = startFamily(store, "command");
    await pause(dice.below(startTakesMs));
    await family.kill();
    progress.inStart++;
  }
  return startFamily(store, "command");
}

/** The store before anybody mends it, and what the clients know of it; in the place of that of the round before. */
async function keepEvidence(folder: string, store: string, ledger: Ledger): Promise<string> {
  const evidence = join(folder, "evidence");
  await rm(evidence, { recursive: true, force: true });
  await cp(join(store, ".."), join(evidence, "store"), { recursive: true });
  await writeFile(join(evidence, "ledger.json"), JSON.stringify([...ledger.values()], null, 2));
  return evidence;
}

async function freshStore(folder: string): Promise<string> {
  const place = join(folder, "store");
  await rm(place, { recursive: true, force: true });
  await mkdir(place);
  return join(place, "db.json");
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
