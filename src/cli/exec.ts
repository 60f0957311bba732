// `settle exec`: a server for as long as one command runs, which finds it in its environment.

import { Command } from "commander";
import type { SettleServer } from "../index.ts";
import { CannotRun } from "./cannot-run.ts";
import { addCoverageOptions, type CoverageFlags, prepareCoverage } from "./covered/options.ts";
import { createOutput } from "./output.ts";
import { runProgram } from "./run-program.ts";
import { addServerOptions, type ServerFlags, toServerOptions } from "./server-options.ts";
import { start } from "./start.ts";

/** Unless told otherwise: any free port, and nothing is kept. */
export function execCommand(): Command {
  return addCoverageOptions(addServerOptions(new Command("exec"), { port: 0, store: "memory:" }))
    .description("start a server, run a command that finds it in SETTLE_URL, and exit with the command's code")
    .usage("[options] -- <command...>")
    .argument("[command...]", "the command and its arguments")
    .passThroughOptions()
    .action(exec);
}

async function exec([file, ...args]: string[], flags: ServerFlags & CoverageFlags): Promise<void> {
  if (file === undefined) {
    throw new CannotRun(
      "exec needs a command to run: settle exec [options] -- <command...>, as in settle exec -- npm test",
    );
  }
  const { log, machineLog } = createOutput(false);
  const coverage = await prepareCoverage(flags);
  const server = await start({
    ...toServerOptions(flags),
    // The command's output is the point; of the server's only what went wrong is worth a line between.
    log: (entry) => entry.level !== "info" && log(entry),
    onMachineLog: machineLog,
    ...(coverage ? { watcher: coverage.watcher } : {}),
  });
  try {
    process.exitCode = await runProgram(file, args, { ...process.env, ...variables(server) });
  } finally {
    await server.close();
  }
  const shortfall = coverage?.finish() ?? null;
  if (shortfall === null) return;
  process.stderr.write(`settle: ${shortfall}\n`);
  // What the command itself said is worth more.
  if (process.exitCode === 0) process.exitCode = 1;
}

function variables({ url, orgId, keyId, secretKey, adminToken }: SettleServer): NodeJS.ProcessEnv {
  return {
    SETTLE_URL: url,
    SETTLE_ORG_ID: orgId,
    SETTLE_KEY_ID: keyId,
    SETTLE_SECRET_KEY: secretKey,
    SETTLE_ADMIN_TOKEN: adminToken,
  };
}
