// One worker from the server's side: who waits for it, how long they do, and what they are told when it dies.

import type { InstanceRef } from "./port.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import type { Runner } from "./runners.ts";
import { SendWindow } from "./send-window.ts";

/**
 * Why a worker is no more, from the point of view of one that waited for it.
 * - `culprit`: this one was computing at the time, and it was its doing.
 * - `suspect`: this one was computing when a whole runner went down; made again, in a runner of its own, it shows whether it was its doing.
 * - `silence`: the worker computed nothing, yet never answered.
 * - `unsent`: this one still waited for its turn, so that nothing was tried.
 */
export interface Death {
  reason: "cpu-limit" | "memory-limit" | "crash" | "silence" | "closed";
  message: string;
  culprit: boolean;
  suspect: boolean;
  unsent: boolean;
}

/** Whoever waits for a call's or a session's messages. */
export interface Listener {
  /** Whose call it is; absent for one about the code alone. */
  instance?: InstanceRef;
  onMessage(message: FromWorker): void;
  onDeath(death: Death): void;
  /** Whether it is the worker's turn to speak. @default always */
  isOwed?(): boolean;
}

/** How many past calls of a worker are remembered, to tell whose output it is that comes after them. */
const pastCalls = 1_000;
/** What a worker holds for a call is some ten times its line, parsed and copied; a third of what it may hold is for that. */
const memoryPerLine = 32;
/** A call is overdue this long after its own timeout. */
const graceRounds = 15;
/** Rounds of the pool so far. */
export interface Rounds {
  now: number;
  ms: number;
}
export interface Waiting {
  listener: Listener;
  /** The round after which it is overdue. */
  due: number;
  message: ToWorker;
  /** @see Death.unsent */
  unsent?: boolean;
}

export class PoolWorker {
  readonly versionId: string;
  readonly number: number;
  readonly runner: Runner;
  readonly waiting = new Map<number, Waiting>();
  lastUsed = 0;
  /** The round in which it said something last. */
  heard = 0;
  /** Whether it is the one that its version's next call goes to. */
  isCurrent = true;
  /** Whether it is to end once nobody waits for it. */
  isUnwanted = false;
  /** Since when nobody waits for it; undefined while somebody does. */
  vacantSince: number | undefined;
  /** Somebody chose it and is about to call it. */
  isChosen = true;
  /** Whether it has ended: nothing more comes from it. */
  #isGone = false;
  readonly #past = new Map<number, InstanceRef>();
  readonly #window: SendWindow;
  readonly #rounds: Rounds;
  readonly #onVacant: () => void;

  constructor(options: {
    versionId: string;
    number: number;
    runner: Runner;
    rounds: Rounds;
    /** @see Limits.memoryBytes */
    memoryBytes: number;
    onVacant(): void;
  }) {
    this.versionId = options.versionId;
    this.number = options.number;
    this.runner = options.runner;
    this.#rounds = options.rounds;
    this.#onVacant = options.onVacant;
    this.vacantSince = options.rounds.now;
    this.#window = new SendWindow({
      length: options.memoryBytes / memoryPerLine,
      transmit: (message) => this.#transmit(message),
    });
  }

  /** Sends, and routes what comes back under `id` to `listener` until `release`. */
  call(id: number, message: ToWorker, listener: Listener): void {
    this.listen(id, message, listener);
    this.send(message);
  }

  /** The same for a message that is sent otherwise. */
  listen(id: number, message: ToWorker, listener: Listener): void {
    const timeoutMs = "timeoutMs" in message ? message.timeoutMs : 0;
    const due = this.#rounds.now + Math.ceil(timeoutMs / this.#rounds.ms) + graceRounds;
    this.waiting.set(id, { listener, due, message });
    this.vacantSince = undefined;
    this.isChosen = false;
    if (this.#isGone) queueMicrotask(() => this.#tellOfEnd(id));
  }

  /** From now on nothing comes from it. @returns whoever waited for it */
  end(): [number, Waiting][] {
    this.#isGone = true;
    this.isCurrent = false;
    const unsent = this.#window.close();
    const waiting = [...this.waiting].map(([id, each]): [number, Waiting] => [id, { ...each, unsent: unsent.has(id) }]);
    this.waiting.clear();
    return waiting;
  }

  /** It ended between the moment that it was chosen and its first call: no fault of the call's, which is made again elsewhere. */
  #tellOfEnd(id: number): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    const message = "the worker had ended before the call began";
    waiting?.listener.onDeath({ reason: "crash", message, culprit: false, suspect: false, unsent: true });
  }

  /** A call that is overdue in the given round, when nothing was heard of the worker for as long: its own timers don't come through. */
  overdue(round: number): [id: number, message: ToWorker] | undefined {
    if (round <= this.heard + graceRounds) return undefined;
    for (const [id, { due, listener, message }] of this.waiting)
      if (round > due && (listener.isOwed?.() ?? true)) return [id, message];
    return undefined;
  }

  /** What is about calls goes when there is room for it; what a session that runs waits for goes at once. */
  send(message: ToWorker): void {
    if (message.op === "committed" || message.op === "end") this.#transmit(message);
    else this.#window.send(message, message.op === "read" ? message.asks.map(({ id }) => id) : [message.id]);
  }

  #transmit(message: ToWorker): number {
    const json = JSON.stringify(message);
    this.runner.send(this.number, json);
    return json.length;
  }

  /** The call's event is stored: what the worker holds of it from now on is what its machine keeps. */
  land(id: number): void {
    this.#window.land(id);
  }

  /** To be called every round: what was sent may wait for what was not. */
  lookAtWindow(): void {
    // One that computes can't have waited for anything; it hears of no more until it has done.
    if (!this.runner.stuck.has(this.number)) this.#window.look();
  }

  release(id: number): void {
    const instance = this.waiting.get(id)?.listener.instance;
    if (!this.waiting.delete(id)) return;
    this.#window.land(id);
    if (instance) this.#remember(id, instance);
    if (this.waiting.size > 0) return;
    this.vacantSince = this.#rounds.now;
    this.#onVacant();
  }

  /** Whose call it was, if that is remembered. */
  past(id: number): InstanceRef | null {
    return this.#past.get(id) ?? null;
  }

  #remember(id: number, instance: InstanceRef): void {
    this.#past.set(id, instance);
    if (this.#past.size <= pastCalls) return;
    const [oldest] = this.#past.keys();
    if (oldest !== undefined) this.#past.delete(oldest);
  }
}

/** A message for people. */
export function describe(message: ToWorker): string {
  switch (message.op) {
    case "create":
      return `the creation of ${message.name}`;
    case "event":
    case "arrive":
      return `the event '${String(message.event.type)}' of ${message.name}`;
    case "join":
      return `the event '${String(message.event.type)}'`;
    case "read":
      return `a reading of ${message.name}`;
    case "explain":
      return `an explanation of ${message.name}`;
    case "map-request":
    case "map-response":
      return `the mapper ${message.mapper}`;
    case "migrate":
      return "a migration";
    case "locate":
      return "the beginning of a migration";
    default:
      return "its loading";
  }
}

/** What a caller is told when the worker died while computing its event. */
export function failureOf({ reason, message }: Death): {
  reason: "cpu-limit" | "memory-limit" | "settle-timeout";
  message: string;
} {
  if (reason === "silence") return { reason: "settle-timeout", message: `the machine was stopped: ${message}` };
  // A crash that is neither is memory too, as far as anyone could tell: loops and heaps are watched.
  const limit = reason === "cpu-limit" ? reason : "memory-limit";
  return { reason: limit, message: `the machine was stopped: ${message}` };
}

/** What the instance's output says of it. */
export function endingOf({ message }: Death, call: ToWorker): string {
  return `the machine was stopped in ${describe(call)}: ${message}`;
}
