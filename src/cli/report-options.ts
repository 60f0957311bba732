// The options that say which reports of a run are written where, and for CI; for every command that judges a target.

import { type Command, InvalidArgumentError, Option } from "commander";
import type { ExpectedFailures } from "../oracle/report/expected.ts";
import type { Report } from "../oracle/report.ts";
import { CannotRun } from "./cannot-run.ts";
import { ensureWritable, writeWhole } from "./written-file.ts";

/** What commander makes of them. */
export interface ReportFlags {
  reportJson?: string;
  reportJunit?: string;
  reportHtml?: string;
  reportSarif?: string;
  reportBadge?: string;
  expectedFailures?: string;
  /** Percent. */
  failUnder?: number;
  github?: boolean;
}

type ReportFlag = keyof typeof formats;

/** Each writes a report; `command`: what replay arguments are given to, as in `settle verify http://…`. */
const formats = {
  reportJson: async (report: Report) => `${JSON.stringify(report, null, 2)}\n`,
  reportJunit: async (report: Report) => (await import("../oracle/report/junit.ts")).toJunit(report),
  reportHtml: async (report: Report, command: string) =>
    (await import("../oracle/report/html/page.ts")).toHtml(report, command),
  reportSarif: async (report: Report) =>
    `${JSON.stringify((await import("../oracle/report/sarif.ts")).toSarif(report), null, 2)}\n`,
  reportBadge: async (report: Report) =>
    `${JSON.stringify((await import("../oracle/report/badge.ts")).toBadge(report))}\n`,
};

export function addReportOptions(command: Command): Command {
  return command
    .option("--report-json <file>", "write the report as JSON")
    .option("--report-junit <file>", "write the report as JUnit XML: a testcase a rule")
    .option("--report-html <file>", "write the report as one HTML file")
    .option("--report-sarif <file>", "write the report as SARIF 2.1.0")
    .option("--report-badge <file>", "write a badge as JSON for shields.io")
    .option(
      "--expected-failures <file>",
      "JSON with a reason for each rule that is known to fail; one that passes fails",
    )
    .addOption(
      new Option("--fail-under <percent>", "fail when less of the declared statuses and rules was covered").argParser(
        parsePercent,
      ),
    )
    .option("--github", "print GitHub annotations (by default where GITHUB_ACTIONS is true)")
    .option("--no-github", "print no GitHub annotations");
}

/** Before a run: whether its reports can be written. @throws CannotRun */
export function ensureReportsWritable(flags: ReportFlags): void {
  for (const [flag, file] of filesIn(flags)) ensureWritable(optionOf(flag), file);
}

/** Before a run: what is expected of it. `ruleIds`: of all rules. @throws CannotRun */
export async function readExpected(flags: ReportFlags, ruleIds: ReadonlySet<string>): Promise<ExpectedFailures> {
  if (flags.expectedFailures === undefined) return new Map();
  const { ExpectedFailuresInvalid, loadExpectedFailures } = await import("../oracle/report/expected.ts");
  try {
    return loadExpectedFailures(flags.expectedFailures, ruleIds);
  } catch (error) {
    if (error instanceof ExpectedFailuresInvalid) throw new CannotRun(`--expected-failures ${error.message}`);
    throw error;
  }
}

/** Writes what the flags ask for. @returns the files, in the order of the options. @throws CannotRun */
export async function writeReports(report: Report, flags: ReportFlags, command: string): Promise<string[]> {
  const files = filesIn(flags);
  const contents = await Promise.all(files.map(([flag]) => formats[flag](report, command)));
  const failures = files.flatMap(([flag, file], i) => {
    try {
      writeWhole(optionOf(flag), file, contents[i] ?? "");
      return [];
    } catch (error) {
      return [error];
    }
  });
  // The others are there.
  if (failures.length > 0) throw failures[0];
  return files.map(([, file]) => file);
}

/** Whether lines for GitHub are wanted. */
export function wantsAnnotations({ github }: ReportFlags): boolean {
  return github ?? process.env.GITHUB_ACTIONS === "true";
}

function filesIn(flags: ReportFlags): [ReportFlag, string][] {
  return (Object.keys(formats) as ReportFlag[]).flatMap((flag) => {
    const file = flags[flag];
    return file === undefined ? [] : [[flag, file] as [ReportFlag, string]];
  });
}

function optionOf(flag: ReportFlag): string {
  return `--${flag.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)}`;
}

export function parsePercent(text: string): number {
  const percent = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && percent <= 100) return percent;
  throw new InvalidArgumentError("Write a percentage from 0 to 100.");
}
