// The parts of XState 4 that the engine stands on, private ones included: 4.x is frozen.

import type { Json } from "../../domain/json.ts";
import type { StateValue } from "../../domain/records.ts";
import type { EventLike } from "./actor.ts";
import type { StateNode, Transition } from "./internals5.ts";

export interface ScxmlEvent {
  name: string;
  data: EventLike;
  $$type: "scxml";
  type: "external";
}
export interface ActionObject {
  type: string;
  id?: string | number;
  /** Of a cancellation: what it cancels. */
  sendId?: string | number;
  to?: unknown;
  delay?: unknown;
  event?: EventLike;
  _event?: ScxmlEvent;
  activity?: { id?: string; type: string; src?: unknown; data?: unknown };
}
/** An action held back; a spawned child has no action of its own and counts as a start. */
export interface Held {
  action: ActionObject;
  run: () => void;
}
export interface State4 {
  value: StateValue;
  context: { [key: string]: unknown };
  tags: Set<string>;
  done: boolean | undefined;
  historyValue: Json | undefined;
  actions: ActionObject[];
  nextEvents: string[];
  /** The active states. */
  configuration: StateNode4[];
  _event: ScxmlEvent;
}
export type Exec = (action: ActionObject, context: unknown, event: ScxmlEvent, actions?: unknown) => void;
export interface StateNode4 extends StateNode {
  type: string;
  doneData: unknown;
  transitions: Transition4[];
  /** The transitions that an event concerns, in the order in which they are asked. */
  getCandidates(type: string): Transition4[];
  /** The transition that it would take itself. */
  next(state: State4, event: ScxmlEvent): unknown;
}
export interface Transition4 extends Transition {
  cond?: unknown;
  in?: unknown;
}
export interface Machine4 extends StateNode {
  context: { [key: string]: unknown } | undefined;
  config: { predictableActionArguments?: boolean };
  _context: unknown;
  getTransitionData(state: State4, event: EventLike): { transitions: unknown[] } | undefined;
}
export interface Child {
  id: string;
  send(event: unknown): void;
  subscribe?(...observer: unknown[]): { unsubscribe(): void };
  getSnapshot?(): unknown;
}
export interface Interpreter {
  sessionId: string;
  options: { execute: boolean };
  initialState: State4;
  children: Map<string, Child>;
  forwardTo: Set<string>;
  send: (event: unknown, payload?: object) => State4;
  spawn: (entity: unknown, name: string, options?: object) => Child;
  _exec: Exec;
  _state: State4;
  _nextState(event: ScxmlEvent, exec: Exec | false): State4;
  _stopChildren(): void;
  start(state?: unknown): Interpreter;
  update(state: State4, event: ScxmlEvent): void;
  forward(event: ScxmlEvent): void;
  exec(action: ActionObject, state: State4): void;
  stopChild(id: string): void;
}
