// Starts the runner process, locked down, and carries lines to and from it.

import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { spawn } from "node:child_process";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { lineSplitter } from "./lines.ts";
import type { ToRunner } from "./protocol.ts";
import { maxLineLength } from "./protocol.ts";

export interface RunnerProcess {
  /** `address` is a worker's number, or `@` for the runner itself. */
  send(address: number | "@", json: string): void;
  /** Ends it at once; `onExit` is not called. */
  kill(): Promise<void>;
}

export interface RunnerEvents {
  onLine(address: string, json: string): void;
  /** It ended by itself, or was ended since its pipe said what no runner says: `stderr` holds the last of what it printed. */
  onExit(message: string, stderr: string): void;
}

/** The longest of a worker's lines, if every character of it takes four bytes. */
const maxLineBytes = 4 * maxLineLength;

export function startRunner(events: RunnerEvents): RunnerProcess {
  const child = spawn(process.execPath, runnerArguments(), {
    // No variables of ours; glibc gives large blocks back to the system when they are freed, so that one bomb doesn't fill it for good.
    // And threads enough that no few machines take all of them (see worker/fair-share.ts).
    env: { MALLOC_MMAP_THRESHOLD_: "131072", UV_THREADPOOL_SIZE: "16" },
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
    // A group of its own: a terminal's Ctrl-C is for the server, which finishes the requests in hand first.
    detached: process.platform !== "win32",
  });
  let killed = false;
  let unsent = "";
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr = (stderr + chunk.toString("utf8")).slice(-8_192);
  });
  // A pipe that breaks is reported by `exit`; without a listener it would end the server.
  child.stdin.on("error", () => {});
  child.on("error", (error) => {
    if (!killed) events.onExit(`the sandbox could not be started: ${error.message}`, stderr);
    killed = true;
  });
  child.on("exit", (code, signal) => {
    if (!killed) events.onExit(`the sandbox process ended (${signal ?? `code ${code}`})`, stderr);
    killed = true;
  });
  const distrust = (message: string) => {
    if (killed) return;
    killed = true;
    child.kill("SIGKILL");
    events.onExit(message, stderr);
  };
  const secret = crypto.randomUUID();
  child.stdout.on(
    "data",
    lineSplitter({
      onLine(line) {
        if (killed) return;
        if (!line.startsWith(secret)) return distrust("the sandbox's pipe carried a line that is not the runner's");
        const space = line.indexOf(" ", secret.length + 1);
        events.onLine(line.slice(secret.length + 1, space), line.slice(space + 1));
      },
      onTooLong: () => distrust("the sandbox sent a line without end"),
      maxBytes: maxLineBytes,
    }),
  );
  const begin: ToRunner = { op: "begin", secret };
  child.stdin.write(`@ ${JSON.stringify(begin)}\n`);
  return {
    send: (address, json) => {
      // All lines of one turn of the event loop go in one write.
      if (unsent === "") {
        setImmediate(() => {
          child.stdin.write(unsent);
          unsent = "";
        });
      }
      unsent += `${address} ${json}\n`;
    },
    kill: () => {
      killed = true;
      return ended(child);
    },
  };
}

async function ended(child: ChildProcessWithoutNullStreams): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  await exit;
}

/**
 * Read access to our own sources and the two XStates, nothing to write, no processes, no SQLite (it would get round the file rules).
 * Real paths, since packages are often links to a store elsewhere.
 */
function runnerArguments(): string[] {
  const here = realpathSync(fileURLToPath(new URL("./", import.meta.url)));
  const require = createRequire(import.meta.url);
  const xstates = ["xstate/package.json", "xstate4/package.json"].map((name) =>
    dirname(realpathSync(require.resolve(name))),
  );
  const readable = [dirname(here), ...xstates];
  const main = join(here, "runner", import.meta.url.endsWith(".ts") ? "main.ts" : "main.js");
  return [
    "--permission",
    "--allow-worker",
    ...readable.map((folder) => `--allow-fs-read=${join(folder, "*")}`),
    "--no-experimental-sqlite",
    "--zero-fill-buffers",
    // A signal would open a debugger on everything.
    "--disable-sigusr1",
    "--no-warnings",
    "--no-addons",
    // The runner's own heap holds only lines on their way; left to grow, it would look like memory of the workers'. They have limits of theirs.
    "--max-semi-space-size=4",
    main,
    ...xstates,
  ];
}
