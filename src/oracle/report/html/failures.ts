// The failures of an HTML report: what was seen, what the rule says, what led there, and how to see it again.

import type { Exchanged, RuleResult } from "../../report.ts";
import { shellWord } from "../shell-word.ts";
import { html, type Markup } from "./markup.ts";

/** Undefined when there are none. `command`: what the replay arguments are given to. */
export function failuresSection(rules: readonly RuleResult[], command: string, isOpen: boolean): Markup | undefined {
  if (rules.length === 0) return undefined;
  return html`${rules.map((rule) => card(rule, command, isOpen))}`;
}

function card(rule: RuleResult, command: string, isOpen: boolean): Markup {
  const { id, title, level, status, message, source, expected, repro, replay, history = [] } = rule;
  const isUnexpectedPass = expected !== undefined && status === "passed";
  return html`
<details class="card ${status}" id="${id}"${isOpen ? html` open` : html``}>
<summary><span class="headline"><span class="chip tone ${status}">${status}</span><span class="chip level">${level}</span><span class="id">${id}</span></span><span class="title">${title}</span></summary>
${message === "" ? html`` : html`<p class="message">${message}</p>`}
${expected === undefined ? html`` : html`<p class="expected">${isUnexpectedPass ? "It was expected to fail" : "Expected to fail"}: ${expected}</p>`}
<blockquote>${source}</blockquote>
${history.length === 0 ? html`` : historyTable(history)}
${repro.length === 0 ? html`` : scriptBox("See it again", repro.join("\n"))}
${repro.length === 0 ? html`` : scriptBox("Judge it again", `${command} ${(replay ?? ["--only", id]).map(shellWord).join(" ")}`)}
</details>`;
}

function historyTable(history: readonly Exchanged[]): Markup {
  const rows = history.map(
    ({ atMs, elapsedMs, request, status, body }, i) => html`
<tr${i === history.length - 1 ? html` class="last"` : html``}><td class="number">${seconds(atMs)}</td><td><code>${request}</code></td><td class="number">${status === 0 ? "none" : status}</td><td class="number">${elapsedMs} ms</td><td><code>${body}</code></td></tr>`,
  );
  return html`<h4>What led there</h4>
<div class="scroll" tabindex="0" role="region" aria-label="Exchanges"><table class="history">
<thead><tr><th scope="col">At</th><th scope="col">Request</th><th scope="col">Status</th><th scope="col">Took</th><th scope="col">Answer</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

function scriptBox(title: string, text: string): Markup {
  return html`<h4>${title}</h4>
<div class="script"><pre tabindex="0"><code>${text}</code></pre></div>`;
}

/** Seconds with two decimals, of milliseconds. */
function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
