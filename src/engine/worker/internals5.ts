// The parts of XState 5 that the engine stands on, by the names that its own types give them where it has them.

import type { StateValue } from "../../domain/records.ts";
import type { EventLike } from "./actor.ts";

export interface ActorRef {
  id: string;
  src: unknown;
  /** What it runs. */
  logic: unknown;
  sessionId: string;
  system: System;
  _snapshot: unknown;
  getSnapshot(): { status: string; children?: Children } | undefined;
  send(event: EventLike): void;
  start(): ActorRef;
}
export type Children = { [id: string]: ActorRef | undefined };
export interface System {
  _unregister(actor: ActorRef): void;
}
export interface Snapshot {
  status: "active" | "done" | "error" | "stopped";
  value: StateValue;
  context: { [key: string]: unknown };
  tags: Set<string>;
  children: Children;
  historyValue: Remembered | undefined;
  /** The active states. */
  _nodes: StateNode5[];
  output?: unknown;
  error?: unknown;
}
/** By the id of a history state, the states that it remembers. */
export type Remembered = { [history: string]: { id: string }[] };
/** What is the same of a state in both XStates. */
export interface StateNode {
  id: string;
  parent?: StateNode;
  /** Its place in the document. */
  order: number;
}
export interface StateNode5 extends StateNode {
  /** By event descriptor. */
  transitions: Map<string, Transition5[]>;
  /** The transition that it would take itself. */
  next(snapshot: Snapshot, event: EventLike): unknown;
}
/** What is the same of a transition in both XStates. */
export interface Transition {
  eventType: string;
  target?: { id: string }[];
  actions: unknown[];
}
export interface Transition5 extends Transition {
  guard?: unknown;
}
export interface Machine5 {
  id: string;
  root: StateNode5;
  config: { context?: unknown };
  idMap: Map<string, { id: string }>;
  implementations: { actors: unknown };
  transition(snapshot: Snapshot, event: EventLike, scope: Scope): Snapshot;
  getInitialSnapshot(scope: Scope, input: unknown): Snapshot;
  restoreSnapshot(snapshot: unknown, scope: Scope): Snapshot;
  /** Starts the children of a snapshot that are active. */
  start(snapshot: Snapshot): void;
  getTransitionData(snapshot: Snapshot, event: EventLike): unknown[];
}
export interface Action {
  type: string;
  info: unknown;
  params: unknown;
  exec?: ((info: unknown, params: unknown) => void) | undefined;
}
export interface Scope {
  self: ActorRef;
  id: string;
  sessionId: string;
  system: System;
  logger: (...args: unknown[]) => void;
  defer(fn: () => void): void;
  emit(event: EventLike): void;
  stopChild(child: ActorRef): void;
  actionExecutor(action: Action): void;
}
export interface SendParams {
  to?: unknown;
  id?: string;
  delay?: unknown;
  event?: EventLike;
  /** Of a cancellation: what it cancels. */
  sendId?: string;
}
export interface SpawnParams {
  actorRef?: ActorRef;
  input?: unknown;
}
