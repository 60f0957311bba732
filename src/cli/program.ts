// The command line: which commands there are, and what an error exits with.

import { Command, CommanderError } from "commander";
import { CannotRun } from "./cannot-run.ts";
import { serveCommand } from "./serve.ts";

const program = new Command("settle")
  .description("A spec-driven mock and contract-test server for the State Backed API.")
  .exitOverride()
  .showHelpAfterError("(settle --help shows what there is)")
  .addCommand(serveCommand());
for (const command of program.commands) command.exitOverride().copyInheritedSettings(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = exitCode(error);
}

/** 0 fine, 1 the answer is no, 2 could not run. Help and version are thrown too, with 0. */
function exitCode(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CannotRun) {
    process.stderr.write(`settle: ${error.message}\n`);
    return 2;
  }
  process.stderr.write(`settle: ${error instanceof Error ? error.stack : String(error)}\n`);
  return 2;
}
