// What the commands of `settle store` do: by a running server, or on the store's files.

import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { Problem } from "../../domain/problem.ts";
import { isStorePath } from "../../domain/store-path.ts";
import { StoreUnavailable, StoreUnreadable } from "../../store/port.ts";
import {
  compactStore,
  examineStore,
  exportStore,
  importStore,
  type PutIn,
  repairStore,
  type Shelved,
  storedSnapshots,
  storeSize,
} from "../../store-care.ts";
import { CannotRun } from "../cannot-run.ts";
import type { StoreFlags } from "../store.ts";
import { findServer, type Target } from "../store-access.ts";
import { ask, askFor, piecesOf } from "./control.ts";
import { openExport } from "./export-file.ts";
import { withPassingFile } from "./passing-file.ts";

type Chunks = AsyncIterable<Uint8Array>;

/** Exit code 1 for a damaged store. */
export async function check({ store, signal }: StoreFlags): Promise<void> {
  const found = await examined(store, signal);
  const counts = Object.entries(found.counts).map(([kind, count]) => `${count} ${kind}`);
  const isWhole = found.damage.length === 0;
  say(`${store} is ${isWhole ? "whole" : "damaged"}`);
  if (counts.length > 0) say(`  records  ${counts.join(", ")}`);
  say(`  journal  ${found.journalBytes} bytes`);
  if (counts.length > 0) say(`  code     ${found.codes} different`);
  for (const note of found.notes) say(`  note     ${note}`);
  for (const damage of found.damage) say(`  damage   ${damage}`);
  if (!isWhole) process.exitCode = 1;
}

/** Exit code 1 for what is given up, and for what can't be repaired: code that is lost. */
export async function repair({ store }: StoreFlags): Promise<void> {
  const before = await examined(store);
  if (before.damage.length === 0) return say(`${store} is whole: nothing is changed`);
  // What could be read is not the files' damage.
  if (Object.keys(before.counts).length === 0) {
    const { backups, givenUp } = await mendable(() => repairStore(store));
    for (const backup of backups) say(`kept as it was: ${backup}`);
    for (const what of givenUp) say(`given up: ${what}`);
    if (givenUp.length === 0) say("nothing is given up, but something is not as it was written: look it through");
    else process.exitCode = 1;
  }
  const after = await examined(store);
  say(`kept: ${describe({ records: after.counts })}`);
  for (const damage of after.damage) say(`can't be repaired: ${damage}`);
  if (after.damage.length > 0) process.exitCode = 1;
  else say(`${store} is whole again`);
}

export async function compact({ store }: StoreFlags): Promise<void> {
  const before = await sizeOf(store);
  const gone = await mendable(() => compactStore(store));
  const after = await sizeOf(store);
  say(`${store}: ${after.snapshot} bytes; with its journal it was ${before.snapshot + before.journal}`);
  if (gone.codes > 0) say(`taken away: ${gone.codes} files of code that no record names, ${gone.bytes} bytes`);
}

export async function exportState(flags: StoreFlags, file: string | undefined): Promise<void> {
  const { withCredentials = false } = flags;
  const write = await openExport(file, flags);
  const target = await serverOf(flags);
  await mendable(() => exported(target, flags.store, withCredentials, write));
}

export async function importState(flags: StoreFlags, file: string): Promise<void> {
  await fromFile(file, flags.signal, async (read) => {
    const target = await serverOf(flags);
    const putIn = await putInto(target, flags, read, `use --force to replace what is in`);
    say(`put into ${target?.url ?? flags.store}: ${describe(putIn)}`);
  });
}

/** Code included, which stands beside a store; what was uploaded and not finalized is left behind. */
export async function copy(flags: StoreFlags, from: string, to: string): Promise<void> {
  for (const store of [from, to]) requireFiles(store);
  if (resolve(from) === resolve(to)) throw new CannotRun("a store can't be copied to itself; name another one");
  const { signal } = flags;
  const [source, target] = await Promise.all([
    serverOf({ store: from, isTyped: true, signal }),
    serverOf({ store: to, isTyped: true, signal }),
  ]);
  await withPassingFile(signal, async ({ write, read }) => {
    await mendable(() => exported(source, from, true, write));
    const putIn = await putInto(target, { ...flags, store: to }, read, "use --force to replace");
    say(`copied to ${to}: ${describe(putIn)}`);
  });
}

export async function saveSnapshot(flags: StoreFlags, name: string): Promise<void> {
  const target = await serverOf(flags);
  const { bytes } = await mendable(async () =>
    target
      ? await askFor<Shelved>(target, "POST", "/_settle/snapshots", { name })
      : await (await existingSnapshots(flags.store)).save(name),
  );
  say(`saved ${name}: ${bytes} bytes`);
}

export async function listSnapshots(flags: StoreFlags): Promise<void> {
  const target = await serverOf(flags);
  const snapshots = target
    ? (await askFor<{ snapshots: Shelved[] }>(target, "GET", "/_settle/snapshots")).snapshots
    : await (await existingSnapshots(flags.store)).list();
  for (const { name, bytes, savedAt } of snapshots) say(`${name}  ${new Date(savedAt).toISOString()}  ${bytes} bytes`);
}

export async function restoreSnapshot(flags: StoreFlags, name: string): Promise<void> {
  const target = await serverOf(flags);
  const putIn = await mendable(async () =>
    target
      ? await askFor<PutIn>(target, "POST", `${pathOf(name)}/restore`)
      : await (await existingSnapshots(flags.store)).restore(name),
  );
  say(`restored ${name}: ${describe(putIn)}`);
}

export async function deleteSnapshot(flags: StoreFlags, name: string): Promise<void> {
  const target = await serverOf(flags);
  if (target) await ask(target, "DELETE", pathOf(name));
  else await mendable(async () => (await existingSnapshots(flags.store)).delete(name));
  say(`deleted ${name}`);
}

function pathOf(name: string): string {
  return `/_settle/snapshots/${encodeURIComponent(name)}`;
}

async function existingSnapshots(store: string) {
  await sizeOf(store);
  return storedSnapshots(store);
}

async function exported(
  target: Target | null,
  store: string,
  withCredentials: boolean,
  write: (pieces: AsyncIterable<string | Uint8Array>) => Promise<void>,
): Promise<void> {
  if (target) {
    const response = await ask(target, "GET", `/_settle/state?credentials=${withCredentials}`);
    return write(piecesOf(target, response));
  }
  await sizeOf(store);
  await exportStore(store, { withCredentials }, write);
}

/** @param otherwise how to have one's way where something is there already */
async function putInto(
  target: Target | null,
  { store, force = false }: StoreFlags,
  read: () => Chunks,
  otherwise: string,
): Promise<PutIn> {
  if (!force && (target !== null || (await storeSize(store)) !== null)) {
    const where = target ? `the server at ${target.url}` : `the store ${store}`;
    throw new CannotRun(`${otherwise} ${where}; its credentials stay`);
  }
  if (target) return askFor<PutIn>(target, "PUT", "/_settle/state", read());
  return mendable(() => importStore(store, read));
}

/** A file can be read as often as one likes; what comes only once, from stdin or a pipe, is kept in one meanwhile. */
async function fromFile(
  file: string,
  signal: AbortSignal | undefined,
  fn: (read: () => Chunks) => Promise<void>,
): Promise<void> {
  const reading = () => createReadStream(file, signal ? { signal } : {});
  if (file !== "-" && (await isPlain(file))) return mendable(() => fn(reading));
  await withPassingFile(signal, async ({ write, read }) => {
    await write(file === "-" ? process.stdin : reading());
    await fn(read);
  });
}

async function isPlain(file: string): Promise<boolean> {
  const found = await stat(file).catch((cause) => {
    throw new CannotRun(`${file} can't be read (${String(cause.code)}); name a file, or - for stdin`, { cause });
  });
  if (found.isDirectory()) throw new CannotRun(`${file} is a folder; name a file, or - for stdin`);
  return found.isFile();
}

async function examined(store: string, signal?: AbortSignal) {
  await requireFile(store);
  const found = await mendable(() => examineStore(store, signal));
  if (found === null) throw noStore(store);
  return found;
}

async function sizeOf(store: string) {
  await requireFile(store);
  const size = await mendable(() => storeSize(store));
  if (size === null) throw noStore(store);
  return size;
}

/** Null when the files are to be worked on. */
async function serverOf({ store, isTyped, signal }: StoreFlags): Promise<Target | null> {
  const target = await findServer(store, isTyped);
  if (target === null) requireFiles(store);
  return target && { ...target, signal };
}

function requireFiles(store: string): void {
  if (store === "") throw new CannotRun("--store is empty; name the store's JSON file, such as .settle/db.json");
  if (isStorePath(store)) return;
  const what = store === "memory:" ? "a store in memory ends with its server" : "only stores in files are looked after";
  throw new CannotRun(`${what}, and ${store} is none in a file; name one with a path, such as .settle/db.json`);
}

async function requireFile(store: string): Promise<void> {
  requireFiles(store);
  const found = await stat(store).catch(() => null);
  if (found?.isDirectory()) throw new CannotRun(`${store} is a folder; name the store's JSON file in it`);
}

function noStore(store: string): CannotRun {
  return new CannotRun(`there is no store at ${store}; name another one`);
}

/** What a person can mend is told in a line. */
async function mendable<T>(fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    const isOurs = error instanceof StoreUnreadable || error instanceof StoreUnavailable || error instanceof Problem;
    const isSystems = error instanceof Error && "syscall" in error;
    if (isOurs || isSystems) throw new CannotRun(error.message, { cause: error });
    throw error;
  }
}

function describe({ records }: { records: { [kind: string]: number } }): string {
  return (
    Object.entries(records)
      .map(([kind, count]) => `${count} ${kind}`)
      .join(", ") || "nothing"
  );
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
