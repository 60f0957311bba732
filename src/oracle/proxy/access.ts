// Rules about tokens that a single exchange can break: it succeeded with a token that had to be refused.

import { type Exchanged, isObject, isSuccess } from "./traffic.ts";

const audience = "https://api.statebacked.dev/";
/** Clocks of client and service may differ by less than this. */
const toleranceS = 60;

export interface Judgement {
  rule: string;
  /** Why it was broken; null when it was kept. */
  broken: string | null;
}

/** `nowMs` is epoch milliseconds. Tokens of another issuer than a key of the service are the service's own affair. */
export function judgeAccess(exchanged: Exchanged, nowMs: number): Judgement[] {
  const { routed, status, headers, token } = exchanged;
  if (routed === null || routed.operation.scopes.length === 0 || status >= 500) return [];
  const flaws = headers.authorization === undefined ? [missing] : token === null ? [] : flawsOf(exchanged, nowMs);
  return flaws.map(([rule, what]) => ({
    rule,
    broken: isSuccess(status) ? `${what}, and the answer is ${status}` : null,
  }));
}

type Flaw = [rule: string, what: string];
const missing: Flaw = ["SB-AUTH-MISSING-REFUSED", "the request has no token"];

function flawsOf({ claims }: Exchanged, nowMs: number): Flaw[] {
  if (claims === null) return [];
  const { header, payload } = claims;
  if (String(header.alg).toLowerCase() === "none")
    return [["SB-AUTH-UNSIGNED-REFUSED", "the token's algorithm is none"]];
  if (!String(header.kid).startsWith("sbk_") || !isObject(payload)) return [];
  const { exp, nbf, aud } = payload;
  const nowS = nowMs / 1_000;
  const flaws: Flaw[] = [];
  if (typeof exp === "number" && exp < nowS - toleranceS)
    flaws.push(["SB-AUTH-EXPIRED-REFUSED", `the token expired ${Math.round(nowS - exp)} s ago`]);
  if (typeof nbf === "number" && nbf > nowS + toleranceS)
    flaws.push(["SB-AUTH-EARLY-REFUSED", `the token is valid in ${Math.round(nbf - nowS)} s only`]);
  if (aud !== undefined && ![aud].flat().includes(audience))
    flaws.push(["SB-AUTH-AUDIENCE-REFUSED", `the token is for ${JSON.stringify(aud)}`]);
  return flaws;
}
