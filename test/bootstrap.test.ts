// What a store is born with, and what an older one is given.

import { expect, test } from "vitest";
import { ensureCredentials } from "../src/bootstrap.ts";
import { systemEntropy } from "../src/outside.ts";
import { createMemoryStore } from "../src/store/memory.ts";
import type { Kind, Store } from "../src/store/port.ts";

const clock = { now: () => Date.UTC(2026, 0, 1) };
const start = (store: Store) => ensureCredentials(store, { clock, wallClock: clock, entropy: systemEntropy });

async function everything(store: Store, orgId: string): Promise<unknown> {
  const scoped = (["key", "idp", "tokenProvider"] as const).map((kind) => store.list(kind, orgId, 0, 100));
  return Promise.all([store.list("org", "", 0, 100), store.get("bootstrap", "", "bootstrap"), ...scoped]);
}
async function names(store: Store, kind: Kind, orgId: string): Promise<number> {
  return (await store.list(kind, orgId, 0, 100)).items.length;
}

test("a new store has an organization with anonymous access, and is the same at every start", async () => {
  const store = createMemoryStore();
  const first = await start(store);
  const before = await everything(store, first.orgId);
  expect(await start(store)).toEqual(first);
  expect(await everything(store, first.orgId)).toEqual(before);
  expect(first.secretKey).toMatch(/^sbsec_/);
  const provider = await store.get("tokenProvider", first.orgId, "anonymous-statebacked-dev");
  const signer = await store.keyById(provider?.rec.keyId ?? "");
  expect(signer?.rec).toMatchObject({ orgId: first.orgId, scopes: expect.not.arrayContaining(["org.keys.write"]) });
});

test("a store from before anonymous access gets it once, and keeps its credentials", async () => {
  const store = createMemoryStore();
  const { orgId } = await start(store);
  const forget = async (kind: "idp" | "tokenProvider" | "key") => {
    for (const { rec, rev } of (await store.list(kind, orgId, 0, 100)).items) {
      const name = "service" in rec ? rec.service : "secret" in rec ? rec.id : JSON.stringify([rec.aud, rec.iss]);
      if ("secret" in rec && rec.name === "bootstrap") continue;
      await store.commit([{ op: "delete", kind, scope: orgId, name, ifRev: rev }]);
    }
  };
  const [old] = [await store.get("bootstrap", "", "bootstrap")];
  if (!old) throw new Error("there is no bootstrap record");
  const { anonymousAccessGiven: _, ...rec } = old.rec;
  for (const kind of ["idp", "tokenProvider", "key"] as const) await forget(kind);
  await store.commit([{ op: "put", kind: "bootstrap", scope: "", name: "bootstrap", rec, ifRev: old.rev }]);

  const credentials = await start(store);
  expect(credentials).toMatchObject(rec);
  expect(
    await Promise.all((["idp", "tokenProvider", "key"] as const).map((kind) => names(store, kind, orgId))),
  ).toEqual([1, 1, 2]);

  for (const kind of ["idp", "tokenProvider", "key"] as const) await forget(kind);
  await start(store);
  expect(
    await Promise.all((["idp", "tokenProvider", "key"] as const).map((kind) => names(store, kind, orgId))),
  ).toEqual([0, 0, 1]);
});
