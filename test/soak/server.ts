// The server as users start it, with a way to ask what its processes hold in memory.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { childrenOf, residentBytes } from "../cli/proc.ts";

export interface SoakServer {
  url: string;
  adminToken: string;
  keyId: string;
  secretKey: string;
  memory(): Promise<Memory>;
  stop(): Promise<void>;
}

/** Bytes. */
export interface Memory {
  /** Resident. */
  server: number;
  serverHeap: number;
  serverExternal: number;
  /** Resident, of all its processes. */
  runner: number;
}

const root = fileURLToPath(new URL("../../", import.meta.url));
const heap = new URL("heap.ts", import.meta.url).href;

export async function startSoakServer(store: string, more: string[]): Promise<SoakServer> {
  const args = ["--import", heap, "src/cli/main.js", "serve", "--json", "--port", "0", "--store", store, ...more];
  const { PATH = "", HOME = "", TMPDIR = "/tmp" } = process.env;
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH, HOME, TMPDIR },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const killNow = () => void child.kill("SIGKILL");
  process.once("exit", killNow);
  const ended = once(child, "exit").then(([code, signal]) => {
    process.off("exit", killNow);
    return `the server ended with ${signal ?? code}`;
  });
  const ready = await Promise.race([firstLine(child), ended]);
  if (ready.startsWith("the server")) throw new Error(ready);
  const { url, adminToken, keyId, secretKey } = JSON.parse(ready);
  return {
    ...{ url, adminToken, keyId, secretKey },
    memory: () => memoryOf(child, ended),
    async stop() {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function firstLine({ stdout }: ChildProcess): Promise<string> {
  if (!stdout) throw new Error("its output is not read");
  // The lines after it are read as well, and dropped: a full pipe would hold the server up.
  const [line] = await once(createInterface({ input: stdout }), "line");
  return line;
}

async function memoryOf(child: ChildProcess, ended: Promise<string>): Promise<Memory> {
  const { pid = 0 } = child;
  const answer = once(child, "message");
  child.send("memory?");
  const told = await Promise.race([answer, ended]);
  if (typeof told === "string") throw new Error(told);
  const [{ heapUsed, external }] = told;
  const runner = childrenOf(pid).reduce((sum, one) => sum + residentBytes(one), 0);
  return { server: residentBytes(pid), serverHeap: heapUsed, serverExternal: external, runner };
}
