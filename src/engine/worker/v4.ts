// XState 4: an interpreter that never executes by itself; a step computes the next state, `run` executes its actions once it is stored.
//
// 4.x is frozen, so the private names used here (`_context`, `_exec`, `_nextState`, `_state`, `forwardTo`, `_stopChildren`) stay what they are.

import { interpret as interpretXState } from "xstate4";
import { registry as xstateRegistry } from "xstate4/lib/registry.js";
import { mapContext as mapXStateContext } from "xstate4/lib/utils.js";
import type { Json, JsonObject } from "../../domain/json.ts";
import { isJsonObject } from "../../domain/json.ts";
import type { RunningChild, StateValue } from "../../domain/records.ts";
import type { Addressee } from "../port.ts";
import type { ActorOptions, EventLike, MachineActor, Projection } from "./actor.ts";
import { sourceName } from "./actor.ts";
import { printForMachine } from "./console.ts";
import type { ActionObject, Child, Exec, Held, Interpreter, Machine4, ScxmlEvent, State4 } from "./internals4.ts";
import type { Lasting } from "./outbox.ts";
import { Outbox } from "./outbox.ts";
import { addressOfRef, isPersistentRef, isPersistentSource, whileComputing } from "./persistent.ts";
import { plainJson } from "./plain-json.ts";

/** What a step wants done once it is stored. `show` makes the interpreter's own state the new one. */
interface Plan {
  before: (() => void)[];
  actions: (() => void)[];
  show: () => void;
  /** Whether actions see the new state as `service.state` (native order without `predictableActionArguments`). */
  showFirst: boolean;
}

/** A restored state must name an event; nothing reads it. */
const restoreEvent: ScxmlEvent = {
  name: "xstate.init",
  data: { type: "xstate.init" },
  $$type: "scxml",
  type: "external",
};

/** `InterpreterStatus.Running` */
const running = 1;

const interpret = interpretXState as unknown as (machine: Machine4, options: object) => Interpreter;
const registry = xstateRegistry as unknown as { free(sessionId: string): void };
const mapContext = mapXStateContext as unknown as (mapper: unknown, context: unknown, event: ScxmlEvent) => unknown;

export function createActor4(
  machine: Machine4,
  receive: (event: EventLike) => void,
  options: ActorOptions,
): MachineActor {
  return new Actor4(machine, receive, options);
}

class Actor4 implements MachineActor {
  readonly #machine: Machine4;
  readonly #receive: (event: EventLike) => void;
  readonly #service: Interpreter;
  #state: State4 | undefined;
  #previous: State4 | undefined;
  #output: Json | undefined;
  #plan: Plan | undefined;
  /** What each child runs; the interpreter itself doesn't remember it. */
  readonly #sources = new Map<string, string>();
  /** Children that will be live once the plan has run. */
  #expected: string[] | undefined;
  readonly #outbox: Outbox;
  readonly #hasParent: boolean;

  constructor(machine: Machine4, receive: (event: EventLike) => void, { hasParent, names }: ActorOptions) {
    this.#machine = machine;
    this.#receive = receive;
    this.#hasParent = hasParent;
    this.#outbox = new Outbox(names);
    this.#service = createService(machine, receive);
  }

  initial(given: JsonObject): void {
    const service = this.#service;
    const machine = this.#machine;
    const context = machine._context;
    const spawned: Held[] = [];
    const release = captureSpawns(service, spawned);
    let state: State4;
    try {
      machine._context = { ...machine.context, ...given };
      state = this.#compute(() => service.initialState);
      this.#output = outputOf(machine, state);
    } finally {
      machine._context = context;
      release();
    }
    const show = () => service.update(state, state._event);
    const own = state.actions.filter((action) => !this.#isKept(action, state.context, state._event));
    const actions = own.map((action) => this.#effect(action, () => service.exec(action, state)));
    service.start({ value: state.value, context: state.context, _event: state._event });
    // One that starts in a final state is stopped by that at once; what its actions begin has to begin before it ends.
    Object.assign(service, { status: running, initialized: true });
    const before = spawned.map(({ run }) => run);
    this.#adopt(state, { before, actions, show, showFirst: true }, [...causesOf(spawned), ...state.actions]);
  }

  restore(value: StateValue, context: JsonObject, persisted: Json): void {
    const { historyValue, output, persistent } = isJsonObject(persisted) ? persisted : {};
    this.#output = output;
    this.#outbox.restore(persistent);
    this.#service.start({ value, context, historyValue, children: {}, _event: restoreEvent });
    this.#state = this.#service._state;
  }

  step(event: EventLike): boolean {
    const service = this.#service;
    const current = this.#current();
    this.#previous = current;
    this.#outbox.begin();
    if (current.done) return true; // a finished machine takes no event; the service still records it
    if (isUnhandledError(current, event)) return false;
    const scxml: ScxmlEvent = { name: event.type, data: event, $$type: "scxml", type: "external" };
    const predictable = this.#machine.config.predictableActionArguments === true;
    const recorded: Held[] = [];
    const spawned: Held[] = [];
    const record: Exec = (action, context, cause, actions) => {
      if (this.#isKept(action, context, cause)) return;
      recorded.push({ action, run: this.#effect(action, () => service._exec(action, context, cause, actions)) });
    };
    // Predictable actions run while assigns are computed, any others after them all.
    const release = captureSpawns(service, predictable ? recorded : spawned);
    let next: State4;
    try {
      next = this.#compute(() => service._nextState(scxml, predictable ? record : false));
      this.#output = outputOf(this.#machine, next);
    } finally {
      release();
    }
    const forward = service.forwardTo.size > 0 ? [() => service.forward(scxml)] : [];
    const actions = predictable
      ? recorded.map(({ run }) => run)
      : this.#withoutIdleStops(
          spawned,
          next.actions.filter((action) => !this.#isKept(action, next.context, scxml)),
        ).map((action) => this.#effect(action, () => service.exec(action, next)));
    const show = () => service.update(next, scxml);
    const before = [...forward, ...spawned.map(({ run }) => run)];
    const causes = [...causesOf(spawned), ...(predictable ? causesOf(recorded) : next.actions)];
    this.#adopt(next, { before, actions, show, showFirst: !predictable }, causes);
    return true;
  }

  discard(): void {
    this.#state = this.#previous;
    if (!this.#state?.done) this.#output = undefined;
    this.#plan = undefined;
    this.#expected = undefined;
    this.#outbox.undo();
  }

  native(): unknown {
    return this.#current();
  }

  takeLasting(): Lasting {
    return this.#outbox.take();
  }

  /** A step that throws leaves nothing behind. */
  #compute<T>(compute: () => T): T {
    try {
      return whileComputing(this.#outbox, compute);
    } catch (error) {
      this.#outbox.undo();
      throw error;
    }
  }

  project(): Projection {
    const state = this.#current();
    const output = this.#output === undefined ? {} : { output: this.#output };
    const history = state.historyValue ? { historyValue: plainHistory(state.historyValue) } : {};
    return {
      value: state.value,
      context: state.context ?? {},
      tags: [...state.tags].map(String),
      done: state.done === true,
      ...output,
      persisted: { ...history, ...output, ...this.#outbox.persistedChildren() },
    };
  }

  hasEffects(): boolean {
    const plan = this.#plan;
    return plan !== undefined && plan.before.length + plan.actions.length > 0;
  }

  run(report: (error: unknown) => void): void {
    const { plan, state } = { plan: this.#plan, state: this.#current() };
    this.#plan = undefined;
    this.#expected = undefined;
    if (!plan) return;
    const service = this.#service;
    const guarded = (fn: () => void) => {
      try {
        fn();
      } catch (error) {
        report(error);
      }
    };
    // Child machines inherit the options of their parent, and they must execute; our own `update` must not.
    service.options.execute = true;
    if (plan.showFirst) service._state = state;
    for (const effect of [...plan.before, ...plan.actions]) guarded(effect);
    service.options.execute = false;
    guarded(plan.show);
  }

  orphanEvent(child: RunningChild): EventLike {
    return {
      type: `error.platform.${child.id}`,
      data: new Error(`'${child.id}' (${child.src}) was stopped before it ended`),
    };
  }

  running(): RunningChild[] {
    if (this.#state?.done) return [];
    const ids = this.#expected ?? [...this.#service.children.keys()];
    return ids.map((id) => ({ id, src: this.#sources.get(id) ?? "(inline)" }));
  }

  stop(): void {
    this.#service._stopChildren();
    registry.free(this.#service.sessionId);
  }

  #current(): State4 {
    if (!this.#state) throw new Error("the actor has no state yet");
    return this.#state;
  }

  #adopt(state: State4, plan: Plan, actions: ActionObject[]): void {
    this.#state = state;
    this.#plan = plan;
    const expected = new Set(this.#service.children.keys());
    for (const { type, activity } of actions) {
      const id = activity?.id ?? activity?.type;
      if (id === undefined) continue;
      if (type === "xstate.start" && !isPersistentSource(activity?.src)) {
        expected.add(id);
        this.#sources.set(id, sourceName(activity?.src));
      } else if (type === "xstate.stop") expected.delete(id);
    }
    this.#expected = [...expected];
  }

  /**
   * What outlasts a session is the service's to do: delayed events to the machine itself, whatever goes to another instance, children that
   * are instances. A delayed event for an ephemeral child lives no longer than the child, so XState's own clock does; an id may be of
   * either kind, so a cancellation goes both ways.
   * @returns whether the action is done with
   */
  #isKept(action: ActionObject, context: unknown, cause: ScxmlEvent): boolean {
    const { type, activity, delay, id } = action;
    if (type === "xstate.start") return this.#isSpawned(activity, context, cause);
    if (type === "xstate.stop") {
      const child = activity?.id ?? activity?.type;
      return child !== undefined && this.#outbox.release(child);
    }
    if (type === "xstate.cancel") {
      this.#outbox.cancel(action.sendId);
      return this.#service.children.size === 0;
    }
    const event = action._event?.data ?? action.event;
    if ((type !== "xstate.send" && type !== "xstate.raise") || event === undefined) return false;
    // An id that is empty (of an event that a function makes) is none: nothing could cancel it, and the next would replace it.
    return this.#outbox.post(this.#addresseeOf(action.to), event, { id: id || undefined, delay });
  }

  #addresseeOf(to: unknown): Addressee | "self" | undefined {
    if (to === undefined || to === null || to === "#_internal") return "self";
    if (to === "#_parent") return this.#hasParent ? "parent" : undefined;
    if (isPersistentRef(to)) return addressOfRef(to);
    return typeof to === "string" ? this.#outbox.children.get(to.replace(/^#_/, "")) : undefined;
  }

  #isSpawned(activity: ActionObject["activity"], context: unknown, cause: ScxmlEvent): boolean {
    const { id, src, data } = activity ?? {};
    if (id === undefined || !isPersistentSource(src)) return false;
    this.#outbox.spawn(src, data ? mapContext(data, context, cause) : undefined, id);
    return true;
  }

  /** An invocation that throws where it should begin ends with its error event; XState itself would throw at whoever sent the event. */
  #effect(action: ActionObject, run: () => void): () => void {
    const { type, activity } = action;
    if (type !== "xstate.start") return run;
    return () => {
      try {
        run();
      } catch (error) {
        this.#receive({ type: `error.platform.${activity?.id ?? activity?.type}`, data: error });
        throw error;
      }
    };
  }

  /** Leaving a state stops its invocations even if they ended long ago; that is no reason to wait for the disk. */
  #withoutIdleStops(spawned: Held[], actions: ActionObject[]): ActionObject[] {
    const live = new Set([...this.#service.children.keys(), ...causesOf(spawned).map(({ activity }) => activity?.id)]);
    return actions.filter(({ type, activity }) => {
      const id = activity?.id ?? activity?.type;
      if (type === "xstate.start" && id !== undefined) live.add(id);
      return type !== "xstate.stop" || id === undefined || live.delete(id);
    });
  }
}

function createService(machine: Machine4, receive: (event: EventLike) => void): Interpreter {
  const service = interpret(machine, {
    execute: false,
    deferEvents: true,
    logger: printForMachine,
  });
  service.send = (event, payload) => {
    for (const one of Array.isArray(event) ? event : [event]) receive(plainEvent(one, payload));
    return service._state;
  };
  return service;
}

function plainEvent(event: unknown, payload: object | undefined): EventLike {
  if (typeof event === "string") return { ...payload, type: event };
  const like = event as EventLike | ScxmlEvent;
  return "$$type" in like && like.$$type === "scxml" ? (like.data as EventLike) : (like as EventLike);
}

/** `spawn` inside an assign would start the child before the step is stored: hand out a reference now, start the child with the effects. */
function captureSpawns(service: Interpreter, held: Held[]): () => void {
  const native = service.spawn;
  service.spawn = (entity, name, options) => {
    let child: Child | undefined;
    const early: unknown[] = [];
    const run = () => {
      child = native.call(service, entity, name, options);
      for (const event of early) child.send(event);
    };
    held.push({ action: { type: "xstate.start", activity: { id: name, type: name } }, run });
    return {
      id: name,
      send: (event: unknown) => (child ? child.send(event) : void early.push(event)),
      subscribe: (...observer: unknown[]) => child?.subscribe?.(...observer) ?? { unsubscribe: () => {} },
      getSnapshot: () => child?.getSnapshot?.(),
      toJSON: () => ({ id: name }),
    } as Child;
  };
  return () => {
    service.spawn = native;
  };
}

function causesOf(held: Held[]): ActionObject[] {
  return held.map(({ action }) => action);
}

/** What the top-level final state's `data` yields for the event that led there; the interpreter would compute it only afterwards. */
function outputOf(machine: Machine4, { done, configuration, context, _event }: State4): Json | undefined {
  const final = done ? configuration.find(({ type, parent }) => type === "final" && parent === machine) : undefined;
  if (final?.doneData === undefined) return undefined;
  const output = mapContext(final.doneData, context, _event);
  return output === undefined ? undefined : plainJson(output);
}

/** Natively an error event that no active state knows is thrown at whoever sent it. */
function isUnhandledError(state: State4, event: EventLike): boolean {
  return event.type.startsWith("error.platform") && !state.nextEvents.some((next) => next.startsWith("error.platform"));
}

function plainHistory(historyValue: Json): Json {
  return JSON.parse(JSON.stringify(historyValue)) as Json;
}
