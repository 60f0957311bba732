// Runs another program in the foreground, as if it had been started instead of this one.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { CannotRun } from "./cannot-run.ts";

/** What ends a program, or asks it to; `SIGINT` and `SIGQUIT` are also keys of a terminal. */
const forwarded = ["SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP"] as const;

/**
 * It has our input and outputs and gets our signals. Resolves, once it has ended, with its exit code, or with 128 + n when signal n ended it.
 * @throws CannotRun when it can't be started
 */
export async function runProgram(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  let child: ChildProcess | undefined;
  // Before it starts: a signal that came in between would end us and leave it behind.
  const stopForwarding = forwardSignals((signal) => child?.kill(signal));
  try {
    child = spawn(file, args, { env, stdio: "inherit" });
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return signal === null ? (code ?? 0) : 128 + constants.signals[signal];
  } catch (cause) {
    throw new CannotRun(`can't run ${file}: ${reason(cause)}`, { cause });
  } finally {
    stopForwarding();
  }
}

/** While it runs, signals are the program's affair: it may finish something first. */
function forwardSignals(pass: (signal: NodeJS.Signals) => void): () => void {
  // A terminal gives its keys' signals to the whole foreground; passed on as well, they would arrive twice.
  const hasTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  const forward = (signal: NodeJS.Signals) => {
    if (!hasTerminal || (signal !== "SIGINT" && signal !== "SIGQUIT")) pass(signal);
  };
  for (const signal of forwarded) process.on(signal, forward);
  return () => {
    for (const signal of forwarded) process.off(signal, forward);
  };
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return "there is no such command; write what follows -- as you would without settle";
  if (code === "EACCES") return "it is not executable";
  return message;
}
