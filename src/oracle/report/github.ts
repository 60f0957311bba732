// A report as GitHub's annotations: lines that its runners turn into notes on a run.

import type { Report, RuleResult } from "../report.ts";
import { breaks } from "./expected.ts";

/** GitHub shows ten of each kind for a step. */
const mostShown = 10;

/** @see https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions */
export function toAnnotations({ rules }: Report): string[] {
  const errors = rules.filter((rule) => breaks(rule) || rule.status === "oracle-error").map(error);
  const warnings = rules.filter(({ status }) => status === "warned").map(warning);
  return [...limited(errors, "error"), ...limited(warnings, "warning")];
}

function error(rule: RuleResult): string {
  const { id, level, title, message, source, expected, status } = rule;
  if (status === "passed") {
    return command(
      "error",
      `${id} passes`,
      `It was expected to fail: ${expected}. Take it out of the expected failures.`,
    );
  }
  return command("error", `${id} (${level}, ${status})`, `${title}\n${message}\n${source}`);
}

function warning({ id, title, message }: RuleResult): string {
  return command("warning", id, `${title}\n${message}`);
}

function limited(lines: string[], kind: string): string[] {
  if (lines.length <= mostShown) return lines;
  const more = lines.length - (mostShown - 1);
  return [...lines.slice(0, mostShown - 1), command(kind, "and more", `${more} more are in the log and the reports.`)];
}

function command(kind: string, title: string, message: string): string {
  return `::${kind} title=${property(title)}::${data(message)}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
