// `settle serve`: starts the server, says where it is, and stops it in order.

import { Command, InvalidArgumentError, Option } from "commander";
import { Problem } from "../domain/problem.ts";
import type { ServerOptions, SettleServer } from "../index.ts";
import { SourceError } from "../sources/source-error.ts";
import { StoreUnreadable } from "../store/port.ts";
import { banner } from "./banner.ts";
import { CannotRun } from "./cannot-run.ts";
import { parseDuration } from "./duration.ts";
import { createOutput } from "./output.ts";

interface ServeFlags {
  port: number;
  host: string;
  store: string;
  machines?: string[];
  watch?: boolean;
  settleTimeout: number;
  cpuTimeout: number;
  publicUrl?: string;
  durability: "process" | "power";
  responseCheck: "strict" | "warn" | "off";
  json?: boolean;
}

export function serveCommand(): Command {
  const option = (flags: string, variable: string, description: string) =>
    new Option(flags, description).env(`SETTLE_${variable}`);
  return new Command("serve")
    .description("run the server")
    .addOption(option("--port <number>", "PORT", "0 = any free port").default(4380).argParser(parsePort))
    .addOption(option("--host <address>", "HOST", "address to listen on").default("127.0.0.1"))
    .addOption(option("--store <path>", "STORE", "a JSON file, or memory:").default(".settle/db.json"))
    .addOption(option("--machines <path>", "MACHINES", "source file or folder; repeatable").argParser(collectPaths))
    .addOption(option("--watch", "WATCH", "republish a machine when its source changes"))
    .addOption(
      option("--settle-timeout <duration>", "SETTLE_TIMEOUT", "250ms, 10s, 2m")
        .default(10_000, "10s")
        .argParser(parseDuration),
    )
    .addOption(
      option("--cpu-timeout <duration>", "CPU_TIMEOUT", "longest a machine may compute without yielding")
        .default(1_000, "1s")
        .argParser(parseDuration),
    )
    .addOption(option("--public-url <url>", "PUBLIC_URL", "base of absolute URLs in answers").argParser(parseUrl))
    .addOption(
      option("--durability <kind>", "DURABILITY", "what an acknowledged write survives")
        .choices(["process", "power"])
        .default("process"),
    )
    .addOption(
      option("--response-check <mode>", "RESPONSE_CHECK", "what happens to a response that violates openapi.yaml")
        .choices(["strict", "warn", "off"])
        .default("strict"),
    )
    .addOption(option("--json", "JSON", "one JSON object a line on stdout"))
    .action((flags: ServeFlags) => serve(flags));
}

async function serve(flags: ServeFlags): Promise<void> {
  const output = createOutput(flags.json === true);
  const { port, host, store, machines, watch, settleTimeout, cpuTimeout, publicUrl, durability, responseCheck } = flags;
  const options: ServerOptions = {
    port,
    host,
    store,
    machines: machines ?? [],
    watch: watch === true,
    settleTimeoutMs: settleTimeout,
    cpuTimeoutMs: cpuTimeout,
    durability,
    responseCheck,
    log: output.log,
    onMachineLog: output.machineLog,
    ...(publicUrl === undefined ? {} : { publicUrl }),
  };
  const server = await start(options);
  stopOnSignals(server);
  const { url, orgId, keyId, secretKey, adminToken } = server;
  const ready = { event: "ready", url, orgId, keyId, secretKey, adminToken, store: server.store, pid: process.pid };
  output.ready(ready, () => banner(server));
}

async function start(options: ServerOptions): Promise<SettleServer> {
  try {
    // Loaded only now: a wrong option is told without waiting for a server's worth of modules.
    const { startServer } = await import("../index.ts");
    return await startServer(options);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const where = `${options.host}:${options.port}`;
    if (code === "EADDRINUSE")
      throw new CannotRun(`port ${where} is taken; choose another with --port (0 = any free one)`);
    if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      throw new CannotRun(`can't listen on ${where} (${code}); choose another --host or --port`);
    }
    if (
      error instanceof StoreUnreadable ||
      error instanceof SourceError ||
      error instanceof Problem ||
      error instanceof TypeError
    ) {
      throw new CannotRun(error.message, { cause: error });
    }
    throw error;
  }
}

function stopOnSignals(server: SettleServer): void {
  const stop = () => {
    // A second signal is somebody in a hurry; everything acknowledged is on disk already.
    process.once("SIGINT", () => process.exit(130));
    server.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`settle: stopping failed: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exit(2);
      },
    );
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Write a port from 0 to 65535.");
}

/** Repeated on the command line; separated by commas in the variable. */
function collectPaths(text: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), ...text.split(",").filter((path) => path !== "")];
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return text;
  throw new InvalidArgumentError("Write an absolute http or https URL.");
}
