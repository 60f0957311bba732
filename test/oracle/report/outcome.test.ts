// What an exit code says of a report, what a report says of coverage, and what no report says.

import { describe, expect, it } from "vitest";
import { cellsOf, coverageOf, percentOf } from "../../../src/oracle/report/coverage.ts";
import { paceOf } from "../../../src/oracle/report/facts.ts";
import { outcomeOf } from "../../../src/oracle/report/outcome.ts";
import { clean, withoutSecrets } from "../../../src/oracle/report/redact.ts";
import type { Report, RuleResult } from "../../../src/oracle/report.ts";
import { operations } from "../../../src/spec/document.ts";
import { report, results } from "./reports.ts";

const only = (...ids: string[]): Report => ({ ...report, rules: results.filter(({ id }) => ids.includes(id)) });
const codeOf = (of: Report, failUnder?: number) => outcomeOf(of, failUnder).exitCode;

describe("the exit code", () => {
  it("is 1 for a failure, a flake, and a pass where a failure was expected; 0 for a warning and an expected failure", () => {
    expect(codeOf(only("SB-INST-KEPT", "SB-INST-WARNED", "SB-INST-SKIPPED", "SB-KEY-KNOWN"))).toBe(0);
    expect(codeOf(only("SB-INST-BROKEN"))).toBe(1);
    expect(codeOf(only("SB-INST-FLAKY"))).toBe(1);
    expect(codeOf(only("SB-KEY-MENDED"))).toBe(1);
  });
  it("is 2 for a fault of the oracle and for a run that exercised nothing, unless something failed too", () => {
    expect(codeOf(only("SB-INST-KEPT", "SB-INST-FAULT"))).toBe(2);
    expect(codeOf(only("SB-INST-BROKEN", "SB-INST-FAULT"))).toBe(1);
    const coverage = { ...report.coverage, rules: { run: 0, total: 9 } };
    expect(codeOf({ ...only("SB-INST-SKIPPED"), coverage })).toBe(2);
  });
  it("is 1 for too little coverage, which is no excuse for a fault", () => {
    const percent = percentOf(report.coverage);
    expect(codeOf(only("SB-INST-KEPT"), percent)).toBe(0);
    expect(codeOf(only("SB-INST-KEPT"), percent + 0.1)).toBe(1);
    expect(codeOf(only("SB-INST-FAULT"), percent + 0.1)).toBe(2);
  });
});

describe("coverage", () => {
  it("counts declared statuses of the operations that the target has, ranges and default included", () => {
    const seen = new Map([
      [
        "listMachines",
        new Map([
          [200, 2],
          [418, 1],
        ]),
      ],
      ["sendHttpApiGet", new Map([[302, 1]])],
    ]);
    const rules = { run: 1, total: 2 };
    expect(coverageOf(seen, rules, ["listMachines"]).statuses).toEqual({ seen: 1, declared: 5 });
    const whole = coverageOf(seen, rules);
    expect(whole.statuses).toEqual({ seen: 2, declared: operations.flatMap(({ statuses }) => statuses).length });
    expect(whole.operations).toEqual([
      { operationId: "listMachines", statuses: { 200: 2, 418: 1 } },
      { operationId: "sendHttpApiGet", statuses: { 302: 1 } },
    ]);
    expect(percentOf({ statuses: { seen: 1, declared: 5 }, rules })).toBeCloseTo((100 * 2) / 7);
  });
  it("enters a status where the document would look for it", () => {
    const mapped = operations.find(({ operationId }) => operationId === "sendHttpApiGet") ?? never();
    const cells = Object.fromEntries(
      cellsOf(mapped, { 404: 1, 400: 2, 201: 4 }).map((cell) => [cell.status, cell.count]),
    );
    expect(cells).toEqual({ default: 4, "4XX": 3 });
  });
});

describe("secrets", () => {
  it("are in no part of a report; made-up ones stay in the lines of a repro", () => {
    const token = `eyJ${"a".repeat(12)}.bb.cc`;
    const broken: RuleResult = {
      ...(results[1] ?? never()),
      message: `own-secret ${token}`,
      repro: [`own-secret ${token}`],
    };
    const [told] = withoutSecrets({ ...report, rules: [broken] }, ["own-secret", ""]).rules;
    expect(told?.message).toBe("(secret) eyJ…");
    expect(told?.repro).toEqual([`(secret) ${token}`]);
    expect(clean("a key sbsec_abc-1 of theirs", [])).toBe("a key sbsec_… of theirs");
  });
});

it("a run's pace has every exchange in it, in at most so many parts", () => {
  const { widthMs, counts } = paceOf([0, 1, 999, 1_200], 1_000);
  expect(widthMs * counts.length).toBeGreaterThanOrEqual(1_000);
  expect(counts.length).toBeLessThanOrEqual(120);
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4);
  expect(paceOf([], 0).counts).toEqual([0]);
});

function never(): never {
  throw new Error("there is no such thing");
}
