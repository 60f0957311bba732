// One instance while it is being worked on: a queue of events, each stepped purely, committed, and only then let loose.

import type { Json, JsonObject } from "../../domain/json.ts";
import type { RunningChild, StateValue } from "../../domain/records.ts";
import type { FailureReason, Position, Posting, Step, TimerChange, TimerRef } from "../port.ts";
import type { FromWorker, ToWorker } from "../protocol.ts";
import type { EventLike, MachineActor } from "./actor.ts";
import type { Call } from "./calls.ts";
import { Calls } from "./calls.ts";
import type { Chart } from "./chart.ts";
import { describeThrown, describeWithStack } from "./console.ts";
import { ContextTooLarge, checkContext } from "./context-limit.ts";
import { createNames } from "./names.ts";
import { sooner } from "./patience.ts";
import { jsonCopy, plainEvent, plainJson } from "./plain-json.ts";

type Opening = Extract<ToWorker, { op: "create" | "event" | "arrive" }>;
type Joining = Extract<ToWorker, { op: "join" }>;

export interface SessionDeps {
  chart: Chart;
  contextBytes: number;
  send(message: FromWorker): void;
  note(text: string): void;
  /** Tells the watchdog whose doing it is from here on: a call's, or the session's own (its children's events). */
  mark(id: number): void;
  /** Called when the session's last word has been said. */
  onEnd(): void;
}

type Item =
  | { kind: "create"; call: Call; context: JsonObject; auth: Json; ask: boolean }
  /** `position`: the instance comes there from another version, as the event finds it. */
  | { kind: "event"; call: Call; event: JsonObject; auth: Json; ask: boolean; timer?: TimerRef; position?: Position }
  | { kind: "internal"; event: EventLike };

/** The event under which an upgrade is recorded. */
const upgradeEvent = "statebacked.upgrade";

export class Session {
  readonly #id: number;
  readonly #name: string;
  readonly #deps: SessionDeps;
  readonly #actor: MachineActor;
  readonly #queue: Item[] = [];
  readonly #calls = new Calls(() => this.#pumping || this.#afterTimeout());
  #orphans: RunningChild[] = [];
  #rows: Step["rows"] = [];
  /** Changes since the last commit. */
  readonly #timers = new Map<string, TimerChange>();
  /** The mark of each timer this session set last, null for one it cancelled: an event of an older setting is on its way to nobody. */
  readonly #marks = new Map<string, string | null>();
  #posts: Posting[] = [];
  /** In whose name what the machine sends on is sent: the auth context of the last event from outside. */
  #auth: Json;
  #uncommitted: Call[] = [];
  #runningStored = "[]";
  /** False until there is a state to step from: a refused creation, or an arrival that came to nothing, leaves nothing to settle. */
  #begun: boolean;
  /** The row of an upgrade, until the first step that is taken after it; without one the upgrade has not happened. */
  #upgrade: Step["rows"] = [];
  /** The context as it was last measured, if it was: a getter or a `toJSON` may answer differently the next time. */
  #contextText: string | undefined;
  #pumping = false;
  #ended = false;
  #acknowledge: ((ok: boolean) => void) | undefined;

  constructor(opening: Opening, deps: SessionDeps) {
    this.#id = opening.id;
    this.#name = opening.name;
    this.#deps = deps;
    this.#auth = opening.auth;
    const { hasParent, seed } = opening;
    this.#actor = deps.chart.createActor((event) => this.#receive(event), { hasParent, names: createNames(seed) });
    this.#begun = opening.op === "event";
    const call = this.#calls.open(opening.id, opening.timeoutMs);
    if (opening.op === "create") {
      const { context, auth, ask } = opening;
      this.#queue.push({ kind: "create", call, context, auth, ask });
    } else if (opening.op === "arrive") {
      const { event, auth, ask, position } = opening;
      this.#queue.push({ kind: "event", call, event, auth, ask, position });
    } else {
      this.#actor.restore(opening.state, opening.context, opening.snapshot);
      this.#orphans = opening.running;
      this.#runningStored = JSON.stringify(opening.running);
      const { event, auth, ask, timer } = opening;
      this.#queue.push({ kind: "event", call, event, auth, ask, ...(timer ? { timer } : {}) });
    }
  }

  start(): Promise<void> {
    return this.#pump();
  }

  join(joining: Joining): void {
    if (this.#ended) {
      this.#deps.send({ t: "gone", id: joining.id });
      return;
    }
    const call = this.#calls.open(joining.id, joining.timeoutMs);
    const { event, auth, ask, timer } = joining;
    this.#queue.push({ kind: "event", call, event, auth, ask, ...(timer ? { timer } : {}) });
    void this.#pump();
  }

  committed(ok: boolean): void {
    this.#acknowledge?.(ok);
  }

  /** Nobody keeps what comes of it any more. */
  end(): void {
    this.#acknowledge?.(false);
    this.#end();
  }

  #receive(event: EventLike): void {
    if (this.#ended) return;
    this.#queue.push({ kind: "internal", event });
    // Never from inside a child's own stack: its event is a turn of its own.
    queueMicrotask(() => void this.#pump());
  }

  async #pump(): Promise<void> {
    if (this.#pumping || this.#ended) return;
    this.#pumping = true;
    try {
      for (let item = this.#queue.shift(); item && !this.#ended; item = this.#queue.shift()) {
        this.#deps.mark(item.kind === "internal" ? this.#id : item.call.id);
        await this.#process(item);
        // Children that send on and on keep it from coming to rest, not from coming to an end.
        this.#afterTimeout();
      }
    } catch (error) {
      this.#giveUp(error);
    } finally {
      this.#pumping = false;
    }
    if (this.#ended) return;
    if (!this.#begun) this.#finish("settled");
    else if (this.#actor.running().length === 0) this.#finish("settled");
    else this.#afterTimeout();
  }

  async #process(item: Item): Promise<void> {
    if (item.kind === "internal") {
      // What a machine sent itself before it was done comes to nothing.
      if (this.#actor.project().done) return;
      this.#take(item.event);
    } else {
      if (item.kind === "event" && item.position && !(await this.#arrive(item.call, item.position))) return;
      if (!(await this.#authorize(item))) return;
      await this.#deliverOrphans();
      if (this.#ended) return this.#deps.send({ t: "gone", id: item.call.id });
      this.#answerOrStep(item);
      if (!this.#begun) return;
    }
    const settled = this.#queue.length === 0 && this.#actor.running().length === 0;
    // With nothing left to do, the last commit rides on the answer.
    if (this.#actor.hasEffects() || !(settled || this.#isStored())) await this.#commitAndRun();
  }

  /** Computes a call's event, or answers the call at once where there is nothing to store. */
  #answerOrStep(item: Extract<Item, { kind: "create" | "event" }>): void {
    const { call } = item;
    if (item.kind === "event" && item.timer && !this.#isPending(item.timer)) {
      this.#answer(call, { t: "void", id: call.id });
      return;
    }
    this.#auth = item.auth;
    try {
      if (item.kind === "create") this.#begin(item.context);
      else this.#step(item.event as EventLike, jsonCopy(item.event));
      this.#uncommitted.push(call);
    } catch (error) {
      this.#fail(call, error);
    }
  }

  #begin(context: JsonObject): void {
    this.#actor.initial(context);
    this.#checkContext();
    this.#noteLasting();
    this.#begun = true;
  }

  /** Takes up a position that migrations led to. Nothing is entered. @returns false when this version's statechart has no such position */
  async #arrive(call: Call, position: Position): Promise<boolean> {
    try {
      const { value, persisted } = (await this.#deps.chart.positions()).place(position);
      this.#actor.restore(value, position.context, persisted);
      this.#checkContext();
      this.#upgrade = [{ event: { type: upgradeEvent }, state: value }];
      this.#begun = true;
      return true;
    } catch (error) {
      this.#fail(call, error);
      return false;
    }
  }

  /** Computes one event's transition and notes its row. Throws what the machine code threw; the actor is then as before. */
  #step(event: EventLike, plain = plainEvent(event)): void {
    if (!this.#actor.step(event)) {
      this.#deps.note(`nothing handles '${event.type}': ${describeThrown(event.error ?? event.data)}`);
      return;
    }
    try {
      this.#checkContext();
    } catch (error) {
      this.#actor.discard();
      throw error;
    }
    this.#rows.push(...this.#upgrade.splice(0), { event: plain, state: this.#actor.project().value });
    this.#noteLasting();
  }

  /** Between two commits only the last word on a timer counts. */
  #noteLasting(): void {
    const { timers, posts } = this.#actor.takeLasting();
    for (const change of timers) {
      this.#timers.delete(change.id); // to stand where it was set last
      this.#timers.set(change.id, change);
      this.#marks.set(change.id, change.set?.mark ?? null);
    }
    this.#posts.push(...posts);
  }

  /** A machine that is done has left all its states, and with them their timers. */
  #isPending({ id, mark }: TimerRef): boolean {
    const known = this.#marks.get(id);
    return !this.#actor.project().done && (known === undefined || known === mark);
  }

  /** Steps an event that nobody waits for. @returns false when its computation threw: it is dropped, with a note. */
  #take(event: EventLike): boolean {
    try {
      this.#step(event);
      return true;
    } catch (error) {
      this.#deps.note(`the event '${event.type}' was dropped: ${describeWithStack(error)}`);
      return false;
    }
  }

  /** What earlier children owe comes before the event, each a transition of its own; to a machine that is done they owe nothing. */
  async #deliverOrphans(): Promise<void> {
    for (let child = this.#orphans[0]; child && !this.#ended; child = this.#orphans[0]) {
      const taken = !this.#actor.project().done && this.#take(this.#actor.orphanEvent(child));
      this.#orphans.shift();
      if (!taken) continue;
      if (this.#actor.hasEffects()) await this.#commitAndRun();
      else this.#run();
    }
  }

  async #authorize(item: Extract<Item, { kind: "create" | "event" }>): Promise<boolean> {
    const { call } = item;
    if (!item.ask) return true;
    const base = { machineInstanceName: this.#name, authContext: item.auth };
    const request =
      item.kind === "create"
        ? { type: "initialization", ...base, context: jsonCopy(item.context) }
        : { type: "event", ...base, ...this.#shown(), event: jsonCopy(item.event) };
    let answer: unknown;
    try {
      answer = await sooner(this.#deps.chart.allowWrite(request), call.expired);
    } catch (error) {
      this.#answer(call, { t: "rejected", id: call.id, message: `allowWrite threw: ${describeThrown(error)}` });
      this.#deps.note(`allowWrite threw: ${describeWithStack(error)}`);
      return false;
    }
    if (call.elapsed) {
      this.#answer(call, {
        t: "failed",
        id: call.id,
        reason: "settle-timeout",
        message: `allowWrite did not answer within the settle timeout of ${call.timeoutMs} ms`,
      });
      return false;
    }
    if (!answer) this.#answer(call, { t: "rejected", id: call.id });
    return Boolean(answer);
  }

  /** State and context for an authorizer: a copy, since what it does to it must not reach the instance. */
  #shown(): { state: StateValue; context: unknown } {
    const { value, context } = this.#actor.project();
    return { state: jsonCopy(value), context: plainJson(context) };
  }

  #checkContext(): void {
    this.#contextText = checkContext(this.#actor.project().context, this.#deps);
  }

  async #commitAndRun(): Promise<void> {
    const turns = this.#uncommitted.splice(0);
    const step = this.#takeStep();
    const ok = await new Promise<boolean>((resolve) => {
      this.#acknowledge = resolve;
      this.#deps.send({ t: "commit", session: this.#id, turns: turns.map((call) => call.id), step });
    });
    this.#acknowledge = undefined;
    if (!ok) return this.#end();
    for (const call of turns) call.stored = true;
    this.#run();
  }

  #run(): void {
    this.#actor.run((error) => this.#deps.note(`an action threw: ${describeWithStack(error)}`));
  }

  /** Children whose error events will be due if nothing more is heard of them. */
  #owed(): RunningChild[] {
    return [...this.#orphans, ...this.#actor.running()];
  }

  /** Whether the last commit holds all there is; error events that failed, too, are owed no more. */
  #isStored(): boolean {
    const isNews = this.#rows.length > 0 || this.#uncommitted.length > 0;
    return !isNews && JSON.stringify(this.#owed()) === this.#runningStored;
  }

  #takeStep(): Step {
    const { value, context, tags, done, output, persisted } = this.#actor.project();
    const running = this.#owed();
    this.#runningStored = JSON.stringify(running);
    const rows = this.#rows.splice(0);
    const returned = output === undefined ? {} : { output };
    const timers = [...this.#timers.values()];
    this.#timers.clear();
    const posts = this.#posts;
    this.#posts = [];
    return {
      state: value,
      context: (this.#contextText === undefined ? context : JSON.parse(this.#contextText)) as JsonObject,
      tags,
      done,
      ...returned,
      snapshot: persisted,
      running,
      rows,
      timers,
      posts,
      authContext: this.#auth,
    };
  }

  /** Lets go of calls whose settle timeout has passed; with the last of them the session ends. */
  #afterTimeout(): void {
    if (this.#ended) return;
    const elapsed = this.#calls.elapsed();
    if (elapsed === "all") this.#finish("interrupted");
    else for (const call of elapsed) this.#answer(call, { t: "elapsed", id: call.id });
  }

  #finish(outcome: "settled" | "interrupted"): void {
    const step = this.#begun && !this.#isStored() ? this.#takeStep() : undefined;
    // A call whose event is still in the queue is told to come again.
    const isQueued = (call: Call) => this.#queue.some((item) => item.kind !== "internal" && item.call === call);
    const calls = this.#calls.waiting.filter((call) => !isQueued(call)).map(({ id }) => id);
    try {
      this.#deps.send({ t: "final", session: this.#id, calls, outcome, ...(step ? { step } : {}) });
    } catch (error) {
      this.#giveUp(error);
    }
    this.#end();
  }

  /** What it has come to can't be written as JSON (an output may be anything), or is too long to be sent. */
  #giveUp(error: unknown): void {
    for (const call of this.#calls.waiting) this.#fail(call, error);
    this.#deps.send({ t: "final", session: this.#id, calls: [], outcome: "settled" });
    this.#end();
  }

  #fail(call: Call, error: unknown): void {
    const reason: FailureReason = error instanceof ContextTooLarge ? "context-too-large" : "machine-error";
    if (reason === "machine-error") this.#deps.note(describeWithStack(error));
    this.#answer(call, { t: "failed", id: call.id, reason, message: describeThrown(error) });
  }

  #answer(call: Call, message: FromWorker): void {
    if (this.#calls.close(call)) this.#deps.send(message);
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#calls.end();
    try {
      this.#actor.stop();
    } catch (error) {
      this.#deps.note(`stopping a child threw: ${describeWithStack(error)}`);
    }
    for (const item of this.#queue) if (item.kind !== "internal") this.#deps.send({ t: "gone", id: item.call.id });
    this.#deps.onEnd();
  }
}
