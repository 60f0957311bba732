// Starts the programs that are measured, each a process of its own, and looks at their memory.

import type { ChildProcess } from "node:child_process";
import { execFile, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Target } from "./load.ts";

export const root: string = fileURLToPath(new URL("../", import.meta.url));

/** A program that answers requests. */
export interface Running extends Target {
  child: ChildProcess;
  stop(): Promise<void>;
}

export interface Settle extends Running {
  /** What signs further tokens. */
  keyId: string;
  secretKey: string;
  /** From the start of the process to the ready line. */
  startMs: number;
  /** As `kill -9` does. */
  kill(): Promise<void>;
}

/** Bytes resident: of a program itself, and of all its children together. */
export interface Resident {
  own: number;
  children: number;
}

interface Ready {
  url: string;
  adminToken: string;
  keyId: string;
  secretKey: string;
}

export async function startSettle(store: string, machines: string[] = []): Promise<Settle> {
  const args = ["src/cli/main.js", "serve", "--json", "--port", "0", "--store", store];
  const begun = performance.now();
  const child = spawn(process.execPath, [...args, ...machines.flatMap((path) => ["--machines", path])], {
    cwd: root,
    env: environment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const ready = await new Promise<Ready>((resolve, reject) => {
    lines.once("line", (line) => resolve(JSON.parse(line) as Ready));
    child.once("exit", (code) => reject(new Error(`settle ended with ${code} before it was ready`)));
  });
  const { url, adminToken: token, keyId, secretKey } = ready;
  const startMs = performance.now() - begun;
  const stop = () => ended(child, "SIGTERM");
  return { url, token, keyId, secretKey, child, startMs, stop, kill: () => ended(child, "SIGKILL") };
}

/** Starts another server, with its port (a free one) put in its arguments, and waits until it answers. */
export async function startRival(argumentsFor: (port: number) => string[]): Promise<Running> {
  const port = await freePort();
  const child = spawn(process.execPath, argumentsFor(port), {
    cwd: root,
    env: environment(),
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  await answering(url, child);
  return { url, token: "any", child, stop: () => ended(child, "SIGTERM") };
}

/** Options of ours that happen to be set as variables would change what is measured. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR };
}

/** Runs one of the bench's own programs to its end. @returns what it printed */
export async function runProgram(name: string, args: number[]): Promise<string> {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const env = { ...environment(), NODE_ENV: "production" };
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args.map(String)], { cwd: root, env });
  return stdout;
}

export function childrenOf(parent: number): number[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,comm="], { encoding: "utf8" });
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/));
  // `ps` itself is one of them.
  return rows.filter(([, ppid, name]) => Number(ppid) === parent && name !== "ps").map(([pid]) => Number(pid));
}

/** What a process has computed so far, its ended threads included; NaN where there is no Linux to say it. */
export function cpuMicroseconds(pid: number): number {
  try {
    const [, afterName = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
    const [user, system] = afterName.split(" ").slice(11, 13).map(Number);
    return ((user ?? Number.NaN) + (system ?? Number.NaN)) * 10_000;
  } catch {
    return Number.NaN;
  }
}

export function residentMemory({ child }: Running): Resident {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,rss="], { encoding: "utf8" });
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const kilobytes = (column: 0 | 1) =>
    rows.filter((row) => row[column] === child.pid).reduce((sum, [, , rss = Number.NaN]) => sum + rss, 0);
  return { own: kilobytes(0) * 1024, children: kilobytes(1) * 1024 };
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`the program behind ${url} ended with ${child.exitCode}`);
    const answer = await fetch(url).catch(() => null);
    if (answer) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill(signal);
  await exit;
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
