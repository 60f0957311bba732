// The statecharts of an HTML report: which states, transitions and guards a run met.

import type { StatechartCoverage } from "../coverage.ts";
import { html, type Markup } from "./markup.ts";

/** Undefined when there are none. */
export function statechartsSection(charts: readonly StatechartCoverage[]): Markup | undefined {
  if (charts.length === 0) return undefined;
  return html`<div class="charts">${charts.map(chartCard)}</div>`;
}

function chartCard({ machine, xstate, states, transitions, guards }: StatechartCoverage): Markup {
  const guardSides = Object.entries(guards).flatMap(([guard, { true: held, false: not }]): [string, number][] => [
    [`${guard} held`, held],
    [`${guard} did not`, not],
  ]);
  return html`
<article class="card"><h3>${machine} <span class="id">XState ${xstate}</span></h3>
${list("States", Object.entries(states))}${list("Transitions", Object.entries(transitions))}${list("Guards", guardSides)}</article>`;
}

function list(title: string, entries: readonly [string, number][]): Markup {
  if (entries.length === 0) return html``;
  const met = entries.filter(([, count]) => count > 0).length;
  const items = entries.map(
    ([name, count]) =>
      html`<li${count === 0 ? html` class="unmet"` : html``}><code>${name}</code><span>${count === 0 ? "never" : count}</span></li>`,
  );
  return html`<h4>${title}: ${met} of ${entries.length}</h4><ul>${items}</ul>`;
}
