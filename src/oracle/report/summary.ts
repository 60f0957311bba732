// A report as text: what a person reads at the end of a run, and acts on.

import type { Report, RuleResult, Status } from "../report.ts";
import { percentOf } from "./coverage.ts";
import { breaks } from "./expected.ts";
import { counted } from "./outcome.ts";
import { shellWord } from "./shell-word.ts";

/** `command`: what a failure's replay arguments are given to, as in `settle verify http://…`. */
export function toSummary(report: Report, command: string): string {
  const { rules } = report;
  const broken = rules.filter(breaks);
  const faults = rules.filter(({ status }) => status === "oracle-error");
  const expected = rules.filter((rule) => rule.expected !== undefined && !breaks(rule));
  const rest = (status: Status) => rules.filter((rule) => rule.status === status && rule.expected === undefined);
  const parts = [
    ...broken.map((rule) => failure(rule, command)),
    ...faults.map(fault),
    list("Warnings (sources are silent or disagree; they fail nothing):", rest("warned").map(short)),
    list("Expected failures:", expected.map(expectation)),
    list("Skipped:", byReason(rest("skipped"))),
    list("Not exercised:", byReason(rest("not-exercised"))),
    headline(report),
  ];
  return printable(parts.filter((part) => part !== "").join("\n\n"));
}

function headline(report: Report): string {
  const { target, rules, verdict, seed, run, coverage, leftovers = [] } = report;
  const order: Status[] = ["passed", "failed", "flaky", "oracle-error", "warned", "skipped", "not-exercised"];
  const counts = order.flatMap((status) => {
    const count = rules.filter((rule) => rule.status === status).length;
    return count === 0 ? [] : [`${count} ${status}`];
  });
  const isJudged = verdict === "conforms" || rules.some(({ status }) => status === "failed" || status === "flaky");
  const seconds =
    run === undefined ? "" : `, ${((Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1_000).toFixed(1)} s`;
  return [
    `${target} ${isJudged ? `${verdict}${verdict === "violates" ? " the contracts" : ""}` : "could not be judged"}${run?.isInterrupted ? " (ended early: this is what is known)" : ""}`,
    `  ${counts.join(", ")} (of ${counted(rules.length, "rule")}; seed ${seed}${seconds})`,
    `  coverage ${percentOf(coverage).toFixed(1)} %: ${coverage.statuses.seen} of ${coverage.statuses.declared} declared statuses, ${coverage.rules.run} of ${coverage.rules.total} rules`,
    ...leftovers.map((sentence) => `  left on the target: ${sentence}`),
  ].join("\n");
}

/** The script is indented, and runs all the same. */
function failure(
  { id, level, status, title, message, source, repro, replay, expected }: RuleResult,
  command: string,
): string {
  if (status === "passed") return `UNEXPECTED PASS  ${id} (${level})\n  ${title}\n  expected to fail: ${expected}`;
  return [
    `${status.toUpperCase()}  ${id} (${level})`,
    `  ${title}`,
    `  seen:   ${message}`,
    `  source: ${source}`,
    ...(repro.length === 0
      ? []
      : ["  script: (reads SETTLE_URL, SETTLE_KEY_ID and SETTLE_SECRET_KEY)", ...repro.map((line) => `    ${line}`)]),
    `  replay: ${command} ${(replay ?? ["--only", id]).map(shellWord).join(" ")}`,
  ].join("\n");
}

function fault({ id, message }: RuleResult): string {
  return `ORACLE ERROR  ${id}\n  The oracle failed, not the target: ${message}`;
}

const longest = 200;

function short({ id, message }: RuleResult): string {
  return `${id}: ${message.length > longest ? `${message.slice(0, longest)}…` : message}`;
}

function expectation({ id, status, expected }: RuleResult): string {
  return `${id} (${status}): ${expected}`;
}

function byReason(rules: readonly RuleResult[]): string[] {
  const ids = new Map<string, string[]>();
  for (const { id, message } of rules) ids.set(message, [...(ids.get(message) ?? []), id]);
  return [...ids].map(
    ([reason, of]) => `${counted(of.length, "rule")}${reason === "" ? "" : ` ${reason}`}: ${of.join(", ")}`,
  );
}

function list(title: string, items: readonly string[]): string {
  return items.length === 0 ? "" : [title, ...items.map((item) => `  ${item}`)].join("\n");
}

/** What a terminal would obey is shown instead, since much of the text comes from the target. */
export function printable(text: string): string {
  return text.replaceAll(
    /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
