// Runs the real command as a process of its own and reads what it says.

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

export interface Finished {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export interface Running {
  child: ChildProcess;
  stdout: string[];
  stderr(): string;
  /** The first line on stdout that fits; waits for it, and fails with everything printed when the process ends before. */
  line(pattern: RegExp): Promise<string>;
  ended: Promise<Finished>;
  stop(signal?: NodeJS.Signals): Promise<Finished>;
  /** To its whole group, as a terminal does it. */
  signalGroup(signal: NodeJS.Signals): void;
  stopGroup(signal: NodeJS.Signals): Promise<Finished>;
}

/** `settle <args>`, as the head of a group of processes; `env` is added to a clean environment. */
export function settle(args: string[], env: { [name: string]: string } = {}, cwd?: string): Running {
  const { PATH = "", HOME = "", TMPDIR = "/tmp" } = process.env;
  return run(join(root, "src/cli/main.js"), args, { PATH, HOME, TMPDIR, ...env }, cwd);
}

/** The `settle` of a copy of this repository, run in it. */
export function settleIn(copy: string, args: string[]): Running {
  const { PATH = "", HOME = "", TMPDIR = "/tmp" } = process.env;
  return run(join(copy, "src/cli/main.js"), args, { PATH, HOME, TMPDIR }, copy);
}

/** Any program of Node's, run the same way in a folder. */
export function node(file: string, folder: string, ...args: string[]): Running {
  const { PATH = "", HOME = "", TMPDIR = "/tmp" } = process.env;
  return run(file, args, { PATH, HOME, TMPDIR }, folder);
}

function run(main: string, args: string[], env: { [name: string]: string }, cwd?: string): Running {
  const child = spawn(process.execPath, [main, ...args], { env, detached: true, ...(cwd ? { cwd } : {}) });
  const stdout: string[] = [];
  let stderr = "";
  let changed: () => void = () => {};
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    stdout.push(line);
    changed();
  });
  const ended = new Promise<Finished>((resolve) => {
    child.on("close", (code, signal) => {
      resolve({ code, signal, stdout: stdout.join("\n"), stderr });
      changed();
    });
  });
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // all of it has ended
    }
  };
  return {
    child,
    stdout,
    stderr: () => stderr,
    ended,
    async line(pattern) {
      for (;;) {
        const found = stdout.find((line) => pattern.test(line));
        if (found !== undefined) return found;
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(
            `it ended with ${child.exitCode ?? child.signalCode}, having said:\n${stdout.join("\n")}\n${stderr}`,
          );
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      }
    },
    stop(signal = "SIGTERM") {
      child.kill(signal);
      return ended;
    },
    signalGroup,
    stopGroup(signal) {
      signalGroup(signal);
      return ended;
    },
  };
}
