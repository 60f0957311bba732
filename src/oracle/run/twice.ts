// Tries something, and once more when a rule failed: what fails once may be bad luck, and the second attempt tells which failures are flaky.

import { Attempt } from "./findings.ts";
import type { Run } from "./stage.ts";

export interface Try {
  /** What was tried, for the message of a fault of ours. */
  name: string;
  /** Ids of the rules that such a fault leaves unjudged. */
  rules: readonly string[];
  /** @see Attempt */
  replay?: string[];
  go(findings: Attempt): Promise<void>;
}

/** Enters what was found. */
export async function twiceIfBroken({ ledger, signal }: Run, tried: Try): Promise<void> {
  const first = await attempt(tried);
  const again = first.hasFailed && !signal.aborted ? await attempt(tried) : undefined;
  first.enter(ledger, again);
}

async function attempt({ name, rules, replay, go }: Try): Promise<Attempt> {
  const findings = new Attempt(replay);
  try {
    await go(findings);
  } catch (error) {
    const message = `${name}: ${error instanceof Error ? error.message : error}`;
    for (const rule of rules) findings.fault(rule, message);
  }
  return findings;
}
