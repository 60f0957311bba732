// `settle serve`: starts the server, says where it is, and stops it in order.

import { Command } from "commander";
import { messageOf } from "../domain/message-of.ts";
import type { SettleServer } from "../index.ts";
import { banner } from "./banner.ts";
import { addCoverageOptions, type CoverageFlags, type CoverageRun, prepareCoverage } from "./covered/options.ts";
import { createOutput } from "./output.ts";
import { addServerOptions, addSwitch, type ServerFlags, toServerOptions } from "./server-options.ts";
import { start } from "./start.ts";
import { capYoungHeap } from "./young-heap.ts";

interface ServeFlags extends ServerFlags, CoverageFlags {
  json?: boolean;
}

export function serveCommand(): Command {
  const command = addCoverageOptions(addServerOptions(new Command("serve"), { port: 4380, store: ".settle/db.json" }));
  return addSwitch(command, "--json", "JSON", "one JSON object a line on stdout")
    .description("run the server")
    .action((flags: ServeFlags) => serve(flags));
}

async function serve(flags: ServeFlags): Promise<void> {
  capYoungHeap();
  const output = createOutput(flags.json === true);
  const coverage = await prepareCoverage(flags);
  const server = await start({
    ...toServerOptions(flags),
    log: output.log,
    onMachineLog: output.machineLog,
    ...(coverage ? { watcher: coverage.watcher } : {}),
  });
  stopOnSignals(server, coverage);
  const { url, orgId, keyId, secretKey, adminToken } = server;
  const ready = { event: "ready", url, orgId, keyId, secretKey, adminToken, store: server.store, pid: process.pid };
  output.ready(ready, () => banner(server, flags.clock));
}

function stopOnSignals(server: SettleServer, coverage: CoverageRun | undefined): void {
  const stop = () => {
    // A second signal is somebody in a hurry; everything acknowledged is on disk already.
    process.once("SIGINT", () => process.exit(130));
    const finish = async () => {
      await server.close();
      const shortfall = coverage?.finish() ?? null;
      if (shortfall !== null) process.stderr.write(`settle: ${shortfall}\n`);
      return shortfall === null ? 0 : 1;
    };
    finish().then(
      (code) => process.exit(code),
      (error: unknown) => {
        process.stderr.write(`settle: stopping failed: ${messageOf(error)}\n`);
        process.exit(2);
      },
    );
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}
