// The HTML report as text: one file, escaped, with everything that the results say.

import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { html } from "../../../src/oracle/report/html/markup.ts";
import { toHtml } from "../../../src/oracle/report/html/page.ts";
import { operations } from "../../../src/spec/document.ts";
import { report } from "./reports.ts";

const page = toHtml(report, "settle verify http://127.0.0.1:1 --seed 7");

it("holds no element that a target wrote, and loads nothing", () => {
  expect(page.match(/<(?:script|style)\b/g)).toEqual(["<style", "<script"]);
  expect(page).not.toMatch(/<(?:img|link|iframe|object|base)\b|\s(?:src|style|on\w+)=["']|url\(|@import/i);
  expect([...page.matchAll(/href="([^"#][^"]*)"/g)]).toEqual([]);
});

it("permits its own script and style by their hashes, and nothing else", () => {
  const policy = /content="(default-src [^"]+)"/.exec(page)?.[1] ?? "";
  for (const part of ["style", "script"]) {
    const text = new RegExp(`<${part}>([\\s\\S]*?)</${part}>`).exec(page)?.[1] ?? "";
    const hash = createHash("sha256").update(text).digest("base64");
    expect(policy).toContain(`${part}-src &#39;sha256-${hash}&#39;`);
  }
  expect(policy).toMatch(/^default-src &#39;none&#39;/);
});

it("has a row for every rule and every operation, and a card for each that needs a look", () => {
  for (const { id } of report.rules) expect(page).toContain(`>${id}<`);
  for (const { operationId } of operations) expect(page).toContain(`<code>${operationId}</code>`);
  expect(page.match(/<details class="card/g)).toHaveLength(6);
  expect(page).toContain('<td class="seen">5</td>');
  expect(page).toContain('<td class="wrong">1</td>');
});

it("shows statecharts where there are some, with what was never met", () => {
  expect(page).toContain("States: 1 of 2");
  expect(page).toContain("Guards: 1 of 2");
  expect(page).toContain('<li class="unmet"><code>open SHUT</code><span>never</span></li>');
  const { statecharts: _, ...coverage } = report.coverage;
  expect(toHtml({ ...report, coverage }, "settle")).not.toContain('id="statecharts"');
});

it("can do without facts about the run", () => {
  const { run: _, ...rest } = report;
  const bare = toHtml(rest, "settle");
  expect(bare).not.toContain('id="timeline"');
  expect(bare).toContain('id="failures"');
});

it("escapes what is put into a template, once", () => {
  const inner = html`<b>${"<&>"}</b>`;
  expect(html`<p title="${`"'`}">${[inner, 1, undefined, "\u202e"]}</p>`.text).toBe(
    '<p title="&quot;&#39;"><b>&lt;&amp;&gt;</b>1\\u202e</p>',
  );
});
