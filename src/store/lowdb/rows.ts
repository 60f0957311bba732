// A row is one record, one transition or one deletion as JSON: a line of the snapshot, a member of a journal transaction.
//
//   {"kind":"instance","scope":"org_…/order","name":"o-1","rev":3,"order":17,"rec":{…}}
//   {"kind":"transition","scope":"org_…/order","name":"o-1","seq":2,"rec":{…}}
//   {"kind":"instance","scope":"org_…/order","name":"o-1","deleted":true}
//
// What says where a row belongs stands before `rec`, so that a reader may leave the record itself unparsed.

import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import { type Effect, kinds } from "../core/contents.ts";
import type { Kind } from "../port.ts";

/** The effect as rows, separated by `separator`. */
export function encodeEffect(effect: Effect, separator = ","): string {
  const place = `"scope":${JSON.stringify(effect.scope)},"name":${JSON.stringify(effect.name)}`;
  switch (effect.op) {
    case "put": {
      const { rev, order, rec } = effect.stored;
      return `{"kind":"${effect.kind}",${place},"rev":${rev},"order":${order},"rec":${JSON.stringify(rec)}}`;
    }
    case "delete":
      return `{"kind":"${effect.kind}",${place},"deleted":true}`;
    case "append":
      return effect.rows
        .map((row, i) => `{"kind":"transition",${place},"seq":${effect.seq + i},"rec":${row}}`)
        .join(separator);
  }
}

/** A row of a parsed transaction. Throws an Error that says what is wrong with it. */
export function decodeRow(row: unknown): Effect {
  if (!isJsonObject(row)) throw new Error("a row is not an object");
  if (row.deleted === true) return { op: "delete", kind: kindOf(row), ...placeOf(row) };
  if (row.kind === "transition") return transition(row, JSON.stringify(objectOf(row.rec)));
  return record(row, row.rec);
}

/**
 * A row of the snapshot, as its line without the comma. A transition's record is kept as text, and looked into only when
 * no checksum vouches for it. Throws an Error that says what is wrong.
 */
export function decodeLine(line: string, hasChecksum: boolean): Effect {
  const end = line.indexOf(beforeRec); // inside a JSON string its quotes would be escaped: the first is the real one
  if (end === -1 || !line.endsWith("}")) throw new Error("it is not a row");
  const head: unknown = JSON.parse(`${line.slice(0, end)}}`);
  if (!isJsonObject(head)) throw new Error("it is not a row");
  const text = line.slice(end + beforeRec.length, -1);
  if (head.kind !== "transition") return record(head, JSON.parse(text));
  if (!hasChecksum) objectOf(JSON.parse(text));
  return transition(head, text);
}

const beforeRec = ',"rec":';

function record(head: JsonObject, rec: unknown): Effect {
  const stored = { rec: objectOf(rec), rev: countOf(head, "rev"), order: countOf(head, "order") };
  // What is inside a record is vouched for by the checksum and the format version, not looked at again.
  return { op: "put", kind: kindOf(head), ...placeOf(head), stored } as unknown as Effect;
}

function transition(head: JsonObject, text: string): Effect {
  return { op: "append", ...placeOf(head), seq: countOf(head, "seq"), rows: [text] };
}

function kindOf(head: JsonObject): Kind {
  const kind = kinds.find((known) => known === head.kind);
  if (kind === undefined) throw new Error(`there is no kind ${JSON.stringify(head.kind)}`);
  return kind;
}

function placeOf({ scope, name }: JsonObject): { scope: string; name: string } {
  if (typeof scope !== "string" || typeof name !== "string") throw new Error("scope and name must be strings");
  return { scope, name };
}

function countOf(head: JsonObject, member: "rev" | "order" | "seq"): number {
  const value = head[member];
  if (!Number.isSafeInteger(value) || Number(value) < 1) throw new Error(`${member} must be a whole number from 1`);
  return Number(value);
}

function objectOf(rec: unknown): JsonObject {
  if (!isJsonObject(rec)) throw new Error("rec must be an object");
  return rec;
}
