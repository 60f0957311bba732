// The lowdb adapter: `read` is recovery (snapshot, then journal), `write` is compaction (a new snapshot, then an empty journal).

import type { Adapter } from "lowdb";
import type { Clock, Entropy } from "../../domain/clock.ts";
import { Contents } from "../core/contents.ts";
import type { Files } from "./files.ts";
import { createJournal, type Durability, Journal } from "./journal.ts";
import { type Names, temporary } from "./names.ts";
import { type Replay, replayJournal } from "./replay.ts";
import { readSnapshot, type Snapshot, type SnapshotHead, writeSnapshot } from "./snapshot.ts";
import { unreadable } from "./unreadable.ts";

export interface AdapterOptions {
  files: Files;
  names: Names;
  durability: Durability;
  clock: Clock;
  entropy: Entropy;
  log: (line: string) => void;
}

/** Someone else wrote `db.json` while it was open here. It is theirs now: it is not written over. */
export class SnapshotReplaced extends Error {
  constructor(path: string) {
    super(`${path} was changed by someone else while it was open`);
    this.name = "SnapshotReplaced";
  }
}

export class JournalingAdapter implements Adapter<Contents> {
  readonly #options: AdapterOptions;
  #snapshot: Snapshot | null = null;
  #snapshotIdentity: string | null = null;
  #replay: Replay | null = null;
  #journal: Journal | null = null;

  constructor(options: AdapterOptions) {
    this.#options = options;
  }

  /** Never null: `Low` would then keep another object than the one read. Changes no file. @throws StoreUnreadable */
  async read(): Promise<Contents> {
    const { files, names } = this.#options;
    const contents = new Contents();
    this.#snapshotIdentity = await files.identity(names.snapshot);
    const journalExists = (await files.identity(names.journal)) !== null;
    if (this.#snapshotIdentity === null) {
      if (!journalExists) return contents;
      const mend = `Put ${names.snapshot} back; or delete the journal, which gives up the transactions in it.`;
      throw unreadable(names.journal, `continues ${names.snapshot}, which is missing`, mend);
    }
    const snapshot = await this.#reading(names.snapshot, (file) => readSnapshot(file, names.snapshot, contents));
    this.#snapshot = snapshot;
    if (!journalExists) return contents;
    this.#replay = await this.#reading(names.journal, (file) =>
      replayJournal(file, names.journal, names.snapshot, snapshot, contents),
    );
    return contents;
  }

  /** Makes ready for appending what `read` found, or starts a new store. From here on files change. */
  async start(contents: Contents): Promise<void> {
    const { files, names, durability, log } = this.#options;
    for (const path of [names.snapshot, names.journal]) await files.remove(temporary(path)); // what a crash left
    if (this.#snapshot === null) return this.write(contents);
    if (this.#replay === null) return this.#startJournal(this.#snapshot);
    const { head, end, tornBytes } = this.#replay;
    const file = await files.open(names.journal, "update");
    if (tornBytes > 0) {
      await file.truncate(end.bytes);
      await file.sync(); // or its remains could come back after a power cut, behind what is written next
      log(`${names.journal}: cut off ${tornBytes} bytes of a write that was under way when the process ended`);
    }
    this.#journal = new Journal(names.journal, head.id, file, durability, end);
  }

  /**
   * Compacts. At each step either the old snapshot with the old journal or the new snapshot is whole: a journal stays readable
   * until its successor is in place, because the new snapshot says which journal it was made of, and up to where.
   * Nothing may be appended meanwhile. @throws SnapshotReplaced, or what the file system says
   */
  async write(contents: Contents): Promise<void> {
    const snapshot = await this.#writeSnapshot(contents);
    await this.#startJournal(snapshot);
  }

  /** A new store has no journal before `start`. */
  get journal(): Journal {
    if (this.#journal === null) throw new Error("the store was not started");
    return this.#journal;
  }

  /** Another one after each snapshot; null before the first. */
  get snapshotId(): string | null {
    return this.#snapshot?.id ?? null;
  }

  get snapshotBytes(): number {
    return this.#snapshot?.bytes ?? 0;
  }

  /** Whether the snapshot alone says everything. */
  get isCompact(): boolean {
    return this.#snapshot !== null && this.#journal?.end.seq === this.#snapshot.seq;
  }

  /** Lets go of the journal, and removes it when asked to and the snapshot alone says everything. */
  async close(removeJournal: boolean): Promise<void> {
    const { files, names } = this.#options;
    await this.#journal?.close();
    if (!removeJournal || !this.isCompact) return;
    await files.remove(names.journal);
    await files.syncFolder(names.folder);
  }

  async #writeSnapshot(contents: Contents): Promise<Snapshot> {
    const { files, names, clock } = this.#options;
    const head: SnapshotHead = {
      id: this.#newId(),
      follows: this.#journal?.id ?? null,
      seq: this.#journal?.end.seq ?? 0,
      order: contents.lastOrder,
      savedAt: new Date(clock.now()).toISOString(),
    };
    const snapshot = await this.#writeTemporary(head, contents);
    const current = await files.identity(names.snapshot);
    if (current !== null && current !== this.#snapshotIdentity) throw new SnapshotReplaced(names.snapshot);
    await files.rename(temporary(names.snapshot), names.snapshot);
    this.#snapshot = snapshot;
    this.#snapshotIdentity = await files.identity(names.snapshot);
    await files.syncFolder(names.folder); // before the old journal goes
    return snapshot;
  }

  async #writeTemporary(head: SnapshotHead, contents: Contents): Promise<Snapshot> {
    const { files, names } = this.#options;
    const path = temporary(names.snapshot);
    const file = await files.open(path, "create");
    try {
      const snapshot = await writeSnapshot(file, head, contents);
      await file.sync();
      return snapshot;
    } catch (error) {
      await files.remove(path).catch(() => {}); // the first error is the one to tell; on a full disk this gives the room back
      throw error;
    } finally {
      await file.close();
    }
  }

  async #startJournal(snapshot: Snapshot): Promise<void> {
    const { files, names, durability } = this.#options;
    const head = { id: this.#newId(), snapshot: snapshot.id, sha256: snapshot.sha256, seq: snapshot.seq };
    const previous = this.#journal;
    this.#journal = await createJournal(files, names.journal, names.folder, head, durability);
    await previous?.close();
  }

  async #reading<T>(path: string, read: (file: Awaited<ReturnType<Files["open"]>>) => Promise<T>): Promise<T> {
    const file = await this.#options.files.open(path, "read");
    try {
      return await read(file);
    } finally {
      await file.close();
    }
  }

  #newId(): string {
    return Buffer.from(this.#options.entropy.bytes(16)).toString("base64url");
  }
}
