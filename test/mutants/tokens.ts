// Tokens as a faulty server reads them, and signs them anew for the sound one behind it.

import { decodeJwt, decodeProtectedHeader, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { isJsonObject, type JsonObject } from "../../src/domain/json.ts";
import type { Key } from "../../src/domain/records.ts";
import type { WireRequest, World } from "./fault.ts";
import { headerOf } from "./wire.ts";

/** What a token says, whoever signed it; undefined for what is no token. */
export function readClaims(token: string): { claims: JWTPayload; kid: string | undefined; alg: string } | undefined {
  try {
    const { kid, alg = "none" } = decodeProtectedHeader(token);
    return { claims: decodeJwt(token), kid, alg };
  } catch {
    return undefined;
  }
}

/** The key that a token is signed with, expired or not; undefined when it is not signed with the key that it names. */
export async function signerOf(token: string, { services }: World): Promise<Key | undefined> {
  const read = readClaims(token);
  const stored = read?.kid === undefined ? null : await services.store.keyById(read.kid);
  if (!read || !stored) return undefined;
  const currentDate = new Date(((read.claims.exp ?? read.claims.iat ?? 1) - 1) * 1_000);
  try {
    await jwtVerify(token, encoded(stored.rec.secret), { currentDate, algorithms: ["HS256"] });
    return stored.rec;
  } catch {
    return undefined;
  }
}

export function sign(claims: JWTPayload, { id, secret }: Pick<Key, "id" | "secret">): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid: id }).sign(encoded(secret));
}

/** The key that may do everything. */
export function ownKey({ server }: World): Pick<Key, "id" | "secret"> {
  return { id: server.keyId, secret: server.secretKey };
}

/** In whose name a request is that the server has taken for good. */
export function authContextOf(request: WireRequest): JsonObject {
  const act = headerOf(request.headers, "x-statebacked-act");
  if (act !== undefined) return JSON.parse(act) as JsonObject;
  const token = headerOf(request.headers, "authorization")?.replace(/^Bearer +/i, "") ?? "";
  const { act: claimed, sub } = readClaims(token)?.claims ?? {};
  const context = isJsonObject(claimed) ? claimed : {};
  return context.sub === undefined && sub !== undefined ? { ...context, sub } : context;
}

function encoded(secret: string): Uint8Array {
  return new TextEncoder().encode(secret);
}
