// Each report is well-formed whatever a target answered, and says what the results say.

import { XMLParser, XMLValidator } from "fast-xml-parser";
import { describe, expect, it } from "vitest";
import { toBadge } from "../../../src/oracle/report/badge.ts";
import { toAnnotations } from "../../../src/oracle/report/github.ts";
import { toJunit } from "../../../src/oracle/report/junit.ts";
import { toSarif } from "../../../src/oracle/report/sarif.ts";
import { toSummary } from "../../../src/oracle/report/summary.ts";
import { hostile, report, results } from "./reports.ts";

const command = "settle verify http://127.0.0.1:1 --seed 7";

describe("JUnit", () => {
  const xml = toJunit(report);
  it("is XML that holds only what XML may hold", () => {
    expect(XMLValidator.validate(xml)).toBe(true);
    // Of what Unicode has, XML 1.0 leaves these out.
    expect(xml).not.toMatch(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u);
    expect(xml).toContain("\\u0000");
  });
  it("has a testcase a rule, with the verdict that a build needs", () => {
    const parsed = new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "" }).parse(xml);
    const suite = parsed.testsuites.testsuite;
    expect(suite).toMatchObject({ tests: "9", failures: "3", errors: "1", skipped: "3", time: "2.5" });
    const kinds = suite.testcase.map((testcase: object) =>
      ["failure", "error", "skipped"].find((kind) => kind in testcase),
    );
    expect(kinds).toEqual([
      undefined,
      "failure",
      "failure",
      undefined,
      "skipped",
      "skipped",
      "error",
      "skipped",
      "failure",
    ]);
    expect(suite.testcase[1]).toMatchObject({ classname: "SB-INST", failure: { type: "MUST failed" } });
    expect(suite.testcase[1].failure["#text"]).toContain(`document.title="taken"`);
    expect(suite.testcase[1].failure["#text"]).toContain("]]>");
  });
});

describe("SARIF", () => {
  const [run] = (toSarif(report) as { runs: [SarifRun] }).runs;
  it("tells failures and warnings with the rule they break, and which were expected", () => {
    expect(run.results.map(({ ruleId, level }) => [ruleId, level])).toEqual([
      ["SB-INST-BROKEN", "error"],
      ["SB-INST-FLAKY", "error"],
      ["SB-INST-WARNED", "warning"],
      ["SB-KEY-KNOWN", "error"],
    ]);
    for (const { ruleId, ruleIndex } of run.results) expect(run.tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
    expect(run.results[3]?.suppressions).toEqual([{ kind: "external", justification: "their issue 7" }]);
  });
  it("tells faults of the oracle as such", () => {
    const [invocation] = run.invocations;
    expect(invocation?.executionSuccessful).toBe(false);
    expect(invocation?.toolExecutionNotifications).toMatchObject([{ associatedRule: { id: "SB-INST-FAULT" } }]);
  });
});

interface SarifRun {
  tool: { driver: { rules: { id: string }[] } };
  invocations: { executionSuccessful: boolean; toolExecutionNotifications: object[] }[];
  results: { ruleId: string; ruleIndex: number; level: string; suppressions?: object[] }[];
}

describe("the badge", () => {
  const only = (...statuses: string[]) => results.filter(({ status }) => statuses.includes(status));
  it("is what shields.io shows", () => {
    expect(toBadge(report)).toEqual({
      schemaVersion: 1,
      label: "State Backed API",
      message: "violates 3 of 5 rules",
      color: "red",
    });
    const clean = { ...report, verdict: "conforms" as const, rules: only("passed") };
    expect(toBadge(clean)).toMatchObject({ message: "conforms, 2 rules", color: "brightgreen" });
  });
  it("never shows a run that judged nothing as good", () => {
    expect(toBadge({ ...report, rules: only("skipped") })).toMatchObject({ message: "nothing exercised" });
    expect(toBadge({ ...report, rules: only("oracle-error", "passed") })).toMatchObject({ message: "not judged" });
  });
});

describe("GitHub's annotations", () => {
  it("are one command a line, whatever is in them", () => {
    const lines = toAnnotations(report);
    expect(lines.map((line) => line.split("::")[1]?.split(",")[0])).toEqual([
      "error title=SB-INST-BROKEN (MUST%2C failed)",
      "error title=SB-INST-FLAKY (CLIENT%2C flaky)",
      "error title=SB-INST-FAULT (MUST%2C oracle-error)",
      "error title=SB-KEY-MENDED passes",
      "warning title=SB-INST-WARNED",
    ]);
    for (const line of lines) expect(line).not.toMatch(/[\r\n]/);
    expect(lines[0]).toContain("%0D%0A::error::100%25");
  });
  it("are no more than GitHub shows, and say how many there are", () => {
    const many = Array.from({ length: 12 }, () => results[1] ?? never());
    const lines = toAnnotations({ ...report, rules: many });
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toBe("::error title=and more::3 more are in the log and the reports.");
  });
});

describe("the summary", () => {
  const text = toSummary(report, command);
  it("has for each failure the rule, the source, what was seen, a script and a replay", () => {
    expect(text).toContain("FAILED  SB-INST-BROKEN (MUST)\n  The title of SB-INST-BROKEN\n  seen:   seen: <script>");
    expect(text).toContain("  source: docs/semantics.md, A heading: “A sentence of SB-INST-BROKEN.”");
    expect(text).toContain("\n    curl -sS \"$SETTLE_URL\"'/machines'\n");
    expect(text).toContain(`  replay: ${command} --only 'a scenario'`);
    expect(text).toContain("UNEXPECTED PASS  SB-KEY-MENDED (MUST)");
    expect(text).not.toContain("FAILED  SB-KEY-KNOWN");
  });
  it("groups what was skipped by its reason, and counts all", () => {
    expect(text).toContain("  1 rule needs ws, which the target is not said to have: SB-INST-SKIPPED");
    expect(text).toContain(
      "2 passed, 2 failed, 1 flaky, 1 oracle-error, 1 warned, 1 skipped, 1 not-exercised (of 9 rules; seed 7, 2.5 s)",
    );
    expect(text).toContain("left on the target: 1 organizations stay");
  });
  it("holds nothing that a terminal obeys", () => {
    expect(text).not.toMatch(/[^\P{Cc}\n\t]|[\u202a-\u202e]/u);
    expect(hostile).toMatch(/\p{Cc}/u);
  });
});

function never(): never {
  throw new Error("there is no such result");
}
