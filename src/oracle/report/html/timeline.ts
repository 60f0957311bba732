// How a run spent its time, as a chart, and what it was.

import type { Report } from "../../report.ts";
import type { RunFacts } from "../facts.ts";
import { html, type Markup } from "./markup.ts";

const widthPx = 1_100;
const leftPx = 110;
const paceHeightPx = 60;
const rowHeightPx = 24;

/** Stages below each other, exchanges above them, a mark for each failure. Undefined without times. */
export function timelineSection({ run, rules }: Report): Markup | undefined {
  if (run === undefined) return undefined;
  const totalMs = Math.max(1, Date.parse(run.endedAt) - Date.parse(run.startedAt));
  const x = (ms: number) => leftPx + ((widthPx - leftPx - 10) * Math.min(ms, totalMs)) / totalMs;
  const stagesTop = paceHeightPx + 24;
  const height = stagesTop + run.stages.length * rowHeightPx + 28;
  const marks = rules.flatMap(({ id, history }) => {
    const at = history?.at(-1)?.atMs;
    return at === undefined
      ? []
      : [html`<circle class="mark" cx="${x(at)}" cy="${paceHeightPx + 14}" r="4"><title>${id}</title></circle>`];
  });
  const stages = run.stages.map(({ stage, startMs, endMs }, i) => {
    const y = stagesTop + i * rowHeightPx;
    const width = Math.max(2, x(endMs) - x(startMs));
    return html`<text x="8" y="${y + 15}">${stage}</text><rect class="stage" x="${x(startMs)}" y="${y + 4}" width="${width}" height="14" rx="3"><title>${stage}: ${((endMs - startMs) / 1_000).toFixed(1)} s</title></rect>`;
  });
  const exchanges = run.pace.counts.reduce((sum, count) => sum + count, 0);
  return html`<p>${exchanges} exchanges in ${(totalMs / 1_000).toFixed(1)} s${marks.length === 0 ? "" : "; each dot is a failure"}.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Stages over time"><svg class="timeline" viewBox="0 0 ${widthPx} ${height}" role="img" aria-label="Exchanges and stages over time">
<text x="8" y="${paceHeightPx - 4}">exchanges</text>${pace(run.pace, x)}
${marks.length === 0 ? html`` : html`<text x="8" y="${paceHeightPx + 18}">failures</text>${marks}`}
${stages}
<line class="axis" x1="${leftPx}" x2="${widthPx - 10}" y1="${height - 22}" y2="${height - 22}"/>
<text x="${leftPx}" y="${height - 7}">0 s</text><text x="${widthPx - 10}" y="${height - 7}" text-anchor="end">${(totalMs / 1_000).toFixed(1)} s</text>
</svg></div>`;
}

function pace({ widthMs, counts }: RunFacts["pace"], x: (ms: number) => number): Markup {
  const most = Math.max(1, ...counts);
  const bars = counts.map((count, i) => {
    const height = ((paceHeightPx - 8) * count) / most;
    const [from, to] = [x(i * widthMs), x((i + 1) * widthMs)];
    return html`<rect class="bar" x="${from}" y="${paceHeightPx - height}" width="${Math.max(0.5, to - from - 1)}" height="${height}"/>`;
  });
  return html`${bars}`;
}

/** What would have to be the same for the same run again. */
export function factsSection({ run, seed, target, leftovers = [] }: Report): Markup | undefined {
  if (run === undefined) return undefined;
  const { suite, profile, namespace, only } = run;
  const facts: [string, string][] = [
    ["Target", target],
    ["Settle", suite.version],
    ["Seed", String(seed)],
    ["Asked for", only === undefined ? "everything" : only.join(", ")],
    ["Profile", `${profile.title}: ${profile.capabilities.join(", ") || "no capabilities"}`],
    ["Settle timeout", `${profile.settleTimeoutMs} ms`],
    ["Namespace", namespace],
    ["Left on the target", leftovers.join("; ") || "nothing"],
    ["Document", suite.document],
    ["Rules", suite.rules],
    ["Errata", suite.errata],
  ];
  return html`<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}
