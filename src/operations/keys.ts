// Keys: create, list, delete.

import { newId, newSecret } from "../domain/ids.ts";
import { isoTime } from "../domain/iso-time.ts";
import { Problem } from "../domain/problem.ts";
import type { Key } from "../domain/records.ts";
import { scopesOfUse } from "../domain/scopes.ts";
import type {
  CreateKeyRequest,
  CreateKeyResponse,
  KeyPage,
  KeyScope,
  Key as ListedKey,
} from "../spec/generated/types.ts";
import type { Store } from "../store/port.ts";
import { listPage, param } from "./lookup.ts";
import type { Operation } from "./services.ts";

/** The only answer that holds the secret. */
export const createKey: Operation = async ({ store, clock, entropy }, { orgId }, request) => {
  const { name, use, scopes = use ? scopesOfUse[use] : [] } = request.body as CreateKeyRequest;
  const rec: Key = {
    id: newId("sbk", entropy),
    orgId,
    name,
    secret: newSecret(entropy),
    scopes: [...new Set(scopes)],
    createdAt: clock.now(),
  };
  await store.commit([{ op: "put", kind: "key", scope: orgId, name: rec.id, rec, ifRev: 0 }]);
  const body: CreateKeyResponse = { id: rec.id, key: rec.secret };
  return { status: 200, body };
};

export const listKeys: Operation = async (services, { orgId }, request) => {
  const { items, ...next } = await listPage(services, "key", orgId, request);
  const body: KeyPage = { keys: items.map(withoutSecret), ...next };
  return { status: 200, body };
};

function withoutSecret({ id, name, scopes, createdAt }: Key): ListedKey {
  return { id, name, scopes: scopes as KeyScope[], createdAt: isoTime(createdAt) };
}

/** From its commit on, every token of the key is refused. One deletion at a time: two must not each count on the other's key. */
export const deleteKey: Operation = async ({ store }, { orgId }, request) => {
  const id = param(request, "keyId");
  return store.exclusive(`keys of ${orgId}`, async () => {
    const key = await store.get("key", orgId, id);
    if (!key) throw new Problem("not-found", `There is no key ${id}.`);
    if (managesKeys(key.rec) && !(await othersManageKeys(store, orgId, id))) {
      const message = `${id} is the only key of its organization with the scope org.keys.write. Create another one first.`;
      throw new Problem("invalid-state", message);
    }
    await store.commit([{ op: "delete", kind: "key", scope: orgId, name: id, ifRev: key.rev }]);
    return { status: 204 };
  });
};

function managesKeys({ scopes }: Key): boolean {
  return scopes.includes("org.keys.write");
}

async function othersManageKeys(store: Store, orgId: string, id: string): Promise<boolean> {
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: Awaited<ReturnType<typeof store.list<"key">>> = await store.list("key", orgId, after, 100);
    if (page.items.some(({ rec }) => rec.id !== id && managesKeys(rec))) return true;
    after = page.next;
  }
  return false;
}
