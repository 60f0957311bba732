// Writes the report into bench/.

import { writeFile } from "node:fs/promises";
import type { Figures } from "../figures.ts";
import { chartsOf } from "./charts.ts";
import { toMarkdown } from "./markdown.ts";

const bench = new URL("../", import.meta.url);

export async function writeReport(figures: Figures): Promise<void> {
  await writeFile(new URL("README.md", bench), toMarkdown(figures));
  for (const [name, svg] of Object.entries(await chartsOf(figures))) await writeFile(new URL(name, bench), svg);
}
