// A report as one HTML file: nothing is fetched, nothing that a target answered can run.

import { createHash } from "node:crypto";
import type { Report, RuleResult, Status } from "../../report.ts";
import { breaks } from "../expected.ts";
import { coverageSection } from "./coverage.ts";
import { failuresSection } from "./failures.ts";
import { html, Markup } from "./markup.ts";
import { rulesSection } from "./rules.ts";
import { script } from "./script.ts";
import { statechartsSection } from "./statecharts.ts";
import { style } from "./style.ts";
import { factsSection, timelineSection } from "./timeline.ts";

/** Worst first. */
export const statuses: readonly Status[] = [
  "failed",
  "flaky",
  "oracle-error",
  "warned",
  "not-exercised",
  "skipped",
  "passed",
];

/** Worst first. `command`: what a failure's replay arguments are given to, as in `settle verify http://…`. */
export function toHtml(report: Report, command: string): string {
  const broken = worstFirst(report.rules.filter((rule) => breaks(rule) || rule.status === "oracle-error"));
  const expected = report.rules.filter((rule) => rule.expected !== undefined && !broken.includes(rule));
  const warned = report.rules.filter((rule) => rule.status === "warned" && !expected.includes(rule));
  const sections: [id: string, title: string, content: Markup | undefined][] = [
    ["failures", `Failures (${broken.length})`, failuresSection(broken, command, true)],
    ["expected", `Expected failures (${expected.length})`, failuresSection(expected, command, false)],
    ["warnings", `Warnings (${warned.length})`, failuresSection(warned, command, false)],
    ["coverage", "Coverage", coverageSection(report.coverage)],
    ["statecharts", "Statecharts", statechartsSection(report.coverage.statecharts ?? [])],
    ["timeline", "Timeline", timelineSection(report)],
    ["rules", `Rules (${report.rules.length})`, rulesSection(report.rules)],
    ["run", "This run", factsSection(report)],
  ];
  const shown = sections.filter(([, , content]) => content !== undefined);
  const body = html`<body>
<a class="skip" href="#main">Skip to the results</a>
${header(report)}
<nav aria-label="Sections"><ul>${shown.map(([id, title]) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>
<main id="main">${shown.map(
    ([id, title, content]) => html`
<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`,
  )}
</main>
<footer>Written by Settle${report.run === undefined ? "" : ` ${report.run.suite.version}`}, from a run that ${
    report.run === undefined ? "left no times" : `ended at ${report.run.endedAt}`
  }.</footer>
<script>${new Markup(script)}</script>
</body>`;
  return `<!doctype html>\n<html lang="en">\n${head(report).text}\n${body.text}\n</html>\n`;
}

function head({ target, verdict }: Report): Markup {
  const policy = `default-src 'none'; style-src '${hash(style)}'; script-src '${hash(script)}'; base-uri 'none'; form-action 'none'`;
  return html`<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${target} ${verdict}</title>
<style>${new Markup(style)}</style>
</head>`;
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function header({ target, verdict, rules, run, seed }: Report): Markup {
  const isJudged = verdict === "conforms" || rules.some(({ status }) => status === "failed" || status === "flaky");
  const [word, tone] = isJudged ? [verdict, verdict] : ["not judged", "unsure"];
  const seconds = run === undefined ? 0 : (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1_000;
  const facts =
    run === undefined
      ? `seed ${seed}`
      : `${run.startedAt.slice(0, 19).replace("T", " ")} UTC · ${seconds.toFixed(1)} s · seed ${seed} · profile “${run.profile.title}”${run.isInterrupted ? " · ended early" : ""}`;
  return html`<header>
<p class="eyebrow">State Backed API conformance</p>
<h1>${target} <span class="verdict ${tone}">${word}</span></h1>
<p class="facts">${facts}</p>
${tally(rules)}
</header>`;
}

function tally(rules: readonly RuleResult[]): Markup {
  const counts = statuses.map((status) => [status, rules.filter((rule) => rule.status === status).length] as const);
  let at = 0;
  const bars = counts.map(([status, count]) => {
    const width = rules.length === 0 ? 0 : (1_000 * count) / rules.length;
    const bar = html`<rect class="${status}" x="${at}" y="0" width="${width}" height="12"/>`;
    at += width;
    return bar;
  });
  const told = counts.filter(([, count]) => count > 0);
  return html`<svg class="tally" viewBox="0 0 1000 12" preserveAspectRatio="none" aria-hidden="true">${bars}</svg>
<ul class="counts">${told.map(
    ([status, count]) =>
      html`<li><span class="tone ${status}"><span class="dot"></span><b>${count}</b></span> ${status}</li>`,
  )}</ul>`;
}

function worstFirst(rules: readonly RuleResult[]): RuleResult[] {
  return rules.toSorted((a, b) => statuses.indexOf(a.status) - statuses.indexOf(b.status));
}
