// The bench's report: targets beside figures, tables and charts that are well-formed, and a page that says what the results say.

import { readFile } from "node:fs/promises";
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { expect, test } from "vitest";
import { readFigures } from "../../bench/figures.ts";
import { chartsOf } from "../../bench/report/charts.ts";
import { toMarkdown } from "../../bench/report/markdown.ts";
import { figures } from "./figures.ts";

/** The rows of the first table below a heading, without its head. */
function rowsBelow(markdown: string, heading: string): string[][] {
  const lines = markdown.slice(markdown.indexOf(`## ${heading}\n`)).split("\n");
  const from = lines.findIndex((line) => line.startsWith("|"));
  const table = lines.slice(from, lines.indexOf("", from));
  return table.slice(2).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

test("every target stands beside its figure with met, not met, or not measured", () => {
  expect(rowsBelow(toMarkdown(figures), "Targets")).toEqual([
    ["create, requests/s", "≥ 2.5 × Prism", "2.50", "met"],
    ["send event, requests/s", "≥ 2.5 × Prism", "2.49", "**not met**"],
    ["get state, authorized, requests/s", "≥ 3 × Prism", "3.00", "met"],
    ["get state as admin, requests/s", "≥ 6 × Prism", "3.75", "**not met**"],
    ["get state as admin, requests/s", "≥ 0.4 × the Fastify echo", "0.38", "**not met**"],
    ["create, p99", "< Prism's", "7.00 ms, Prism 8.00 ms", "met"],
    ["send event, p99", "< Prism's", "8.50 ms, Prism 8.00 ms", "**not met**"],
    ["get state, authorized, p99", "< Prism's", "3.00 ms, Prism 8.00 ms", "met"],
    ["get state as admin, p99", "< Prism's", "2.00 ms, Prism 8.00 ms", "met"],
    ["create, 1 connection, 100,000 stored : 100", "≤ 1.5 ×", "1.50", "met"],
    ["event, 1 connection, 100,000 stored : 100", "≤ 1.5 ×", "1.60", "**not met**"],
    ["event, 1 connection, 10,000 transitions behind : none", "≤ 1.5 ×", "1.00", "met"],
    ["ready, empty store", "< 300 ms", "–", "not measured"],
    ["ready, 100,000 instances, after a clean stop", "< 1500 ms", "1499 ms", "met"],
    ["ready, 100,000 instances, after kill -9", "< 1500 ms", "1500 ms", "**not met**"],
    ["server's resident memory before the first machine runs", "< 120 MB", "119 MB", "met"],
  ]);
});

test("a short run, which stores less, says nothing about a target", () => {
  const { recovery, growth } = figures;
  const bySize = Object.fromEntries(
    Object.entries(growth?.bySize ?? {}).map(([operation, growing]) => [
      operation,
      growing.map((one) => ({ ...one, amount: Math.min(one.amount, 10_000) })),
    ]),
  );
  const short = {
    ...(recovery && { recovery: { ...recovery, instances: 10_000 } }),
    ...(growth && { growth: { ...growth, bySize } }),
  };
  const rows = rowsBelow(toMarkdown(short), "Targets");
  const verdicts = Object.fromEntries(rows.map(([name, , , verdict]) => [name, verdict]));
  expect(verdicts).toMatchObject({
    "create, 100,000 stored : 100": "not measured",
    "ready, 100,000 instances, after kill -9": "not measured",
    "event, 1 connection, 10,000 transitions behind : none": "met",
  });
});

test("figures that were taken on a busy machine say so", () => {
  const { growth } = figures;
  const busy = { ...figures, ...(growth && { growth: { ...growth, load: { before: 4.1, after: 5 } } }) };
  expect(toMarkdown(figures)).not.toContain("busy with other work");
  expect(toMarkdown(busy)).toMatch(/busy with other work .*: growth\./);
});

test("all rows of a table have as many cells as its head", () => {
  const lines = toMarkdown(figures).split("\n");
  const cells = (line = "") => line.split("|").length;
  const uneven = lines.filter(
    (line, n) => line.startsWith("|") && lines[n - 1]?.startsWith("|") && cells(line) !== cells(lines[n - 1]),
  );
  expect(uneven).toEqual([]);
  expect(toMarkdown(figures)).not.toMatch(/NaN|undefined|Infinity/);
});

test("the charts are SVG with a mark for each figure, and colours for a dark page", async () => {
  const charts = await chartsOf(figures);
  expect(Object.keys(charts)).toEqual(["operations.svg", "growth.svg"]);
  for (const svg of Object.values(charts)) {
    expect(XMLValidator.validate(svg)).toBe(true);
    expect(new XMLParser().parse(svg)).toHaveProperty(
      "svg.style",
      expect.stringContaining("prefers-color-scheme: dark"),
    );
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  }
  const bars = charts["operations.svg"]?.match(/aria-roledescription="bar"/g);
  expect(bars).toHaveLength(4 * 4);
});

test("a part that was never measured has no chart and no section", async () => {
  const { growth: _, ...rest } = figures;
  expect(Object.keys(await chartsOf(rest))).toEqual(["operations.svg"]);
  expect(toMarkdown(rest)).not.toContain("growth.svg");
});

test("bench/README.md says what bench/results.json says", async () => {
  const readme = await readFile(new URL("../../bench/README.md", import.meta.url), "utf8");
  expect(readme).toBe(toMarkdown(await readFigures()));
});
