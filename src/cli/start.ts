// Starts a server for a command, and says in one line what hinders it.

import { Problem } from "../domain/problem.ts";
import type { ServerOptions, SettleServer } from "../index.ts";
import { SourceError } from "../sources/source-error.ts";
import { StoreUnreadable } from "../store/port.ts";
import { CannotRun } from "./cannot-run.ts";

/** @throws CannotRun for what a person can mend */
export async function start(options: ServerOptions): Promise<SettleServer> {
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
