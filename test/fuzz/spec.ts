// What the fuzz generates, as data: a machine, what it starts with, and what happens to it. Numbers stand for choices among whatever there is.

import type { JsonObject } from "../../src/domain/json.ts";

export type Major = 4 | 5;

/** A choice: taken modulo the number of options, so that a case stays valid however it shrinks. */
export type Pick = number;

export const actionKinds = [
  "trace",
  "inline",
  "inc",
  "note",
  "flip",
  "raise",
  "raiseLater",
  "self",
  "selfLater",
  "cancel",
  "log",
  "fragile",
  "boom",
  "choice",
  "computed",
  "tell",
  "release",
  "refuse",
  "spawn",
  "stop",
] as const;

export interface ActionSpec {
  kind: (typeof actionKinds)[number];
  a: Pick;
  b: Pick;
  /** What a choice chooses from. */
  inner: ActionSpec[];
}

export const guardKinds = ["even", "flagged", "big", "atLeast", "never", "fragile"] as const;
export const guardWraps = ["plain", "not", "and", "or", "in"] as const;

export interface GuardSpec {
  kind: (typeof guardKinds)[number];
  wrap: (typeof guardWraps)[number];
  a: Pick;
}

export interface TransitionSpec {
  /** None: targetless. Two: one in each of two regions, where there is a parallel state. */
  targets: Pick[];
  guard: GuardSpec | null;
  actions: ActionSpec[];
  /** `reenter` in XState 5, `internal: false` in 4. */
  external: boolean;
  /** How the target is written: by id or relative, where that is possible. */
  style: Pick;
}

export const sources = [
  "soon",
  "soonNot",
  "held",
  "throws",
  "caller",
  "echo",
  "quiet",
  "stream",
  "brokenStream",
  "values",
  "reducer",
  "kid",
  "talker",
  "ender",
] as const;

export interface InvokeSpec {
  source: (typeof sources)[number];
  /** Whether it has an id of its own. */
  named: boolean;
  onDone: TransitionSpec[];
  onError: TransitionSpec[];
  /** XState 4 only. */
  autoForward: boolean;
}

export interface StateSpec {
  /** What kind of state it is, among those its place and its children allow. */
  shape: Pick;
  states: StateSpec[];
  initial: Pick;
  entry: ActionSpec[];
  exit: ActionSpec[];
  on: { event: Pick; transitions: TransitionSpec[] }[];
  always: TransitionSpec[];
  after: { delay: Pick; transitions: TransitionSpec[] }[];
  onDone: TransitionSpec[];
  invoke: InvokeSpec[];
  tags: Pick[];
}

export interface MachineSpec {
  major: Major;
  root: StateSpec;
  /** XState 4: `predictableActionArguments`, `preserveActionOrder` or neither. XState 5: what the context is made of. */
  mode: Pick;
}

/** `expire`: the settle timeout passes. `crash`: the process dies. Both mean something only while a child runs. */
export const moveKinds = ["send", "fire", "expire", "crash"] as const;

export interface Move {
  kind: (typeof moveKinds)[number];
  event: Pick;
  n: number;
}

export interface Case {
  machine: MachineSpec;
  given: JsonObject;
  moves: Move[];
}

/** Events that come from outside; the last one is known to no machine. */
export const outerEvents = ["A", "B", "C", "x.y", "x.z", "NOBODY"];
/** What handlers listen to: events from outside, those of children (`CALL`) and of the machine itself (`OWN`), and patterns. */
export const handledEvents = ["A", "B", "C", "x.y", "A", "B", "x.z", "CALL", "OWN", "OWN", "*", "x.*"];
/** Events a machine sends itself; on the way into and out of states only its own, or nearly every machine would begin with a loop. */
export const innerEvents = ["OWN", "A", "B", "C", "x.y", "CALL"];
export const delays = [10, 25, 0, 3_000_000_000, "SHORT", "COMPUTED"];
export const timerIds = ["t1", "t2", undefined];

export function pick<T>(options: readonly T[], choice: Pick): T {
  return options[choice % options.length] as T;
}
