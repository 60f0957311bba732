// The runner process: owns the workers, passes lines between them and the server, and ends a worker that computes or takes too much.

import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import { lineSplitter } from "../lines.ts";
import type { FromRunner, ToRunner } from "../protocol.ts";
import { maxLineLength } from "../protocol.ts";
import { bootUrl, readLibrary } from "./library.ts";
import type { Verdict } from "./watchdog.ts";
import { Watchdog } from "./watchdog.ts";

// It was meant for this thread's heap, which exists by now; it would win over the workers' own limits.
setFlagsFromString("--max-semi-space-size=0");
const [xstate5 = "", xstate4 = ""] = process.argv.slice(2);
const library = readLibrary(xstate5, xstate4);
const boot = bootUrl();
const workers = new Map<number, { worker: Worker; beat: Int32Array; versionId: string }>();
/** Epoch milliseconds for all workers, 0 where the clock is the real one. */
const time = new BigInt64Array(new SharedArrayBuffer(8));
/**
 * A worker that was ended has this long to go, and may take so much more meanwhile: one that is inside a long native call doesn't hear of its
 * end. After the time the server is told; for the memory's sake the whole process goes at once.
 */
const farewell = { ms: 1_000, bytes: 256_000_000, lookMs: 50 };
/** @see ToRunner.begin */
let secret = "";

const watchdog = new Watchdog({
  condemn: end,
  onStuck: (worker, call) => say({ t: "stuck", worker, call }),
  onMoving: (worker) => say({ t: "moving", worker }),
});

function tell(address: number | "@", lines: readonly string[]): void {
  process.stdout.write(lines.map((json) => `${secret} ${address} ${json}\n`).join(""));
}

function say(message: FromRunner): void {
  tell("@", [JSON.stringify(message)]);
}

function end(number: number, verdict: Verdict): void {
  const entry = workers.get(number);
  if (!entry) return;
  workers.delete(number);
  watchdog.forget(number);
  say({ t: "died", worker: number, culprit: Atomics.load(entry.beat, 0), ...verdict });
  const bytes = process.memoryUsage.rss() + farewell.bytes;
  let looks = 0;
  const watch = setInterval(() => {
    if (++looks * farewell.lookMs === farewell.ms) say({ t: "stale", versionId: entry.versionId });
    if (process.memoryUsage.rss() > bytes) quit();
  }, farewell.lookMs);
  void entry.worker.terminate().finally(() => {
    clearInterval(watch);
    watchdog.settle();
    say({ t: "ended", worker: number });
  });
}

/** An orderly exit would wait for every worker, and some don't hear. */
function quit(): void {
  process.kill(process.pid, "SIGKILL");
}

function open({ worker: number, versionId, code, limits, isTraced }: Extract<ToRunner, { op: "open" }>): void {
  const beat = new Int32Array(new SharedArrayBuffer(12));
  const worker = new Worker(boot, {
    workerData: { library, code, beat, limits, time, isTraced },
    argv: [],
    env: {},
    stdin: true,
    stdout: true,
    stderr: true,
    trackUnmanagedFds: true,
    // The watchdog ends a worker long before; this is the wall behind it, so that the whole process is not taken down.
    resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
  });
  workers.set(number, { worker, beat, versionId });
  worker.on("message", (lines: unknown) => {
    if (Array.isArray(lines) && lines.every(isLine)) tell(number, lines);
    else end(number, { reason: "crash", message: "it sent what no worker sends" });
  });
  worker.on("error", (error: unknown) => {
    const outOfMemory = error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
    end(number, {
      reason: outOfMemory ? "memory-limit" : "crash",
      message: outOfMemory ? "out of memory" : `it crashed (${nameOf(error)})`,
    });
  });
  worker.on("exit", (code) => end(number, { reason: "crash", message: `the worker ended with code ${code}` }));
  watchdog.watch(number, worker, beat, limits);
}

/** A line feed inside would let one worker speak for another. */
function isLine(line: unknown): line is string {
  return typeof line === "string" && line.length <= maxLineLength && !line.includes("\n");
}

/** An error that crossed from a worker is data of the machine's: only text may come of it. */
function nameOf(error: unknown): string {
  return error instanceof Error && typeof error.message === "string" ? error.message : typeof error;
}

function obey(order: ToRunner): void {
  if (order.op === "open") open(order);
  else if (order.op === "close") end(order.worker, { reason: "crash", message: "closed" });
  else if (order.op === "time") Atomics.store(time, 0, BigInt(order.now));
  else if (order.op === "rest") watchdog.rest(order.worker);
  else {
    secret = order.secret;
    say({ t: "ready", pid: process.pid });
  }
}

/** Lines for workers, by number, that came in one piece: each worker gets its own in one message, since every message wakes a thread. */
const unsent = new Map<number, string[]>();

function forward(): void {
  for (const [number, lines] of unsent) {
    workers.get(number)?.worker.postMessage(lines);
    watchdog.stir(number);
  }
  unsent.clear();
}

const split = lineSplitter({
  onLine(line) {
    const space = line.indexOf(" ");
    const address = line.slice(0, space);
    const json = line.slice(space + 1);
    if (address === "@") {
      forward(); // an order is obeyed in its turn
      return obey(JSON.parse(json) as ToRunner);
    }
    const number = Number(address);
    const lines = unsent.get(number);
    if (lines) lines.push(json);
    else unsent.set(number, [json]);
  },
  onTooLong: quit,
  maxBytes: Number.POSITIVE_INFINITY,
});
process.stdin.on("data", (chunk) => {
  split(chunk);
  forward();
});
// A service manager's stop reaches every process: the server decides what is finished first.
process.on("SIGTERM", () => {});
// Without its server a runner has no reason to be.
process.stdin.on("end", quit);
