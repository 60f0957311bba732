// A report as SARIF 2.1.0, which code scanning services read.

import type { Report, RuleResult } from "../report.ts";

/** Results that say something; what passed or was skipped is left to the other reports. */
const levels: { readonly [status: string]: "error" | "warning" } = {
  failed: "error",
  flaky: "error",
  warned: "warning",
};

/** @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function toSarif(report: Report): object {
  const { rules, run, target } = report;
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: "settle verify",
            ...(run === undefined ? {} : { semanticVersion: run.suite.version }),
            rules: rules.map(descriptor),
          },
        },
        ...(run === undefined ? {} : { invocations: [invocation(report, run)] }),
        properties: { target },
        columnKind: "utf16CodeUnits",
        results: rules.flatMap((rule, ruleIndex) => {
          const level = levels[rule.status];
          return level === undefined ? [] : [{ ...result(rule), ruleIndex, level }];
        }),
      },
    ],
  };
}

function descriptor({ id, title, level, source }: RuleResult): object {
  return {
    id,
    shortDescription: { text: title },
    help: { text: source },
    defaultConfiguration: { level: level === "ADVISORY" ? "warning" : "error" },
    properties: { tags: [level] },
  };
}

function invocation({ rules }: Report, { startedAt, endedAt, isInterrupted }: NonNullable<Report["run"]>): object {
  const faults = rules.filter(({ status }) => status === "oracle-error");
  return {
    executionSuccessful: !isInterrupted && faults.length === 0,
    startTimeUtc: startedAt,
    endTimeUtc: endedAt,
    toolExecutionNotifications: faults.map(({ id, message }) => ({
      level: "error",
      message: { text: message },
      associatedRule: { id },
    })),
  };
}

/** The fault is in a server, not in a file; services that want a file get the one whose sentence is broken. */
function result(rule: RuleResult): object {
  const { id, title, message, source, repro, status, expected } = rule;
  return {
    ruleId: id,
    message: { text: `${title}: ${message}` },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: source.split(",")[0] ?? "openapi.yaml" } },
        logicalLocations: [{ fullyQualifiedName: id, kind: "module" }],
      },
    ],
    partialFingerprints: { "rule/v1": id },
    ...(expected === undefined ? {} : { suppressions: [{ kind: "external", justification: expected }] }),
    properties: { status, repro },
  };
}
