// What the exit code of a command says about a report, and why.

import type { Report } from "../report.ts";
import { percentOf } from "./coverage.ts";
import { breaks } from "./expected.ts";

export interface Outcome {
  /** 0 the answer is yes, 1 no, 2 the oracle could not judge. */
  exitCode: 0 | 1 | 2;
  /** A sentence each: what is behind it. */
  reasons: string[];
}

/** Expected failures count as the report says. `failUnder`: percent of declared statuses and rules. */
export function outcomeOf(report: Report, failUnder = 0): Outcome {
  const { rules, coverage } = report;
  const broken = rules.filter(breaks);
  const surprises = broken.filter(({ status }) => status === "passed");
  const faults = rules.filter(({ status }) => status === "oracle-error");
  const percent = percentOf(coverage);
  const failures = broken.length - surprises.length;
  const no = [
    ...(failures === 0 ? [] : [`${counted(failures, "rule")} failed.`]),
    ...surprises.map(({ id }) => `${id} passed, but is among the expected failures: take it out of them.`),
    ...(percent < failUnder
      ? [`The coverage is ${percent.toFixed(1)} %, under the ${failUnder} % of --fail-under.`]
      : []),
  ];
  const unsure = [
    ...(faults.length === 0 ? [] : [`${counted(faults.length, "rule")} could not be judged: the oracle failed.`]),
    ...(coverage.rules.run > 0 ? [] : ["No rule was exercised, which is no conformance."]),
  ];
  return {
    exitCode: broken.length > 0 ? 1 : unsure.length > 0 ? 2 : no.length > 0 ? 1 : 0,
    reasons: [...no, ...unsure],
  };
}

/** `1 rule`, `2 rules`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
