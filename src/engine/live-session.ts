// The server's side of one session: commits its steps in order and answers the calls that wait for it.

import type { Death, PoolWorker } from "./pool-worker.ts";
import { endingOf, failureOf } from "./pool-worker.ts";
import type { Delivery, Outcome, Reached, Step } from "./port.ts";
import { EngineClosed } from "./port.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";

/** Whoever made a delivery. `turn(false)` asks for it to be made again. */
export interface Caller {
  turn(processed: boolean): void;
  answer(outcome: Outcome): void;
  fail(error: unknown): void;
}
interface Waiting {
  caller: Caller;
  /** @see Delivery.work */
  work: string | undefined;
  /** Whether a durable commit holds this call's event. */
  stored: boolean;
}

export class LiveSession {
  readonly #id: number;
  readonly #delivery: Delivery;
  readonly #worker: PoolWorker;
  readonly #onLog: (message: Extract<FromWorker, { t: "log" }>) => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #end = Promise.withResolvers<void>();
  /** The commits so far, each after the one before; answers queue behind them. */
  #commits: Promise<void> = Promise.resolve();
  #reached: Reached | undefined;
  #closing = false;
  #refused = false;
  /** Whether its worker ended before it heard of the session: it is to be opened anew, and its caller knows nothing of it. */
  #unsent = false;
  /** Messages of the worker's that wait for commits; until they are dealt with, it is not its turn. */
  #pending = 0;

  constructor(options: {
    id: number;
    delivery: Delivery;
    worker: PoolWorker;
    opener: Caller;
    onLog: (message: Extract<FromWorker, { t: "log" }>) => void;
  }) {
    this.#id = options.id;
    this.#delivery = options.delivery;
    this.#worker = options.worker;
    this.#onLog = options.onLog;
    this.#waiting.set(options.id, { caller: options.opener, work: options.delivery.work, stored: false });
  }

  /** Resolves when the session's last commit is durable and every call answered. */
  get ended(): Promise<void> {
    return this.#end.promise;
  }

  /** Once it has ended. */
  get isUnsent(): boolean {
    return this.#unsent;
  }

  start(): void {
    this.#call(this.#id, openingMessage(this.#id, this.#delivery));
  }

  join(id: number, delivery: Delivery, caller: Caller): void {
    if (this.#closing || delivery.what.kind !== "event") {
      void this.ended.then(() => caller.turn(false));
      return;
    }
    this.#waiting.set(id, { caller, work: delivery.work, stored: false });
    const { what, timer } = delivery;
    const message = { op: "join" as const, id, session: this.#id, event: what.event, ...inWhoseName(delivery) };
    this.#call(id, timer ? { ...message, timer } : message);
  }

  /** @see Engine.end */
  async end(reason: Error): Promise<void> {
    this.#refused = true;
    this.#closing = true;
    this.#worker.send({ op: "end", session: this.#id });
    // The commit under way goes through, and the calls that it answers are answered; those queued behind it are skipped.
    await this.#commits;
    this.#failAll(reason);
  }

  #call(id: number, message: ToWorker): void {
    this.#worker.call(id, message, {
      instance: this.#delivery.instance,
      onMessage: (answer) => this.#onMessage(answer),
      onDeath: (death) => this.#onDeath(id, death, message),
      isOwed: () => this.#pending === 0 && this.#waiting.has(id),
    });
  }

  #onMessage(message: FromWorker): void {
    switch (message.t) {
      case "log":
        this.#onLog(message);
        break;
      case "rejected":
        this.#answer(message.id, { kind: "rejected", ...(message.message ? { message: message.message } : {}) });
        break;
      case "void":
        this.#answer(message.id, { kind: "void" });
        break;
      case "failed":
        this.#answer(message.id, { kind: "failed", reason: message.reason, message: message.message });
        break;
      case "elapsed":
        this.#commits = this.#commits.then(() => this.#answerNow(message.id, "interrupted"));
        break;
      case "gone":
        void this.ended.then(() => this.#again(message.id));
        break;
      case "commit":
        this.#commit(message.turns, message.step, () => this.#acknowledge(true));
        break;
      case "final":
        this.#final(message);
        break;
      default:
      // `inspected`, `allowed`: not a session's; a worker that says so is ignored.
    }
  }

  #commit(turns: number[], step: Step, then: () => void): void {
    this.#pending++;
    this.#commits = this.#commits.then(async () => {
      try {
        if (this.#refused) return;
        const state = await this.#delivery.commit(step, this.#newWorks(turns));
        this.#reached = { state, context: step.context, ...(step.output === undefined ? {} : { output: step.output }) };
      } catch (error) {
        return this.#fail(error);
      } finally {
        this.#pending--;
      }
      for (const id of turns) {
        const waiting = this.#waiting.get(id);
        if (!waiting) continue;
        waiting.stored = true;
        this.#worker.land(id);
        waiting.caller.turn(true);
      }
      then();
    });
  }

  /** Works whose events become durable with this commit. */
  #newWorks(turns: readonly number[]): string[] {
    return turns.flatMap((id) => {
      const waiting = this.#waiting.get(id);
      return waiting?.work === undefined || waiting.stored ? [] : [waiting.work];
    });
  }

  #acknowledge(ok: boolean): void {
    this.#worker.send({ op: "committed", session: this.#id, ok });
  }

  #final({ calls, outcome, step }: Extract<FromWorker, { t: "final" }>): void {
    this.#closing = true;
    const finish = () => {
      for (const id of calls) this.#answerNow(id, outcome);
      this.#close();
    };
    if (step) this.#commit(calls, step, finish);
    else this.#commits = this.#commits.then(finish);
  }

  /** A commit was refused: the machine must not go on from a state that nobody keeps. */
  #fail(error: unknown): void {
    this.#refused = true;
    this.#acknowledge(false);
    this.#failAll(error);
  }

  #failAll(error: unknown): void {
    for (const id of [...this.#waiting.keys()]) this.#refuse(id, error);
    this.#close();
  }

  #onDeath(id: number, death: Death, call: ToWorker): void {
    this.#closing = true;
    this.#commits = this.#commits.then(() => {
      const waiting = this.#waiting.get(id);
      // What was stored can't be made again to see whose doing it was.
      const isBlamed = death.culprit || (death.suspect && waiting?.stored);
      if (isBlamed) this.#onLog({ t: "log", session: this.#id, stream: "stderr", text: endingOf(death, call) });
      if (waiting && isBlamed) this.#answer(id, { kind: "failed", ...failureOf(death) });
      else if (waiting?.stored) this.#answerNow(id, "interrupted");
      else if (waiting && death.reason === "closed") this.#refuse(id, new EngineClosed());
      else if (waiting && death.unsent && id === this.#id) this.#unsent = true;
      else if (waiting) this.#again(id);
      if (this.#waiting.size === 0 || id === this.#id) this.#close();
    });
  }

  #answerNow(id: number, kind: "settled" | "interrupted"): void {
    if (this.#reached) this.#answer(id, { kind, ...this.#reached });
  }

  #answer(id: number, outcome: Outcome): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (id !== this.#id) this.#worker.release(id);
    waiting?.caller.answer(outcome);
  }

  #refuse(id: number, error: unknown): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    this.#worker.release(id);
    waiting?.caller.fail(error);
  }

  #again(id: number): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (id !== this.#id) this.#worker.release(id);
    waiting?.caller.turn(false);
  }

  #close(): void {
    this.#closing = true;
    this.#worker.release(this.#id);
    this.#end.resolve();
  }
}

function inWhoseName({ authContext, isTrusted = false, settleTimeoutMs }: Delivery) {
  return { auth: authContext, ask: !isTrusted, timeoutMs: settleTimeoutMs };
}

function openingMessage(id: number, delivery: Delivery): ToWorker {
  const { instance, what, timer, hasParent = false, seed } = delivery;
  const base = { id, name: instance.slug, hasParent, seed, ...inWhoseName(delivery) };
  if (what.kind === "create") return { op: "create", ...base, context: what.context };
  if (what.kind === "arrive") return { op: "arrive", ...base, event: what.event, position: what.position };
  const { state, context, snapshot, running } = what.resting;
  const event = { op: "event" as const, ...base, event: what.event, state, context, snapshot, running };
  return timer ? { ...event, timer } : event;
}
