// What a store's files tell without opening it, so that it may be in use: its credentials, and where its server listens.

import { resolve } from "node:path";
import { announcedUrl } from "./store/lowdb/address.ts";
import { glance } from "./store/lowdb/glance.ts";

export interface StoredCredentials {
  orgId: string;
  keyId: string;
  /** Absent once the store's first key was deleted. */
  secretKey?: string;
  adminToken: string;
}

/** Null when there is no store at the path, or an empty one. @throws StoreUnreadable */
export async function storedCredentials(path: string): Promise<StoredCredentials | null> {
  const records = await glance(resolve(path), ["bootstrap", "key"]);
  const bootstrap = records?.get("bootstrap", "", "bootstrap")?.rec;
  if (!records || !bootstrap) return null;
  const { orgId, keyId, adminToken } = bootstrap;
  const secretKey = records.get("key", orgId, keyId)?.rec.secret;
  return { orgId, keyId, adminToken, ...(secretKey === undefined ? {} : { secretKey }) };
}

/** The URL of the server that has the store open; null when none has. */
export function runningServer(path: string): Promise<string | null> {
  return announcedUrl(resolve(path));
}
