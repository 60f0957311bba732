// `db.json`: the whole store as valid JSON, one record a line, readable and fit for a diff.
//
//   {"format":2,"id":"…","follows":"…","seq":12,"order":34,"savedAt":"2026-01-01T00:00:00.000Z","records":[
//   {"kind":"org","scope":"","name":"org_…","rev":1,"order":1,"rec":{…}},
//   …
//   ],"sha256":"…"}
//
// The last line holds the SHA-256 of every byte before it. Without that member (`]}`) the file is taken as edited by hand.

import { createHash } from "node:crypto";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import { messageOf } from "../../domain/message-of.ts";
import type { Contents } from "../core/contents.ts";
import type { Segment } from "../core/segment.ts";
import type { OpenFile } from "./files.ts";
import { type Line, linesOf } from "./lines.ts";
import { SnapshotLoader } from "./snapshot-loader.ts";
import { mendDamage, NoStore, StoreTooNew, unreadable } from "./unreadable.ts";

/** What is written. Format 1 had journals whose rows did not say their length, and no forgotten transitions; it is read too. */
export const formatVersion = 2;

export interface SnapshotHead {
  /** That it was written in. */
  format: number;
  /** Random; what a journal names as the snapshot it continues. */
  id: string;
  /** The journal whose transactions up to `seq` are in here; null for a new store. */
  follows: string | null;
  /** Sequence number of the last transaction in here. */
  seq: number;
  /** Place of the newest record ever created, deleted ones included. */
  order: number;
  /** ISO 8601. */
  savedAt: string;
}

export interface Snapshot extends SnapshotHead {
  /** Of every byte before the last line. */
  sha256: string;
  bytes: number;
}

export const openRecords = ',"records":[';
const footerPattern = /^\],"sha256":"([0-9a-f]{64})"\}\n$/;
const footerBytes = '],"sha256":""}\n'.length + 64;
const bareFooter = "]}\n";
const headBytesAtMost = 4096;

/** Reads a snapshot into empty contents; what may stay on disk is left in `segment`. @throws StoreUnreadable */
export async function readSnapshot(
  file: OpenFile,
  path: string,
  contents: Contents,
  segment: Segment | null,
): Promise<Snapshot> {
  const bytes = await file.size();
  const head = readHead(await textAt(file, 0, Math.min(bytes, headBytesAtMost)), path);
  const { end, sha256: expected } = await readFooter(file, bytes, path);
  contents.reserveOrder(head.order);
  const digest = createHash("sha256");
  // What was edited by hand may be spaced in other ways than Settle writes it: it is read as a whole, now.
  const loader = new SnapshotLoader(contents, expected === null ? null : segment);
  for await (const { raw, lines } of linesOf(file, 0, end)) {
    digest.update(raw);
    for (const line of lines) if (line.number > 1) load(loader, line, path);
  }
  const sha256 = digest.digest("hex");
  if (expected !== null && sha256 !== expected) {
    throw unreadable(path, "is damaged or was edited: its checksum does not match", editedMend);
  }
  return { ...head, sha256, bytes };
}

const editedMend = `${mendDamage} If the edit is yours, make its last line "]}" (without the checksum) and start again.`;

function load(loader: SnapshotLoader, line: Line, path: string): void {
  try {
    loader.take(line);
  } catch (cause) {
    const detail = messageOf(cause);
    throw unreadable(path, `is damaged at line ${line.number}: ${detail}`, mendDamage, cause);
  }
}

function readHead(opening: string, path: string): SnapshotHead {
  const format = /^\s*\{\s*"format"\s*:\s*(\d+)/.exec(opening)?.[1];
  if (format === undefined) throw new NoStore(path, opening);
  if (Number(format) > formatVersion) {
    throw new StoreTooNew(path, Number(format), formatVersion, "Open it with the newer version that wrote it.");
  }
  const line = opening.slice(0, opening.indexOf("\n"));
  const head = line.endsWith(openRecords) ? headOf(`${line.slice(0, -openRecords.length)}}`) : null;
  if (head === null) {
    const what = "does not start as Settle writes it (a head line, then one record a line)";
    throw unreadable(path, what, `If a formatter rewrote it, undo that. ${mendDamage}`);
  }
  return head;
}

function headOf(text: string): SnapshotHead | null {
  const { format, id, follows, seq, order, savedAt } = parsedObject(text);
  if (typeof format !== "number" || format < 1 || typeof id !== "string" || typeof savedAt !== "string") return null;
  if (follows !== null && typeof follows !== "string") return null;
  if (!isCount(seq) || !isCount(order)) return null;
  return { format, id, follows, seq, order, savedAt };
}

async function readFooter(
  file: OpenFile,
  bytes: number,
  path: string,
): Promise<{ end: number; sha256: string | null }> {
  const closing = await textAt(file, Math.max(0, bytes - footerBytes), Math.min(bytes, footerBytes));
  const sha256 = footerPattern.exec(closing)?.[1];
  if (sha256 !== undefined) return { end: bytes - footerBytes, sha256 };
  if (closing.endsWith(`\n${bareFooter}`)) return { end: bytes - bareFooter.length, sha256: null };
  throw unreadable(path, "is damaged or cut short: its last line is not as Settle writes it", editedMend);
}

async function textAt(file: OpenFile, position: number, length: number): Promise<string> {
  const bytes = Buffer.alloc(length);
  const got = await file.read(bytes, position);
  return bytes.toString("latin1", 0, got);
}

function parsedObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : {};
  } catch {
    return {};
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
