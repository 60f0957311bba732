// The console of machine code: every line goes to the server, tagged with the session that printed it.

import { AsyncLocalStorage } from "node:async_hooks";
import { Console } from "node:console";
import { Writable } from "node:stream";
import { setImmediate, setTimeout } from "node:timers";
import { inspect } from "node:util";

type Send = (message: { t: "log"; session: number; stream: "stdout" | "stderr"; text: string }) => void;

/** Longest single line kept, in UTF-16 units; the rest is cut with a note. */
const maxLineLength = 32_768;
/** Most lines one turn of the event loop may print; a flood is cut with a note. */
const maxLinesPerTurn = 1_000;
/** Most that a worker may print within one period, in UTF-16 units; a flood is cut with a note. */
const maxLengthPerPeriod = 2_000_000;
const periodMs = 1_000;

export interface SessionConsole {
  /** Runs `fn`, and whatever it starts, with its output tagged as `session`'s. */
  during<T>(session: number, fn: () => T): T;
  /** Whose code is running; 0 = nobody's that is known. */
  current(): number;
  /** Notes something on a session's stderr that machine code didn't print itself. */
  note(session: number | undefined, text: string): void;
}

/** The methods that machine code finds. Node's console has more: the streams it writes to, and with them Node's event emitters. */
const methods = [
  ...["log", "info", "debug", "warn", "error", "trace", "dir", "dirxml", "table", "assert"],
  ...["count", "countReset", "group", "groupCollapsed", "groupEnd", "time", "timeLog", "timeEnd", "clear"],
] as const;

/** Machine code can't reach this one; until there is one, the console of whoever runs it in his own process. */
let printOwn: (...args: unknown[]) => void = (...args) => {
  // biome-ignore lint/suspicious/noConsole: nobody has installed one
  console.log(...args);
};

/** Replaces the global console. */
export function installConsole(send: Send): SessionConsole {
  const current = new AsyncLocalStorage<number>();
  const running = () => current.getStore() ?? 0;
  const meter = createMeter();
  const print = (stream: "stdout" | "stderr", session: number, text: string) => {
    const whole = text.endsWith("\n") ? text.slice(0, -1) : text;
    const cut =
      whole.length > maxLineLength ? `${whole.slice(0, maxLineLength)} [cut after ${maxLineLength} characters]` : whole;
    const verdict = meter(cut.length);
    if (verdict === "full") return;
    if (verdict === "print") send({ t: "log", session, stream, text: cut });
    else send({ t: "log", session, stream: "stderr", text: verdict.note });
  };
  const sink = (stream: "stdout" | "stderr") =>
    new Writable({
      decodeStrings: false,
      write: (text: string, _encoding, done) => {
        print(stream, running(), text);
        done();
      },
    });
  const native = new Console({ stdout: sink("stdout"), stderr: sink("stderr"), colorMode: false });
  const shown = methods.map(
    (name) => [name, (...args: unknown[]) => Reflect.apply(native[name], native, args)] as const,
  );
  globalThis.console = Object.fromEntries(shown) as unknown as Console;
  printOwn = (...args) => native.log(...args);
  return {
    during: (session, fn) => current.run(session, fn),
    current: running,
    note: (session, text) => print("stderr", session ?? running(), text),
  };
}

type Verdict = "print" | "full" | { note: string };

/** Counts lines and their length; says once, in a note, that it is too much. */
function createMeter(): (length: number) => Verdict {
  let lines = 0;
  let length = 0;
  const isOver = () => lines > maxLinesPerTurn || length > maxLengthPerPeriod;
  return (added) => {
    if (isOver()) return "full";
    if (lines === 0)
      setImmediate(() => {
        lines = 0;
      });
    if (length === 0)
      setTimeout(() => {
        length = 0;
      }, periodMs).unref();
    lines++;
    length += Math.max(added, 1);
    if (lines > maxLinesPerTurn) return { note: `[more than ${maxLinesPerTurn} lines at once: the rest is dropped]` };
    if (length > maxLengthPerPeriod)
      return { note: `[more than ${maxLengthPerPeriod} characters a second: the rest is dropped]` };
    return "print";
  };
}

/** XState's `log` action, as if the machine had printed it. */
export function printForMachine(...args: unknown[]): void {
  printOwn(...args);
}

/** Longest description of an error in an answer, in UTF-16 units. */
const maxDescriptionLength = 4_000;

/** How an unknown thrown value reads in a message: never throws itself, whatever the value's getters do. */
export function describeThrown(error: unknown): string {
  try {
    return describe(error).slice(0, maxDescriptionLength);
  } catch {
    return "(a value that can't be shown)";
  }
}

function describe(error: unknown): string {
  if (error instanceof Error) return String(error.message) || String(error.name);
  return typeof error === "string" ? error : inspect(error, { depth: 2, breakLength: Number.POSITIVE_INFINITY });
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
