// Runs the command line, and says what an error exits with.

import { CommanderError } from "commander";
import { StoreUnavailable } from "../store/port.ts";
import { CannotRun } from "./cannot-run.ts";
import { createProgram } from "./commands.ts";

try {
  await createProgram().parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
}

/** 0 fine, 1 the answer is no, 2 could not run. Help and version are thrown too, with 0. */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CannotRun || error instanceof StoreUnavailable) {
    process.stderr.write(`settle: ${error.message}\n`);
    return 2;
  }
  process.stderr.write(`settle: ${error instanceof Error ? error.stack : String(error)}\n`);
  return 2;
}
