// Lints openapi.yaml with the linter that is installed.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { CannotRun } from "../cannot-run.ts";
import { installedCommand } from "../installed.ts";

interface LintProblem {
  ruleId: string;
  message: string;
  location: { pointer?: string; start?: { line: number } }[];
}

/** What the linter finds in the openapi.yaml of a folder, a sentence each. @throws CannotRun when there is no linter, or it fails */
export async function lint(folder: string): Promise<string[]> {
  const command = installedCommand("@redocly/cli", "redocly");
  if (command === null) {
    throw new CannotRun("the linter of openapi.yaml is not installed here; npm install --save-dev @redocly/cli");
  }
  const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
  // It exits with 1 for what it finds as for what hinders it; only the former comes as JSON.
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [command, "lint", "settle", "--format=json"], {
    cwd: folder,
    env,
    maxBuffer: 64 * 1024 * 1024,
  }).catch((error: { stdout?: string; stderr?: string }) => ({ stdout: "", stderr: "", ...error }));
  return problemsOf(stdout, stderr).map(({ ruleId, message, location: [place] }) => {
    const { pointer = "#/", start } = place ?? {};
    return `openapi.yaml${start ? `:${start.line}` : ""} (${pointer}) ${message} (lint rule ${ruleId})`;
  });
}

function problemsOf(stdout: string, stderr: string): LintProblem[] {
  try {
    return (JSON.parse(stdout) as { problems: LintProblem[] }).problems;
  } catch (cause) {
    const detail = stderr
      .trim()
      .split("\n")
      .find((line) => line.trim() !== "");
    throw new CannotRun(`the linter failed: ${detail ?? "it said nothing"}`, { cause });
  }
}
