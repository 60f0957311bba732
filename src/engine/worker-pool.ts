// One worker per machine version, opened when first needed, and the routing of its messages to whoever waits for them.

import type { CodeRef, InstanceRef } from "./port.ts";
import { EngineClosed } from "./port.ts";
import type { FromRunner, FromWorker, Limits, ToRunner, ToWorker } from "./protocol.ts";
import type { RunnerProcess } from "./runner-process.ts";
import { startRunner } from "./runner-process.ts";

/** Why a worker is no more, from the point of view of one that waited for it. `culprit`: this one was computing at the time. */
export interface Death {
  reason: "cpu-limit" | "memory-limit" | "crash" | "closed";
  message: string;
  culprit: boolean;
}

/** Whoever waits for a call's or a session's messages. */
export interface Listener {
  /** Whose call it is; absent for one about the code alone. */
  instance?: InstanceRef;
  onMessage(message: FromWorker): void;
  onDeath(death: Death): void;
}

export interface PoolOptions {
  limits: Limits;
  /** @see SandboxOptions.time */
  time?: Time;
  maxIdleWorkers: number;
  onTrouble(message: string): void;
  /** Output that no call or session waits for: of code that outlived its session, or (`null`) of the module itself. */
  onStrayLog(instance: InstanceRef | null, versionId: string, message: Extract<FromWorker, { t: "log" }>): void;
}

/** What time it is for machine code, and when that changes. */
export interface Time {
  /** Epoch milliseconds. */
  now(): number;
  onMove(listener: (timeMs: number) => void): void;
}

/** How many past calls of a worker are remembered, to tell whose output it is that comes after them. */
const pastCalls = 1_000;

export class PoolWorker {
  readonly versionId: string;
  readonly number: number;
  readonly listeners = new Map<number, Listener>();
  lastUsed = 0;
  readonly #past = new Map<number, InstanceRef>();
  readonly #send: (message: ToWorker) => void;

  constructor(versionId: string, number: number, send: (message: ToWorker) => void) {
    this.versionId = versionId;
    this.number = number;
    this.#send = send;
  }

  /** Sends, and routes what comes back under `id` to `listener` until `release`. */
  call(id: number, message: ToWorker, listener: Listener): void {
    this.listen(id, listener);
    this.#send(message);
  }

  listen(id: number, listener: Listener): void {
    this.listeners.set(id, listener);
  }

  send(message: ToWorker): void {
    this.#send(message);
  }

  release(id: number): void {
    const instance = this.listeners.get(id)?.instance;
    this.listeners.delete(id);
    if (!instance) return;
    this.#past.set(id, instance);
    if (this.#past.size <= pastCalls) return;
    const [oldest] = this.#past.keys();
    if (oldest !== undefined) this.#past.delete(oldest);
  }

  /** Whose call it was, if that is remembered. */
  past(id: number): InstanceRef | null {
    return this.#past.get(id) ?? null;
  }
}

export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #byNumber = new Map<number, PoolWorker>();
  readonly #byVersion = new Map<string, Promise<PoolWorker>>();
  #runner: RunnerProcess | undefined;
  #numbers = 0;
  #uses = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    options.time?.onMove((timeMs) => this.#tellTime(timeMs));
  }

  /** Starts the runner before the first call needs it. */
  warm(): void {
    this.#currentRunner();
  }

  async workerFor(code: CodeRef): Promise<PoolWorker> {
    let opening = this.#byVersion.get(code.versionId);
    if (!opening) {
      opening = this.#open(code);
      this.#byVersion.set(code.versionId, opening);
      opening.catch(() => this.#byVersion.delete(code.versionId));
    }
    const worker = await opening;
    worker.lastUsed = ++this.#uses;
    return worker;
  }

  /** Ends a version's worker; whoever waits for it hears of a death. */
  discard(worker: PoolWorker): void {
    const order: ToRunner = { op: "close", worker: worker.number };
    this.#runner?.send("@", order);
    this.#bury(worker.number, 0, { reason: "closed", message: "it is no longer needed" });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const runner = this.#runner;
    this.#runner = undefined;
    await runner?.kill();
    for (const number of [...this.#byNumber.keys()])
      this.#bury(number, 0, { reason: "closed", message: "the server is stopping" });
  }

  async #open(code: CodeRef): Promise<PoolWorker> {
    const source = await code.fetch();
    if (this.#closed) throw new EngineClosed();
    this.#evictIdle();
    const runner = this.#currentRunner();
    const number = ++this.#numbers;
    const worker = new PoolWorker(code.versionId, number, (message) => this.#runner?.send(number, message));
    this.#byNumber.set(number, worker);
    const order: ToRunner = { op: "open", worker: number, code: source, limits: this.#options.limits };
    runner.send("@", order);
    return worker;
  }

  #evictIdle(): void {
    const idle = [...this.#byNumber.values()].filter((worker) => worker.listeners.size === 0);
    if (idle.length < this.#options.maxIdleWorkers) return;
    const oldest = idle.reduce((a, b) => (b.lastUsed < a.lastUsed ? b : a));
    this.discard(oldest);
  }

  #currentRunner(): RunnerProcess {
    if (this.#runner) return this.#runner;
    this.#runner = startRunner({
      onLine: (address, json) => this.#route(address, json),
      onExit: (message, stderr) => this.#onRunnerExit(message, stderr),
    });
    if (this.#options.time) this.#tellTime(this.#options.time.now());
    return this.#runner;
  }

  /** Lines keep their order: what is sent to a worker after this meets the new time. */
  #tellTime(now: number): void {
    const order: ToRunner = { op: "time", now };
    this.#runner?.send("@", order);
  }

  #route(address: string, json: string): void {
    let message: FromRunner | FromWorker;
    try {
      message = JSON.parse(json) as FromRunner | FromWorker;
    } catch {
      this.#options.onTrouble(`the sandbox sent a line that is not JSON: ${json.slice(0, 200)}`);
      return;
    }
    if (address === "@") {
      if (message.t === "died") this.#bury(message.worker, message.culprit, message);
      return;
    }
    const from = message as FromWorker;
    // A worker is heard only where somebody waits for that very worker.
    const id = "id" in from ? from.id : from.session;
    const worker = this.#byNumber.get(Number(address));
    const listener = worker?.listeners.get(id);
    if (listener) listener.onMessage(from);
    else if (worker && from.t === "log") this.#options.onStrayLog(worker.past(id), worker.versionId, from);
  }

  #bury(number: number, culprit: number, { reason, message }: Pick<Death, "reason" | "message">): void {
    const worker = this.#byNumber.get(number);
    if (!worker) return;
    if (reason !== "closed") this.#options.onTrouble(`the worker of ${worker.versionId} was ended: ${message}`);
    const waiting = this.#remove(worker);
    // With one alone waiting there is nobody else whose doing it could have been.
    for (const [id, listener] of waiting)
      listener.onDeath({ reason, message, culprit: reason !== "closed" && (id === culprit || waiting.length === 1) });
  }

  /** Takes a worker out of the books. @returns whoever waited for it */
  #remove(worker: PoolWorker): [number, Listener][] {
    this.#byNumber.delete(worker.number);
    this.#byVersion.delete(worker.versionId);
    const waiting = [...worker.listeners];
    worker.listeners.clear();
    return waiting;
  }

  /** What takes the whole runner down is memory that no limit caught: loops end in the watchdog. */
  #onRunnerExit(message: string, stderr: string): void {
    this.#runner = undefined;
    this.#options.onTrouble(stderr ? `${message}: ${stderr}` : message);
    const waiting = [...this.#byNumber.values()].flatMap((worker) => this.#remove(worker));
    for (const [, listener] of waiting)
      listener.onDeath({ reason: "memory-limit", message, culprit: waiting.length === 1 });
  }
}

/** What a caller is told when the worker died while computing its event. */
export function failureOf({ reason, message }: Death): { reason: "cpu-limit" | "memory-limit"; message: string } {
  // A crash that is neither is memory too, as far as anyone could tell: loops and heaps are watched.
  const limit = reason === "cpu-limit" ? reason : "memory-limit";
  return { reason: limit, message: `the machine was stopped: ${message}` };
}
