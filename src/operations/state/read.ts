// Reads a state document as rows for a store, whose credentials stay; puts the code that is in it into the store on the way.

import type { Entropy } from "../../domain/clock.ts";
import { newSecret } from "../../domain/ids.ts";
import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import { logName } from "../../domain/log-name.ts";
import { messageOf } from "../../domain/message-of.ts";
import { Problem } from "../../domain/problem.ts";
import { identityProviderName } from "../../domain/provider-names.ts";
import type { IdentityProvider, Key, Org, Transition } from "../../domain/records.ts";
import type { Collections, Kind, NewRow, PutBlob, Store } from "../../store/port.ts";
import type { CredentialsEntry, DocumentKind } from "./form.ts";
import { ownOrgMark, stateFormat, stateVersion } from "./form.ts";
import { notOne, type Piece, piecesOf } from "./pieces.ts";
import { References } from "./references.ts";
import { documentKinds, type EntryCheck, entryCheck } from "./schema.ts";
import { publicKeyOf } from "./write.ts";

export interface ReadOptions {
  /** Has the secrets that the document leaves out. */
  store: Store;
  /** Where the code goes; it has to be held until the rows are stored. */
  putBlob: PutBlob;
  entropy: Entropy;
  /** Whose the document's records become. */
  own: CredentialsEntry;
  /** Keys that stay as they are, whatever the document says of them. */
  kept: readonly Key[];
}

/** How many there are of each kind. */
export type Counts = { [kind in Exclude<DocumentKind, "credentials">]?: number };

/** How far a document was read. */
export interface Progress {
  counts: Counts;
  /** Of the record that was read last. */
  place: string;
}

/**
 * The rows of the document, those of the own credentials first.
 * @param progress is told what was read
 * @throws Problem `invalid-parameter` that says where and what is wrong, and what would be right; `body-too-large`
 */
export async function* readDocument(
  chunks: AsyncIterable<Uint8Array>,
  options: ReadOptions,
  progress: Progress,
): AsyncGenerator<NewRow, void> {
  const reader = new Reader(options, progress);
  yield* reader.own();
  for await (const piece of piecesOf(chunks)) {
    if (piece.part === "record") yield* await reader.record(piece);
    else reader.edge(piece);
  }
}

/** The credentials of a document that was written with them; null for another one. Reads no further than it must. */
export async function credentialsIn(chunks: AsyncIterable<Uint8Array>): Promise<CredentialsEntry | null> {
  const check = entryCheck();
  for await (const piece of piecesOf(chunks)) {
    if (piece.part === "head") continue;
    if (piece.part === "tail") return null;
    const [kind, entry] = entryOf(piece, check);
    return kind === "credentials" ? (entry as unknown as CredentialsEntry) : null;
  }
  return null;
}

/** The records that make a store's own credentials. */
export function credentialRows({ bootstrap, org }: CredentialsEntry, keys: readonly Key[]): NewRow[] {
  return [
    { kind: "bootstrap", scope: "", name: "bootstrap", rec: bootstrap },
    { kind: "org", scope: "", name: org.id, rec: org },
    ...keys.map((rec): NewRow => ({ kind: "key", scope: rec.orgId, name: rec.id, rec })),
  ];
}

class Reader {
  readonly #options: ReadOptions;
  readonly #progress: Progress;
  readonly #check: EntryCheck = entryCheck();
  readonly #references = new References();

  constructor(options: ReadOptions, progress: Progress) {
    this.#options = options;
    this.#progress = progress;
  }

  own(): NewRow[] {
    const rows = credentialRows(this.#options.own, this.#options.kept);
    for (const row of rows) this.#references.wrongWith(row);
    return rows;
  }

  edge({ part, text }: Piece): void {
    const { records: _, ...members } = edgeObject(text);
    if (part === "tail") {
      const wrong = this.#references.wrongAtEnd();
      if (wrong !== null) throw notOne(`At its end: ${wrong}.`);
    } else {
      const { format, version } = members;
      if (format !== stateFormat)
        throw notOne(`Its format must be "${stateFormat}", and is ${JSON.stringify(format)}.`);
      if (version !== stateVersion) {
        const isNewer = typeof version === "number" && version > stateVersion;
        throw notOne(
          `Its version is ${JSON.stringify(version)}, and this version of Settle reads ${stateVersion}.${isNewer ? " A newer one wrote it." : ""}`,
        );
      }
    }
    // A snapshot's checksum is whoever keeps it to look at: a document may be edited.
    const known = part === "tail" ? ["sha256"] : ["format", "version"];
    const unknown = Object.keys(members).find((name) => !known.includes(name));
    if (unknown !== undefined) throw notOne(`Beside its records it has ${unknown}, which nobody knows.`);
  }

  async record(piece: Piece): Promise<NewRow[]> {
    const [kind, entry] = entryOf(piece, this.#check);
    if (kind === "credentials") return [];
    const { counts } = this.#progress;
    counts[kind] = (counts[kind] ?? 0) + 1;
    this.#progress.place = placeOf(piece);
    if (kind === "code") {
      await this.#keepCode(piece, entry);
      return [];
    }
    const row = await this.#rowOf(kind, entry);
    if (row === null) return [];
    const wrong = this.#references.wrongWith(row);
    if (wrong !== null) throw wrongRecord(piece, kind, wrong);
    return [row];
  }

  async #keepCode(piece: Piece, { sha256, text, base64 }: JsonObject): Promise<void> {
    const bytes = typeof text === "string" ? Buffer.from(text) : Buffer.from(String(base64), "base64");
    const actual = await this.#options.putBlob(bytes);
    if (actual !== sha256) {
      const mend = "If the code was edited, write that one here and in the codeSha256 of its versions";
      throw wrongRecord(piece, "code", `its SHA-256 is ${actual}, and not ${String(sha256)}. ${mend}`);
    }
    this.#references.noteCode(actual);
  }

  /** Null for what stays as it is in the store. */
  async #rowOf(kind: Exclude<DocumentKind, "credentials" | "code">, entry: JsonObject): Promise<NewRow | null> {
    const { own, kept } = this.#options;
    if (kind === "org") {
      const org = { createdByKeyId: own.bootstrap.keyId, ...(entry as unknown as Org) };
      return { kind, scope: "", name: org.id, rec: org };
    }
    const rec: JsonObject = { orgId: own.org.id, ...entry };
    switch (kind) {
      case "transition":
        return transitionRow(rec);
      case "key":
        if (kept.some(({ id }) => id === rec.id)) return null;
        return rowOf(kind, await this.#withSecret(rec as unknown as Omit<Key, "secret">));
      case "idp":
        return rowOf(kind, await this.#provider(rec as unknown as IdentityProvider));
      case "tokenProvider":
        return rowOf(kind, { keyId: own.bootstrap.keyId, ...rec } as unknown as Collections["tokenProvider"]);
      default:
        return rowOf(kind, rec as unknown as Collections[typeof kind]);
    }
  }

  /** A secret that the document leaves out is the one that the store knows, or one that nobody knows: what signs with the key goes on. */
  async #withSecret(key: Omit<Key, "secret"> & { secret?: string }): Promise<Key> {
    if (key.secret !== undefined) return { ...key, secret: key.secret };
    const known = await this.#options.store.get("key", key.orgId, key.id);
    return { ...key, secret: known?.rec.secret ?? newSecret(this.#options.entropy) };
  }

  async #provider(entry: IdentityProvider): Promise<IdentityProvider> {
    const { orgId } = entry;
    const named = (text: string) => text.replaceAll(ownOrgMark, this.#options.own.org.id);
    const rec = {
      ...entry,
      ...(entry.aud === undefined ? {} : { aud: named(entry.aud) }),
      ...(entry.iss === undefined ? {} : { iss: named(entry.iss) }),
    };
    const known = await this.#options.store.get("idp", orgId, identityProviderName(rec));
    const key = entry.key === ownOrgMark ? publicKeyOf(orgId) : (entry.key ?? known?.rec.key);
    return { ...rec, ...(key === undefined ? {} : { key }) };
  }
}

type Plain = Exclude<Kind, "bootstrap" | "org" | "upload">;

/** A record says itself where it lives. */
function rowOf<K extends Plain>(kind: K, rec: Collections[K]): NewRow {
  const { orgId, machine, instance, ...rest } = rec as Collections[K] & { machine?: string; instance?: string };
  const names = rest as { id?: string; slug?: string; service?: string; code?: string; name?: string };
  const row = (scope: string, name = "") => ({ kind, scope, name, rec }) as unknown as NewRow;
  switch (kind) {
    case "invitation":
      return row("", names.code);
    case "key":
      return row(orgId, names.id);
    case "machine":
      return row(orgId, names.slug);
    case "tokenProvider":
      return row(orgId, names.service);
    case "idp":
      return row(orgId, identityProviderName(rec as IdentityProvider));
    case "log":
      return row(orgId, logName(rec as Collections["log"]));
    case "instance":
      return row(`${orgId}/${machine}`, names.slug);
    case "work":
      return row(`${orgId}/${machine}/${instance}`, names.name);
    default:
      return row(`${orgId}/${machine}`, names.id);
  }
}

function transitionRow({ orgId, machine, instance, ...rec }: JsonObject): NewRow {
  return {
    kind: "transition",
    scope: `${orgId}/${machine}`,
    name: String(instance),
    rec: rec as unknown as Transition,
  };
}

function entryOf(piece: Piece, check: EntryCheck): [DocumentKind, JsonObject] {
  const record = parsed(piece);
  const [kind, ...others] = Object.keys(record);
  const known = documentKinds.find((one) => one === kind);
  if (known === undefined || others.length > 0) {
    const seen = kind === undefined ? "nothing" : Object.keys(record).slice(0, 3).join(", ");
    throw notOne(`${placeOf(piece)} must have one member, its kind (${documentKinds.join(", ")}), and has ${seen}.`);
  }
  const entry = record[known];
  if (!isJsonObject(entry)) throw wrongRecord(piece, known, "it is not an object");
  const wrong = check(known, entry);
  if (wrong !== null) throw wrongRecord(piece, known, wrong);
  return [known, entry];
}

function parsed(piece: Piece): JsonObject {
  try {
    return JSON.parse(piece.text) as JsonObject;
  } catch (error) {
    throw notOne(`${placeOf(piece)} is not JSON: ${messageOf(error)}.`);
  }
}

function edgeObject(text: string): JsonObject {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // Told below.
  }
  throw notOne("What stands around its records is not JSON.");
}

function placeOf({ index, line }: Piece): string {
  return `records[${index}] (line ${line})`;
}

function wrongRecord(piece: Piece, kind: DocumentKind, what: string): Problem {
  const message = `The document's ${placeOf(piece)}, ${kind}: ${what}. Nothing was changed.`;
  return new Problem("invalid-parameter", message, { parameter: `records[${piece.index}].${kind}` });
}
