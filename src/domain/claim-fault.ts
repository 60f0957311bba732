// What is wrong with a claim of a token, in words that say what would be right.

import { isoTime, lastWritableMoment } from "./iso-time.ts";
import type { JsonObject } from "./json.ts";

/** What a token's `aud` and `iss` have to be, where they have to be something. */
export interface ExpectedClaims {
  aud?: string | undefined;
  iss?: string | undefined;
}

/** Goes on from "The token is not valid: ". @param claim the one at fault @param payload all that the token claims */
export function claimFault(claim: string, payload: JsonObject, { aud, iss }: ExpectedClaims): string {
  const value = payload[claim];
  if (["nbf", "exp", "iat"].includes(claim) && typeof value !== "number")
    return `its claim ${claim} must be a number of seconds since 1970`;
  if (claim === "nbf" && typeof value === "number")
    return `it is not valid before ${value * 1_000 > lastWritableMoment ? `second ${value}` : isoTime(value * 1_000)} (nbf)`;
  if (claim === "aud" && aud !== undefined) return `its claim aud must be, or contain, ${aud}`;
  if (claim === "iss" && iss !== undefined) return `its claim iss must be ${iss}`;
  return `its claim ${claim} is not what it must be`;
}
