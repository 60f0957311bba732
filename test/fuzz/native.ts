// The reference: a machine run by XState itself, stopped and restarted from JSON at every event, as far as nothing runs beside it.
//
// XState has no notion of an event that never happened: a throw ends its actor. So whatever a throw left behind is taken back here, to
// the last event that went well; where that is impossible, because children were alive or events were waiting, the case ends.

import { setImmediate as turn } from "node:timers/promises";
import type { Json, JsonObject } from "../../src/domain/json.ts";
import type { StateValue } from "../../src/domain/records.ts";
import type { GateState, Gates } from "./compile.ts";
import type { Coverage } from "./coverage.ts";
import type { Observation, Timer } from "./observation.ts";
import { asJson, Timers } from "./observation.ts";

export interface EventLike {
  type: string;
  [key: string]: unknown;
}

/** The last moment at which all was well. */
interface Good<Snapshot> {
  snapshot: Snapshot;
  printed: number;
  timers: Timers["pending"];
  running: string[];
  gates: GateState;
}

export interface Death {
  event: EventLike | undefined;
  /** Events of the machine's own that were waiting behind it, and are lost. */
  lost: EventLike[];
}

/** More events than these out of one are a loop, of which no service could store the end. */
const maxEvents = 200;

export abstract class Native<Snapshot> {
  readonly printed: string[] = [];
  readonly timers = new Timers();
  /** Why nothing that happens from here on could be compared. */
  cut: string | undefined;
  protected readonly coverage: Coverage;
  protected good: Good<Snapshot> | undefined;
  protected death: Death | undefined;
  /** Events that arrived, in order, and how many of them were processed. */
  protected sent: EventLike[] = [];
  protected processed = 0;
  readonly #gates: Gates;
  /** How many of the events sent are not the doing of the one in hand, which may fail. */
  #settledSends = 0;
  #failed: EventLike[] = [];
  #owed: string[] = [];
  #rows: Observation["rows"] = [];
  #shown = 0;

  constructor(gates: Gates, coverage: Coverage) {
    this.#gates = gates;
    this.coverage = coverage;
  }

  /** @returns whether the initial state could be computed */
  protected abstract begin(given: JsonObject): boolean;
  /** Sends events to the running machine, restarting it from the last good moment if there is none. Events sent at a start are processed in one go. */
  protected abstract feed(events: readonly EventLike[]): void;
  protected abstract isLive(): boolean;
  /** Whether computing an event's transition throws: found out aside, so that the children that run survive it. */
  protected abstract wouldThrow(event: EventLike): boolean;
  /** The last good moment's snapshot, as a restart from JSON makes it. */
  protected abstract reread(): Snapshot;
  /** Lets go of the running machine; its children are stopped. */
  protected abstract abandon(): void;
  protected abstract errorEvent(childId: string): EventLike;
  protected abstract project(
    snapshot: Snapshot,
  ): Pick<Observation, "state" | "context" | "tags" | "done" | "output" | "history">;
  /** Ids of the children that run at this moment. */
  protected abstract alive(): string[];
  /**
   * Makes the machine as it was before the event that failed: one that has only to go on with what waited, or none, to be restarted.
   * @returns false where that is impossible, because children ended or began
   */
  protected abstract recover(death: Death): boolean;

  async create(given: JsonObject): Promise<Observation["outcome"]> {
    if (!this.begin(given)) return "failed";
    this.#drive(this.#mourn());
    await turn();
    return "taken";
  }

  async deliver(event: JsonObject): Promise<Observation["outcome"]> {
    const due = [...this.#takeOwed(), event as EventLike];
    if (this.isSettled && this.isLive()) this.abandon();
    if (this.isDone && this.good) this.good.snapshot = this.reread();
    if (!this.isSettled && this.isLive() && this.wouldThrow(event as EventLike)) {
      this.coverage.count("throws while a child ran");
      return "failed";
    }
    const handled = this.#drive(due);
    // A machine that is done takes no event; the service still records one that somebody sent.
    if (this.isDone && !handled.includes(event as EventLike)) this.#record(event as EventLike);
    await turn();
    return this.#failed.includes(event as EventLike) ? "failed" : "taken";
  }

  /** Delivers a timer's event. */
  async fire(timer: Timer): Promise<Observation["outcome"]> {
    const owed = this.#takeOwed();
    if (owed.length === 0) {
      this.timers.take(timer);
      return this.deliver(timer.event as JsonObject);
    }
    // Whether the timer is still pending is known only afterwards.
    const handled = this.#drive(owed);
    if (handled.length > owed.length) {
      this.cut = "a timer's event came between a child's error and what that set off";
      return "taken";
    }
    if (this.isDone || !this.timers.take(timer)) return "void";
    return this.deliver(timer.event as JsonObject);
  }

  /** That these events are no longer owed is stored with what was restored, even if they all come to nothing. */
  #takeOwed(): EventLike[] {
    if (this.#owed.length > 0 && this.good) this.good.snapshot = this.reread();
    return this.#owed.splice(0).map((id) => this.errorEvent(id));
  }

  /** After something outside went on that the machine waits for. */
  async heed(): Promise<void> {
    await turn();
    await turn();
    this.#drive(this.#mourn());
  }

  /** Feeds events, and when one fails, those that waited behind it. @returns those that were processed or failed */
  #drive(events: readonly EventLike[]): EventLike[] {
    const handled: EventLike[] = [];
    this.#failed = [];
    for (let due = events; due.length > 0 && !this.isDone && !this.cut; ) {
      this.sent = [];
      this.processed = 0;
      this.feed(due);
      handled.push(...this.sent.slice(0, this.processed));
      due = this.#mourn();
    }
    return [...handled, ...this.#failed];
  }

  async interrupt(kind: "expire" | "crash"): Promise<void> {
    this.#owed = this.running;
    const before = this.printed.length;
    this.abandon();
    // Who dies has no last words, and forgets what waits.
    if (kind === "crash") {
      this.printed.length = before;
      this.#gates.forget();
    }
    if (this.good) this.good = { ...this.good, running: [], printed: this.printed.length };
    await turn();
  }

  get running(): string[] {
    return this.good?.running ?? [];
  }

  get isSettled(): boolean {
    return this.running.length === 0;
  }

  get isDone(): boolean {
    return this.good !== undefined && this.#project().done;
  }

  observe(outcome: Observation["outcome"]): Observation {
    const rows = this.#rows.splice(0);
    const printed = this.printed.slice(this.#shown);
    this.#shown = this.printed.length;
    const running = this.isSettled ? this.#owed : this.running;
    return {
      outcome,
      rows,
      printed,
      ...this.#project(),
      timers: this.isDone ? [] : this.timers.list(),
      running: [...running],
    };
  }

  #project() {
    if (!this.good) throw new Error("the machine has no state");
    return this.project(this.good.snapshot);
  }

  protected setTimer(id: string, delayMs: number, event: Json): void {
    this.coverage.count("timers set");
    this.timers.set(id, delayMs, event);
  }

  protected cancelTimer(id: string): void {
    if (this.timers.cancel(id)) this.coverage.count("timers cancelled");
  }

  /** To be called whenever an event arrives. What went on outside since the last one was processed is not the event's doing. */
  protected noteArrival(event: EventLike): void {
    if (this.good && this.sent.length === this.processed) {
      this.good.printed = this.printed.length;
      this.good.gates = this.#gates.state();
      this.good.timers = [...this.timers.pending];
      this.good.running = this.alive();
    }
    this.sent.push(event);
    if (this.sent.length === this.processed + 1) this.#settledSends = this.sent.length;
  }

  /** To be called whenever an event was processed. */
  protected noteGood(snapshot: Snapshot, event: EventLike | undefined): void {
    this.#settledSends = this.sent.length;
    // A restart alone changes nothing that is stored, though what it restores may differ (XState forgets tags here and there).
    if (!event && this.good) return;
    const printed = this.printed.length;
    this.good = { snapshot, printed, timers: [...this.timers.pending], running: [], gates: this.#gates.state() };
    this.good.running = this.alive();
    if (!event) return;
    this.processed++;
    this.#record(event);
    if (this.processed < maxEvents) return;
    this.cut = "XState never came to rest";
    this.abandon();
  }

  #record(event: EventLike): void {
    this.#rows.push({ event: asJson(event), state: asJson(this.#project().state) as StateValue });
  }

  /** To be called when processing an event ended in a throw. */
  protected noteDeath(): void {
    this.death ??= { event: this.sent[this.processed], lost: this.sent.slice(this.processed + 1, this.#settledSends) };
  }

  /** Takes back what a throw left behind. @returns events that waited behind the one that failed */
  #mourn(): EventLike[] {
    const { death, good } = this;
    this.death = undefined;
    if (!death || !good) return [];
    this.coverage.count("throws");
    if (death.event) this.#failed.push(death.event);
    this.sent = [];
    this.processed = 0;
    if (!this.recover(death)) this.cut = "a throw ended children";
    this.printed.length = good.printed;
    this.timers.restore(good.timers);
    this.#gates.restore(good.gates);
    return death.lost;
  }
}
