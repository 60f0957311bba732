// Tokens of identity providers that scenarios make up, and the shell that makes the same ones.

import { createHmac } from "node:crypto";
import { quoted } from "./caller.ts";
import type { MadeToken } from "./contracts.ts";

const lifetimeS = 300;

/** A JWT with an expiry, signed with the scenario's own secret. `nowMs` is epoch milliseconds. */
export function makeToken(
  { $jwt: { alg = "HS256", secret = "", claims, expS = lifetimeS } }: MadeToken,
  nowMs: number,
): string {
  const payload = { ...claims, exp: Math.floor(nowMs / 1_000) + expS };
  const signed = [{ alg }, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  if (alg === "none") return `${signed}.`;
  return `${signed}.${createHmac(alg.replace("HS", "sha"), secret).update(signed).digest("base64url")}`;
}

/** A shell function that lines of a repro use. */
export const madeTokenPrelude = [
  "jwt() { # algorithm, secret, claims, seconds until it expires",
  `  local h p; h=$(printf '{"alg":"%s"}' "$1" | b64)`,
  `  p=$(printf '%s,"exp":%s}' "\${3%?}" "$(($(date +%s) + $4))" | b64); printf '%s.%s.' "$h" "$p"`,
  `  [ "$1" = none ] || printf '%s.%s' "$h" "$p" | openssl dgst "-\${1/HS/sha}" -hmac "$2" -binary | b64; }`,
];

/** The shell expression for such a token; its secret is the scenario's and no secret of the target. */
export function makeTokenInShell({
  $jwt: { alg = "HS256", secret = "", claims, expS = lifetimeS },
}: MadeToken): string {
  return `$(jwt ${alg} ${quoted(secret)} ${quoted(JSON.stringify(claims))} ${expS})`;
}
