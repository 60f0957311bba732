// The runner process: owns the workers, passes lines between them and the server, and ends a worker that computes or takes too much.

import { Worker } from "node:worker_threads";
import { lineSplitter } from "../../domain/line-splitter.ts";
import type { FromRunner, ToRunner } from "../protocol.ts";
import { bootUrl, readLibrary } from "./library.ts";
import { Watchdog } from "./watchdog.ts";

const [xstate5 = "", xstate4 = ""] = process.argv.slice(2);
const library = readLibrary(xstate5, xstate4);
const boot = bootUrl();
const watchdog = new Watchdog((worker, verdict) => end(worker, verdict));
/** Epoch milliseconds for all workers, 0 where the clock is the real one. */
const time = new BigInt64Array(new SharedArrayBuffer(8));
const workers = new Map<number, { worker: Worker; beat: Int32Array }>();

function tell(address: number | "@", json: string): void {
  process.stdout.write(`${address} ${json}\n`);
}

type Verdict = Omit<Extract<FromRunner, { t: "died" }>, "t" | "worker" | "culprit">;

function end(number: number, verdict: Verdict): void {
  const entry = workers.get(number);
  if (!entry) return;
  workers.delete(number);
  watchdog.forget(number);
  const died: FromRunner = { t: "died", worker: number, culprit: Atomics.load(entry.beat, 0), ...verdict };
  tell("@", JSON.stringify(died));
  void entry.worker.terminate();
}

function open({ worker: number, code, limits }: Extract<ToRunner, { op: "open" }>): void {
  const beat = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(boot, {
    workerData: { library, code, beat, limits, time },
    env: {},
    stdin: true,
    stdout: true,
    stderr: true,
    trackUnmanagedFds: true,
    // The watchdog ends a worker long before; this is the wall behind it, so that the whole process is not taken down.
    resourceLimits: { maxOldGenerationSizeMb: 512, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 },
  });
  workers.set(number, { worker, beat });
  worker.on("message", (line: string) => tell(number, line));
  worker.on("error", (error: Error & { code?: string }) => {
    const outOfMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
    end(number, {
      reason: outOfMemory ? "memory-limit" : "crash",
      message: outOfMemory ? "out of memory" : String(error.message),
    });
  });
  worker.on("exit", (code) => end(number, { reason: "crash", message: `the worker ended with code ${code}` }));
  watchdog.watch(number, worker, beat, limits);
}

const onLine = lineSplitter((line) => {
  const space = line.indexOf(" ");
  const address = line.slice(0, space);
  const json = line.slice(space + 1);
  if (address !== "@") {
    const number = Number(address);
    workers.get(number)?.worker.postMessage(json);
    watchdog.stir(number);
    return;
  }
  const order = JSON.parse(json) as ToRunner;
  if (order.op === "open") open(order);
  else if (order.op === "time") Atomics.store(time, 0, BigInt(order.now));
  else end(order.worker, { reason: "crash", message: "closed" });
});
process.stdin.setEncoding("utf8").on("data", onLine);
// A service manager's stop reaches every process: the server decides what is finished first.
process.on("SIGTERM", () => {});
// Without its server a runner has no reason to be.
process.stdin.on("end", () => process.exit(0));

const ready: FromRunner = { t: "ready", pid: process.pid };
tell("@", JSON.stringify(ready));
