// What a session needs of an XState version: compute a step purely, project it, and run its effects afterwards.

import type { Json, JsonObject } from "../../domain/json.ts";
import type { RunningChild, StateValue } from "../../domain/records.ts";
import type { Names } from "./names.ts";
import type { Lasting } from "./outbox.ts";

/** A machine's state as the service sees it. `persisted` is what this XState needs beside value and context to go on later. */
export interface Projection {
  value: StateValue;
  context: unknown;
  tags: string[];
  done: boolean;
  /** What the machine returned in its final state (XState 4 calls it the final state's `data`), if anything. */
  output?: Json;
  persisted: Json;
}

export interface ActorOptions {
  /** Whether it may send events to the instance that started it. */
  hasParent: boolean;
  /** Where the service's own names for children and timers come from. */
  names: Names;
}

/** Any event, its payload as the machine code made it (children's events are not JSON yet). */
export interface EventLike {
  type: string;
  [key: string]: unknown;
}

/**
 * One instance's actor. `initial`, `restore` and `step` are pure towards the outside: they compute and hold the effects back until `run`.
 * Whatever they throw is the machine code's own error; the actor is then as it was before.
 */
export interface MachineActor {
  initial(given: JsonObject): void;
  restore(value: StateValue, context: JsonObject, persisted: Json): void;
  /** @returns false when the event was a child's error that nothing handles: it is skipped, and the actor is as before. */
  step(event: EventLike): boolean;
  /** Takes the last step back, its effects included; only before `run`. */
  discard(): void;
  project(): Projection;
  /** XState's own snapshot or state, for whoever has to look inside. */
  native(): unknown;
  /** What the last step leaves for the service to do; asked once after each step that stands. */
  takeLasting(): Lasting;
  hasEffects(): boolean;
  /** Runs the held effects in native order. A throw of one is reported and hinders no other. */
  run(report: (error: unknown) => void): void;
  /** The error event owed for a child that was stopped before it ended. */
  orphanEvent(child: RunningChild): EventLike;
  /** Ephemeral children that are live, or will be once `run` has run; children that are instances are not among them. */
  running(): RunningChild[];
  /** Stops the live children, silently. The actor must not be used afterwards. */
  stop(): void;
}

/** Name of what a child runs, for messages and for the record of running children. */
export function sourceName(src: unknown): string {
  if (typeof src === "string") return src;
  if (typeof src === "object" && src !== null && "type" in src && typeof src.type === "string") return src.type;
  return "(inline)";
}
