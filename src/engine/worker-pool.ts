// One worker per machine version, opened when first needed, and the routing of its messages to whoever waits for them.

import { isFromWorker } from "./from-worker.ts";
import type { Death, Rounds, Waiting } from "./pool-worker.ts";
import { describe, PoolWorker } from "./pool-worker.ts";
import type { CodeRef, InstanceRef } from "./port.ts";
import { EngineClosed } from "./port.ts";
import type { FromRunner, FromWorker, Limits } from "./protocol.ts";
import { wholeWorker } from "./protocol.ts";
import { Quarantine } from "./quarantine.ts";
import type { Runner, Time } from "./runners.ts";
import { Runners } from "./runners.ts";

export interface PoolOptions {
  limits: Limits;
  /** @see SandboxOptions.time */
  time?: Time;
  maxIdleWorkers: number;
  /** How often the pool looks after what rests, what is overdue and what is done with; all that is counted in such rounds. @default 1,000 */
  roundMs?: number;
  onTrouble(message: string): void;
  /** Output that no call or session waits for: of code that outlived its session, or (`null`) of the module itself. */
  onStrayLog(instance: InstanceRef | null, versionId: string, message: Extract<FromWorker, { t: "log" }>): void;
}

/** A worker for which nobody waited this long is told so. */
const restRounds = 2;
/** A runner of its own is ended when nobody waited for its version this long. */
const apartRounds = 30;
/** Most runners beside the shared one. */
const maxApart = 4;

export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #byNumber = new Map<number, PoolWorker>();
  readonly #byVersion = new Map<string, Promise<PoolWorker>>();
  readonly #runners: Runners;
  readonly #quarantine = new Quarantine();
  /** Versions whose worker died of somebody's doing, and nobody knew whose. */
  readonly #unblamed = new Set<string>();
  readonly #rounds: Rounds;
  readonly #round: NodeJS.Timeout;
  /** Whoever waits for a runner of its own tries again. */
  #changed = Promise.withResolvers<void>();
  #numbers = 0;
  #uses = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#runners = new Runners(options.time, {
      onLine: (runner, address, json) => this.#route(runner, address, json),
      onExit: (runner, message, stderr) => this.#onRunnerExit(runner, message, stderr),
    });
    this.#rounds = { now: 0, ms: options.roundMs ?? 1_000 };
    this.#round = setInterval(() => this.#lookAfter(), this.#rounds.ms).unref();
  }

  /** Starts the runner before the first call needs it. */
  warm(): void {
    this.#runners.shared();
  }

  /** @throws EngineClosed, and what fetching the code throws */
  async workerFor(code: CodeRef): Promise<PoolWorker> {
    const { versionId } = code;
    for (;;) {
      let opening = this.#byVersion.get(versionId);
      if (!opening) {
        opening = this.#open(code);
        this.#byVersion.set(versionId, opening);
        opening.catch(() => this.#byVersion.delete(versionId));
      }
      const worker = await opening;
      if (!worker.isCurrent) continue; // it had gone by the time it was there
      if (worker.runner.owner !== undefined && !this.#quarantine.has(versionId) && worker.waiting.size === 0) {
        this.discard(worker); // acquitted: back among the others
        continue;
      }
      worker.lastUsed = ++this.#uses;
      worker.isChosen = true;
      return worker;
    }
  }

  /** Ends a version's worker once nobody waits for it, if it has one. */
  letGo(versionId: string): void {
    const opened = this.#byVersion.get(versionId);
    opened?.then(
      (worker) => {
        worker.isUnwanted = true;
        if (worker.isCurrent && worker.waiting.size === 0 && !worker.isChosen) this.discard(worker);
      },
      () => {}, // whoever had it opened is told
    );
  }

  /** Ends a version's worker; whoever waits for it hears of a death. */
  discard(worker: PoolWorker): void {
    this.#end(worker, { reason: "closed", message: "it is no longer needed" });
  }

  /** All that there are; one that is being opened serves whoever asked for it first. */
  discardAll(): void {
    for (const worker of [...this.#byNumber.values()]) this.discard(worker);
    for (const versionId of this.#byVersion.keys()) this.letGo(versionId);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#round);
    await this.#runners.close();
    for (const worker of [...this.#byNumber.values()])
      this.#bury(worker, { reason: "closed", message: "the server is stopping" });
    this.#announce();
  }

  async #open(code: CodeRef): Promise<PoolWorker> {
    const { versionId } = code;
    const source = await code.fetch();
    let runner = this.#runnerFor(versionId);
    for (; !runner; runner = this.#runnerFor(versionId)) await this.#changed.promise;
    this.#evictIdle();
    const number = ++this.#numbers;
    const onVacant = () => this.#onVacant(worker);
    const { limits } = this.#options;
    const { memoryBytes } = limits;
    const worker: PoolWorker = new PoolWorker({
      versionId,
      number,
      runner,
      rounds: this.#rounds,
      memoryBytes,
      onVacant,
    });
    this.#byNumber.set(number, worker);
    const isTraced = this.#unblamed.has(versionId);
    runner.order({ op: "open", worker: number, versionId, code: source, limits, isTraced });
    return worker;
  }

  /** @returns null while there is no room for one of its own */
  #runnerFor(versionId: string): Runner | null {
    if (this.#closed) throw new EngineClosed();
    if (!this.#quarantine.has(versionId)) return this.#runners.shared();
    const [idle] = this.#workers(
      ({ runner, waiting, isChosen }) => runner.owner !== undefined && waiting.size === 0 && !isChosen,
    );
    if (this.#runners.apart >= maxApart && idle) this.discard(idle);
    return this.#runners.apart < maxApart ? this.#runners.own(versionId) : null;
  }

  #evictIdle(): void {
    const idle = this.#workers(({ waiting, isChosen }) => waiting.size === 0 && !isChosen);
    const [oldest] = idle;
    if (oldest && idle.length >= this.#options.maxIdleWorkers) this.discard(oldest);
  }

  /** @returns those that fit, the longest unused first */
  #workers(fits: (worker: PoolWorker) => boolean): PoolWorker[] {
    return [...this.#byNumber.values()].filter(fits).sort((a, b) => a.lastUsed - b.lastUsed);
  }

  #onVacant(worker: PoolWorker): void {
    const { versionId, runner } = worker;
    if (this.#runners.isRetired(runner)) this.#leave(worker);
    else if (worker.isUnwanted) this.discard(worker);
    if (!this.#quarantine.has(versionId)) return;
    this.#quarantine.acquit(versionId);
    this.#announce();
  }

  #announce(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #route(runner: Runner, address: string, json: string): void {
    let message: unknown;
    try {
      message = JSON.parse(json);
    } catch {
      // Judged with all else that a worker may not say.
    }
    const worker = this.#byNumber.get(Number(address));
    if (address === "@") this.#hear(runner, message as FromRunner);
    else if (worker?.runner === runner) this.#hand(worker, message, json);
  }

  #hand(worker: PoolWorker, message: unknown, json: string): void {
    if (!isFromWorker(message, json, this.#options.limits.contextBytes)) {
      this.#end(worker, { reason: "crash", message: "it sent what no worker sends" });
      return;
    }
    // A worker is heard only where somebody waits for that very worker.
    worker.heard = this.#rounds.now;
    const id = "id" in message ? message.id : message.session;
    const waiting = worker.waiting.get(id);
    if (waiting) waiting.listener.onMessage(message);
    else if (message.t === "log") this.#options.onStrayLog(worker.past(id), worker.versionId, message);
  }

  #hear(runner: Runner, message: FromRunner): void {
    switch (message.t) {
      case "stuck":
        runner.stuck.set(message.worker, message.call);
        break;
      case "moving":
        runner.stuck.delete(message.worker);
        break;
      case "died": {
        runner.stuck.delete(message.worker);
        const worker = this.#byNumber.get(message.worker);
        if (!worker) break;
        runner.dying.set(message.worker, worker.versionId);
        this.#bury(worker, message, message.culprit);
        break;
      }
      case "ended":
        runner.dying.delete(message.worker);
        break;
      case "stale":
        this.#retire(runner, message.versionId);
        break;
      case "ready":
    }
  }

  #end(worker: PoolWorker, why: Pick<Death, "reason" | "message">, culprit?: number): void {
    if (worker.runner.owner === undefined) worker.runner.order({ op: "close", worker: worker.number });
    else void this.#runners.end(worker.runner);
    this.#bury(worker, why, culprit);
  }

  /** @param known the session or call that was computing, as far as is known; 0 = none */
  #bury(worker: PoolWorker, { reason, message }: Pick<Death, "reason" | "message">, known = 0): void {
    const { versionId } = worker;
    // With one alone waiting there is nobody else whose doing it could have been.
    const [alone = 0] = known === 0 && reason !== "closed" && worker.waiting.size === 1 ? worker.waiting.keys() : [];
    const culprit = known || alone;
    const guilty = worker.waiting.get(culprit);
    if (guilty) this.#unblamed.delete(versionId);
    else if (reason !== "closed" && culprit !== wholeWorker && worker.waiting.size > 0) this.#unblamed.add(versionId);
    const where = guilty ? ` in ${describe(guilty.message)}` : culprit === wholeWorker ? " while loading" : "";
    if (reason !== "closed") this.#options.onTrouble(`the worker of ${versionId} was ended${where}: ${message}`);
    for (const [id, { listener, unsent = false }] of this.#remove(worker)) {
      const isCulprit = id === culprit || culprit === wholeWorker;
      listener.onDeath({ reason, message, culprit: isCulprit, suspect: false, unsent });
    }
  }

  /** Takes a worker out of the books. @returns whoever waited for it */
  #remove(worker: PoolWorker): [number, Waiting][] {
    this.#byNumber.delete(worker.number);
    if (worker.isCurrent) this.#byVersion.delete(worker.versionId);
    this.#announce();
    return worker.end();
  }

  /** A thread that can't be ended takes time and memory until its runner is: everyone moves out as soon as they are done. */
  #retire(runner: Runner, versionId: string): void {
    if (this.#runners.isRetired(runner)) return;
    this.#options.onTrouble(`a worker of ${versionId} would not end: its process is replaced`);
    this.#quarantine.convict(versionId);
    this.#runners.retire(runner);
    if (runner.owner === undefined) this.warm();
    const workers = this.#workers((each) => each.runner === runner);
    for (const worker of workers) {
      this.#byVersion.delete(worker.versionId);
      worker.isCurrent = false;
    }
    for (const worker of workers) if (worker.waiting.size === 0) this.#leave(worker);
    if (workers.length === 0) void this.#runners.end(runner);
  }

  /** The last one out of a retired runner ends it. */
  #leave(worker: PoolWorker): void {
    const { runner } = worker;
    this.#remove(worker);
    if (this.#workers((each) => each.runner === runner).length === 0) void this.#runners.end(runner);
  }

  /** What takes a whole runner down is memory that no limit caught: loops end in the watchdog. */
  #onRunnerExit(runner: Runner, message: string, stderr: string): void {
    const { owner } = runner;
    const workers = this.#workers((each) => each.runner === runner).reverse();
    const suspects = suspectsOf(runner, workers);
    this.#options.onTrouble(`${message}; at work: ${suspects.join(", ") || "nothing"}${stderr && `\n${stderr}`}`);
    const waiting = workers.flatMap((worker) => {
      const isSuspect = suspects.includes(worker.versionId);
      const stuckIn = runner.stuck.get(worker.number);
      return this.#remove(worker).map(([id, { listener, unsent = false }]) => ({
        id,
        listener,
        isSuspect,
        stuckIn,
        unsent,
      }));
    });
    const isAlone = waiting.length === 1;
    // The one of which it is known, if it is: the runner said that nothing else went on, or there was nothing else. Where somebody's doing
    // was dealt with already, and only its end was still to come, there is none.
    const blamed = waiting.filter(
      ({ id, stuckIn, isSuspect }) => runner.dying.size === 0 && isSuspect && (id === stuckIn || isAlone),
    );
    if (owner !== undefined) this.#quarantine.convict(owner);
    else for (const versionId of suspects) this.#quarantine.suspect(versionId);
    for (const versionId of runner.dying.values()) this.#quarantine.convict(versionId);
    for (const each of waiting) {
      const isBlamed = blamed.includes(each);
      const verdict = { culprit: isBlamed && owner !== undefined, suspect: isBlamed && owner === undefined };
      each.listener.onDeath({ reason: "memory-limit", message, ...verdict, unsent: each.unsent });
    }
  }

  #lookAfter(): void {
    const now = ++this.#rounds.now;
    for (const worker of [...this.#byNumber.values()]) {
      const { runner, number, vacantSince = now } = worker;
      worker.lookAtWindow();
      const [id, message] = worker.overdue(now) ?? [];
      if (id !== undefined && message)
        this.#end(worker, { reason: "silence", message: `it never answered ${describe(message)}` }, id);
      else if (now === vacantSince + restRounds) runner.order({ op: "rest", worker: number });
      else if (runner.owner !== undefined && now > vacantSince + apartRounds) this.discard(worker);
    }
  }
}

/**
 * The versions that may have been a runner's end: those that were on their way out of it, else those that kept it from answering, else
 * those that somebody waited for, the latest first.
 */
function suspectsOf({ dying, stuck }: Runner, workers: readonly PoolWorker[]): string[] {
  if (dying.size > 0) return [...dying.values()];
  const versions = (some: readonly PoolWorker[]) => some.slice(0, maxApart).map(({ versionId }) => versionId);
  const unanswering = workers.filter(({ number }) => stuck.has(number));
  const busy = workers.filter(({ waiting }) => waiting.size > 0);
  return versions(unanswering.length > 0 ? unanswering : busy.length > 0 ? busy : workers);
}
