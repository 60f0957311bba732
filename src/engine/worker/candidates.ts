// The transitions that could take an event, in the order in which XState asks them, each with its guard's own verdict.

import type { Candidate } from "../port.ts";
import type { EventLike } from "./actor.ts";
import { describeThrown } from "./console.ts";
import type { Machine4, ScxmlEvent, State4 } from "./internals4.ts";
import type { Machine5, Snapshot, StateNode, StateNode5, Transition, Transition5 } from "./internals5.ts";

export function candidates5(machine: Machine5, snapshot: Snapshot, event: EventLike): Candidate[] {
  const taken = orNothing(() => machine.getTransitionData(snapshot, event));
  return innermostFirst(snapshot._nodes).flatMap((node) =>
    asked5(node, snapshot, event).map((transition) => {
      const alone = new Map([[event.type, [transition]]]);
      const { guard } = transition;
      const verdict = () => derived(node, { transitions: alone }).next(snapshot, event) !== undefined;
      return candidate(node, transition, taken.includes(transition), guardOf(guard, verdict));
    }),
  );
}

/**
 * XState itself says which of a node's transitions an event concerns, and in which order: it asks their guards until one passes. Here all
 * fail, and note that they were asked.
 */
function asked5(node: StateNode5, snapshot: Snapshot, event: EventLike): Transition5[] {
  const asked: Transition5[] = [];
  const noting = (transition: Transition5) => ({
    ...transition,
    guard: () => {
      asked.push(transition);
      return false;
    },
  });
  const transitions = new Map([...node.transitions].map(([type, all]) => [type, all.map(noting)]));
  derived(node, { transitions }).next(snapshot, event);
  return asked;
}

export function candidates4(machine: Machine4, state: State4, event: EventLike): Candidate[] {
  const scxml: ScxmlEvent = { name: event.type, data: event, $$type: "scxml", type: "external" };
  const taken = orNothing(() => machine.getTransitionData(state, event)?.transitions ?? []);
  return innermostFirst(state.configuration).flatMap((node) =>
    node.getCandidates(event.type).map((transition) => {
      const alone = { getCandidates: () => [transition] };
      const verdict = () => derived(node, alone).next(state, scxml) !== undefined;
      const guard =
        transition.cond ?? (transition.in === undefined ? undefined : { type: `in ${String(transition.in)}` });
      return candidate(node, transition, taken.includes(transition), guardOf(guard, verdict));
    }),
  );
}

/** The same node, but for what `changes` says; the machine's own stays as it is. */
function derived<N extends object>(node: N, changes: Partial<N>): N {
  return Object.create(node, Object.getOwnPropertyDescriptors(changes)) as N;
}

function candidate(
  node: StateNode,
  { eventType, target, actions }: Transition,
  isTaken: boolean,
  guard: Candidate["guard"],
): Candidate {
  const targets = (target ?? []).map(({ id }) => id);
  return {
    state: node.id,
    event: eventType,
    ...(guard ? { guard } : {}),
    targets,
    actions: actions.map(nameOf),
    isTaken,
  };
}

function guardOf(guard: unknown, verdict: () => boolean): Candidate["guard"] {
  if (guard === undefined) return undefined;
  try {
    return { name: nameOf(guard), passes: verdict() };
  } catch (error) {
    return { name: nameOf(guard), passes: false, error: describeThrown(error) };
  }
}

/** Names that JavaScript gives a function for the property it stands under. */
const placeNames = ["", "guard", "cond", "predicate", "actions"];

/** As the machine's author named it; XState's own wrappers of a function are no name. */
export function nameOf(value: unknown): string {
  if (typeof value === "string") return value;
  const { name, type } = value as { name?: unknown; type?: unknown };
  if (typeof type === "string" && type !== "xstate.guard") return type;
  return typeof name === "string" && !placeNames.includes(name) ? name : "(inline)";
}

/** A guard that throws keeps every transition of the event from being taken. */
function orNothing(ask: () => unknown[]): unknown[] {
  try {
    return ask();
  } catch {
    return [];
  }
}

/** XState asks the innermost active states first, each of them before its parents. */
function innermostFirst<N extends StateNode>(nodes: readonly N[]): N[] {
  return [...nodes].sort((a, b) => depth(b) - depth(a) || a.order - b.order);
}

function depth(node: StateNode): number {
  return node.parent ? depth(node.parent) + 1 : 0;
}
