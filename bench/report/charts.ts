// The charts as SVG, drawn by Vega-Lite without a browser, readable on a light page and on a dark one.

import { parse, View } from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import type { Figures } from "../figures.ts";
import { growthChart } from "./growth-chart.ts";
import { operationsChart } from "./operations-chart.ts";

/** By file name; of the parts that were measured. */
export async function chartsOf({ operations, growth }: Figures): Promise<{ [name: string]: string }> {
  return {
    ...(operations && { "operations.svg": await draw(operationsChart(operations)) }),
    ...(growth && { "growth.svg": await draw(growthChart(growth)) }),
  };
}

async function draw(chart: TopLevelSpec): Promise<string> {
  const { spec } = compile(chart, { config });
  const view = new View(parse(spec), { renderer: "none" });
  const svg = await view.toSVG();
  view.finalize();
  return `${svg.replace(/<svg[^>]*>/, (tag) => `${tag}\n${style}`)}\n`;
}

const config: NonNullable<TopLevelSpec["config"]> = {
  background: "transparent",
  font: "system-ui, sans-serif",
  view: { stroke: null },
  axis: {
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: "normal",
    domain: false,
    ticks: false,
    labelPadding: 6,
    labelLimit: 0,
  },
  legend: { labelFontSize: 12, title: null, orient: "top", symbolType: "square", labelLimit: 0 },
  title: { fontSize: 13, anchor: "start", fontWeight: "bold", offset: 10 },
};

/** What Vega writes as attributes gives way to this. */
const style = `<style>
text { fill: #1f2328; }
.role-axis-grid line, .role-axis-grid path { stroke: #1f2328; stroke-opacity: 0.12; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .role-axis-grid line, .role-axis-grid path { stroke: #e6edf3; stroke-opacity: 0.18; }
}
</style>`;
