// A machine of XState 4, computed without an interpreter: its transitions carry a mark, its guards tell what they say.

import {
  type Chart,
  type Context,
  type Elements,
  type Moment,
  type NoteGuard,
  placeOf,
  transitionName,
} from "./statechart.ts";

interface State {
  value: unknown;
  context: Context;
  tags: Set<string>;
  done: boolean;
  configuration: Node[];
  actions: { type: string; name?: unknown }[];
}
type Predicate = (context: Context, event: unknown, meta: object) => unknown;
interface Guard {
  type: string;
  name?: string;
  predicate?: Predicate;
}
interface Transition {
  eventType: string;
  target?: Node[];
  cond?: Guard;
  actions: unknown[];
}
interface Node {
  id: string;
  path: string[];
  type: string;
  parent?: Node;
  states: { [key: string]: Node };
  transitions: Transition[];
}
interface Machine extends Node {
  context: Context | undefined;
  initialStateValue: unknown;
  options: { guards?: { [name: string]: Predicate | undefined } };
  getInitialState(value: unknown, context: Context): State;
  transition(state: State, event: object): State;
}

const mark = "settle.taken";
/** What XState calls a guard that is a function. */
const inlineGuard = "xstate.guard";

export function createChart4(exported: unknown, note: NoteGuard): Chart {
  const machine = exported as Machine;
  const elements = instrument(machine, note);
  const finish = (state: State) => ({
    moment: momentOf(state),
    taken: state.actions.flatMap(({ type, name }) => (type === mark ? [String(name)] : [])),
  });
  return {
    elements,
    begin: (given) =>
      finish(machine.getInitialState(machine.initialStateValue, { ...structuredClone(machine.context), ...given })),
    react: ({ snapshot }, event) => finish(machine.transition(snapshot as State, event)),
  };
}

function momentOf(state: State): Moment {
  const { value, context, tags, done, configuration } = state;
  return {
    snapshot: state,
    value,
    context,
    tags: [...tags],
    isDone: done,
    active: configuration.map(placeOf),
  };
}

function instrument(machine: Machine, note: NoteGuard): Elements {
  const elements: Elements = { states: [], transitions: [], guards: [] };
  const visit = (node: Node) => {
    // The root is always active, a history state never.
    if (node.parent !== undefined && node.type !== "history") elements.states.push(placeOf(node));
    for (const definition of node.transitions) {
      const { eventType: event, cond, target = [] } = definition;
      const guard = cond && nameOf(cond);
      const targets = target.map(placeOf);
      const name = transitionName(elements.transitions, { source: placeOf(node), event, guard, targets });
      elements.transitions.push(name);
      definition.actions = [{ type: mark, name }, ...definition.actions];
      if (cond === undefined) continue;
      const known = guard === anonymous ? name : String(guard);
      if (!elements.guards.includes(known)) elements.guards.push(known);
      definition.cond = told(cond, machine, (result) => note(known, result));
    }
    for (const child of Object.values(node.states)) visit(child);
  };
  visit(machine);
  return elements;
}

const anonymous = "guard";

function nameOf({ type, name }: Guard): string {
  if (type !== inlineGuard) return type;
  return name === undefined || ["", "cond"].includes(name) ? anonymous : name;
}

function told(cond: Guard, { options }: Machine, tell: (result: boolean) => void): Guard {
  const called = options.guards?.[cond.type === inlineGuard ? (cond.name ?? "") : cond.type] ?? cond.predicate;
  const predicate: Predicate = (context, event, meta) => {
    if (called === undefined) throw new Error(`The machine has no guard ${cond.type}.`);
    const result = Boolean(called(context, event, { ...meta, cond }));
    tell(result);
    return result;
  };
  // Under a name that no guard of the machine can have.
  return { type: inlineGuard, name: `${mark} ${nameOf(cond)}`, predicate };
}
