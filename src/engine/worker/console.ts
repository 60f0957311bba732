// The console of machine code: every line goes to the server, tagged with the session that printed it.

import { AsyncLocalStorage } from "node:async_hooks";
import { Console } from "node:console";
import { Writable } from "node:stream";
import { inspect } from "node:util";

type Send = (message: { t: "log"; session: number; stream: "stdout" | "stderr"; text: string }) => void;

/** Longest single line kept, in UTF-16 units; the rest is cut with a note. */
const maxLineLength = 32_768;
/** Most lines one turn of the event loop may print; a flood is cut with a note. */
const maxLinesPerTurn = 1_000;

export interface SessionConsole {
  /** Runs `fn`, and whatever it starts, with its output tagged as `session`'s. */
  during<T>(session: number, fn: () => T): T;
  /** Notes something on a session's stderr that machine code didn't print itself. */
  note(session: number | undefined, text: string): void;
}

/** Replaces the global console. */
export function installConsole(send: Send): SessionConsole {
  const current = new AsyncLocalStorage<number>();
  let lines = 0;
  const print = (stream: "stdout" | "stderr", session: number, text: string) => {
    if (++lines > maxLinesPerTurn) {
      if (lines === maxLinesPerTurn + 1)
        send({
          t: "log",
          session,
          stream: "stderr",
          text: `[more than ${maxLinesPerTurn} lines at once: the rest is dropped]`,
        });
      return;
    }
    if (lines === 1)
      setImmediate(() => {
        lines = 0;
      });
    const whole = text.endsWith("\n") ? text.slice(0, -1) : text;
    const cut =
      whole.length > maxLineLength ? `${whole.slice(0, maxLineLength)} [cut after ${maxLineLength} characters]` : whole;
    send({ t: "log", session, stream, text: cut });
  };
  const sink = (stream: "stdout" | "stderr") =>
    new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        print(stream, current.getStore() ?? 0, text);
        done();
      },
    });
  globalThis.console = new Console({ stdout: sink("stdout"), stderr: sink("stderr"), colorMode: false });
  return {
    during: (session, fn) => current.run(session, fn),
    note: (session, text) => print("stderr", session ?? current.getStore() ?? 0, text),
  };
}

/** XState's `log` action, as if the machine had printed it. */
export function printForMachine(...args: unknown[]): void {
  // biome-ignore lint/suspicious/noConsole: this is the machine's own console, installed above
  console.log(...args);
}

/** How an unknown thrown value reads in a message: never throws itself, whatever the value's getters do. */
export function describeThrown(error: unknown): string {
  try {
    if (error instanceof Error) return String(error.message) || error.name;
    return typeof error === "string" ? error : inspect(error, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
  } catch {
    return "(a value that can't be shown)";
  }
}

/** The same with its stack, for a log. */
export function describeWithStack(error: unknown): string {
  try {
    if (error instanceof Error && typeof error.stack === "string") return error.stack;
  } catch {
    // fall through to the short form
  }
  return describeThrown(error);
}
