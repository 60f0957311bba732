// Which commands there are.

import { Command } from "commander";
import { checkCommand } from "./check.ts";
import { execCommand } from "./exec.ts";
import { proxyCommand } from "./proxy.ts";
import { serveCommand } from "./serve.ts";
import { smplyCommand } from "./smply.ts";
import { storeCommand } from "./store.ts";
import { tokenCommand } from "./token.ts";
import { verifyCommand } from "./verify.ts";

/** It throws instead of ending the process. */
export function createProgram(): Command {
  const program = new Command("settle")
    .description("A spec-driven mock and contract-test server for the State Backed API.")
    .exitOverride()
    .enablePositionalOptions()
    .configureOutput({
      outputError: (text, write) => write(`settle: ${inOneLine(text)} (settle --help shows what there is)\n`),
    });
  for (const command of [
    serveCommand(),
    verifyCommand(),
    proxyCommand(),
    execCommand(),
    tokenCommand(),
    smplyCommand(),
    storeCommand(),
    checkCommand(),
  ]) {
    program.addCommand(command);
    inherit(command, program);
  }
  return program;
}

/** Commander's own words take several: what is wrong, and what may have been meant. */
function inOneLine(text: string): string {
  return text
    .replace(/^error: /, "")
    .trim()
    .replace(/\n+/g, " ");
}

/** However deep a command is, it refuses as the program does. */
function inherit(command: Command, parent: Command): void {
  command.exitOverride().copyInheritedSettings(parent);
  for (const each of command.commands) inherit(each, command);
}
