// The options of a server as flags and variables, for every command that starts one.

import { type Command, InvalidArgumentError, Option } from "commander";
import { longestWaitMs } from "../domain/kinds.ts";
import { lastMoment } from "../domain/manual-clock.ts";
import type { LogRetention, ServerOptions } from "../index.ts";
import { CannotRun } from "./cannot-run.ts";
import { parseDuration } from "./duration.ts";

/** More would not be read in a reasonable time. */
const mostLogEntries = 10_000_000;

/** What commander makes of them. Durations are milliseconds. */
export interface ServerFlags {
  port: number;
  host: string;
  store: string;
  machines?: string[];
  watch?: boolean;
  settleTimeout: number;
  cpuTimeout: number;
  retryDelay: number;
  historyRetention?: number;
  logRetention?: LogRetention;
  clock: "system" | "manual";
  clockStart?: number;
  publicUrl?: string;
  durability: "process" | "power";
  responseCheck: "strict" | "warn" | "off";
}

/** An option that is a variable too: `SETTLE_` and its name. */
export function serverOption(flags: string, variable: string, description: string): Option {
  return new Option(flags, description).env(`SETTLE_${variable}`);
}

const switchWords = new Map([
  ...["true", "1", "yes", "on"].map((word) => [word, true] as const),
  ...["false", "0", "no", "off", ""].map((word) => [word, false] as const),
]);

/** An option without a value, whose variable says yes or no. Commander would take any word there for a yes. */
export function addSwitch(command: Command, flag: string, variable: string, description: string): Command {
  return addReadApart(command, serverOption(flag, variable, description), variable, (word) => {
    const isOn = switchWords.get(word.toLowerCase());
    if (isOn === undefined) throw new CannotRun(`SETTLE_${variable} is ${word}; write true or false`);
    return isOn;
  });
}

/** An option whose variable is read in a way of its own. */
function addReadApart(command: Command, option: Option, variable: string, read: (text: string) => unknown): Command {
  const name = option.attributeName();
  return command.addOption(option).hook("preAction", () => {
    if (command.getOptionValueSource(name) !== "env") return;
    command.setOptionValue(name, read(process.env[`SETTLE_${variable}`] ?? ""));
  });
}

export function addServerOptions(command: Command, defaults: { port: number; store: string }): Command {
  command
    .addOption(serverOption("--port <number>", "PORT", "0 = any free port").default(defaults.port).argParser(parsePort))
    .addOption(serverOption("--host <address>", "HOST", "address to listen on").default("127.0.0.1"))
    .addOption(serverOption("--store <path>", "STORE", "a JSON file, or memory:").default(defaults.store));
  addMachines(command);
  return addSwitch(command, "--watch", "WATCH", "republish a machine when its source changes")
    .addOption(
      serverOption("--settle-timeout <duration>", "SETTLE_TIMEOUT", "250ms, 10s, 2m")
        .default(10_000, "10s")
        .argParser(parseWait),
    )
    .addOption(
      serverOption("--cpu-timeout <duration>", "CPU_TIMEOUT", "longest a machine may compute without yielding")
        .default(1_000, "1s")
        .argParser(parseWait),
    )
    .addOption(
      serverOption("--retry-delay <duration>", "RETRY_DELAY", "between tries of a timer or inter-instance event")
        .default(30_000, "30s")
        .argParser(parseWait),
    )
    .addOption(
      serverOption(
        "--history-retention <count>",
        "HISTORY_RETENTION",
        "how many of an instance's newest transitions are kept (default: all)",
      ).argParser(parseCount),
    )
    .addOption(
      serverOption(
        "--log-retention <count or age>",
        "LOG_RETENTION",
        "how much of an organization's log is kept: 50000 entries, or those of 24h",
      ).argParser(parseRetention),
    )
    .addOption(
      serverOption("--clock <kind>", "CLOCK", "manual: moves only through the control plane")
        .choices(["system", "manual"])
        .default("system"),
    )
    .addOption(
      serverOption(
        "--clock-start <time>",
        "CLOCK_START",
        "where a manual clock stands at first: 2026-01-05T10:00:00Z, or epoch milliseconds",
      ).argParser(parseTime),
    )
    .addOption(serverOption("--public-url <url>", "PUBLIC_URL", "base of absolute URLs in answers").argParser(parseUrl))
    .addOption(
      serverOption("--durability <kind>", "DURABILITY", "what an acknowledged write survives")
        .choices(["process", "power"])
        .default("process"),
    )
    .addOption(
      serverOption("--response-check <mode>", "RESPONSE_CHECK", "what happens to a response that violates openapi.yaml")
        .choices(["strict", "warn", "off"])
        .default("strict"),
    );
}

export function toServerOptions(flags: ServerFlags): ServerOptions {
  const { port, host, store, machines, watch, settleTimeout, cpuTimeout, retryDelay } = flags;
  const { clock, clockStart, publicUrl, durability, responseCheck, historyRetention, logRetention } = flags;
  if (clockStart !== undefined && clock !== "manual") {
    throw new CannotRun("--clock-start needs --clock manual: the real time can't be set");
  }
  if (store === "") throw new CannotRun("--store is empty; name the store's JSON file, such as .settle/db.json");
  return {
    port,
    host,
    store,
    machines: machines ?? [],
    watch: watch === true,
    settleTimeoutMs: settleTimeout,
    cpuTimeoutMs: cpuTimeout,
    retryDelayMs: retryDelay,
    clock,
    durability,
    responseCheck,
    ...(historyRetention === undefined ? {} : { historyRetention }),
    ...(logRetention === undefined ? {} : { logRetention }),
    ...(clockStart === undefined ? {} : { clockStartMs: clockStart }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
  };
}

/** What a timer can wait for. */
function parseWait(text: string): number {
  const ms = parseDuration(text);
  if (ms <= longestWaitMs) return ms;
  throw new InvalidArgumentError("Write a duration of at most 24d.");
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError("Write a port from 0 to 65535.");
}

function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && Number.isSafeInteger(count)) return count;
  throw new InvalidArgumentError("Write a number of transitions from 1, such as 1000.");
}

/** A count of entries, or an age. */
function parseRetention(text: string): LogRetention {
  const entries = Number(text);
  if (/^\d+$/.test(text) && entries > 0 && entries <= mostLogEntries) return { entries };
  try {
    return { ageMs: parseDuration(text) };
  } catch {
    const most = `up to ${mostLogEntries}`;
    throw new InvalidArgumentError(`Write a number of entries, ${most}, such as 10000, or an age such as 24h or 7d.`);
  }
}

function collect(text: string, previous: string[] | undefined): string[] {
  return text === "" ? (previous ?? []) : [...(previous ?? []), text];
}

/** Repeated on the command line, where a comma belongs to the path; separated by commas in the variable. */
function addMachines(command: Command): Command {
  const option = serverOption("--machines <path>", "MACHINES", "source file or folder; repeatable").argParser(collect);
  return addReadApart(command, option, "MACHINES", (text) =>
    text
      .split(",")
      .map((path) => path.trim())
      .filter((path) => path !== ""),
  );
}

/** A moment as ISO 8601 writes it, a place on earth included, or as a number. */
function parseTime(text: string): number {
  const time = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (/^(\d+|\d{4}-\d\d-\d\d(T.+(Z|[+-]\d\d:\d\d))?)$/.test(text) && time > 0 && time <= lastMoment) return time;
  throw new InvalidArgumentError("Write a moment such as 2026-01-05T10:00:00Z, or epoch milliseconds.");
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return text;
  throw new InvalidArgumentError("Write an absolute http or https URL.");
}
