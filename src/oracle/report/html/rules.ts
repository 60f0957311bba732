// The rules of an HTML report, each with its result; which of them are shown is chosen without scripts.

import type { RuleResult, Status } from "../../report.ts";
import { html, type Markup } from "./markup.ts";

/** Worst first. */
const statuses: readonly Status[] = ["failed", "flaky", "oracle-error", "warned", "not-exercised", "skipped", "passed"];

export function rulesSection(rules: readonly RuleResult[]): Markup {
  const present = statuses.filter((status) => rules.some((rule) => rule.status === status));
  const boxes = present.map((status) => {
    const count = rules.filter((rule) => rule.status === status).length;
    return html`<label><input type="checkbox" id="show-${status}" checked> <span class="tone ${status}">${status}</span> (${count})</label>`;
  });
  return html`<fieldset class="filters"><legend>Show</legend>${boxes}<label hidden>Search <input type="search" id="search"></label></fieldset>
<div class="scroll"><table class="rules">
<thead><tr><th scope="col">Result</th><th scope="col">Rule</th><th scope="col">Level</th><th scope="col" class="number">Found kept</th></tr></thead>
<tbody>${rules.map(row)}</tbody></table></div>`;
}

/** Results with a card of their own lead to it. */
function row({ id, title, level, status, message, passes, source, expected }: RuleResult): Markup {
  const hasCard = expected !== undefined || ["failed", "flaky", "oracle-error", "warned"].includes(status);
  const name = hasCard ? html`<a href="#${id}" class="id">${id}</a>` : html`<span class="id" id="${id}">${id}</span>`;
  return html`
<tr class="${status}"><td><span class="tone ${status}"><span class="dot"></span>${status}</span></td><td>${title}<br>${name}<span class="why" title="${source}">${hasCard ? "" : message}</span></td><td>${level}</td><td class="number passes">${passes}</td></tr>`;
}
