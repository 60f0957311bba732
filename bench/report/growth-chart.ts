// The chart of what a creation and an event cost by what is stored, with the most that the project allows itself.

import type { TopLevelSpec } from "vega-lite";
import type { Growing, GrowthFigures } from "../figures.ts";
import { growthOf } from "./ratios.ts";
import { mostGrowth } from "./targets.ts";

type Panel = Extract<TopLevelSpec, { hconcat: unknown }>["hconcat"][number];

const colors = ["#2f81f7", "#a371f7", "#2da44e", "#db6d28"];

export function growthChart({ bySize, byHistory }: GrowthFigures): TopLevelSpec {
  const names = [...new Set([...Object.keys(bySize), ...Object.keys(byHistory)])];
  return {
    hconcat: [panel("By stored instances", bySize, names), panel("By transitions behind the event", byHistory, names)],
  };
}

function panel(title: string, operations: { [operation: string]: Growing[] }, names: string[]): Panel {
  const values = Object.entries(operations).flatMap(([operation, growing]) =>
    growing.map((one) => ({ operation, amount: one.amount.toLocaleString("en"), times: growthOf(growing, one) })),
  );
  const amounts = [...new Set(values.map(({ amount }) => amount))];
  return {
    title,
    width: 300,
    height: 220,
    layer: [
      {
        data: { values: [{ most: mostGrowth, text: `target: at most ${mostGrowth} ×` }] },
        encoding: { y: { field: "most", type: "quantitative" } },
        layer: [
          { mark: { type: "rule", color: "#cf222e", strokeDash: [4, 4], strokeWidth: 1.5 } },
          {
            mark: { type: "text", align: "left", baseline: "bottom", dy: -3, x: 4 },
            encoding: { text: { field: "text" } },
          },
        ],
      },
      {
        data: { values },
        mark: { type: "line", point: { size: 50 }, strokeWidth: 2 },
        encoding: {
          x: { field: "amount", type: "ordinal", sort: amounts, title: null, axis: { labelAngle: 0 } },
          y: {
            field: "times",
            type: "quantitative",
            scale: { zero: true, domainMax: Math.max(2, ...values.map(({ times }) => times)) },
            title: "cost, as a multiple of the first",
          },
          color: { field: "operation", type: "nominal", scale: { domain: names, range: colors } },
        },
      },
    ],
  };
}
