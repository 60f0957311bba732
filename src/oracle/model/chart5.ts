// A machine of XState 5, computed without an actor: its transitions carry a mark, its guards tell what they say.

import { createMachine, initialTransition, transition } from "xstate";
import {
  type Chart,
  type Context,
  type Elements,
  type Moment,
  type NoteGuard,
  placeOf,
  transitionName,
} from "./statechart.ts";

/** The parts of XState that XState's own types leave open. */
interface Snapshot {
  status: string;
  value: unknown;
  context: Context;
  tags: Set<string>;
  error?: unknown;
  _nodes: Node[];
}
type GuardFunction = ((args: object, params: unknown) => unknown) & {
  check?: (snapshot: unknown, args: object, guard: unknown, params: unknown) => unknown;
};
interface Transition {
  eventType: string;
  target?: Node[];
  guard?: GuardFunction | string | { type: string };
  actions: unknown[];
}
interface Node {
  id: string;
  path: string[];
  type: string;
  parent?: Node;
  states: { [key: string]: Node };
  transitions: Map<string, Transition[]>;
  always?: Transition[];
}
interface Machine {
  root: Node;
  config: { context?: unknown };
  implementations: { guards: { [name: string]: GuardFunction | undefined } };
}
type Computed = [snapshot: unknown, actions: { type: string; params?: unknown }[]];

/** The type of the actions that mark transitions; nobody runs them. */
const mark = "settle.taken";

export function createChart5(exported: unknown, note: NoteGuard): Chart {
  const machine = overlaid(exported as Machine);
  const elements = instrument(machine, note);
  const finish = ([snapshot, actions]: Computed) => {
    const next = snapshot as Snapshot;
    if (next.status === "error") throw next.error;
    const taken = actions.flatMap(({ type, params }) => (type === mark ? [(params as { name: string }).name] : []));
    return { moment: momentOf(next), taken };
  };
  return {
    elements,
    begin: (given) => finish(initialTransition(machine as never, given as never) as unknown as Computed),
    react: ({ snapshot }, event) =>
      finish(transition(machine as never, snapshot as never, event as never) as unknown as Computed),
  };
}

/** The same machine, over whose initial context the input is laid, key by key. */
function overlaid({ config, implementations }: Machine): Machine {
  const { context: own } = config;
  const context = (args: { input: Context }) => ({
    ...structuredClone(typeof own === "function" ? own(args) : own),
    ...args.input,
  });
  return createMachine({ ...config, context } as never, implementations as never) as unknown as Machine;
}

function momentOf(snapshot: Snapshot): Moment {
  const { value, context, tags, status, _nodes } = snapshot;
  return {
    snapshot,
    value,
    context,
    tags: [...tags],
    isDone: status === "done",
    active: _nodes.map(placeOf),
  };
}

function instrument({ root, implementations }: Machine, note: NoteGuard): Elements {
  const elements: Elements = { states: [], transitions: [], guards: [] };
  const visit = (node: Node) => {
    // The root is always active, a history state never.
    if (node.parent !== undefined && node.type !== "history") elements.states.push(placeOf(node));
    for (const definition of [...node.transitions.values()].flat().concat(node.always ?? [])) {
      const { eventType: event, guard, target = [] } = definition;
      const guardName = guard === undefined ? undefined : nameOf(guard);
      const targets = target.map(placeOf);
      const name = transitionName(elements.transitions, { source: placeOf(node), event, guard: guardName, targets });
      elements.transitions.push(name);
      definition.actions = [{ type: mark, params: { name } }, ...definition.actions];
      if (guard === undefined) continue;
      const known = guardName === anonymous ? name : String(guardName);
      if (!elements.guards.includes(known)) elements.guards.push(known);
      definition.guard = told(guard, implementations.guards, (result) => note(known, result));
    }
    for (const child of Object.values(node.states)) visit(child);
  };
  visit(root);
  return elements;
}

const anonymous = "guard";

function nameOf(guard: NonNullable<Transition["guard"]>): string {
  if (typeof guard === "string") return guard;
  if (typeof guard === "object") return guard.type;
  // A property that is set to a function gives it a name of no meaning.
  return ["", "guard"].includes(guard.name) ? anonymous : guard.name;
}

function told(
  guard: NonNullable<Transition["guard"]>,
  guards: Machine["implementations"]["guards"],
  tell: (result: boolean) => void,
): GuardFunction {
  const called = typeof guard === "function" ? guard : guards[typeof guard === "string" ? guard : guard.type];
  const own = typeof guard === "object" ? (guard as { params?: unknown }).params : undefined;
  if (called === undefined) {
    return () => {
      throw new Error(`The machine has no guard ${nameOf(guard)}.`);
    };
  }
  const hear = (result: unknown) => {
    tell(Boolean(result));
    return Boolean(result);
  };
  if (called.check) {
    const check: GuardFunction["check"] = (snapshot, args) => hear(called.check?.(snapshot, args, called, own));
    return Object.assign(() => false, { check });
  }
  return (args) => hear(called(args, typeof own === "function" ? own(args) : own));
}
