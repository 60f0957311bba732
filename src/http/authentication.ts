// Who calls: verifies the bearer token by its key, the scopes, the organization header and the act-as header.

import type { JWTPayload } from "jose";
import { decodeProtectedHeader, errors, jwtVerify } from "jose";
import { apiAudience } from "../domain/access-tokens.ts";
import { withoutSender } from "../domain/auth-context.ts";
import { claimFault } from "../domain/claim-fault.ts";
import type { JsonObject } from "../domain/json.ts";
import { isJsonObject, jsonDepth, maxJsonDepth } from "../domain/json.ts";
import { belongsTo } from "../domain/membership.ts";
import { Problem } from "../domain/problem.ts";
import type { Key } from "../domain/records.ts";
import type { Caller } from "../operations/services.ts";
import type { Store } from "../store/port.ts";

/** Clients keep a token until a second past its expiry, and clocks differ a little. */
const clockToleranceSeconds = 5;
/** Verified tokens remembered; a frontend sends the same one with every request, and a subscription's is looked at before every update. */
const maxRememberedTokens = 10_000;

type Headers = { [name: string]: string | string[] | undefined };
interface Verified {
  keyId: string;
  orgId: string;
  secret: string;
  payload: JWTPayload;
}

export interface Authenticator {
  /**
   * The caller, if the token is good for one of the alternative scope sets.
   * @throws Problem `missing-user`, `missing-scope`, `missing-org` (403) or, for a malformed act header, `invalid-parameter` (400)
   */
  authenticate(headers: Headers, alternatives: readonly string[][]): Promise<Caller>;
}

export function createAuthenticator(store: Store): Authenticator {
  const remembered = new Map<string, Verified>();

  async function verify(token: string): Promise<Verified & { key: Key }> {
    const known = remembered.get(token);
    if (known && isCurrent(known.payload)) {
      // The signature is known to be good; the key may have been deleted since.
      const key = await store.get("key", known.orgId, known.keyId);
      if (key && key.rec.secret === known.secret) return { ...known, key: key.rec };
    }
    remembered.delete(token);
    const verified = await verifySignature(store, token);
    if (remembered.size >= maxRememberedTokens) remembered.delete(remembered.keys().next().value ?? "");
    const { key, payload } = verified;
    remembered.set(token, { keyId: key.id, orgId: key.orgId, secret: key.secret, payload });
    return { keyId: key.id, orgId: key.orgId, secret: key.secret, payload, key };
  }

  return {
    async authenticate(headers, alternatives) {
      const { key, payload } = await verify(bearerToken(headers));
      requireScopes(key, alternatives);
      const orgId = await orgOf(store, key, single(headers["x-statebacked-org-id"]));
      const act = single(headers["x-statebacked-act"]);
      const authContext = act === undefined ? authContextOf(payload) : actAs(key, act);
      return { orgId, keyId: key.id, authContext };
    },
  };
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function bearerToken(headers: Headers): string {
  const match = /^Bearer +(\S+) *$/i.exec(single(headers.authorization) ?? "");
  if (match?.[1] !== undefined) return match[1];
  throw new Problem("missing-user", "Send a token signed by one of your keys, as `Authorization: Bearer <token>`.");
}

async function verifySignature(store: Store, token: string): Promise<{ key: Key; payload: JWTPayload }> {
  const { kid } = protectedHeader(token);
  const stored = typeof kid === "string" ? await store.keyById(kid) : null;
  if (!stored) throw new Problem("missing-user", "The token's `kid` header names no key of this service.");
  const key = stored.rec;
  try {
    const options = { algorithms: ["HS256"], audience: apiAudience, clockTolerance: clockToleranceSeconds };
    const { payload } = await jwtVerify(token, new TextEncoder().encode(key.secret), options);
    return { key, payload };
  } catch (error) {
    throw new Problem("missing-user", `The token is not valid: ${describe(error)}.`, { cause: error });
  }
}

/** Three parts of base64url, which has no padding (RFC 7515, section 2): a decoder that takes more would take one token in many spellings. */
const compactForm = /^[\w-]+\.[\w-]*\.[\w-]*$/;

function protectedHeader(token: string): { kid?: unknown } {
  const message = "The bearer token is not a JWT.";
  if (!compactForm.test(token)) throw new Problem("missing-user", message);
  try {
    return decodeProtectedHeader(token);
  } catch (cause) {
    throw new Problem("missing-user", message, { cause });
  }
}

function isCurrent({ exp, nbf }: JWTPayload): boolean {
  // Token lifetimes are real time always, also under the manual clock: clients compute them from theirs.
  const now = Math.floor(performance.timeOrigin + performance.now()) / 1000;
  return (
    (exp === undefined || exp > now - clockToleranceSeconds) &&
    (nbf === undefined || nbf <= now + clockToleranceSeconds)
  );
}

function describe(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "it has expired";
  if (error instanceof errors.JWTClaimValidationFailed)
    return claimFault(error.claim, error.payload as JsonObject, { aud: apiAudience });
  if (error instanceof errors.JOSEAlgNotAllowed) return "it must be signed with HS256";
  return error instanceof errors.JWSSignatureVerificationFailed
    ? "its signature is not the key's"
    : "it can't be verified";
}

function requireScopes(key: Key, alternatives: readonly string[][]): void {
  if (alternatives.some((scopes) => scopes.every((scope) => key.scopes.includes(scope)))) return;
  const needed = alternatives.map((scopes) => scopes.join(" and ")).join(", or ");
  throw new Problem("missing-scope", `The key ${key.id} lacks the scope for this: ${needed}.`);
}

/** Without the header the key's own organization; with it that one or another that the key created. */
async function orgOf(store: Store, key: Key, named: string | undefined): Promise<string> {
  if (named === undefined || named === key.orgId) return key.orgId;
  const org = await store.get("org", "", named);
  if (org && belongsTo(org.rec, key)) return named;
  throw new Problem("missing-org", `The key ${key.id} belongs to no organization ${named}.`);
}

/** The `act` claim, with the token's own subject where `act` names none. */
function authContextOf({ act, sub }: JWTPayload): JsonObject {
  const claims = isJsonObject(act) ? withoutSender(act) : {};
  return claims.sub === undefined && sub !== undefined ? { ...claims, sub } : claims;
}

function actAs(key: Key, header: string): JsonObject {
  if (!key.scopes.includes("org.keys.write")) {
    throw new Problem("missing-scope", "Acting as somebody else takes a key with the scope org.keys.write.");
  }
  let act: unknown;
  try {
    act = jsonDepth(header) <= maxJsonDepth ? JSON.parse(header) : undefined;
  } catch {
    act = undefined;
  }
  if (isJsonObject(act)) return withoutSender(act);
  throw new Problem("invalid-parameter", "The header must be a JSON object.", { parameter: "x-statebacked-act" });
}
