// Two attempts at one scenario: what failed in both has failed, what failed in one is flaky, and the rest is entered once.

import { expect, it } from "vitest";
import type { Rule } from "../../src/oracle/contracts.ts";
import { exitCodeOf, Ledger } from "../../src/oracle/report.ts";
import { Attempt } from "../../src/oracle/run/findings.ts";

const source = { doc: "openapi.yaml", at: "/info/title", quote: "State Backed" };
const rules: Rule[] = ["SB-A-B", "SB-C-D", "SB-E-F"].map((id) => ({ id, title: id, level: "MUST", source }));
const statuses = (ledger: Ledger) => ledger.report("http://x", 1, rules).rules.map(({ status }) => status);

function attempt(...failing: string[]): Attempt {
  const findings = new Attempt();
  for (const { id } of rules) {
    if (failing.includes(id)) findings.fail(id, "it broke", ["curl"]);
    else findings.pass(id);
  }
  return findings;
}

it("a failure of both has failed, one of the first alone is flaky", () => {
  const ledger = new Ledger();
  attempt("SB-A-B", "SB-C-D").enter(ledger, attempt("SB-A-B"));
  expect(statuses(ledger)).toEqual(["failed", "flaky", "passed"]);
  expect(ledger.report("http://x", 1, rules).rules[1]?.message).toBe("it broke (tried again, it did not happen)");
});

it("what the second attempt did not come to has failed", () => {
  const ledger = new Ledger();
  attempt("SB-A-B").enter(ledger, new Attempt());
  expect(statuses(ledger)).toEqual(["failed", "passed", "passed"]);
});

it("a flaky MUST violates", () => {
  const ledger = new Ledger();
  attempt("SB-C-D").enter(ledger, attempt());
  const report = ledger.report("http://x", 1, rules);
  expect([report.verdict, exitCodeOf(report)]).toEqual(["violates", 1]);
});

it("without a second attempt a failure is one, and is told at once, once", () => {
  const told: string[] = [];
  const ledger = new Ledger((rule) => told.push(rule));
  attempt("SB-A-B").enter(ledger);
  attempt("SB-A-B").enter(ledger);
  expect(statuses(ledger)).toEqual(["failed", "passed", "passed"]);
  expect(told).toEqual(["SB-A-B"]);
});
