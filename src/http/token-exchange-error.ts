// The body of a refused token exchange: a problem of ours in the words of OAuth.

import type { Problem } from "../domain/problem.ts";
import type { TokenExchangeError } from "../spec/generated/types.ts";

export function tokenExchangeError(problem: Problem): TokenExchangeError {
  const { message, parameter } = problem;
  return {
    error: oauthError(problem),
    error_description: plain(message),
    code: "invalid-parameter",
    ...(parameter === undefined ? {} : { parameter }),
  };
}

/**
 * A grant type that isn't this one and an audience that leads nowhere have codes of their own; where either is missing, or is no text, it
 * is the request that is wrong. @see RFC 6749, section 5.2; RFC 8693, section 2.2.2
 */
function oauthError({ parameter, cause }: Problem): string {
  const misfit = (cause as { keyword?: unknown } | undefined)?.keyword;
  if (parameter === "grant_type" && misfit === "const") return "unsupported_grant_type";
  return parameter === "audience" && misfit === undefined ? "invalid_target" : "invalid_request";
}

/** RFC 6749 allows printable ASCII without double quotes and backslashes. */
function plain(text: string): string {
  return text.replaceAll('"', "'").replaceAll(/[^ -[\]-~]/g, "?");
}
