// Starts the programs that are measured, each a process of its own, and looks at their memory.

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));

export interface Program {
  url: string;
  /** Sent as bearer token. */
  token: string;
  child: ChildProcess;
  /** From the start of the process to the first request that can be answered. */
  startMs: number;
  stop(): Promise<void>;
}

export async function startSettle(store: string, machines: string[] = []): Promise<Program> {
  const args = ["src/cli/main.ts", "serve", "--json", "--port", "0", "--store", store];
  const begun = performance.now();
  const child = spawn(process.execPath, [...args, ...machines.flatMap((path) => ["--machines", path])], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout });
  const ready = await new Promise<{ url: string; adminToken: string }>((resolve, reject) => {
    lines.once("line", (line) => resolve(JSON.parse(line) as { url: string; adminToken: string }));
    child.once("exit", (code) => reject(new Error(`settle ended with ${code} before it was ready`)));
  });
  return {
    url: ready.url,
    token: ready.adminToken,
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
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  const url = `http://127.0.0.1:${port}`;
  await answering(url, child);
  return { url, token: "any", child, startMs: performance.now() - begun, stop: () => stopped(child) };
}

/** Resident memory in bytes: of the process itself, and of all its children together. */
export function residentMemory({ child }: Program): { own: number; children: number } {
  const pid = child.pid ?? 0;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return { own: resident(pid), children: children.reduce((sum, one) => sum + resident(Number(one)), 0) };
}

function resident(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes ?? Number.NaN) * 1024;
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
