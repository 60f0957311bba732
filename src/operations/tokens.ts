// Token exchange (RFC 8693): an identity provider's token for one that this API accepts.

import { CompactSign } from "jose";
import { apiAudience, atobSafeJson, defaultIssuer } from "../domain/access-tokens.ts";
import type { JsonObject } from "../domain/json.ts";
import { compileMapping } from "../domain/mapping.ts";
import { Problem } from "../domain/problem.ts";
import type { Key, TokenProvider } from "../domain/records.ts";
import type { ExchangeTokenRequest, ExchangeTokenResponse } from "../spec/generated/types.ts";
import type { Operation, Services } from "./services.ts";
import type { Verified } from "./subject-token.ts";
import { verifySubjectToken } from "./subject-token.ts";

/** Open to everybody: the subject token is the proof. */
export const exchangeToken: Operation = async (services, _caller, request) => {
  const { audience, subject_token } = request.body as ExchangeTokenRequest;
  const { orgId, service } = parseAudience(audience);
  const { provider, key } = await findTokenProvider(services, orgId, service);
  const verified = await verifySubjectToken(services, orgId, subject_token);
  const body: ExchangeTokenResponse = {
    access_token: await signAccessToken(key, claimsOf(provider, key, verified, services.wallClock.now())),
    issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    token_type: "Bearer",
  };
  return { status: 200, body };
};

function parseAudience(audience: string): { orgId: string; service: string } {
  const [, orgId, service] = /^https:\/\/tokens\.statebacked\.dev\/([^/]+)\/([^/]+)$/.exec(audience) ?? [];
  if (orgId !== undefined && service !== undefined) return { orgId, service };
  throw noTarget("The audience must be https://tokens.statebacked.dev/{orgId}/{service}.");
}

async function findTokenProvider(
  { store }: Services,
  orgId: string,
  service: string,
): Promise<{ provider: TokenProvider; key: Key }> {
  const provider = await store.get("tokenProvider", orgId, service);
  if (!provider) throw noTarget("The audience names no token provider.");
  const key = await store.get("key", orgId, provider.rec.keyId);
  if (!key) throw noTarget("The key that this token provider signs with was deleted. It needs another one.");
  return { provider: provider.rec, key: key.rec };
}

function noTarget(message: string): Problem {
  return new Problem("invalid-parameter", message, { parameter: "audience" });
}

const lifetimeSeconds = 3_600;

/** What the identity provider's mapping makes of the claims feeds the token provider's. The token doesn't outlive the one it came from. */
function claimsOf(provider: TokenProvider, key: Key, { provider: idp, claims }: Verified, nowMs: number): JsonObject {
  const known = compileMapping(idp.mapping).apply(claims as JsonObject);
  const act = compileMapping(provider.mapping).apply(known);
  const iat = Math.floor(nowMs / 1_000);
  const exp = Math.min(iat + lifetimeSeconds, Math.floor(claims.exp ?? Number.POSITIVE_INFINITY));
  return { act, aud: apiAudience, iss: defaultIssuer(key.id), iat, exp };
}

/** Node refuses requests whose headers are longer than 16 kB; the token must fit beside others, and base64 makes a third more of it. */
const maxPayloadLength = 9_000;

function signAccessToken(key: Key, claims: JsonObject): Promise<string> {
  const payload = atobSafeJson(claims);
  if (payload.length > maxPayloadLength) {
    const message = `The claims that the mappings yield are too large for a token: ${payload.length} bytes of at most ${maxPayloadLength}.`;
    throw new Problem("invalid-parameter", message, { parameter: "subject_token" });
  }
  const encoder = new TextEncoder();
  return new CompactSign(encoder.encode(payload))
    .setProtectedHeader({ alg: "HS256", kid: key.id })
    .sign(encoder.encode(key.secret));
}
