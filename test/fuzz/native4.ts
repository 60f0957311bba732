// The reference for XState 4: `interpret`, restarted from its `State` as JSON.

import { type AnyInterpreter, type AnyState, type AnyStateMachine, interpret, State } from "xstate4";
import { provide as provideScope } from "xstate4/lib/serviceScope.js";
import type { JsonObject } from "../../src/domain/json.ts";
import type { StateValue } from "../../src/domain/records.ts";
import type { Gates } from "./compile.ts";
import type { Coverage, Taken } from "./coverage.ts";
import type { Death, EventLike } from "./native.ts";
import { Native } from "./native.ts";
import { asJson } from "./observation.ts";

interface ActionObject {
  type: string;
  id?: string;
  delay: number;
  _event: { data: EventLike };
  activity?: { id: string; src?: unknown };
}
/** What XState's types keep to themselves. */
interface Inner {
  send(event: unknown, payload?: object): unknown;
  defer(action: ActionObject): void;
  cancel(id: string): void;
  _exec(action: ActionObject, ...rest: unknown[]): void;
  children: Map<string, { stop?(): void }>;
  forwardTo: Set<string>;
  _outgoingQueue: unknown[];
}

/** The root of a machine, by what it computes its microsteps with. */
interface Steps {
  _transition(...args: unknown[]): { transitions: Taken[] } | undefined;
  resolveRaisedTransition(state: unknown, event: { name: string }, ...rest: unknown[]): unknown;
}

const provide = provideScope as unknown as (service: undefined, fn: () => unknown) => void;

export class Native4 extends Native<AnyState> {
  readonly #machine: AnyStateMachine;
  #service: AnyInterpreter | undefined;
  #children: Inner["children"] = new Map();
  #isStarting = false;
  #output: unknown;
  #unnamed = 0;

  constructor(machine: AnyStateMachine, gates: Gates, coverage: Coverage) {
    super(gates, coverage);
    this.#machine = machine;
    const guards = machine.options.guards as { [name: string]: never };
    for (const [name, guard] of Object.entries(guards)) guards[name] = coverage.watch(name, guard) as never;
  }

  protected begin(given: JsonObject): boolean {
    const service = this.#create(this.#machine.withContext({ ...this.#machine.context, ...given }));
    try {
      service.start();
    } catch {
      if (!this.good) return false;
      this.noteDeath();
    }
    return true;
  }

  protected feed(events: readonly EventLike[]): void {
    const service = this.#service;
    if (!service) this.coverage.count("restarts");
    const target = service ?? this.#create(this.#machine);
    for (const event of events) target.send(event);
    if (service) return;
    try {
      target.start(this.#persisted());
    } catch {
      this.noteDeath();
    }
  }

  protected isLive(): boolean {
    return this.#service !== undefined;
  }

  protected wouldThrow(event: EventLike): boolean {
    try {
      // After a throw XState 4 keeps taking its interpreter for the one in charge, and would spawn there.
      provide(undefined, () => this.#service?.machine.transition(this.good?.snapshot, event));
      return false;
    } catch {
      return true;
    }
  }

  protected reread(): AnyState {
    return this.#machine.resolveState(this.#persisted());
  }

  /** XState 4 runs exit actions when it is stopped, which no process does that goes down: only the children are stopped. */
  protected abandon(): void {
    const { children } = (this.#service ?? { children: new Map() }) as unknown as Inner;
    this.#service = undefined;
    for (const child of children.values()) child.stop?.();
  }

  protected errorEvent(childId: string): EventLike {
    return { type: `error.platform.${childId}`, data: new Error(`'${childId}' was stopped before it ended`) };
  }

  protected alive(): string[] {
    this.#children = new Map((this.#service as unknown as Inner | undefined)?.children);
    return this.good?.snapshot.done ? [] : [...this.#children.keys()];
  }

  /** The interpreter itself stays as it was; what actions did that ran already, and what was spawned, is undone. */
  protected recover({ lost }: Death): boolean {
    const inner = this.#service as unknown as Inner;
    const present = new Set(inner.children.values());
    const known = new Set(this.#children.values());
    for (const child of present) if (!known.has(child)) child.stop?.();
    inner.children.clear();
    for (const [id, child] of this.#children) inner.children.set(id, child);
    inner._outgoingQueue.length = 0;
    if (this.running.length === 0 && lost.length === 0) this.abandon();
    // An event was forwarded before it failed, and of several that waited the order would be lost.
    const isForwarding = this.running.length > 0 && inner.forwardTo.size > 0;
    return [...known].every((child) => present.has(child)) && !isForwarding && lost.length < 2;
  }

  protected project(state: AnyState) {
    return {
      state: asJson(state.value) as StateValue,
      context: asJson(state.context),
      tags: [...state.tags].map(String).sort(),
      done: state.done === true,
      output: asJson(this.#output),
      history: asJson(state.historyValue ?? {}),
    };
  }

  #create(machine: AnyStateMachine): AnyInterpreter {
    const logger = (...args: unknown[]) => void this.printed.push(args.join(" "));
    const service = interpret(machine, { logger, deferEvents: true });
    this.#service = service;
    this.#watchSteps(machine as unknown as Steps);
    this.#isStarting = true;
    const inner = service as unknown as Inner;
    this.#watchEvents(service, inner);
    inner.defer = ({ id, delay, _event }) => {
      this.setTimer(id || `unnamed ${this.#unnamed++}`, delay, asJson(_event.data));
    };
    inner.cancel = (id) => this.cancelTimer(String(id));
    const exec = inner._exec;
    // A throwing action ends what a native interpreter is doing; the service notes it and goes on, and a child that can't begin is an error event.
    inner._exec = (action, ...rest) => {
      this.#countAction(action);
      try {
        exec(action, ...rest);
      } catch (error) {
        this.coverage.count("throws in actions");
        if (action.type === "xstate.start") inner.send({ type: `error.platform.${action.activity?.id}`, data: error });
      }
    };
    return service;
  }

  #watchEvents(service: AnyInterpreter, inner: Inner): void {
    const send = inner.send;
    inner.send = (event, payload) => {
      if (service !== this.#service || service.status === 2) return;
      this.noteArrival(plainEvent(event, payload));
      try {
        send(event, payload);
      } catch {
        this.noteDeath();
      }
    };
    service.onDone(({ data }) => {
      this.#output = data;
    });
    service.onTransition((state) => {
      const event = this.#isStarting ? undefined : (state._event.data as EventLike);
      this.#isStarting = false;
      this.noteGood(state, event);
      if (!isOnePlace(state)) this.cut = "XState 4 rested in states that exclude each other";
    });
  }

  #watchSteps(machine: Steps): void {
    if (Object.hasOwn(machine, "_transition")) return;
    const { _transition, resolveRaisedTransition } = machine;
    machine._transition = (...args) => {
      const step = _transition.apply(machine, args);
      const isRemembered = this.good?.snapshot.historyValue !== undefined;
      for (const taken of step?.transitions ?? []) this.coverage.countTransition(taken, () => isRemembered);
      return step;
    };
    machine.resolveRaisedTransition = (state, event, ...rest) => {
      if (event.name !== "") this.coverage.count("events raised");
      return resolveRaisedTransition.call(machine, state, event, ...rest);
    };
  }

  #countAction({ type, activity }: ActionObject): void {
    const named = {
      "xstate.send": "sendTo",
      "xstate.cancel": "cancel",
      "xstate.stop": "stopChild",
      "xstate.log": "log",
    };
    if (type in named) this.coverage.count(`actions ${named[type as keyof typeof named]}`);
    if (type === "xstate.start") this.coverage.countChild(activity?.src);
  }

  #persisted(): AnyState {
    if (!this.good) throw new Error("there is nothing to restart from");
    const text = JSON.stringify(this.good.snapshot, (key, value) => (key === "children" ? {} : value));
    // XState 4 would run the actions of a restored state again.
    return State.create({ ...JSON.parse(text), actions: [] }) as AnyState;
  }
}

/** What XState 4 does from anywhere else depends on whether it was restarted there: its value names one place, its configuration several. */
function isOnePlace({ configuration }: AnyState): boolean {
  const active = new Set<unknown>(configuration);
  return configuration.every(({ parent, type, states }) => {
    const inner = Object.values(states).filter((state) => active.has(state)).length;
    return (!parent || active.has(parent)) && (type !== "compound" || inner === 1);
  });
}

function plainEvent(event: unknown, payload: object | undefined): EventLike {
  if (typeof event === "string") return { ...payload, type: event };
  const like = event as EventLike;
  return like.$$type === "scxml" ? (like.data as EventLike) : like;
}
