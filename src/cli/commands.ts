// Which commands there are.

import { Command } from "commander";
import { checkCommand } from "./check.ts";
import { execCommand } from "./exec.ts";
import { proxyCommand } from "./proxy.ts";
import { serveCommand } from "./serve.ts";
import { smplyCommand } from "./smply.ts";
import { tokenCommand } from "./token.ts";
import { verifyCommand } from "./verify.ts";

/** It throws instead of ending the process. */
export function createProgram(): Command {
  const program = new Command("settle")
    .description("A spec-driven mock and contract-test server for the State Backed API.")
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError("(settle --help shows what there is)");
  for (const command of [
    serveCommand(),
    verifyCommand(),
    proxyCommand(),
    execCommand(),
    tokenCommand(),
    smplyCommand(),
    checkCommand(),
  ]) {
    program.addCommand(command.exitOverride().copyInheritedSettings(program));
  }
  return program;
}
