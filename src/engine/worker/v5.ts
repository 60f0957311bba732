// XState 5: a host actor that only queues events, and `machine.transition` with a scope that records effects instead of running them.
//
// The bare `transition` functions of XState are not enough: children would get a throwaway parent, and `spawn` inside `assign` yields no
// action. A scope of our own, on a real host actor, keeps children, system ids and relays native while the step stays pure.

import { createActor as createXStateActor } from "xstate";
import type { Json, JsonObject } from "../../domain/json.ts";
import { isJsonObject } from "../../domain/json.ts";
import type { RunningChild, StateValue } from "../../domain/records.ts";
import type { Addressee } from "../port.ts";
import type { ActorOptions, EventLike, MachineActor, Projection } from "./actor.ts";
import { sourceName } from "./actor.ts";
import { printForMachine } from "./console.ts";
import { persistHistory, reviveHistory } from "./history5.ts";
import type { Action, ActorRef, Machine5, Scope, SendParams, Snapshot, SpawnParams, System } from "./internals5.ts";
import type { Lasting } from "./outbox.ts";
import { Outbox } from "./outbox.ts";
import { addressOfRef, isPersistentRef, isPersistentSource, whileComputing } from "./persistent.ts";
import { persistentLogic, stubOf } from "./persistent5.ts";

type Effect = { action: Action } | { deferred: () => void };

/** XState's own function, seen through the internals above: they are exported at run time, but not in its types. */
const createActor = createXStateActor as unknown as (logic: object, options: object) => ActorRef;

/** Tells the host to show a committed snapshot as its own; no machine event can have this type, since it is a symbol's description only we hold. */
const showSnapshot = `settle.show.${crypto.randomUUID()}`;

export function createActor5(
  machine: Machine5,
  receive: (event: EventLike) => void,
  options: ActorOptions,
): MachineActor {
  return new Actor5(machine, receive, options);
}

/**
 * Whether the XState copy that made this machine hands actions to the scope (5.19 and later). Older ones run them inside `transition`,
 * before anything is stored.
 */
export function recordsActions(machine: Machine5): boolean {
  const Machine = machine.constructor as new (config: object, implementations: object) => Machine5;
  const probe = new Machine({ entry: () => {} }, {});
  let recorded = false;
  const onAction = () => {
    recorded = true;
  };
  new Actor5(probe, () => {}, { hasParent: false, names: () => "probe", onAction }).initial({});
  return recorded;
}

class Actor5 implements MachineActor {
  readonly #machine: Machine5;
  readonly #receive: (event: EventLike) => void;
  readonly #onAction: (action: Action) => void;
  /** Stands for the instance that started this one, where there is one: an event to it goes through the service. */
  readonly #parent: ActorRef | undefined;
  readonly #host: ActorRef;
  readonly #scope: Scope;
  #native: Scope | undefined;
  #snapshot: Snapshot | undefined;
  #previous: Snapshot | undefined;
  #projected: { of: Snapshot; as: Projection } | undefined;
  #effects: Effect[] = [];
  readonly #outbox: Outbox;
  /** While effects run, `defer` collects here what native XState would put off to the end of the macrostep. */
  #deferred: (() => void)[] | undefined;
  #initial = false;

  constructor(
    machine: Machine5,
    receive: (event: EventLike) => void,
    options: ActorOptions & { onAction?: (action: Action) => void },
  ) {
    this.#machine = machine;
    this.#onAction = options.onAction ?? (() => {});
    this.#receive = receive;
    this.#outbox = new Outbox(options.names);
    this.#parent = options.hasParent ? createActor(stubOf("active"), {}) : undefined;
    this.#host = this.#createHost();
    this.#scope = this.#createScope();
    this.#host.start();
  }

  initial(given: JsonObject): void {
    const machine = this.#machine;
    const config = machine.config;
    // The machine's own context, with the given one laid over it before the first entry action sees it.
    const overlay = (args: unknown) => ({
      ...(typeof config.context === "function" ? config.context(args) : config.context),
      ...given,
    });
    machine.config = { ...config, context: overlay };
    let snapshot: Snapshot;
    try {
      snapshot = this.#attempt(() => machine.getInitialSnapshot(this.#scope, given));
    } finally {
      machine.config = config;
    }
    if (snapshot.status === "error") {
      this.#forget();
      throw snapshot.error; // XState swallows throws of the initial step into this status
    }
    this.#snapshot = snapshot;
    this.#initial = true;
  }

  restore(value: StateValue, context: JsonObject, persisted: Json): void {
    const { persistent, children: known = [], ...rest } = isJsonObject(persisted) ? persisted : {};
    this.#outbox.restore(persistent);
    const children = Object.fromEntries(
      [...this.#outbox.children.keys()].map((id) => [id, { src: persistentLogic, snapshot: { status: "active" } }]),
    );
    const stub = (id: string) => createActor(stubOf("stopped"), { id, parent: this.#host });
    // Children of an earlier session are over, but code may send to their ids or hold references: natively they stay known, too.
    const stubs = new Map((known as string[]).map((id) => [id, stub(id)]));
    const actors = collectActorRefs(context, (id) => stubs.get(id) ?? stub(id));
    const historyValue = reviveHistory(this.#machine, rest.historyValue);
    const snapshot = this.#machine.restoreSnapshot(
      { status: "active", ...rest, historyValue, value, context: actors ?? context, children },
      this.#scope,
    );
    Object.assign(snapshot.children, Object.fromEntries(stubs));
    this.#snapshot = snapshot;
    this.#show();
  }

  step(event: EventLike): boolean {
    const snapshot = this.#current();
    this.#previous = snapshot;
    this.#outbox.begin();
    if (snapshot.status !== "active") return true; // a finished machine takes no event; the service still records it
    if (event.type.startsWith("xstate.error.actor.") && this.#machine.getTransitionData(snapshot, event).length === 0) {
      return false; // natively this would end the whole machine; see DECISIONS.md
    }
    this.#snapshot = this.#attempt(() => this.#machine.transition(snapshot, event, this.#scope));
    return true;
  }

  discard(): void {
    this.#snapshot = this.#previous;
    this.#forget();
  }

  project(): Projection {
    const snapshot = this.#current();
    if (this.#projected?.of !== snapshot) this.#projected = { of: snapshot, as: this.#projectAnew(snapshot) };
    return this.#projected.as;
  }

  #projectAnew(snapshot: Snapshot): Projection {
    // The context's own JSON form is the persisted one: actors in it have a `toJSON`.
    const historyValue = persistHistory(snapshot.historyValue);
    const persisted: JsonObject = { status: snapshot.status, historyValue, ...this.#outbox.persistedChildren() };
    if (snapshot.output !== undefined) persisted.output = snapshot.output as Json;
    const known = knownIds(snapshot);
    if (known.length > 0) persisted.children = known;
    return {
      value: snapshot.value,
      context: snapshot.context,
      tags: [...snapshot.tags].map(String),
      done: snapshot.status === "done",
      ...(persisted.output === undefined ? {} : { output: persisted.output }),
      persisted,
    };
  }

  native(): unknown {
    return this.#current();
  }

  takeLasting(): Lasting {
    return this.#outbox.take();
  }

  hasEffects(): boolean {
    return this.#effects.length > 0;
  }

  run(report: (error: unknown) => void): void {
    const effects = this.#effects;
    this.#effects = [];
    const deferred: (() => void)[] = [];
    this.#deferred = deferred;
    const guarded = (fn: () => void) => {
      try {
        fn();
      } catch (error) {
        report(error);
      }
    };
    // At the start XState puts every action off until the actor and its children run; later it runs actions first and put-off work after
    // the update.
    if (this.#initial) {
      this.#show();
      if (this.#current().status === "active") guarded(() => this.#machine.start(this.#current()));
    }
    for (const effect of effects) {
      if ("deferred" in effect) {
        if (this.#initial) guarded(effect.deferred);
        else deferred.push(effect.deferred);
      } else guarded(() => effect.action.exec?.(effect.action.info, effect.action.params));
    }
    if (!this.#initial) this.#show();
    this.#initial = false;
    for (let next = deferred.shift(); next; next = deferred.shift()) guarded(next);
    this.#deferred = undefined;
  }

  orphanEvent(child: RunningChild): EventLike {
    const error = new Error(`'${child.id}' (${child.src}) was stopped before it ended`);
    return { type: `xstate.error.actor.${child.id}`, error, actorId: child.id };
  }

  running(): RunningChild[] {
    const { status, children } = this.#current();
    if (status !== "active") return []; // whatever still looks alive is stopped by the effects
    return Object.values(children)
      .filter((child): child is ActorRef => child?.getSnapshot()?.status === "active" && !isPersistent(child))
      .map((child) => ({ id: child.id, src: sourceName(child.src) }));
  }

  stop(): void {
    for (const child of Object.values(this.#snapshot?.children ?? {})) {
      if (child?.getSnapshot()?.status === "active" && !isPersistent(child)) this.#native?.stopChild(child);
    }
  }

  #current(): Snapshot {
    if (!this.#snapshot) throw new Error("the actor has no snapshot yet");
    return this.#snapshot;
  }

  /** A step that throws leaves no effect behind. */
  #attempt<T>(compute: () => T): T {
    try {
      return whileComputing(this.#outbox, compute);
    } catch (error) {
      this.#forget();
      throw error;
    }
  }

  #forget(): void {
    this.#effects = [];
    this.#outbox.undo();
  }

  /** From here on machine code sees this snapshot as its own (`self.getSnapshot()`). */
  #show(): void {
    const snapshot = this.#current();
    if (snapshot.status === "active") this.#host.send({ type: showSnapshot, snapshot });
    // Told of a final one, the host would stop itself, and with it the relaying to children.
    else this.#host._snapshot = snapshot;
  }

  #createHost(): ActorRef {
    const logic = {
      getInitialSnapshot: (scope: Scope) => {
        this.#native = scope;
        return { status: "active", output: undefined, error: undefined, context: {}, value: {}, children: {} };
      },
      getPersistedSnapshot: (snapshot: unknown) => snapshot,
      transition: (snapshot: unknown, event: EventLike) => {
        if (event.type === showSnapshot) return event.snapshot;
        if (event.type !== "xstate.stop") this.#receive(event);
        return snapshot;
      },
    };
    const parent = this.#parent ? { parent: this.#parent } : {};
    return createActor(logic, { id: this.#machine.id, logger: printForMachine, ...parent });
  }

  #createScope(): Scope {
    const host = this.#host;
    return {
      self: host,
      id: host.id,
      sessionId: host.sessionId,
      system: host.system,
      logger: printForMachine,
      defer: (fn) => {
        if (this.#deferred) this.#deferred.push(fn);
        else this.#effects.push({ deferred: fn });
      },
      emit: (event) => this.#native?.emit(event),
      stopChild: (child) => this.#native?.stopChild(child),
      actionExecutor: (action) => {
        this.#onAction(action);
        if (this.#isKept(action) || !doesSomething(action)) return;
        // XState frees the system id of a stopped child at once, so that its successor in the same macrostep may take it.
        if (action.type === "xstate.stopChild" && action.params) unregister(host.system, action.params as ActorRef);
        this.#effects.push({ action });
      },
    };
  }

  /**
   * What outlasts a session is the service's to do: delayed events to the machine itself, whatever goes to another instance, children that
   * are instances. A delayed event for an ephemeral child lives no longer than the child, so XState's own clock does; an id may be of
   * either kind, so a cancellation goes both ways.
   * @returns whether the action is done with
   */
  #isKept({ type, params }: Action): boolean {
    if (type === "xstate.spawnChild")
      return this.#isSpawned((params as SpawnParams).actorRef, (params as SpawnParams).input);
    if (type === "xstate.stopChild") return this.#isReleased(params as ActorRef | undefined);
    const { sendId, id, delay, event, to } = (params ?? {}) as SendParams;
    if (type === "xstate.cancel") {
      this.#outbox.cancel(sendId);
      return Object.keys(this.#snapshot?.children ?? {}).length === 0;
    }
    if ((type !== "xstate.raise" && type !== "xstate.sendTo") || !event) return false;
    const addressee = type === "xstate.raise" || to === this.#host ? "self" : this.#addresseeOf(to);
    return this.#outbox.post(addressee, event, { id, delay });
  }

  #addresseeOf(to: unknown): Addressee | undefined {
    if (to === undefined) return undefined;
    if (to === this.#parent) return "parent";
    if (isPersistentRef(to)) return addressOfRef(to);
    const id = typeof to === "string" ? to : isPersistent(to as ActorRef) ? (to as ActorRef).id : undefined;
    return id === undefined ? undefined : this.#outbox.children.get(id);
  }

  #isSpawned(child: ActorRef | undefined, input: unknown): boolean {
    const source = child?.logic;
    if (!child || !isPersistentSource(source)) return false;
    this.#outbox.spawn(source, input, child.id);
    return true;
  }

  #isReleased(child: ActorRef | undefined): boolean {
    if (!child || !isPersistent(child)) return false;
    unregister(this.#host.system, child);
    this.#outbox.release(child.id);
    return true;
  }
}

function isPersistent(child: ActorRef): boolean {
  return child.logic === persistentLogic || isPersistentSource(child.logic);
}

/** Ephemeral children that later events may name. XState's own names, which nobody can know, would become ever more. */
function knownIds({ children }: Snapshot): string[] {
  return Object.values(children).flatMap((child) =>
    child && !isPersistent(child) && !/^x:\d+$/.test(child.id) ? [child.id] : [],
  );
}

function unregister(system: System, actor: ActorRef): void {
  for (const child of Object.values(actor.getSnapshot()?.children ?? {})) if (child) unregister(system, child);
  system._unregister(actor);
}

/** Raised events were queued while computing, a child of an earlier session is over, an unimplemented action does nothing: no reason to wait for the disk. */
function doesSomething(action: Action): boolean {
  if (action.type === "xstate.raise") return false;
  if (action.type === "xstate.stopChild") {
    const child = action.params as ActorRef | undefined;
    return child !== undefined && child.getSnapshot()?.status !== "stopped";
  }
  return action.exec !== undefined;
}

/** Replaces persisted references (`{xstate$$type: 1, id}`) by stubs; undefined when there is none, which is nearly always. */
function collectActorRefs(context: JsonObject, stub: (id: string) => ActorRef): unknown {
  const walk = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== "object" || value === null) return value;
    if ("xstate$$type" in value && value.xstate$$type === 1 && "id" in value) {
      return stub(String(value.id));
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, walk(item)]));
  };
  return holdsActorRef(context) ? walk(context) : undefined;
}

function holdsActorRef(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if ("xstate$$type" in value && value.xstate$$type === 1 && "id" in value) return true;
  for (const item of Array.isArray(value) ? value : Object.values(value)) if (holdsActorRef(item)) return true;
  return false;
}
