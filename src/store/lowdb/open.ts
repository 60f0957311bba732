// Opening the store that lives in a JSON file: lowdb holds the contents, our adapter reads and compacts, the journal takes commits.

import { dirname, resolve } from "node:path";
import { Low } from "lowdb";
import type { Clock, Entropy } from "../../domain/clock.ts";
import { Commits } from "../core/commits.ts";
import { Contents } from "../core/contents.ts";
import { Holds } from "../core/holds.ts";
import { Hot } from "../core/hot.ts";
import { Latch } from "../core/latch.ts";
import { CoreStore } from "../core/store.ts";
import { type Store, StoreUnavailable } from "../port.ts";
import { JournalingAdapter } from "./adapter.ts";
import { FileBlobs } from "./blobs.ts";
import { Collector, type Collects } from "./collector.ts";
import type { ReadFailure } from "./file-segment.ts";
import { type Files, nodeFiles } from "./files.ts";
import type { Durability } from "./journal.ts";
import { type Lock, takeLock } from "./lock.ts";
import { type Names, namesOf } from "./names.ts";
import { JournalSink } from "./sink.ts";
import { cannotOpen } from "./unreadable.ts";

export interface LowdbOptions {
  durability: Durability;
  clock: Clock;
  entropy: Entropy;
  /** Told, a line each, what a person may want to know: a torn write cut off at start, a compaction put off. */
  log?: (line: string) => void;
  /** The operating system's; tests inject faults. */
  files?: Files;
  /** Smallest size of the journal that is compacted while the store is open. */
  compactAtBytes?: number;
  /** Of the texts of the records that stay in memory; the others are read from the files when they are asked for. */
  hotBytes?: number;
  /** Which code is taken away once no record names it any more. */
  collects?: Collects;
  /** `close` compacts however little there is to take into the snapshot, and throws StoreUnavailable when it can't. */
  mustCompact?: boolean;
}

const compactAtBytesDefault = 64 * 1024 * 1024;
const hotBytesDefault = 16 * 1024 * 1024;

/**
 * Opens the store in the JSON file at `path`, or makes a new one there, its folder included.
 * @throws StoreUnreadable when it is damaged, not ours, of a newer format, or open in another process; its files are untouched then.
 */
export async function openLowdbStore(path: string, options: LowdbOptions): Promise<Store> {
  const { files = nodeFiles } = options;
  const location = resolve(path);
  try {
    await files.makeFolder(dirname(location));
    const names = namesOf(await files.realPath(location)); // two names of one file are one store; a rename must not replace a link
    const lock = await takeLock(files, names.lock, options.entropy);
    try {
      return await openLocked(location, names, lock, options);
    } catch (error) {
      await lock.release();
      throw error;
    }
  } catch (cause) {
    throw cannotOpen(location, cause);
  }
}

async function openLocked(location: string, names: Names, lock: Lock, options: LowdbOptions): Promise<Store> {
  const {
    durability,
    clock,
    entropy,
    log = () => {},
    files = nodeFiles,
    compactAtBytes = compactAtBytesDefault,
    hotBytes = hotBytesDefault,
    collects = "known",
    mustCompact = false,
  } = options;
  const latch = new Latch();
  const holds = new Holds();
  const blobs = new FileBlobs(files, names, latch);
  const collector = new Collector({ blobs, holds, collects, log });
  const failure: ReadFailure = (detail, cause) =>
    latch.shut(new StoreUnavailable(`the store stopped: ${detail}`, true, { cause }));
  const hot = new Hot(hotBytes);
  const parts = { files, names, durability, clock, entropy, log, hot, blobs, collector, failure };
  const adapter = new JournalingAdapter(parts);
  const db = new Low<Contents>(adapter, new Contents(hot));
  try {
    await db.read();
    await lock.assertHeld(); // the last moment before files change
    await adapter.start(db.data);
  } catch (error) {
    await adapter.close(false);
    throw error;
  }
  const sink = new JournalSink({ adapter, compact: () => db.write(), latch, log, compactAtBytes });
  const commits = new Commits(db.data, sink, latch);
  adapter.openTo((step) => commits.exclusively(step));
  sink.sealWith(() => {
    if (!commits.idle) return false;
    commits.commit([]).catch(() => {}); // a store that stopped says so to its next caller
    return true;
  });
  const release = async () => {
    try {
      await sink.finish(mustCompact);
      if (latch.reason === null) await adapter.collect(db.data);
    } finally {
      await adapter.close(latch.reason === null).finally(() => lock.release());
    }
  };
  return new CoreStore({
    location,
    contents: db.data,
    commits,
    blobs,
    holds,
    latch,
    release,
  });
}
