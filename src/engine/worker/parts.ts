// What a statechart is made of: its states and its transitions, for whoever counts which of them were at work.

import type { ChartParts } from "../port.ts";
import { nameOf } from "./candidates.ts";
import type { StateNode4 } from "./internals4.ts";
import type { StateNode, StateNode5, Transition } from "./internals5.ts";

export function parts5(root: StateNode5): ChartParts {
  return partsOf(5, root, (node) => [...node.transitions.values()].flat().map((one) => [one, one.guard]));
}

export function parts4(machine: StateNode4): ChartParts {
  // Transitions without an event are not told of by the events that come, so they are left out, as XState 5 keeps them apart.
  return partsOf(4, machine, (node) =>
    node.transitions
      .filter(({ eventType }) => eventType !== "")
      .map((one) => [one, one.cond ?? (one.in === undefined ? undefined : { type: `in ${String(one.in)}` })]),
  );
}

type Node = StateNode & { path: string[]; type: string; states: { [key: string]: Node } };

function partsOf<N extends StateNode>(
  xstate: 4 | 5,
  root: N,
  transitionsOf: (node: N) => (readonly [Transition, unknown])[],
): ChartParts {
  const nodes = within(root as unknown as Node);
  return {
    xstate,
    states: nodes
      .filter(({ path, type }) => path.length > 0 && type !== "history")
      .map(({ id, path }) => ({ id, path: path.join(".") })),
    transitions: nodes.flatMap((node) =>
      transitionsOf(node as unknown as N).map(([{ eventType, target }, guard]) => ({
        state: node.id,
        event: eventType,
        ...(guard === undefined ? {} : { guard: nameOf(guard) }),
        targets: (target ?? []).map(({ id }) => id),
      })),
    ),
  };
}

function within(node: Node): Node[] {
  return [node, ...Object.values(node.states).flatMap(within)];
}
