// After a restart: everything acknowledged is there as it was answered, nothing is half done, and nothing came from nowhere.

import { setTimeout as pause } from "node:timers/promises";
import type { Call } from "../crash/lives.ts";
import type { Fact, Ledger, Sent, Told } from "./ledger.ts";
import { machine } from "./load.ts";

const at = `/machines/${machine}`;
/** Instances looked at at a time. */
const atOnce = 12;
/** What was due when the server died is delivered when it starts again; longer than this it doesn't take. */
const patienceMs = 20_000;
const lookMs = 20;

/** An instance as it is read: its state, and its history, which has one row for each event that the machine noted. */
export interface Reading {
  made: string;
  seen: string[];
  ts: number;
  state: string;
  history: { id: string; state: string; createdAt: string }[];
}

/**
 * Holds the server against the ledger, which knows afterwards what became of what was not answered.
 * @returns what was lost, doubled, moved or made up, a line each
 */
export async function checkAll(call: Call, ledger: Ledger): Promise<string[]> {
  const listed = await listAll(call);
  const faults: string[] = [];
  for (const slug of listed) if (!ledger.has(slug)) faults.push(`${slug}: nobody made it`);
  const facts = [...ledger.values()].values();
  const worker = async () => {
    for (const fact of facts) faults.push(...(await checkOne(call, ledger, fact, listed.has(fact.slug))));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return faults;
}

async function checkOne(call: Call, ledger: Ledger, fact: Fact, isListed: boolean): Promise<string[]> {
  const { slug, creation, deletion } = fact;
  if (!isListed) {
    ledger.delete(slug);
    if (creation === "unknown" || deletion !== "none") return [];
    return [`${slug}: its creation was acknowledged, and it is gone`];
  }
  if (deletion === "certain") return [`${slug}: its deletion was acknowledged, and it is there`];
  const reading = await readThrough(call, fact);
  const faults = typeof reading === "string" ? [reading] : judge(fact, reading);
  if (typeof reading !== "string") learn(fact, reading);
  return faults.map((fault) => `${slug}: ${fault}`);
}

/** Waits for the reminders that are due. @returns what is wrong when it can't be read */
async function readThrough(call: Call, fact: Fact): Promise<Reading | string> {
  for (let leftMs = patienceMs; ; leftMs -= lookMs) {
    const reading = await readOne(call, fact.slug);
    if (typeof reading === "string") return reading;
    // A reminder may come between two reads of one instance.
    const isWhole = reading.history.length === reading.seen.length;
    if (leftMs <= 0 || (isWhole && missingRings(fact, reading).length === 0)) return reading;
    await pause(lookMs);
  }
}

async function readOne(call: Call, slug: string): Promise<Reading | string> {
  const state = await call("GET", `${at}/i/${slug}`);
  if (state?.status !== 200) return `it can't be read: ${JSON.stringify(state)}`;
  const history: Reading["history"] = [];
  for (let cursor = ""; ; ) {
    const page = await call("GET", `${at}/i/${slug}/events${cursor}`);
    if (page?.status !== 200) return `its history can't be read: ${JSON.stringify(page)}`;
    const { transitions, cursor: next } = page.body as unknown as TransitionPage;
    for (const { event, state, createdAt } of transitions) history.push({ id: event.id, state, createdAt });
    if (next === undefined) break;
    cursor = `?cursor=${encodeURIComponent(next)}`;
  }
  const { ts, state: value, publicContext } = state.body as unknown as StateBody;
  return { ...publicContext, ts, state: value, history };
}

interface TransitionPage {
  transitions: { event: { id: string }; state: string; createdAt: string }[];
  cursor?: string;
}
interface StateBody {
  ts: number;
  state: string;
  publicContext: { made: string; seen: string[] };
}

async function listAll(call: Call): Promise<Set<string>> {
  const slugs = new Set<string>();
  for (let cursor = ""; ; ) {
    const page = await call("GET", `${at}/i${cursor}`);
    if (page?.status !== 200) throw new Error(`the instances can't be listed: ${JSON.stringify(page)}`);
    const { instances, cursor: next } = page.body as unknown as { instances: { slug: string }[]; cursor?: string };
    for (const { slug } of instances) slugs.add(slug);
    if (next === undefined) return slugs;
    cursor = `?cursor=${encodeURIComponent(next)}`;
  }
}

/** What is wrong with an instance that nobody is writing to. */
export function judge(fact: Fact, reading: Reading): string[] {
  const { made, seen, history } = reading;
  if (made !== fact.made) return [`is the one of ${made}, and not of ${fact.made}`];
  const faults = [...missingRings(fact, reading).map((id) => `${id} never came`)];
  const recorded = history.map(({ id }) => id);
  if (recorded.join() !== seen.join()) faults.push(`its history is ${recorded}, and its context noted ${seen}`);
  if (new Set(seen).size < seen.length) faults.push(`something happened twice: ${seen}`);
  for (const [i, { id, state }] of history.entries()) {
    if (state !== parity(i + 1)) faults.push(`event ${i + 1} (${id}) led to ${state}, and not to ${parity(i + 1)}`);
  }
  if (reading.state !== parity(seen.length)) faults.push(`is ${reading.state} after ${seen.length} events`);
  const known = new Set(fact.sent.flatMap(({ id }) => [id, ringOf(id)]));
  for (const id of seen) if (!known.has(id)) faults.push(`${id} was never sent`);
  for (const sent of fact.sent) faults.push(...judgeSent(sent, reading));
  faults.push(...outOfOrder(fact, seen), ...judgeLast(fact, reading));
  return faults;
}

function judgeSent({ id, told, isFound }: Sent, { seen, history }: Reading): string[] {
  const place = seen.indexOf(id) + 1;
  if (place === 0) {
    if (seen.includes(ringOf(id))) return [`${ringOf(id)} came, and ${id} is not there`];
    return told || isFound ? [`${id} was ${told ? "acknowledged" : "there"}, and is lost`] : [];
  }
  if (!told) return [];
  const row = history[told.noted - 1];
  const isAsTold = place === told.noted && row?.state === told.state && Date.parse(row.createdAt) === told.ts;
  return isAsTold ? [] : [`${id} was answered with ${show(told)}, and is number ${place}: ${JSON.stringify(row)}`];
}

/** Each writer waits for its answers, so its events come as it sent them. */
function outOfOrder({ sent }: Fact, seen: readonly string[]): string[] {
  return [...Map.groupBy(sent, ({ writer }) => writer)].flatMap(([writer, own]) => {
    const places = own.map(({ id }) => seen.indexOf(id)).filter((place) => place !== -1);
    return places.some((place, i) => place < (places[i - 1] ?? -1))
      ? [`${writer}'s events are out of order: ${seen}`]
      : [];
  });
}

/** Where nothing came after it, the instance stands as the last answer said. */
function judgeLast({ created, sent }: Fact, { seen, ts, state }: Reading): string[] {
  const last = seen.length === 0 ? created : sent.find(({ id }) => id === seen.at(-1))?.told;
  if (!last || (last.ts === ts && last.state === state && last.noted === seen.length)) return [];
  return [`was last answered with ${show(last)}, and is ${show({ ts, state, noted: seen.length })}`];
}

/** Those of reminders that were set; when they are due is soon, so they are waited for. */
function missingRings({ sent }: Fact, { seen }: Reading): string[] {
  const noted = new Set(seen);
  return sent
    .filter(({ id, delayMs }) => delayMs !== undefined && noted.has(id) && !noted.has(ringOf(id)))
    .map(({ id }) => ringOf(id));
}

/** What was in doubt is settled by what was read. */
function learn(fact: Fact, { seen }: Reading): void {
  fact.creation = "certain";
  fact.deletion = "none";
  const noted = new Set(seen);
  fact.sent = fact.sent.filter(({ id, told }) => told !== null || noted.has(id));
  for (const sent of fact.sent) if (sent.told === null) sent.isFound = true;
}

function ringOf(id: string): string {
  return `ring of ${id}`;
}

function parity(count: number): string {
  return count % 2 === 0 ? "even" : "odd";
}

function show({ ts, state, noted }: Told): string {
  return `${state} at ${ts} after ${noted}`;
}
