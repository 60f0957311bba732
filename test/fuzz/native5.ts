// The reference for XState 5: `createActor`, restarted from `getPersistedSnapshot`.

import { type Actor, type AnyStateMachine, createActor, type InspectionEvent, StateMachine, transition } from "xstate";
import type { Json, JsonObject } from "../../src/domain/json.ts";
import type { StateValue } from "../../src/domain/records.ts";
import type { Gates } from "./compile.ts";
import type { Coverage, Taken } from "./coverage.ts";
import type { Death, EventLike } from "./native.ts";
import { Native } from "./native.ts";
import { asJson } from "./observation.ts";

type Snapshot = ReturnType<Actor<AnyStateMachine>["getSnapshot"]>;
/** What XState's types keep to themselves. */
interface Scheduler {
  schedule(source: unknown, target: unknown, event: EventLike, delay: number, id?: string): void;
  cancel(source: unknown, id: string): void;
  cancelAll(source: unknown): void;
}

export class Native5 extends Native<Snapshot> {
  #machine: AnyStateMachine;
  #actor: Actor<AnyStateMachine> | undefined;
  #last: Snapshot | undefined;
  #unnamed = 0;
  /** Whether the next start is none that the service knows of: it only goes on after an event that failed. */
  #goesOn = false;

  constructor(machine: AnyStateMachine, gates: Gates, coverage: Coverage) {
    super(gates, coverage);
    this.#machine = tolerant(machine, coverage);
  }

  protected begin(given: JsonObject): boolean {
    const own = this.#machine.config.context;
    const context = (args: { input: JsonObject }) => ({ ...(typeof own === "function" ? own(args) : own), ...given });
    this.#machine = new StateMachine(
      { ...this.#machine.config, context },
      this.#machine.implementations,
    ) as AnyStateMachine;
    const actor = this.#create(this.#machine, { input: given });
    if (actor.getSnapshot().status === "error") return false;
    actor.start();
    return true;
  }

  protected feed(events: readonly EventLike[]): void {
    const live = this.#actor;
    if (!live) this.coverage.count("restarts");
    const actor =
      live ?? this.#create(this.#goesOn ? this.#continued() : this.#machine, { snapshot: this.#persisted() });
    this.#goesOn = false;
    for (const event of events) actor.send(event);
    if (!live) actor.start();
  }

  protected isLive(): boolean {
    return this.#actor !== undefined;
  }

  protected wouldThrow(event: EventLike): boolean {
    try {
      transition(this.#machine, this.#last as Snapshot, event);
      return false;
    } catch {
      return true;
    }
  }

  protected reread(): Snapshot {
    return createActor(this.#machine, { snapshot: this.#persisted() }).getSnapshot();
  }

  protected abandon(): void {
    const actor = this.#actor;
    this.#actor = undefined;
    actor?.stop();
  }

  protected errorEvent(childId: string): EventLike {
    const error = new Error(`'${childId}' was stopped before it ended`);
    return { type: `xstate.error.actor.${childId}`, error, actorId: childId };
  }

  protected alive(): string[] {
    const { status, children } = this.good?.snapshot ?? {};
    if (status !== "active") return [];
    const all = Object.values(
      children as { [id: string]: { id: string; getSnapshot(): { status: string } } | undefined },
    );
    return all.flatMap((child) => (child?.getSnapshot().status === "active" ? [child.id] : []));
  }

  protected recover({ lost }: Death): boolean {
    if (this.running.length > 0) return false;
    this.abandon();
    this.#goesOn = lost.length > 0;
    return true;
  }

  protected project(snapshot: Snapshot) {
    const persisted = asJson(this.#machine.getPersistedSnapshot(snapshot)) as JsonObject;
    return {
      state: snapshot.value as StateValue,
      context: persisted.context as Json,
      tags: [...snapshot.tags].map(String).sort(),
      done: snapshot.status === "done",
      output: persisted.output ?? null,
      history: persisted.historyValue ?? {},
    };
  }

  #create(machine: AnyStateMachine, options: object): Actor<AnyStateMachine> {
    const logger = (...args: unknown[]) => void this.printed.push(args.join(" "));
    const inspect = (inspection: InspectionEvent) => this.#inspect(inspection);
    const actor = createActor(machine, { ...options, logger, inspect });
    this.#actor = actor;
    actor.subscribe({ error: () => actor === this.#actor && this.noteDeath() });
    const { scheduler } = actor.system as unknown as { scheduler: Scheduler };
    // A delayed event to anybody else is not generated: XState's own clock keeps those here and there.
    scheduler.schedule = (_source, _target, event, delay, id) => {
      this.setTimer(id ?? `unnamed ${this.#unnamed++}`, delay, asJson(event));
    };
    scheduler.cancel = (_source, id) => this.cancelTimer(id);
    scheduler.cancelAll = () => {};
    return actor;
  }

  #inspect(inspection: InspectionEvent): void {
    const { type, actorRef } = inspection;
    if (type === "@xstate.microstep" && actorRef === this.#actor) {
      const remembered = this.good?.snapshot.historyValue as { [id: string]: unknown } | undefined;
      for (const taken of inspection._transitions) {
        this.coverage.countTransition(taken as Taken, (id) => remembered?.[id] !== undefined);
      }
    }
    if (type === "@xstate.action" && actorRef === this.#actor) this.#countAction(inspection.action);
    if (actorRef !== this.#actor) return;
    if (type === "@xstate.event" && inspection.event.type !== "xstate.init") this.noteArrival(inspection.event);
    if (type !== "@xstate.snapshot") return;
    const snapshot = inspection.snapshot as Snapshot;
    if (snapshot.status === "error") return;
    this.#last = snapshot;
    const { event } = inspection;
    this.noteGood(snapshot, event.type === "xstate.init" ? undefined : event);
  }

  #countAction({ type, params }: { type: string; params: unknown }): void {
    const { delay, src } = (params ?? {}) as { delay?: number; src?: unknown };
    if (type === "xstate.raise" && delay === undefined) this.coverage.count("events raised");
    if (type === "xstate.spawnChild") this.coverage.countChild(src);
    if (/^xstate\.(sendTo|cancel|stopChild|log)$/.test(type)) this.coverage.count(`actions ${type.slice(7)}`);
  }

  /** The machine, with what a restart from JSON forgets: the order in which its states were entered. */
  #continued(): AnyStateMachine {
    const machine = this.#machine;
    const { _nodes, tags, value, historyValue } = this.#last ?? {};
    const restoreSnapshot: typeof machine.restoreSnapshot = (...args) =>
      Object.assign(machine.restoreSnapshot(...args), { _nodes, tags, value, historyValue });
    return Object.create(machine, { restoreSnapshot: { value: restoreSnapshot } });
  }

  /** Children that were stopped are still known, and over. */
  #persisted(): never {
    if (!this.good) throw new Error("there is nothing to restart from");
    const persisted = JSON.parse(JSON.stringify(this.#machine.getPersistedSnapshot(this.good.snapshot)));
    for (const child of Object.values<{ snapshot: { status: string } }>(persisted.children)) {
      if (child.snapshot.status === "active") child.snapshot.status = "stopped";
    }
    return persisted as never;
  }
}

/** A throwing action ends a native actor; the service notes it and goes on. @see docs/semantics.md, Consistency */
function tolerant(machine: AnyStateMachine, coverage: Coverage): AnyStateMachine {
  const { boom } = machine.implementations.actions as { [name: string]: (...args: unknown[]) => void };
  const tolerated = (...args: unknown[]) => {
    try {
      boom?.(...args);
    } catch {
      coverage.count("throws in actions");
    }
  };
  const guards = Object.entries(machine.implementations.guards).map(([name, guard]) => [
    name,
    coverage.watch(name, guard as never),
  ]);
  return machine.provide({ actions: { boom: tolerated }, guards: Object.fromEntries(guards) });
}
