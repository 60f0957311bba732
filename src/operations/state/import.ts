// Puts a state document into a store that no server has open.

import type { Entropy } from "../../domain/clock.ts";
import { Problem } from "../../domain/problem.ts";
import type { Key } from "../../domain/records.ts";
import type { Store } from "../../store/port.ts";
import type { CredentialsEntry } from "./form.ts";
import { type Counts, credentialsIn, type Progress, readDocument } from "./read.ts";
import { readCredentials } from "./write.ts";

/** What a document that was put in holds: how many records of each kind. */
export interface PutIn {
  records: Counts;
}

/** The credentials of a store, and the keys that stay: the first one, or, when it was deleted, whatever else may make keys. */
export interface Own {
  own: CredentialsEntry;
  kept: Key[];
}

/** @param make gives credentials to a store without any, unless the document has some. @throws Problem, StoreUnavailable */
export async function importInto(
  store: Store,
  entropy: Entropy,
  read: () => AsyncIterable<Uint8Array>,
  make: () => Promise<CredentialsEntry>,
): Promise<PutIn> {
  const own = (await readCredentials(store)) ?? (await credentialsIn(read())) ?? (await make());
  const kept = await keptKeys(store, own);
  return store.holdBlobs((putBlob) => {
    const options = { store, putBlob, entropy, own, kept };
    return tellingWhere((progress) => store.replaceAll(readDocument(read(), options, progress)));
  });
}

/** A record that doesn't fit those before it is the document's fault, and has its place in it. */
export async function tellingWhere(put: (progress: Progress) => Promise<void>): Promise<PutIn> {
  const progress: Progress = { counts: {}, place: "" };
  try {
    await put(progress);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const message = `The document's ${progress.place} doesn't fit those before it: ${error.message}. Nothing was changed.`;
    throw new Problem("invalid-parameter", message, { parameter: "body", cause: error });
  }
  return { records: progress.counts };
}

export async function ownOf(store: Store): Promise<Own> {
  const own = await readCredentials(store);
  if (!own) throw new Error("the store has no credentials");
  return { own, kept: await keptKeys(store, own) };
}

async function keptKeys(store: Store, own: CredentialsEntry): Promise<Key[]> {
  if (own.key) return [own.key];
  const kept: Key[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: Awaited<ReturnType<typeof store.list<"key">>> = await store.list("key", own.org.id, after, 100);
    kept.push(...page.items.map(({ rec }) => rec).filter(({ scopes }) => scopes.includes("org.keys.write")));
    after = page.next;
  }
  return kept;
}
