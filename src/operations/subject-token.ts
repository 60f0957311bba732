// The subject token of an exchange: whose it claims to be, and whether that is true.

import type { JWTPayload, JWTVerifyOptions, JWTVerifyResult } from "jose";
import { decodeJwt, decodeProtectedHeader, errors, jwtVerify } from "jose";
import { claimFault, type ExpectedClaims } from "../domain/claim-fault.ts";
import type { JsonObject } from "../domain/json.ts";
import { jsonDepth, maxJsonDepth } from "../domain/json.ts";
import { Problem } from "../domain/problem.ts";
import { candidateNames } from "../domain/provider-names.ts";
import type { IdentityProvider } from "../domain/records.ts";
import { fits, isSymmetric, readVerificationKey } from "../domain/verification-key.ts";
import { KeySetUnavailable } from "../jwks/port.ts";
import type { Store } from "../store/port.ts";
import type { Services } from "./services.ts";

/** Clocks differ a little. */
const clockToleranceSeconds = 5;
/** Several times what fits into the headers of a request; the rest would be somebody's attempt. */
const maxTokenLength = 64_000;

export interface Verified {
  provider: IdentityProvider;
  claims: JWTPayload;
}

/**
 * The claims of a token, vouched for by an identity provider of the organization.
 * @throws Problem `invalid-parameter` when nobody does; `unavailable` when its key set can't be read
 */
export async function verifySubjectToken(services: Services, orgId: string, token: string): Promise<Verified> {
  const claimed = readUnverified(token);
  const providers = await findProviders(services.store, orgId, claimed);
  let refusal = refused("No trusted identity provider expects the aud and iss of the subject token.");
  for (const provider of providers) {
    try {
      return { provider, claims: await verifyBy(services, provider, token, claimed.alg) };
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      refusal = error;
    }
  }
  throw refusal;
}

interface Claimed {
  alg: string;
  audiences: string[];
  iss: string | undefined;
}

/** What the token says about itself. Good for nothing but to find who could have signed it. */
function readUnverified(token: string): Claimed {
  if (token.length > maxTokenLength) throw refused(`The subject token is longer than ${maxTokenLength} characters.`);
  try {
    const { alg = "none" } = decodeProtectedHeader(token);
    const payload = Buffer.from(token.split(".")[1] ?? "", "base64url").toString("latin1");
    if (jsonDepth(payload) > maxJsonDepth) throw new Error(`its payload nests deeper than ${maxJsonDepth} levels`);
    const { aud = [], iss } = decodeJwt(token);
    const audiences = [aud].flat().filter((one) => typeof one === "string");
    return { alg, audiences, iss: typeof iss === "string" ? iss : undefined };
  } catch (cause) {
    throw refused("The subject token is not a JWT that can be read.", { cause });
  }
}

/** The first group of candidates that has any: who is configured for both claims is not stood in for by who expects one. */
async function findProviders(store: Store, orgId: string, { audiences, iss }: Claimed): Promise<IdentityProvider[]> {
  for (const names of candidateNames(audiences, iss)) {
    const found = await Promise.all(names.map((name) => store.get("idp", orgId, name)));
    const providers = found.flatMap((stored) => (stored ? [stored.rec] : []));
    if (providers.length > 0) return providers;
  }
  return [];
}

async function verifyBy(
  services: Services,
  provider: IdentityProvider,
  token: string,
  alg: string,
): Promise<JWTPayload> {
  const { algs, aud, iss } = provider;
  if (!algs.includes(alg)) {
    throw refused(
      `The subject token is signed with ${alg}, and its identity provider signs with ${algs.join(" or ")}.`,
    );
  }
  const options: JWTVerifyOptions = {
    algorithms: algs,
    clockTolerance: clockToleranceSeconds,
    currentDate: new Date(services.wallClock.now()),
    ...(aud === undefined ? {} : { audience: aud }),
    ...(iss === undefined ? {} : { issuer: iss }),
  };
  let failure: unknown;
  for (const verify of waysToVerify(services, provider, alg)) {
    try {
      return (await verify(token, options)).payload;
    } catch (error) {
      failure = error;
    }
  }
  throw explain(failure, provider);
}

type Verify = (token: string, options: JWTVerifyOptions) => Promise<JWTVerifyResult>;

/** By the provider's key, where it is of the right kind, and by its key set, which has no secrets. */
function waysToVerify({ keySets }: Services, { algs, key: encoded, jwksUrl }: IdentityProvider, alg: string): Verify[] {
  const kind = algs.some(isSymmetric) ? "secret" : "public";
  const key = encoded === undefined ? undefined : readVerificationKey(encoded, kind);
  const byKey: Verify[] = key && fits(key, alg) ? [(token, options) => jwtVerify(token, key, options)] : [];
  if (jwksUrl === undefined || isSymmetric(alg)) return byKey;
  return [...byKey, (token, options) => keySets.use(jwksUrl, (keys) => jwtVerify(token, keys, options))];
}

function explain(error: unknown, expected: ExpectedClaims): Problem {
  if (error instanceof KeySetUnavailable) {
    const message = "The key set of the token's identity provider can't be read at the moment.";
    return new Problem("unavailable", message, { cause: error });
  }
  return refused(`The subject token is not valid: ${reasonOf(error, expected)}.`, { cause: error });
}

function reasonOf(error: unknown, expected: ExpectedClaims): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed)
    return claimFault(error.claim, error.payload as JsonObject, expected);
  return error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey
    ? "its signature is not by a key of its identity provider"
    : "it can't be verified";
}

function refused(message: string, options: { cause?: unknown } = {}): Problem {
  return new Problem("invalid-parameter", message, { ...options, parameter: "subject_token" });
}
