// The lowdb adapter: `read` is recovery (snapshot, then journal), `write` is compaction (a new snapshot, then a new journal).

import type { Adapter } from "lowdb";
import type { Clock, Entropy } from "../../domain/clock.ts";
import { Contents, type Seen } from "../core/contents.ts";
import type { Hot } from "../core/hot.ts";
import type { Kept } from "../core/segment.ts";
import type { FileBlobs } from "./blobs.ts";
import type { Collector } from "./collector.ts";
import { FileSegment, type ReadFailure } from "./file-segment.ts";
import type { Files, OpenFile } from "./files.ts";
import { putInPlace } from "./in-place.ts";
import { type Durability, Journal, type JournalEnd } from "./journal.ts";
import { keepBeside, keptNames, SnapshotReplaced } from "./kept-beside.ts";
import { type Names, temporary } from "./names.ts";
import { type Replay, replayJournal } from "./replay.ts";
import { formatVersion, readSnapshot, type Snapshot, type SnapshotHead } from "./snapshot.ts";
import { type Written, writeSnapshot } from "./snapshot-writer.ts";
import { Succession } from "./succession.ts";
import { unreadable } from "./unreadable.ts";

export interface AdapterOptions {
  files: Files;
  names: Names;
  durability: Durability;
  clock: Clock;
  entropy: Entropy;
  log: (line: string) => void;
  hot: Hot;
  blobs: FileBlobs;
  collector: Collector;
  /** Ends the store, since a text can't be read; the answer is to be thrown. */
  failure: ReadFailure;
}

/** Runs a step while no commit is being written; those that come meanwhile wait. */
export type Alone = <T>(step: () => Promise<T>) => Promise<T>;

export class JournalingAdapter implements Adapter<Contents> {
  readonly #options: AdapterOptions;
  #snapshot: Snapshot | null = null;
  #snapshotSegment: FileSegment | null = null;
  #snapshotIdentity: string | null = null;
  /** Where everything is kept while someone else's file is in the snapshot's place. */
  #kept: Names | null = null;
  #replay: { replay: Replay; segment: FileSegment } | null = null;
  #journal: Journal | null = null;
  /** Before the store is open nobody commits. */
  #alone: Alone = (step) => step();

  constructor(options: AdapterOptions) {
    this.#options = options;
  }

  /** Never null: `Low` would then keep another object than the one read. Changes no file. @throws StoreUnreadable */
  async read(): Promise<Contents> {
    const { files, names, hot } = this.#options;
    const contents = new Contents(hot);
    this.#snapshotIdentity = await files.identity(names.snapshot);
    const journalExists = (await files.identity(names.journal)) !== null;
    if (this.#snapshotIdentity === null) {
      if (!journalExists) return contents;
      const mend = `Put ${names.snapshot} back; or delete the journal, which gives up the transactions in it.`;
      throw unreadable(names.journal, `continues ${names.snapshot}, which is missing`, mend);
    }
    const segment = await this.#openSegment(names.snapshot, false);
    this.#snapshotSegment = segment;
    const snapshot = await readSnapshot(segment.file, names.snapshot, contents, segment);
    this.#snapshot = snapshot;
    if (journalExists) await this.#readJournal(snapshot, contents);
    return contents;
  }

  async #readJournal(snapshot: Snapshot, contents: Contents): Promise<void> {
    const { names } = this.#options;
    const segment = await this.#openSegment(names.journal, true);
    try {
      const replay = await replayJournal(segment.file, names.journal, names.snapshot, snapshot, contents, segment);
      // One that ends before the snapshot lost its end, which the snapshot has: what would be appended to it would count as part of that.
      if (replay === null || replay.end.seq < snapshot.seq) segment.letGo();
      else this.#replay = { replay, segment };
    } catch (error) {
      segment.letGo();
      throw error;
    }
  }

  /** Makes ready for appending what `read` found, or starts a new store. From here on files change. */
  async start(contents: Contents): Promise<void> {
    const { files, names } = this.#options;
    for (const path of [names.snapshot, names.journal]) await files.remove(temporary(path)); // what a crash left
    if (this.#snapshot === null) return this.write(contents);
    if (this.#replay === null) await this.#startJournal(this.#snapshot);
    else await this.#continueJournal(this.#replay);
    const formats = [this.#snapshot.format, this.#replay?.replay.format ?? formatVersion];
    if (Math.min(...formats) < formatVersion) await this.#convert(contents, Math.min(...formats));
  }

  async #convert(contents: Contents, format: number): Promise<void> {
    const { names, log } = this.#options;
    await this.write(contents);
    log(`${names.snapshot}: converted from format ${format} to ${formatVersion}`);
  }

  async #continueJournal({ replay, segment }: { replay: Replay; segment: FileSegment }): Promise<void> {
    const { files, names, durability, log } = this.#options;
    const { head, end, tornBytes } = replay;
    const file = await files.open(names.journal, "update");
    await segment.use(file);
    // What is shown from now on, and the names it was read under, may have been in the system's memory alone.
    if (durability === "power") {
      await file.sync();
      await files.syncFolder(names.folder);
    }
    if (tornBytes > 0) {
      await file.truncate(end.bytes);
      await file.sync(); // or its remains could come back after a power cut, behind what is written next
      log(`${names.journal}: cut off ${tornBytes} bytes of a write that was under way when the process ended`);
    }
    this.#journal = new Journal({ path: names.journal, id: head.id, file, segment, durability, end, log });
  }

  /** From here on commits may be under way, and a compaction has them wait where it must. */
  openTo(alone: Alone): void {
    this.#alone = alone;
  }

  /**
   * Writes other contents as the snapshot, in a step in which commits wait already.
   * @param exchange puts them in the place of `contents`: called once they are durable, and never when that failed
   */
  replace(contents: Contents, next: Contents, exchange: () => void): Promise<void> {
    return this.#writeAnew(contents, next, (step) => step(), exchange);
  }

  /**
   * Compacts, while commits go on. At each step either the old snapshot with the old journal or the new snapshot with either journal is
   * whole: the new snapshot says which journal it was made of, and up to where; the new journal takes over what came behind that.
   */
  write(contents: Contents): Promise<void> {
    return this.#writeAnew(contents, contents, this.#alone, () => {});
  }

  async #writeAnew(contents: Contents, toSee: Contents, alone: Alone, placed: () => void): Promise<void> {
    const { collector } = this.#options;
    const { seen, from, suspects } = await alone(async () => ({
      seen: toSee.see(),
      from: this.#journal?.end,
      suspects: collector.suspects(contents),
    }));
    const { places, snapshot, segment } = await this.#writeSnapshot(
      contents,
      seen,
      from,
      toSee === contents ? contents : null,
    );
    placed();
    const former = this.#snapshotSegment;
    let condemned: string[] = [];
    try {
      const succession = await this.#succeed(snapshot);
      const journal = this.#journal;
      const rest = journal && from && (await succession.copyMost(journal, from.bytes));
      await alone(async () => {
        this.#journal = await succession.takePlace(journal && rest ? { journal, from: rest } : undefined);
        contents.move(seen, places, afterMove(journal, this.#journal, from?.bytes ?? 0));
        condemned = collector.condemn(contents, suspects); // the new journal is synced
      });
      this.#snapshotSegment = segment;
      former?.letGo();
      journal?.close();
    } catch (error) {
      segment.letGo(); // what was seen is read where it was
      throw error;
    }
    await collector.remove(condemned);
  }

  /** Takes code away that nobody needs, when nobody commits any more and the snapshot alone says everything. */
  async collect(contents: Contents): Promise<void> {
    const { files, names, collector } = this.#options;
    if (!this.isCompact) return;
    // In the place of ours may be one that names other code.
    if ((await files.identity(names.snapshot)) !== this.#snapshotIdentity) return;
    await collector.remove(await collector.condemnAll(contents));
  }

  /** Whether someone else's file is in the snapshot's place. */
  async isReplaced(): Promise<boolean> {
    const current = await this.#options.files.identity(this.#options.names.snapshot);
    return current !== null && current !== this.#snapshotIdentity;
  }

  /** A new store has no journal before `start`. */
  get journal(): Journal {
    if (this.#journal === null) throw new Error("the store was not started");
    return this.#journal;
  }

  get snapshotBytes(): number {
    return this.#snapshot?.bytes ?? 0;
  }

  /** Whether the snapshot alone says everything. */
  get isCompact(): boolean {
    return this.#snapshot !== null && this.#journal?.end.seq === this.#snapshot.seq;
  }

  /** Lets go of the files, and removes the journal when asked to and the snapshot alone says everything. */
  async close(removeJournal: boolean): Promise<void> {
    const { files, names } = this.#options;
    this.#snapshotSegment?.letGo();
    if (this.#journal !== null) this.#journal.close();
    else this.#replay?.segment.letGo();
    if (!removeJournal || !this.isCompact) return;
    await files.remove(names.journal);
    await files.syncFolder(names.folder);
  }

  /** @param keeps the store's contents, unless others are to take their place */
  async #writeSnapshot(
    contents: Contents,
    seen: readonly Seen[],
    end: Readonly<JournalEnd> | undefined,
    keeps: Contents | null,
  ): Promise<Written & { segment: FileSegment }> {
    const { files, names, clock } = this.#options;
    const head: SnapshotHead = {
      format: formatVersion,
      id: this.#newId(),
      follows: this.#journal?.id ?? null,
      seq: end?.seq ?? 0,
      order: contents.lastOrder,
      savedAt: new Date(clock.now()).toISOString(),
    };
    const file = await files.open(temporary(names.snapshot), "create");
    try {
      const segment = new FileSegment(names.snapshot, file, false, this.#options.failure);
      const written = await writeSnapshot(file, head, seen, segment);
      await file.sync();
      if (await this.isReplaced()) throw await this.#keep(keeps);
      await this.#putInPlace(written.snapshot);
      return { ...written, segment };
    } catch (error) {
      await file.close();
      await files.remove(temporary(names.snapshot)).catch(() => {}); // the first error is the one to tell; on a full disk this gives the room back
      throw error;
    }
  }

  /** @param contents what was written to the temporary file, if it is what the store has. @returns what to tell */
  async #keep(contents: Contents | null): Promise<SnapshotReplaced> {
    const { files, names, blobs, clock, log } = this.#options;
    if (contents === null) return new SnapshotReplaced(names, this.#kept?.snapshot ?? null);
    const kept = this.#kept ?? keptNames(names, clock);
    try {
      await keepBeside(files, { names, kept, blobs, codes: contents.codes(), log });
    } catch (cause) {
      return new SnapshotReplaced(names, this.#kept?.snapshot ?? null, { cause });
    }
    this.#kept = kept;
    return new SnapshotReplaced(names, kept.snapshot);
  }

  async #putInPlace(snapshot: Snapshot): Promise<void> {
    const { files, names } = this.#options;
    const places = { from: temporary(names.snapshot), to: names.snapshot, folder: names.folder };
    await putInPlace(files, places, this.#options.failure); // before the old journal goes
    this.#snapshot = snapshot;
    this.#snapshotIdentity = await files.identity(names.snapshot);
  }

  async #startJournal(snapshot: Snapshot): Promise<void> {
    this.#journal = await (await this.#succeed(snapshot)).takePlace();
  }

  #succeed(snapshot: Snapshot): Promise<Succession> {
    const { files, names, durability, failure, log } = this.#options;
    const head = { id: this.#newId(), snapshot: snapshot.id, sha256: snapshot.sha256, seq: snapshot.seq };
    return Succession.begin({ files, names, head, durability, failure, log });
  }

  async #openSegment(path: string, saysBytes: boolean): Promise<FileSegment> {
    const file: OpenFile = await this.#options.files.open(path, "read");
    return new FileSegment(path, file, saysBytes, this.#options.failure);
  }

  #newId(): string {
    return Buffer.from(this.#options.entropy.bytes(16)).toString("base64url");
  }
}

/** Where texts of the old journal are that came after the snapshot: as far behind the new one's head as behind that place. */
function afterMove(old: Journal | null, journal: Journal, from: number): (kept: Kept) => Kept {
  if (old === null) return (kept) => kept;
  const shift = journal.end.bytes - old.end.bytes;
  return (kept) =>
    kept.segment === old.segment && kept.at >= from ? { ...kept, segment: journal.segment, at: kept.at + shift } : kept;
}
