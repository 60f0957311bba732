// Starts the programs that are measured, each a process of its own, and looks at their memory.

import type { ChildProcess } from "node:child_process";
import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

export interface Program {
  url: string;
  /** Sent as bearer token. */
  token: string;
  /** What signs further tokens. */
  keyId: string;
  secretKey: string;
  child: ChildProcess;
  /** From the start of the process to the first request that can be answered. */
  startMs: number;
  stop(): Promise<void>;
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

export async function startSettle(store: string, machines: string[] = []): Promise<Program> {
  const args = ["src/cli/main.ts", "serve", "--json", "--port", "0", "--store", store];
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
  const { url, adminToken, keyId, secretKey } = ready;
  return {
    url,
    token: adminToken,
    keyId,
    secretKey,
    child,
    startMs: performance.now() - begun,
    stop: () => stopped(child),
  };
}

/** Prism's stateless mock, as quiet as it gets. */
export async function startPrism(): Promise<Program> {
  const port = await freePort();
  const begun = performance.now();
  const prism = fileURLToPath(new URL("../node_modules/.bin/prism", import.meta.url));
  const args = [prism, "mock", "-v", "silent", "-p", String(port), "openapi.yaml"];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: environment(),
    stdio: ["ignore", "ignore", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  await answering(url, child);
  return {
    url,
    token: "any",
    keyId: "",
    secretKey: "",
    child,
    startMs: performance.now() - begun,
    stop: () => stopped(child),
  };
}

/** Options of ours that happen to be set as variables would change what is measured. */
function environment(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR };
}

export function residentMemory({ child }: Program): Resident {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,rss="], { encoding: "utf8" });
  const rows = table.split("\n").map((line) => line.trim().split(/\s+/).map(Number));
  const kilobytes = (column: 0 | 1) =>
    rows.filter((row) => row[column] === child.pid).reduce((sum, [, , rss = Number.NaN]) => sum + rss, 0);
  return { own: kilobytes(0) * 1024, children: kilobytes(1) * 1024 };
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the program behind ${url} ended with ${child.exitCode}`);
    const answer = await fetch(url).catch(() => null);
    if (answer) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGTERM");
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
