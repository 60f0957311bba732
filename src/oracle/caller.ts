// Tokens as scenarios want them, valid and not, and the shell that makes the same ones.

import { SignJWT, UnsecuredJWT } from "jose";
import type { Caller, TokenKind } from "./contracts.ts";

/** What the oracle signs with. `secretKey` is the whole `sbsec_…` string. */
export interface Credentials {
  orgId: string;
  keyId: string;
  secretKey: string;
}

const audience = "https://api.statebacked.dev/";
const lifetimeS = 300;
/** When a token expires that is written out rather than made: epoch seconds. */
const farFutureS = 4_102_444_800;

/** How each kind of token differs from a valid one; seconds count from now. */
const oddities: {
  [K in TokenKind]?: { expS?: number; nbfS?: number; aud?: string | string[]; kid?: string; secret?: string };
} = {
  expired: { expS: -600 },
  "just-expired": { expS: -1 },
  early: { nbfS: 250 },
  "wrong-secret": { secret: "sbsec_another" },
  "unknown-key": { kid: "sbk_AAAAAAAAAAAAAAAAAAAAAA" },
  "wrong-audience": { aud: "https://elsewhere.example/" },
  "audience-list": { aud: ["https://elsewhere.example/", audience] },
};

/** The end user of a caller that names none. */
const defaultAct = { sub: "oracle" };

/** A bearer token, or null for a caller without one. `nowMs` is epoch milliseconds. */
export async function tokenFor(caller: Caller, credentials: Credentials, nowMs: number): Promise<string | null> {
  const { token: kind = "valid", act = defaultAct, sub, bearer } = caller;
  if (bearer !== undefined) return bearer;
  if (kind === "none") return null;
  if (kind === "malformed") return "not.a.token";
  const {
    expS = lifetimeS,
    nbfS,
    aud = audience,
    kid = credentials.keyId,
    secret = credentials.secretKey,
  } = oddities[kind] ?? {};
  const now = Math.floor(nowMs / 1000);
  const claims = {
    act,
    aud,
    exp: now + expS,
    ...(sub === undefined ? {} : { sub }),
    ...(nbfS ? { nbf: now + nbfS } : {}),
  };
  if (kind === "unsigned") return new UnsecuredJWT(claims).encode();
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256", kid }).sign(new TextEncoder().encode(secret));
}

/** Shell functions that the lines of a repro use: they sign with the key in the environment. */
export const shellPrelude = [
  "b64() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }",
  "token() { # act, seconds until it expires, audience as JSON, further claims",
  `  local h p; h=$(printf '{"alg":"HS256","kid":"%s"}' "$SETTLE_KEY_ID" | b64)`,
  `  p=$(printf '{"act":%s,"exp":%s,"aud":%s%s}' "$1" "$(($(date +%s) + \${2:-${lifetimeS}}))" "\${3:-\\"${audience}\\"}" "\${4:-}" | b64)`,
  `  printf '%s.%s.%s' "$h" "$p" "$(printf '%s.%s' "$h" "$p" | openssl dgst -sha256 -hmac "$SETTLE_SECRET_KEY" -binary | b64)"; }`,
];

/** The shell expression for a caller's bearer token, without any secret in it; null for none. */
export function tokenInShell(caller: Caller): string | null {
  const { token: kind = "valid", act = defaultAct, sub, key, bearer } = caller;
  if (bearer !== undefined) return "$EXCHANGED_TOKEN";
  if (kind === "none") return null;
  if (kind === "malformed") return "not.a.token";
  if (kind === "unsigned") return new UnsecuredJWT({ act, aud: audience, exp: farFutureS }).encode();
  const { expS = lifetimeS, nbfS, aud = audience, kid, secret } = oddities[kind] ?? {};
  const further = [
    ...(sub === undefined ? [] : [quoted(`,"sub":${JSON.stringify(sub)}`).slice(1, -1)]),
    ...(nbfS === undefined ? [] : [`,"nbf":'$(($(date +%s) + ${nbfS}))'`]),
  ].join("");
  const environment = [
    ...(kid === undefined ? [] : [`SETTLE_KEY_ID=${kid} `]),
    ...(secret === undefined ? [] : [`SETTLE_SECRET_KEY=${secret} `]),
    ...(key === undefined ? [] : ['SETTLE_KEY_ID="$CREATED_KEY_ID" SETTLE_SECRET_KEY="$CREATED_SECRET_KEY" ']),
  ].join("");
  return `$(${environment}token ${quoted(JSON.stringify(act))} ${expS} ${quoted(JSON.stringify(aud))} '${further}')`;
}

/** A word of bash that means exactly this text. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
