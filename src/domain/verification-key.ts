// The key that an identity provider's tokens are verified with: a secret for the HS algorithms, a public key for all others.

import type { KeyObject } from "node:crypto";
import { createPublicKey } from "node:crypto";

export type VerificationKey = Uint8Array | KeyObject;

/** HS256, HS384, HS512: who can verify can sign too. */
export function isSymmetric(alg: string): boolean {
  return alg.startsWith("HS");
}

/**
 * Reads the base64url of a key's bytes. As a secret they are taken as they are; as a public key they are one in DER (SPKI) or PEM, a
 * certificate in PEM, or a JSON Web Key.
 * @throws Error whose message says what is wrong with it, as the rest of a sentence
 */
export function readVerificationKey(encoded: string, kind: "secret" | "public"): VerificationKey {
  if (!/^[\w-]+={0,2}$/.test(encoded))
    throw new Error("must be base64url, which knows neither + nor / and is not empty");
  const bytes = Buffer.from(encoded, "base64url");
  if (bytes.length === 0) throw new Error("must have at least one byte");
  if (kind === "secret") return bytes;
  if (bytes.includes("PRIVATE KEY") || isPrivateJwk(bytes))
    throw new Error("must be the public key, and not the private one");
  try {
    return publicKey(bytes);
  } catch {
    throw new Error("must be a public key: DER (SPKI), PEM or a JSON Web Key");
  }
}

function publicKey(bytes: Buffer): KeyObject {
  if (bytes.includes("-----BEGIN")) return createPublicKey(bytes);
  const jwk = jwkOf(bytes);
  if (jwk) return createPublicKey({ format: "jwk", key: jwk });
  return createPublicKey({ key: bytes, format: "der", type: "spki" });
}

function isPrivateJwk(bytes: Buffer): boolean {
  const jwk = jwkOf(bytes);
  return jwk !== null && "d" in jwk;
}

function jwkOf(bytes: Buffer): { [member: string]: unknown } | null {
  if (bytes[0] !== "{".charCodeAt(0)) return null;
  try {
    return JSON.parse(bytes.toString("utf8")) as { [member: string]: unknown };
  } catch {
    return null;
  }
}

const curves: { [alg: string]: string } = { ES256: "prime256v1", ES384: "secp384r1", ES512: "secp521r1" };
/** RFC 7518, section 3.3. */
const minRsaBits = 2048;

/** Whether tokens signed with this algorithm can be verified with the key. */
export function fits(key: VerificationKey, alg: string): boolean {
  if (!("asymmetricKeyType" in key)) return isSymmetric(alg);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === "rsa") return /^(RS|PS)/.test(alg) && (details?.modulusLength ?? 0) >= minRsaBits;
  if (type === "ec") return curves[alg] === details?.namedCurve && curves[alg] !== undefined;
  return type === "ed25519" && alg === "EdDSA";
}
