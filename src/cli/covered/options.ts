// `--coverage` and `--fail-under` of the commands that run a server.

import type { Command } from "commander";
import type { ServerWatcher } from "../../index.ts";
import { parsePercent } from "../report-options.ts";
import { serverOption } from "../server-options.ts";
import { ensureWritable, writeWhole } from "../written-file.ts";

export interface CoverageFlags {
  coverage?: string;
  /** Percent. */
  failUnder?: number;
}

export interface CoverageRun {
  watcher: ServerWatcher;
  /** Writes the file, once the server is closed. @returns why the answer is no, or null */
  finish(): string | null;
}

export function addCoverageOptions(command: Command): Command {
  return command
    .addOption(
      serverOption(
        "--coverage <file>",
        "COVERAGE",
        "write at the end which statuses and parts of statecharts were met",
      ),
    )
    .addOption(
      serverOption(
        "--fail-under <percent>",
        "FAIL_UNDER",
        "exit with 1 when less of the statecharts' states, transitions and guards was met",
      ).argParser(parsePercent),
    );
}

/** Undefined when nothing is to be counted. @throws CannotRun */
export async function prepareCoverage({ coverage: file, failUnder }: CoverageFlags): Promise<CoverageRun | undefined> {
  if (file === undefined && failUnder === undefined) return undefined;
  if (file !== undefined) ensureWritable("--coverage", file);
  const { CoverageCollector } = await import("./collector.ts");
  const watcher = new CoverageCollector();
  return {
    watcher,
    finish() {
      const written = watcher.written();
      if (file !== undefined) writeWhole("--coverage", file, `${JSON.stringify(written, null, 2)}\n`);
      if (failUnder === undefined || written.percent >= failUnder) return null;
      return `${written.percent} % of the statecharts was met, under the ${failUnder} % of --fail-under`;
    },
  };
}
