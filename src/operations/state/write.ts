// Writes a store as a state document, a piece at a time.

import type { IdentityProvider, Transition } from "../../domain/records.ts";
import type { Collections, Kind, SavedRow, Store } from "../../store/port.ts";
import { readCode } from "../code.ts";
import type { CredentialsEntry, DocumentKind } from "./form.ts";
import { documentHead, documentTail, ownOrgMark } from "./form.ts";

export interface WriteOptions {
  /** Whether secrets are part of it: credentials, secrets of keys, keys of identity providers, codes of invitations. */
  withCredentials: boolean;
}

/** Pieces are gathered up to about this many characters: each costs a trip to the reader. */
const pieceCharacters = 64 * 1024;

/** Whoever doesn't read it to its end says so, or the store holds on to what was deleted since. */
export interface DocumentPieces extends AsyncIterable<string> {
  next(): Promise<IteratorResult<string, void>>;
  return(): Promise<IteratorResult<string, void>>;
}

/**
 * The store as it is at the moment of the call, whatever is committed while it is read.
 * @throws what reading a blob throws; the document then ends in the middle, where nobody takes it for a whole one
 */
export function writeDocument(store: Store, options: WriteOptions): DocumentPieces {
  const rows = store.saved()[Symbol.asyncIterator]();
  const letGo = async () => void (await rows.return?.());
  const lines = linesOf(store, { [Symbol.asyncIterator]: () => rows }, options);
  const pieces = gathered(lines);
  // Generators that are ended before they began run nothing of their own, so the rows are ended here.
  const iterator: DocumentPieces = {
    async next() {
      try {
        return await pieces.next();
      } catch (error) {
        await letGo();
        throw error;
      }
    },
    async return() {
      // Waits for the piece that is being read.
      const end = await pieces.return();
      await letGo();
      return end;
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

async function* gathered(lines: AsyncIterable<string>): AsyncGenerator<string, void> {
  let text = documentHead;
  let separator = "\n";
  for await (const line of lines) {
    text += separator + line;
    separator = ",\n";
    if (text.length < pieceCharacters) continue;
    yield text;
    text = "";
  }
  yield text + documentTail;
}

async function* linesOf(store: Store, rows: AsyncIterable<SavedRow>, { withCredentials }: WriteOptions) {
  const codes = new Set<string>();
  const own = await readCredentials(store);
  if (own && withCredentials) yield line("credentials", own);
  for await (const row of rows) {
    if (row.kind === "version" || row.kind === "migration") {
      const { codeSha256 } = row.rec;
      if (!codes.has(codeSha256)) yield await codeLine(store, row);
      codes.add(codeSha256);
    }
    if (!isOwn(row, own)) yield* entryLines(row, own?.bootstrap, withCredentials);
  }
}

/** What is made once for a store, and written under its own name. */
function isOwn({ kind, name }: SavedRow, own: CredentialsEntry | null): boolean {
  if (kind === "org") return name === own?.bootstrap.orgId;
  return kind === "key" && name === own?.bootstrap.keyId;
}

/** Null for a store that no server was ever started on. */
export async function readCredentials(store: Store): Promise<CredentialsEntry | null> {
  const bootstrap = await store.get("bootstrap", "", "bootstrap");
  const org = bootstrap && (await store.get("org", "", bootstrap.rec.orgId));
  if (!bootstrap || !org) return null;
  const key = await store.get("key", bootstrap.rec.orgId, bootstrap.rec.keyId);
  return { bootstrap: bootstrap.rec, org: org.rec, ...(key ? { key: key.rec } : {}) };
}

type Own = CredentialsEntry["bootstrap"] | undefined;

function* entryLines(row: SavedRow, own: Own, withCredentials: boolean): Generator<string> {
  switch (row.kind) {
    case "bootstrap":
    case "upload":
      return;
    case "transition":
      return yield line("transition", placed(row.scope, row.name, row.rec, own));
    case "invitation":
      if (!withCredentials) return;
      break;
    case "key": {
      const { secret, ...rec } = row.rec;
      return yield line("key", unowned(withCredentials ? { ...rec, secret } : rec, own));
    }
    case "idp":
      return yield line("idp", unowned(provider(row.rec, own, withCredentials), own));
    case "tokenProvider": {
      const { keyId, ...rec } = row.rec;
      return yield line("tokenProvider", unowned(keyId === own?.keyId ? rec : row.rec, own));
    }
    case "org": {
      const { createdByKeyId, ...rec } = row.rec;
      return yield line("org", createdByKeyId === own?.keyId ? rec : row.rec);
    }
  }
  yield line(row.kind, unowned(row.rec as Collections[Exclude<Kind, "bootstrap" | "org">], own));
}

/** Members come in one order, whoever wrote the record, so that two documents of the same state are the same text. */
function line(kind: DocumentKind, entry: object): string {
  const members = Object.entries(entry).sort(([a], [b]) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return `{"${kind}":${JSON.stringify(Object.fromEntries(members))}}`;
}

/** What says which one it is comes first; the rest by name. */
const first = [
  "orgId",
  "machine",
  "instance",
  "id",
  "slug",
  "service",
  "aud",
  "iss",
  "seq",
  "ts",
  "nr",
  "name",
  "sha256",
];

function rank(member: string): number {
  const at = first.indexOf(member);
  return at === -1 ? first.length : at;
}

/** Without the organization, where that is the store's own. */
function unowned<T extends { orgId: string }>(rec: T, own: Own): object {
  if (rec.orgId !== own?.orgId) return rec;
  const { orgId: _, ...rest } = rec;
  return rest;
}

function placed(scope: string, instance: string, { seq, ...rest }: Transition, own: Own): object {
  const [orgId = "", machine = ""] = scope.split("/");
  return unowned({ orgId, machine, instance, seq, ...rest }, own);
}

/** An identity provider expects a name that may hold the organization's id; so does the key of anonymous access, which is no secret. */
function provider(rec: IdentityProvider, own: Own, withCredentials: boolean): IdentityProvider {
  const { key, ...open } = rec;
  const marked = (text: string) => (own ? text.replaceAll(own.orgId, ownOrgMark) : text);
  const isPublic = key !== undefined && key === publicKeyOf(rec.orgId);
  const shown = isPublic ? ownOrgMark : key;
  return {
    ...open,
    ...(open.aud === undefined ? {} : { aud: marked(open.aud) }),
    ...(open.iss === undefined ? {} : { iss: marked(open.iss) }),
    ...(shown !== undefined && (isPublic || withCredentials) ? { key: shown } : {}),
  };
}

/** What everybody signs anonymous sessions with. @see anonymousAccess */
export function publicKeyOf(orgId: string): string {
  return Buffer.from(orgId).toString("base64url");
}

async function codeLine(store: Store, row: Extract<SavedRow, { kind: "version" | "migration" }>): Promise<string> {
  const { codeSha256: sha256, machine, id } = row.rec;
  const bytes = await readCode(store, `the ${row.kind} ${id} of machine ${machine}`, sha256);
  const text = Buffer.from(bytes).toString("utf8");
  const isText = Buffer.from(text).equals(bytes);
  return line("code", { sha256, ...(isText ? { text } : { base64: Buffer.from(bytes).toString("base64") }) });
}
