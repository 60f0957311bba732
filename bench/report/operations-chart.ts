// The chart of the hot operations: requests a second beside latency, the rivals below Settle in each.

import type { TopLevelSpec } from "vega-lite";
import type { OperationFigures } from "../figures.ts";
import { contenders } from "../figures.ts";
import { contenderNames } from "./operations.ts";
import { middle } from "./ratios.ts";

/** Strong enough on white and on black. */
const colors = ["#2f81f7", "#db6d28", "#a371f7", "#8b949e"];

export function operationsChart({ operations }: OperationFigures): TopLevelSpec {
  const names = contenders.map((name) => contenderNames[name]);
  const rows = Object.entries(operations).flatMap(([operation, rounds]) =>
    contenders.map((name) => ({
      operation,
      server: contenderNames[name],
      rate: middle(rounds, name, ({ requestsPerSecond }) => requestsPerSecond),
      p50: middle(rounds, name, ({ latencyMs }) => latencyMs.p50),
      p99: middle(rounds, name, ({ latencyMs }) => latencyMs.p99),
      p999: middle(rounds, name, ({ latencyMs }) => latencyMs.p999),
    })),
  );
  const powers = powersAround(rows.flatMap(({ p50, p999 }) => [p50, p999]));
  const y = { field: "operation", type: "nominal", sort: Object.keys(operations), title: null } as const;
  const yOffset = { field: "server", type: "nominal", sort: names } as const;
  const color = { field: "server", type: "nominal", scale: { domain: names, range: colors } } as const;
  const height = { step: 13 };
  const x = (field: string) =>
    ({
      field,
      type: "quantitative",
      scale: { type: "log", domain: [powers.at(0), powers.at(-1)] as number[] },
      title: null,
      axis: { values: powers, format: "~g" },
    }) as const;
  return {
    data: { values: rows },
    spacing: 40,
    hconcat: [
      {
        title: "Requests a second",
        width: 330,
        height,
        mark: { type: "bar" },
        encoding: {
          y,
          yOffset,
          color,
          x: { field: "rate", type: "quantitative", title: null, axis: { tickCount: 5 } },
        },
      },
      {
        title: "Latency in ms: p50 (dot), p99, p99.9 (thin)",
        width: 330,
        height,
        encoding: { y: { ...y, axis: null }, yOffset, color },
        layer: [
          { mark: { type: "rule", strokeWidth: 1 }, encoding: { x: x("p99"), x2: { field: "p999" } } },
          { mark: { type: "rule", strokeWidth: 4 }, encoding: { x: x("p50"), x2: { field: "p99" } } },
          { mark: { type: "point", filled: true, size: 55, opacity: 1 }, encoding: { x: x("p50") } },
        ],
      },
    ],
  };
}

/** The powers of ten from the last one below all values to the first one above. */
function powersAround(values: number[]): number[] {
  const least = Math.floor(Math.log10(Math.min(...values)));
  const most = Math.ceil(Math.log10(Math.max(...values)));
  return Array.from({ length: most - least + 1 }, (_, n) => 10 ** (least + n));
}
