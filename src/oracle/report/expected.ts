// Failures that are known and waited for: they break no build, and one that no longer happens does.

import { readFileSync } from "node:fs";
import type { Report, RuleResult } from "../report.ts";

/** Why each rule is expected to fail, by its id. */
export type ExpectedFailures = ReadonlyMap<string, string>;

/** A file of expected failures can't be read, or is not what it should be. */
export class ExpectedFailuresInvalid extends Error {
  override name = "ExpectedFailuresInvalid";
}

const shape = 'write {"<rule id>": "<why it is expected to fail>", …}';

/** A JSON object: a reason for each rule's id. @throws ExpectedFailuresInvalid */
export function loadExpectedFailures(file: string, ruleIds: ReadonlySet<string>): ExpectedFailures {
  const content = readJson(file);
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new ExpectedFailuresInvalid(`${file} is no JSON object; ${shape}`);
  }
  for (const [id, reason] of Object.entries(content)) {
    if (!ruleIds.has(id)) throw new ExpectedFailuresInvalid(`${file}: there is no rule ${id}`);
    if (typeof reason !== "string" || reason.trim() === "") {
      throw new ExpectedFailuresInvalid(`${file}: ${id} has no reason; ${shape}`);
    }
  }
  return new Map(Object.entries(content as { [id: string]: string }));
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const what = code === "ENOENT" ? "there is no such file" : message;
    throw new ExpectedFailuresInvalid(`${file} can't be read: ${what}`, { cause });
  }
}

/** The report with a reason beside each result that was expected to be a failure, whatever it is now. */
export function withExpected(report: Report, expected: ExpectedFailures): Report {
  const rules = report.rules.map((rule) => {
    const reason = expected.get(rule.id);
    return reason === undefined ? rule : { ...rule, expected: reason };
  });
  return { ...report, rules };
}

/** Whether a result is one that breaks: a failure that nobody expected, or a pass where a failure was expected. */
export function breaks({ status, expected }: RuleResult): boolean {
  if (expected !== undefined) return status === "passed";
  return status === "failed" || status === "flaky";
}
