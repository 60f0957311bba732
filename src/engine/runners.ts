// The sandbox's processes: the one that versions share, and one each for those that are kept apart.

import type { ToRunner } from "./protocol.ts";
import type { RunnerProcess } from "./runner-process.ts";
import { startRunner } from "./runner-process.ts";

export interface RunnersEvents {
  onLine(runner: Runner, address: string, json: string): void;
  /** It went down by itself: `stderr` holds the last of what it printed. */
  onExit(runner: Runner, message: string, stderr: string): void;
}

/** What time it is for machine code, and when that changes. */
export interface Time {
  /** Epoch milliseconds. */
  now(): number;
  onMove(listener: (timeMs: number) => void): void;
}

export class Runner {
  /** The version that has it for itself; undefined when it is shared. */
  readonly owner: string | undefined;
  /** Workers that don't answer just now, each with the session or call that keeps it; 0 = none, as far as it said. */
  readonly stuck = new Map<number, number>();
  /** Versions whose workers died and are not gone yet. */
  readonly dying = new Map<number, string>();
  readonly #process: RunnerProcess;

  constructor(owner: string | undefined, events: RunnersEvents) {
    this.owner = owner;
    this.#process = startRunner({
      onLine: (address, json) => events.onLine(this, address, json),
      onExit: (message, stderr) => events.onExit(this, message, stderr),
    });
  }

  order(order: ToRunner): void {
    this.#process.send("@", JSON.stringify(order));
  }

  send(worker: number, json: string): void {
    this.#process.send(worker, json);
  }

  /** Lines keep their order: what is sent to a worker after this meets the new time. */
  tellTime(now: number): void {
    this.order({ op: "time", now });
  }

  kill(): Promise<void> {
    return this.#process.kill();
  }
}

export class Runners {
  readonly #time: Time | undefined;
  readonly #events: RunnersEvents;
  readonly #own = new Map<string, Runner>();
  readonly #retired = new Set<Runner>();
  #shared: Runner | undefined;

  /** @param time @see SandboxOptions.time */
  constructor(time: Time | undefined, events: RunnersEvents) {
    this.#time = time;
    time?.onMove((timeMs) => {
      for (const runner of this.#all()) runner.tellTime(timeMs);
    });
    this.#events = {
      onLine: events.onLine,
      onExit: (runner, message, stderr) => {
        this.#retired.delete(runner);
        this.#forget(runner);
        events.onExit(runner, message, stderr);
      },
    };
  }

  shared(): Runner {
    this.#shared ??= this.#start(undefined);
    return this.#shared;
  }

  own(versionId: string): Runner {
    let runner = this.#own.get(versionId);
    if (!runner) {
      runner = this.#start(versionId);
      this.#own.set(versionId, runner);
    }
    return runner;
  }

  /** How many versions have one of their own. */
  get apart(): number {
    return this.#own.size;
  }

  /** Nothing new is to begin in it; whoever is in it may finish. */
  retire(runner: Runner): void {
    this.#retired.add(runner);
    this.#forget(runner);
  }

  isRetired(runner: Runner): boolean {
    return this.#retired.has(runner);
  }

  async end(runner: Runner): Promise<void> {
    this.#retired.delete(runner);
    this.#forget(runner);
    await runner.kill();
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((runner) => this.end(runner)));
  }

  #start(owner: string | undefined): Runner {
    const runner = new Runner(owner, this.#events);
    if (this.#time) runner.tellTime(this.#time.now());
    return runner;
  }

  #all(): Runner[] {
    return [...(this.#shared ? [this.#shared] : []), ...this.#own.values(), ...this.#retired];
  }

  #forget(runner: Runner): void {
    if (runner === this.#shared) this.#shared = undefined;
    else if (runner.owner !== undefined && this.#own.get(runner.owner) === runner) this.#own.delete(runner.owner);
  }
}
