// Token providers: create or replace, list, delete.

import type { JsonObject } from "../domain/json.ts";
import { Problem } from "../domain/problem.ts";
import type { TokenProvider } from "../domain/records.ts";
import type { TokenProviderPage, UpsertTokenProviderRequest } from "../spec/generated/types.ts";
import { listPage, param } from "./lookup.ts";
import { requireMapping } from "./mappings.ts";
import type { Operation } from "./services.ts";

export const upsertTokenProvider: Operation = async ({ store }, { orgId }, request) => {
  const { service, keyId, mapping } = request.body as UpsertTokenProviderRequest;
  const rec: TokenProvider = { orgId, service, keyId, mapping: mapping as JsonObject };
  requireMapping(rec.mapping);
  if (!(await store.get("key", orgId, keyId))) throw new Problem("not-found", `There is no key ${keyId}.`);
  await store.exclusive(`token provider ${orgId} ${service}`, async () => {
    const earlier = await store.get("tokenProvider", orgId, service);
    const ifRev = earlier?.rev ?? 0;
    await store.commit([{ op: "put", kind: "tokenProvider", scope: orgId, name: service, rec, ifRev }]);
  });
  return { status: 204 };
};

export const listTokenProviders: Operation = async (services, { orgId }, request) => {
  const { items, ...next } = await listPage(services, "tokenProvider", orgId, request);
  const tokenProviders = items.map(({ service, keyId, mapping }) => ({ service, keyId, mapping }));
  const body: TokenProviderPage = { tokenProviders, ...next };
  return { status: 200, body };
};

export const deleteTokenProvider: Operation = async ({ store }, { orgId }, request) => {
  const service = param(request, "service");
  return store.exclusive(`token provider ${orgId} ${service}`, async () => {
    const provider = await store.get("tokenProvider", orgId, service);
    if (!provider) throw new Problem("not-found", `There is no token provider ${service}.`);
    await store.commit([{ op: "delete", kind: "tokenProvider", scope: orgId, name: service, ifRev: provider.rev }]);
    return { status: 204 };
  });
};
