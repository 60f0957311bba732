// `settle check`: the command; what it does is loaded when it is asked for.

import { Command } from "commander";

export function checkCommand(): Command {
  return new Command("check")
    .description("check that openapi.yaml lints clean and every operation has a handler, a contract and examples")
    .action(async () => {
      const { check } = await import("./check/run.ts");
      await check();
    });
}
