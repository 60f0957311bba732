// Judges answers: by the claims of a scenario, and by the rules that hold for every exchange.

import { type Claim, messageRule } from "./contracts.ts";
import type { Answer } from "./exchange.ts";
import { mismatch, show } from "./match.ts";
import type { Findings } from "./run/findings.ts";

/** Why an answer is not what is claimed of it, or null when it is. Variables in the claim are filled in already. */
export function refutation({ status, body, text, headers = {}, withinMs }: Claim, answer: Answer): string | null {
  if (answer.status === 0) return answer.text;
  const allowed = status === undefined ? [] : [status].flat();
  if (allowed.length > 0 && !allowed.includes(answer.status)) {
    return `the status is ${answer.status}, not ${allowed.join(" or ")}; the body is ${show(answer.json ?? answer.text)}`;
  }
  for (const [name, expected] of Object.entries(headers)) {
    const found = mismatch(expected, answer.headers[name], `the header ${name}`);
    if (found !== null) return found;
  }
  const found =
    (body === undefined ? null : mismatch(body, answer.json)) ??
    (text === undefined ? null : mismatch(text, answer.text));
  if (found !== null) return `${found} (status ${answer.status})`;
  const isLate = withinMs !== undefined && answer.elapsedMs > withinMs;
  return isLate ? `the answer took ${answer.elapsedMs} ms, not at most ${withinMs}` : null;
}

/** Enters an exchange under the rules that hold for each: is the status declared, and is the rest as declared for it? */
export function judgeExchange(ledger: Findings, { operationId, status, violations }: Answer, repro: string[]): void {
  if (status === 0 || operationId === undefined) return;
  ledger.count(operationId, status);
  const statusRule = status < 400 ? "SB-SPEC-SUCCESS-STATUS-DECLARED" : "SB-SPEC-ERROR-STATUS-DECLARED";
  const restRule = conformanceRule(status);
  for (const rule of [statusRule, restRule]) {
    const ofRule = violations.filter((violation) => (violation.rule === "undeclared-status") === (rule === statusRule));
    if (ofRule.length === 0) ledger.pass(rule);
    else
      ledger.fail(rule, `${operationId}, status ${status}: ${ofRule.map(({ message }) => message).join(" ")}`, repro);
  }
}

/** Enters what came over a realtime socket under the rule that holds for every message. */
export function judgeMessages(ledger: Findings, { violations, json }: Answer, repro: string[]): void {
  const [first] = violations;
  if (first) ledger.fail(messageRule, first.message, repro);
  else if (Array.isArray(json) && json.length > 0) ledger.pass(messageRule);
}

/** Statuses whose bodies the published document describes count as its rules; those we added only warn. @see errata E-12, E-36, E-37 */
export function conformanceRule(status: number): string {
  if (status === 201 || status === 204) return "SB-SPEC-EMPTY-IS-EMPTY";
  if (status < 400) return "SB-SPEC-SUCCESS-CONFORMS";
  return [400, 403, 409].includes(status) ? "SB-SPEC-ERROR-CONFORMS" : "SB-SPEC-ADDED-ERROR-CONFORMS";
}
