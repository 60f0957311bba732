// Identity providers: trust one, list them, stop trusting one.

import type { JsonObject } from "../domain/json.ts";
import { messageOf } from "../domain/message-of.ts";
import { Problem } from "../domain/problem.ts";
import type { ProviderClaims } from "../domain/provider-names.ts";
import { identityProviderName } from "../domain/provider-names.ts";
import type { IdentityProvider } from "../domain/records.ts";
import { fits, isSymmetric, readVerificationKey } from "../domain/verification-key.ts";
import type {
  DeleteIdentityProviderRequest,
  IdentityProviderPage,
  IdentityProvider as ListedIdentityProvider,
  SigningAlgorithm,
  UpsertIdentityProviderRequest,
} from "../spec/generated/types.ts";
import { listPage } from "./lookup.ts";
import { requireMapping } from "./mappings.ts";
import type { Operation } from "./services.ts";

/** Replaces everything that was known of it: a key that is not given again is gone. */
export const upsertIdentityProvider: Operation = async ({ store }, { orgId }, request) => {
  const { aud, iss, algs, key, jwksUrl, mapping } = request.body as UpsertIdentityProviderRequest;
  const name = nameOf({ aud, iss });
  const rec: IdentityProvider = {
    orgId,
    ...(aud === undefined ? {} : { aud }),
    ...(iss === undefined ? {} : { iss }),
    algs: [...new Set(algs)],
    ...(key === undefined ? {} : { key }),
    ...(jwksUrl === undefined ? {} : { jwksUrl }),
    mapping: mapping as JsonObject,
  };
  requireVerifiable(rec);
  requireMapping(rec.mapping);
  await store.exclusive(`idp ${orgId} ${name}`, async () => {
    const earlier = await store.get("idp", orgId, name);
    await store.commit([{ op: "put", kind: "idp", scope: orgId, name, rec, ifRev: earlier?.rev ?? 0 }]);
  });
  return { status: 204 };
};

export const listIdentityProviders: Operation = async (services, { orgId }, request) => {
  const { items, ...next } = await listPage(services, "idp", orgId, request);
  const body: IdentityProviderPage = { idps: items.map(withoutKey), ...next };
  return { status: 200, body };
};

function withoutKey({ orgId: _org, key: _key, algs, ...rest }: IdentityProvider): ListedIdentityProvider {
  return { ...rest, algs: algs as SigningAlgorithm[] };
}

export const deleteIdentityProvider: Operation = async ({ store }, { orgId }, request) => {
  const name = nameOf(request.body as DeleteIdentityProviderRequest);
  return store.exclusive(`idp ${orgId} ${name}`, async () => {
    const provider = await store.get("idp", orgId, name);
    if (!provider) {
      throw new Problem("not-found", "There is no identity provider with exactly this aud and iss, or lack of either.");
    }
    await store.commit([{ op: "delete", kind: "idp", scope: orgId, name, ifRev: provider.rev }]);
    return { status: 204 };
  });
};

/** An empty claim would identify nobody. */
function nameOf({ aud, iss }: ProviderClaims): string {
  for (const [parameter, value] of Object.entries({ aud, iss })) {
    if (value === "") throw new Problem("invalid-parameter", `${parameter} must not be empty.`, { parameter });
  }
  return identityProviderName({ aud, iss });
}

/**
 * Each algorithm needs something to verify it with. A key is a secret or a public key, and which one its bytes can't tell for sure; were it
 * both, whoever knows the public key could sign with it.
 */
function requireVerifiable({ algs, key: encoded, jwksUrl }: IdentityProvider): void {
  if (algs.length === 0) throw wrong("algs", "must name at least one algorithm");
  if (jwksUrl !== undefined) requireHttpUrl(jwksUrl);
  const isSecret = algs.some(isSymmetric);
  const isMixed = isSecret && !algs.every(isSymmetric);
  if (isMixed && jwksUrl === undefined) {
    throw wrong("algs", "must be all HS or all others: one key can't be both a secret and a public key");
  }
  if (isSecret && encoded === undefined) throw wrong("algs", "names HS algorithms, for which a key must be given");
  if (encoded === undefined) return;
  const key = readKey(encoded, isSecret ? "secret" : "public");
  const left = jwksUrl === undefined ? algs.find((alg) => !fits(key, alg)) : undefined;
  if (left !== undefined) throw wrong("key", `can't verify ${left}: it is of another kind or size`);
  if (!algs.some((alg) => fits(key, alg))) throw wrong("key", `can verify none of ${algs.join(", ")}`);
}

function readKey(encoded: string, kind: "secret" | "public") {
  try {
    return readVerificationKey(encoded, kind);
  } catch (error) {
    throw wrong("key", messageOf(error));
  }
}

function requireHttpUrl(text: string): void {
  const { protocol, username, password } = URL.canParse(text) ? new URL(text) : { protocol: "" };
  if (protocol !== "https:" && protocol !== "http:") throw wrong("jwksUrl", "must be an absolute https or http URL");
  if (username || password) throw wrong("jwksUrl", "must not hold a user name or password");
}

function wrong(parameter: string, what: string): Problem {
  return new Problem("invalid-parameter", `${parameter} ${what}.`, { parameter });
}
