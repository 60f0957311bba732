// The engine's own code in this process: sessions as a worker runs them, over messages that went through JSON, with a store that answers at once.

import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";
import { setImmediate as turn } from "node:timers/promises";
import type { JsonObject } from "../../src/domain/json.ts";
import type { TimerRef } from "../../src/engine/port.ts";
import type { FromWorker, ToWorker } from "../../src/engine/protocol.ts";
import type { MachineActor } from "../../src/engine/worker/actor.ts";
import type { Chart } from "../../src/engine/worker/chart.ts";
import type { Machine4 } from "../../src/engine/worker/internals4.ts";
import type { Machine5 } from "../../src/engine/worker/internals5.ts";
import { Session } from "../../src/engine/worker/session.ts";
import { createActor4 } from "../../src/engine/worker/v4.ts";
import { createActor5 } from "../../src/engine/worker/v5.ts";
import { capturing } from "./capture.ts";
import { compile, type Gates } from "./compile.ts";
import type { Observation, Op } from "./observation.ts";
import type { Rendered } from "./render.ts";
import type { Major } from "./spec.ts";
import { Record, type Subject } from "./subject.ts";

type Outgoing = Extract<ToWorker, { op: "create" | "event" | "join" }>;

/** Longer than any case takes; time passes here only when a case says so. */
const timeoutMs = 3_600_000;

export function createInProcess(
  rendered: Rendered,
  major: Major,
  mutate: (actor: MachineActor) => MachineActor = (actor) => actor,
): Subject {
  const { machine, gates } = compile(rendered, major);
  const chart: Chart = {
    xstate: major,
    allowRead: () => true,
    allowWrite: () => true,
    httpApiMapper: new Map(),
    createActor: (receive, options) =>
      mutate(
        major === 5
          ? createActor5(machine as Machine5, receive, options)
          : createActor4(machine as Machine4, receive, options),
      ),
    candidates: () => Promise.reject(new Error("nothing is explained here")),
    parts: () => Promise.reject(new Error("nothing is counted here")),
    positions: () => Promise.reject(new Error("nothing is upgraded here")),
  };
  return new InProcess(chart, gates);
}

class InProcess implements Subject {
  readonly record = new Record();
  readonly #chart: Chart;
  readonly #gates: Gates;
  readonly #outcomes = new Map<number, FromWorker>();
  #session: Session | undefined;
  #sessionId = 0;
  #ids = 0;
  #said = 0;
  #deadlines: (() => void)[] = [];
  /** Lines printed when a session opened; none may be added before its first step is stored. */
  #printedAtOpening: number | undefined;
  #tooEarly = false;

  constructor(chart: Chart, gates: Gates) {
    this.#chart = chart;
    this.#gates = gates;
  }

  play(op: Op): Promise<Observation["outcome"]> {
    return capturing(this.record.printed, () => this.#play(op));
  }

  async close(): Promise<void> {
    this.#session = undefined;
  }

  async #play(op: Op): Promise<Observation["outcome"]> {
    switch (op.op) {
      case "create":
        return this.#call({ op: "create", ...this.#base(), context: op.given });
      case "send":
        return this.#deliver({ event: op.event });
      case "fire":
        return this.#deliver(this.record.due());
      case "open":
        this.#gates.open();
        break;
      case "expire":
        for (const pass of this.#deadlines.splice(0)) pass();
        break;
      case "crash":
        this.#session = undefined;
        this.#deadlines = [];
        this.#gates.forget();
    }
    await this.#quiet();
    return "taken";
  }

  #deliver({ event, timer }: { event: JsonObject; timer?: TimerRef }): Promise<Observation["outcome"]> {
    const common = { ...this.#base(), event, ...(timer ? { timer } : {}) };
    if (this.#session) return this.#call({ op: "join", session: this.#sessionId, ...common });
    this.#gates.forget();
    const { state, context, snapshot, running } = this.record.last;
    return this.#call({ op: "event", state, context, snapshot, running, ...common });
  }

  #base() {
    const id = ++this.#ids;
    return { id, name: "one", hasParent: false, seed: String(id), auth: {}, ask: false, timeoutMs };
  }

  async #call(outgoing: Outgoing): Promise<Observation["outcome"]> {
    const message = JSON.parse(JSON.stringify(outgoing)) as Outgoing;
    const restore = this.#holdDeadlines();
    try {
      if (message.op === "join") this.#session?.join(message);
      else this.#begin(message);
    } finally {
      restore();
    }
    await this.#quiet();
    if (this.#tooEarly) throw new Error("an effect ran before its transition was stored");
    const answer = this.#outcomes.get(message.id);
    if (answer?.t === "failed" && answer.reason === "machine-error") return "failed";
    if (answer?.t === "void") return "void";
    if (answer && answer.t !== "final") throw new Error(`the session answered ${JSON.stringify(answer)}`);
    return "taken";
  }

  #begin(message: Exclude<Outgoing, { op: "join" }>): void {
    const session = new Session(message, {
      chart: this.#chart,
      contextBytes: 400_000,
      send: (said) => session === this.#session && this.#hear(session, JSON.parse(JSON.stringify(said)) as FromWorker),
      note: () => {},
      mark: () => {},
      onEnd: () => {},
    });
    this.#session = session;
    this.#sessionId = message.id;
    this.#printedAtOpening = this.record.printed.length;
    void session.start();
  }

  #hear(session: Session, said: FromWorker): void {
    this.#said++;
    if (said.t === "commit" || said.t === "final") {
      this.#tooEarly ||= this.record.printed.length !== (this.#printedAtOpening ?? this.record.printed.length);
      this.#printedAtOpening = undefined;
    }
    if (said.t === "commit") {
      this.record.commit(said.step);
      setImmediate(() => session === this.#session && session.committed(true));
    } else if (said.t === "final") {
      if (said.step) this.record.commit(said.step);
      for (const id of said.calls) this.#outcomes.set(id, said);
      this.#session = undefined;
      this.#deadlines = [];
    } else if ("id" in said) this.#outcomes.set(said.id, said);
  }

  /** Settle timeouts that begin meanwhile are kept, to pass when the case says so. */
  #holdDeadlines(): () => void {
    const native = timers.setTimeout;
    const held = (fn: () => void, ms: number) => {
      if (ms !== timeoutMs) return native(fn, ms);
      this.#deadlines.push(fn);
      return {};
    };
    const replace = (by: typeof native) => {
      timers.setTimeout = by;
      syncBuiltinESMExports();
    };
    replace(held as unknown as typeof native);
    return () => replace(native);
  }

  /** Nothing was said for a few turns of the event loop: whatever goes on now waits at a gate. */
  async #quiet(): Promise<void> {
    for (let silent = 0, before = this.#said; silent < 3; silent = before === this.#said ? silent + 1 : 0) {
      before = this.#said;
      await turn();
    }
  }
}
