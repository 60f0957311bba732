// Keeps secrets out of reports, whatever a target answers.

import type { Report } from "../report.ts";

const secretKeys = /sbsec_[\w-]+/g;
/** JSON Web Tokens with a signature; those of the contracts that have none are no secret. */
const tokens = /eyJ[\w-]{8,}\.[\w-]+\.[\w-]+/g;

/** A copy without these secrets, and without what looks like a key's secret or a token. */
export function withoutSecrets(report: Report, secrets: readonly string[]): Report {
  const known = secrets.filter((secret) => secret !== "");
  return redacted(report, (text) => clean(text, known), known) as Report;
}

/** In the lines of a repro stand tokens and secrets that scenarios made up: there only the known secrets go. */
function redacted(value: unknown, cleaned: (text: string) => string, known: readonly string[]): unknown {
  if (typeof value === "string") return cleaned(value);
  if (Array.isArray(value)) return value.map((item) => redacted(item, cleaned, known));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, item]) => {
    const inner = name === "repro" ? (text: string) => without(text, known) : cleaned;
    return [name, redacted(item, inner, known)];
  });
  return Object.fromEntries(entries);
}

/** A text without secrets. */
export function clean(text: string, secrets: readonly string[]): string {
  return without(text, secrets).replaceAll(secretKeys, "sbsec_…").replaceAll(tokens, "eyJ…");
}

function without(text: string, secrets: readonly string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, "(secret)"), text);
}
