// A report as JUnit XML, which every CI service reads: a testcase a rule.

import type { Report, RuleResult } from "../report.ts";
import { breaks } from "./expected.ts";

export function toJunit({ target, rules, run }: Report): string {
  const seconds = run === undefined ? 0 : (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1_000;
  const count = (is: (rule: RuleResult) => boolean) => rules.filter(is).length;
  const counts = [
    `tests="${rules.length}"`,
    `failures="${count(breaks)}"`,
    `errors="${count(({ status }) => status === "oracle-error")}"`,
    `skipped="${count(isSkipped)}"`,
    `time="${seconds}"`,
    ...(run === undefined ? [] : [`timestamp="${run.startedAt}"`]),
  ].join(" ");
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="settle" tests="${rules.length}">`,
    `  <testsuite name="${attribute(target)}" ${counts}>`,
    ...rules.map(testcase),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function isSkipped(rule: RuleResult): boolean {
  if (breaks(rule)) return false;
  return ["skipped", "not-exercised"].includes(rule.status) || (rule.expected !== undefined && hasFailed(rule));
}

function hasFailed({ status }: RuleResult): boolean {
  return status === "failed" || status === "flaky" || status === "warned";
}

/** The area of the API that a rule is about is its class: `SB-INST-CREATE-200` is in SB-INST. */
function testcase(rule: RuleResult): string {
  const { id, title } = rule;
  const area = id.split("-").slice(0, 2).join("-");
  const inner = outcome(rule);
  const open = `    <testcase classname="${attribute(area)}" name="${attribute(`${id}: ${title}`)}"`;
  return inner === "" ? `${open}/>` : `${open}>${inner}</testcase>`;
}

function outcome(rule: RuleResult): string {
  const { status, level, message, expected } = rule;
  if (breaks(rule)) {
    const what = expected === undefined ? message : `It passes, but was expected to fail: ${expected}`;
    return `<failure type="${expected === undefined ? `${level} ${status}` : "unexpected pass"}" message="${attribute(what)}">${cdata(detail(rule))}</failure>`;
  }
  if (status === "oracle-error") return `<error message="${attribute(message)}"/>`;
  if (expected !== undefined && hasFailed(rule)) {
    return `<skipped message="${attribute(`expected to fail: ${expected}`)}"/><system-out>${cdata(detail(rule))}</system-out>`;
  }
  if (isSkipped(rule)) return `<skipped message="${attribute(`${status}${message === "" ? "" : `: ${message}`}`)}"/>`;
  return status === "warned" ? `<system-out>${cdata(detail(rule))}</system-out>` : "";
}

function detail({ message, source, repro }: RuleResult): string {
  return [message, source, ...repro].join("\n");
}

/** What XML 1.0 has no way to write, as JSON would write it. */
function legal(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(
      /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
}

function attribute(text: string): string {
  const escapes: { [character: string]: string } = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
  return legal(text).replaceAll(/[&<>"\t\n\r]/g, (found) => escapes[found] ?? `&#${found.charCodeAt(0)};`);
}

/** A section ends at `]]>`, which is therefore spread over two. */
function cdata(text: string): string {
  return `<![CDATA[${legal(text).replaceAll("]]>", "]]]]><![CDATA[>")}]]>`;
}
