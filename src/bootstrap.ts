// What a store is born with: an organization with anonymous access, a key that may do everything, a token signed by it, and the secret
// that signs uploads.

import { SignJWT } from "jose";
import { apiAudience, defaultIssuer } from "./domain/access-tokens.ts";
import type { Clock, Entropy } from "./domain/clock.ts";
import { newId, newSecret } from "./domain/ids.ts";
import type { Bootstrap, Key } from "./domain/records.ts";
import { allScopes } from "./domain/scopes.ts";
import { anonymousAccess } from "./operations/anonymous.ts";
import type { NewRow, Store, Stored } from "./store/port.ts";

export interface Credentials extends Bootstrap {
  secretKey: string;
}

/** The store's credentials: made once, at its first start, and the same ever after. */
export async function ensureCredentials(
  store: Store,
  { clock, wallClock, entropy }: { clock: Clock; wallClock: Clock; entropy: Entropy },
): Promise<Credentials> {
  const existing = await store.get("bootstrap", "", "bootstrap");
  if (existing) {
    if (!existing.rec.anonymousAccessGiven) await giveAnonymousAccess(store, existing, clock, entropy);
    const key = await store.get("key", existing.rec.orgId, existing.rec.keyId);
    return { ...existing.rec, secretKey: key?.rec.secret ?? "" };
  }
  const createdAt = clock.now();
  const orgId = newId("org", entropy);
  const key = firstKey(orgId, createdAt, entropy);
  const bootstrap = await bootstrapWith(key, wallClock, entropy);
  await store.commit([
    { op: "put", kind: "org", scope: "", name: orgId, rec: { id: orgId, name: "local", createdAt }, ifRev: 0 },
    { op: "put", kind: "key", scope: orgId, name: key.id, rec: key, ifRev: 0 },
    ...anonymousAccess(orgId, clock, entropy),
    { op: "put", kind: "bootstrap", scope: "", name: "bootstrap", rec: bootstrap, ifRev: 0 },
  ]);
  return { ...bootstrap, secretKey: key.secret };
}

function firstKey(orgId: string, createdAt: number, entropy: Entropy): Key {
  const [id, secret] = [newId("sbk", entropy), newSecret(entropy)];
  return { id, orgId, name: "bootstrap", secret, scopes: [...allScopes], createdAt };
}

async function bootstrapWith(key: Key, wallClock: Clock, entropy: Entropy): Promise<Bootstrap> {
  const adminToken = await signAdminToken(key, wallClock.now());
  const uploadSecret = Buffer.from(entropy.secretBytes(32)).toString("base64url");
  return { orgId: key.orgId, keyId: key.id, adminToken, uploadSecret, anonymousAccessGiven: true };
}

/** Of an organization whose store lost them: with the first of its keys that may do everything, or with a new one. */
export async function credentialsAnew(
  orgId: string,
  keys: readonly Key[],
  { clock, wallClock, entropy }: { clock: Clock; wallClock: Clock; entropy: Entropy },
): Promise<NewRow[]> {
  const known = keys.find(({ scopes }) => allScopes.every((scope) => scopes.includes(scope)));
  const key = known ?? firstKey(orgId, clock.now(), entropy);
  const rec = await bootstrapWith(key, wallClock, entropy);
  const rows: NewRow[] = [{ kind: "bootstrap", scope: "", name: "bootstrap", rec }];
  return known ? rows : [...rows, { kind: "key", scope: orgId, name: key.id, rec: key }];
}

/** For stores that are older than anonymous access: once, so that what somebody deletes stays deleted. */
async function giveAnonymousAccess(
  store: Store,
  { rec, rev }: Stored<Bootstrap>,
  clock: Clock,
  entropy: Entropy,
): Promise<void> {
  const given: Bootstrap = { ...rec, anonymousAccessGiven: true };
  await store.commit([
    ...anonymousAccess(rec.orgId, clock, entropy),
    { op: "put", kind: "bootstrap", scope: "", name: "bootstrap", rec: given, ifRev: rev },
  ]);
}

/**
 * Which run of the store this is under a manual clock, from 0; counts it. What one run draws from its seed the next must not draw again.
 */
export async function countManualRun(store: Store): Promise<number> {
  const existing = await store.get("bootstrap", "", "bootstrap");
  if (!existing) return 0;
  const { rec, rev } = existing;
  const run = (rec.manualRuns ?? 0) + 1;
  const counted = { ...rec, manualRuns: run };
  await store.commit([{ op: "put", kind: "bootstrap", scope: "", name: "bootstrap", rec: counted, ifRev: rev }]);
  return run;
}

/** Without an expiry: it is the same after every restart, and ends with its key. */
function signAdminToken(key: Key, now: number): Promise<string> {
  return new SignJWT({ act: { sub: "settle-admin" } })
    .setProtectedHeader({ alg: "HS256", kid: key.id })
    .setAudience(apiAudience)
    .setIssuer(defaultIssuer(key.id))
    .setIssuedAt(Math.floor(now / 1000))
    .sign(new TextEncoder().encode(key.secret));
}
