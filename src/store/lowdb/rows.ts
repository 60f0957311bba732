// A row is one record, one transition or one deletion as JSON: a line of the snapshot, a member of a journal transaction.
//
//   {"kind":"instance","scope":"org_…/order","name":"o-1","rev":3,"order":17,"rec":{…}}
//   {"kind":"transition","scope":"org_…/order","name":"o-1","seq":2,"rec":{…}}
//
// What says where a row belongs stands before `rec`, so that a reader may leave the record itself where it is. In the journal `"bytes"`
// stands before `rec` too, the length of its text, so that the next row is found without reading it. An instance whose first transitions
// are forgotten says `"forgotten":2` before `rev`. In the journal only:
//
//   {"kind":"instance","scope":"org_…/order","name":"o-1","deleted":true,"bytes":4,"rec":null}
//   {"kind":"transition","scope":"org_…/order","name":"o-1","seq":2,"deleted":true,"bytes":4,"rec":null}      and those before it

import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import { type Effect, kinds, leavesMemory } from "../core/contents.ts";
import { type Kept, recordPlace, type Segment, transitionPlace } from "../core/segment.ts";
import type { Kind } from "../port.ts";

/** A row of the journal: what stands before the text, the text, and their lengths as UTF-8. A brace ends it. */
export interface RowText {
  lead: string;
  text: string;
  leadBytes: number;
  textBytes: number;
}

export const beforeRec = ',"rec":';

/** Where a row belongs, the opening brace included. */
export function rowStart(kind: Kind | "transition", scope: string, name: string): string {
  return `{"kind":"${kind}","scope":${JSON.stringify(scope)},"name":${JSON.stringify(name)},`;
}

/** The effect as rows of the journal: one for each record or transition. */
export function journalRows(effect: Effect): RowText[] {
  const start = rowStart("kind" in effect ? effect.kind : "transition", effect.scope, effect.name);
  switch (effect.op) {
    case "put":
      return [rowText(`${start}${recordPlace(effect.rev, effect.order)}`, JSON.stringify(effect.rec))];
    case "delete":
      return [rowText(`${start}"deleted":true`, "null")];
    case "forget":
      return [rowText(`${start}${transitionPlace(effect.seq)},"deleted":true`, "null")];
    case "append":
      return effect.rows.map((row, i) => rowText(`${start}${transitionPlace(effect.seq + i)}`, String(row)));
  }
}

function rowText(head: string, text: string): RowText {
  const textBytes = Buffer.byteLength(text);
  const lead = `${head},"bytes":${textBytes}${beforeRec}`;
  return { lead, text, leadBytes: Buffer.byteLength(lead), textBytes };
}

/** Where the texts of a transaction's rows went, told to its effects. */
export function placeRows(effects: readonly Effect[], places: readonly Kept[]): void {
  let next = 0;
  for (const effect of effects) {
    if (effect.op === "put") effect.kept = places[next++] as Kept;
    else if (effect.op === "append") {
      effect.rows = places.slice(next, next + effect.rows.length);
      next += effect.rows.length;
    } else next++;
  }
}

/**
 * A row as an effect: its members before `rec`, and the text of that.
 * @param segment what the text may be left in; null when everything is to be read, or the text is not as Settle writes it
 * @throws an Error that says what is wrong
 */
export function effectOf(head: JsonObject, text: Buffer, at: number, segment: Segment | null): Effect {
  const place = placeOf(head);
  if (head.kind === "transition") {
    const seq = countOf(head, "seq");
    if (head.deleted === true) return { op: "forget", ...place, seq };
    const kept = segment && { segment, at, bytes: text.length };
    return { op: "append", ...place, seq, rows: [kept ?? transitionText(text)] };
  }
  const kind = kindOf(head);
  if (head.deleted === true) return { op: "delete", kind, ...place };
  const kept = segment && { segment, at, bytes: text.length };
  const rec = kept !== null && leavesMemory(kind) ? null : objectOf(text);
  // What is inside a record is vouched for by the checksum and the format version, not looked at again.
  return { op: "put", kind, ...place, rev: countOf(head, "rev"), order: countOf(head, "order"), rec, kept } as Effect;
}

/** Transitions forgotten of the instance whose row this is the head of. */
export function forgottenOf(head: JsonObject): number {
  return head.forgotten === undefined ? 0 : countOf(head, "forgotten");
}

const knownKinds: ReadonlySet<unknown> = new Set(kinds);

function kindOf({ kind }: JsonObject): Kind {
  if (!knownKinds.has(kind)) throw new Error(`there is no kind ${JSON.stringify(kind)}`);
  return kind as Kind;
}

function placeOf({ scope, name }: JsonObject): { scope: string; name: string } {
  if (typeof scope !== "string" || typeof name !== "string") throw new Error("scope and name must be strings");
  return { scope, name };
}

function countOf(head: JsonObject, member: "rev" | "order" | "seq" | "forgotten"): number {
  const value = head[member];
  if (!Number.isSafeInteger(value) || Number(value) < 1) throw new Error(`${member} must be a whole number from 1`);
  return Number(value);
}

function objectOf(text: Buffer): JsonObject {
  const rec: unknown = JSON.parse(text.toString());
  if (!isJsonObject(rec)) throw new Error("rec must be an object");
  return rec;
}

/** In the one form, whoever wrote it. */
function transitionText(text: Buffer): string {
  return JSON.stringify(objectOf(text));
}
