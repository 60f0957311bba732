// Reads what can be read of a damaged store, line by line, and keeps account of what can't.

import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import type { Instance, Transition } from "../../domain/records.ts";
import { kinds } from "../core/contents.ts";
import type { NewRow } from "../port.ts";
import { readChecked } from "./checked.ts";
import { nodeFiles, type OpenFile } from "./files.ts";
import { type Line, linesOf } from "./lines.ts";
import type { Names } from "./names.ts";
import { openRecords } from "./snapshot.ts";
import { NoStore } from "./unreadable.ts";

export interface Salvaged {
  rows: NewRow[];
  /** What is given up, a line each. */
  givenUp: string[];
  /** Lines, and rows, that could not be taken: what is left of them. */
  remnants: string[];
  /** Of all code that is there, the SHA-256. */
  codes: string[];
}

/** Says what is wrong with a row by itself; null when nothing is. */
export type RowCheck = (row: NewRow) => string | null;

interface SnapshotHead {
  id?: unknown;
  follows?: unknown;
  seq?: unknown;
}

/** @throws NoStore when nothing says that this is a store: no head, and no row */
export async function salvage(names: Names, check: RowCheck): Promise<Salvaged> {
  const salvager = new Salvager(check);
  const rewritten = await rewrittenAsJson(names.snapshot);
  if (rewritten !== null) salvager.document(rewritten);
  else await eachLine(names.snapshot, async (line) => salvager.snapshotLine(line));
  await eachLine(names.journal, async (line) => salvager.journalLine(line));
  if (salvager.isStore) return { ...salvager.result(), codes: await nodeFiles.list(names.blobs) };
  throw new NoStore(names.snapshot, await openingOf(names.snapshot));
}

const openingBytes = 4096;

async function openingOf(path: string): Promise<string> {
  if ((await nodeFiles.identity(path)) === null) return "";
  const file = await nodeFiles.open(path, "read");
  try {
    const bytes = Buffer.alloc(openingBytes);
    return bytes.toString("latin1", 0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

/** More than that is no string any more. */
const documentBytesAtMost = 400_000_000;

/** The snapshot as one JSON value, when a formatter wrote it anew: what it says is as it was. */
async function rewrittenAsJson(path: string): Promise<(JsonObject & { records: unknown[] }) | null> {
  const opening = await openingOf(path);
  if (!/^\s*\{\s*"format"\s*:\s*\d/.test(opening) || opening.split(/\r?\n/, 1)[0]?.endsWith(openRecords)) return null;
  const bytes = await nodeFiles.read(path);
  if (bytes === null || bytes.length > documentBytesAtMost) return null;
  const value = parsed(textOf(bytes) ?? "");
  return isJsonObject(value) && Array.isArray(value.records) ? { ...value, records: value.records } : null;
}

async function eachLine(path: string, take: (line: Line) => Promise<void>): Promise<void> {
  if ((await nodeFiles.identity(path)) === null) return;
  const file: OpenFile = await nodeFiles.open(path, "read");
  try {
    for await (const { lines } of linesOf(file, 0, await file.size())) for (const line of lines) await take(line);
  } finally {
    await file.close();
  }
}

interface Kept {
  row: NewRow;
  order: number;
  /** How many of its first transitions were forgotten, and those after them. */
  forgotten: number;
  history: Transition[];
}

class Salvager {
  readonly #kept = new Map<string, Kept>();
  readonly #givenUp: string[] = [];
  readonly #remnants: string[] = [];
  /** The lines of the snapshot that were given up last. */
  #lastLine: { from: number; to: number; reason: string } | null = null;
  readonly #check: RowCheck;
  #head: SnapshotHead | null = null;
  /** Of the snapshot. */
  #lines = 0;
  #isEnded = false;
  /** The next transaction's; null before the journal's head, and when nothing more is read. */
  #expected: number | null = null;
  #journal: "unread" | "read" | "cut" = "unread";
  #cut = 0;

  constructor(check: RowCheck) {
    this.#check = check;
  }

  get isStore(): boolean {
    return this.#head !== null || this.#kept.size > 0;
  }

  document(document: JsonObject & { records: unknown[] }): void {
    const { id, follows, seq } = document;
    this.#head = { id, follows, seq };
    this.#lines = 1;
    this.#isEnded = true;
    for (const [i, row] of document.records.entries()) {
      const reason = this.#take(row);
      if (reason === null) continue;
      this.#givenUp.push(`record ${i + 1} of the snapshot: ${reason}`);
      this.#remnants.push(JSON.stringify(row));
    }
  }

  snapshotLine({ bytes, number }: Line): void {
    const text = textOf(bytes);
    this.#lines = number;
    if (number === 1) {
      this.#head = headOf(text ?? "");
      if (this.#head === null) this.#givenUp.push("line 1 of the snapshot, which says what it is");
      return;
    }
    if (text === "]}" || text?.startsWith('],"sha256":')) {
      this.#isEnded = true;
      return;
    }
    const reason = text === null ? "it is not text in UTF-8" : this.#take(parsed(text.replace(/,$/, "")));
    if (reason === null) return;
    this.#giveUpLine(number, reason);
    this.#remnants.push(bytes.toString());
  }

  /** Many in a row are told in a line. */
  #giveUpLine(number: number, reason: string): void {
    const before = this.#lastLine;
    const isNext = before !== null && before.to === number - 1 && before.reason === reason;
    if (isNext) this.#givenUp.pop();
    const from = isNext ? before.from : number;
    const which = isNext ? `lines ${from} to ${number} of the snapshot, each` : `line ${number} of the snapshot`;
    this.#givenUp.push(`${which}: ${reason}`);
    this.#lastLine = { from, to: number, reason };
  }

  journalLine({ bytes, offset, number, ended }: Line): void {
    const content = ended ? checked(bytes) : null;
    if (this.#journal === "cut") this.#cut++;
    else if (this.#journal === "unread") this.#openJournal(content);
    else this.#transaction(content, { offset, number, ended });
  }

  #transaction(content: JsonObject | null, { offset, number, ended }: Pick<Line, "offset" | "number" | "ended">): void {
    if (content === null || content.seq !== this.#expected || !Array.isArray(content.rows)) {
      this.#journal = "cut";
      const what = ended ? "from a damaged line on" : "a write that was under way when the process ended";
      this.#givenUp.push(`the journal after byte ${offset} (line ${number}): ${what}`);
      return;
    }
    this.#expected = Number(content.seq) + 1;
    const { seq } = this.#head ?? {};
    if (typeof seq === "number" && Number(content.seq) <= seq) return; // the snapshot was made of it
    for (const row of content.rows) {
      const reason = this.#take(row);
      if (reason === null) continue;
      this.#givenUp.push(`a row of line ${number} of the journal: ${reason}`);
      this.#remnants.push(JSON.stringify(row));
    }
  }

  result(): Omit<Salvaged, "codes"> {
    if (this.#lines === 0) this.#givenUp.unshift("the snapshot, which is not there");
    else if (!this.#isEnded)
      this.#givenUp.push(`the snapshot ends after line ${this.#lines}: whatever came after it is lost`);
    if (this.#cut > 0) this.#givenUp.push(`${this.#cut} more lines of the journal`);
    const byKind = (kind: NewRow["kind"]) => (kinds as readonly string[]).indexOf(kind);
    const all = [...this.#kept.values()].sort((a, b) => byKind(a.row.kind) - byKind(b.row.kind) || a.order - b.order);
    return { rows: all.flatMap(rowsOf), givenUp: this.#givenUp, remnants: this.#remnants };
  }

  #openJournal(content: JsonObject | null): void {
    this.#journal = "cut";
    if (content === null || typeof content.seq !== "number") {
      this.#givenUp.push("the journal: its head can't be read, so nobody knows what it continues");
      return;
    }
    const { id, follows } = this.#head ?? {};
    if (this.#head !== null && content.snapshot !== id && content.id !== follows) {
      this.#givenUp.push("the journal: it continues another state of the snapshot");
      return;
    }
    this.#journal = "read";
    this.#expected = content.seq + 1;
  }

  /** @returns why it can't be taken */
  #take(row: unknown): string | null {
    if (!isJsonObject(row)) return "it is no row";
    const { kind, scope, name, rec } = row;
    if (typeof kind !== "string" || typeof scope !== "string" || typeof name !== "string") return "it is no row";
    const key = JSON.stringify([kind === "transition" ? "instance" : kind, scope, name]);
    if (row.deleted === true) {
      if (kind === "transition") this.#forget(key, Number(row.seq));
      else this.#kept.delete(key);
      return null;
    }
    const what = `${kind} ${JSON.stringify(name)} in ${JSON.stringify(scope)}`;
    if (!isJsonObject(rec)) return `${what} has no record`;
    if (kind === "transition") {
      const taken: NewRow = { kind, scope, name, rec: rec as unknown as Transition };
      const wrong = this.#check(taken);
      return wrong === null ? this.#takeTransition(key, what, taken.rec) : `${what}: ${wrong}`;
    }
    if (!kinds.some((known) => known === kind)) return `nobody knows the kind ${kind}`;
    const taken = { kind, scope, name, rec } as unknown as NewRow;
    const wrong = this.#check(taken);
    if (wrong !== null) return `${what}: ${wrong}`;
    const known = this.#kept.get(key);
    const order = known?.order ?? (Number(row.order) || 0);
    const { forgotten = Number(row.forgotten) || 0, history = [] } = known ?? {};
    this.#kept.set(key, { row: taken, order, forgotten, history });
    return null;
  }

  #takeTransition(key: string, what: string, rec: Transition): string | null {
    const instance = this.#kept.get(key);
    if (instance === undefined) return `${what}, ${rec.seq}: its instance is not there`;
    const last = instance.forgotten + instance.history.length;
    if (rec.seq <= last) return null;
    const isHole = rec.seq > last + 1;
    const lost = isHole ? `${what}, up to ${rec.seq - 1}: not all of them are there` : null;
    if (isHole) {
      instance.history = []; // the state is what the newest ones made of it
      instance.forgotten = rec.seq - 1;
    }
    instance.history.push(rec);
    return lost;
  }

  #forget(key: string, seq: number): void {
    const instance = this.#kept.get(key);
    if (instance === undefined || seq <= instance.forgotten) return;
    instance.history.splice(0, seq - instance.forgotten);
    instance.forgotten = seq;
  }
}

/** An instance counts what there is of its history, or its next event could not be stored. */
function rowsOf({ row, history }: Kept): NewRow[] {
  if (row.kind !== "instance") return [row];
  const rec: Instance = { ...row.rec, transitionCount: history.at(-1)?.seq ?? 0 };
  const { scope, name } = row;
  return [{ ...row, rec }, ...history.map((one): NewRow => ({ kind: "transition", scope, name, rec: one }))];
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

function headOf(text: string): SnapshotHead | null {
  const value = parsed(`${text}]}`);
  return isJsonObject(value) && typeof value.format === "number" && "id" in value ? value : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function checked(line: Buffer): JsonObject | null {
  try {
    return readChecked(line);
  } catch {
    return null;
  }
}
