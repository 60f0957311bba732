// Identifiers as the service writes them: a prefix, an underscore and the base64url of a UUID's 16 bytes.

import type { Entropy } from "./clock.ts";

export type IdPrefix = "org" | "ver" | "usr" | "sbk" | "mig";

/** `org_uHvZHpF4STWvMg8BKVCUTg`: prefix + 22 characters. @see docs/semantics.md, Nouns */
export function newId(prefix: IdPrefix, entropy: Entropy): string {
  return idOf(prefix, entropy.bytes(16));
}

/** Whoever knows it may use it. */
export function newInvitationCode(entropy: Entropy): string {
  return idOf("inv", entropy.secretBytes(16));
}

function idOf(prefix: string, drawn: Uint8Array): string {
  const bytes = Uint8Array.from(drawn);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40; // RFC 9562: version 4
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80; // RFC 9562: variant 10
  return `${prefix}_${Buffer.from(bytes).toString("base64url")}`;
}

/** A signing secret: 32 random bytes. The HMAC key is the UTF-8 of the whole string, prefix included. */
export function newSecret(entropy: Entropy): string {
  return `sbsec_${Buffer.from(entropy.secretBytes(32)).toString("base64url")}`;
}

/** Names of machines, instances and indexes. */
export const namePattern = /^[a-zA-Z0-9_-]{1,128}$/;
