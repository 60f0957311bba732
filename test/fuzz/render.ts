// A generated machine as the source of a module, in the words of its XState.

import { initialOf, isHistory, type LaidState, layOut, targetsOf, writeTarget } from "./layout.ts";
import { implementations, libraries } from "./library.ts";
import { actionSource, type Place } from "./render-actions.ts";
import { Code, listed, print, type Source } from "./source.ts";
import type { ActionSpec, GuardSpec, InvokeSpec, MachineSpec, TransitionSpec } from "./spec.ts";
import { delays, type guardKinds, handledEvents, outerEvents, pick } from "./spec.ts";

export interface Rendered {
  /** Everything but the import: `xstate` is in scope, `machine` and the authorizers are declared. */
  body: string;
  /** The module as the service takes it. */
  module: string;
  /** The machine alone, for people. */
  config: string;
}

type Fields = { [key: string]: Source };

export function render(machine: MachineSpec): Rendered {
  const config = `const machine = createMachine(${new Writer(machine).config()}, ${implementations[machine.major]});`;
  // Everybody may do everything. Who asks to read may open the next gate, and is told whether there was one, or have all of them forgotten.
  const authorizers = `const allowWrite = () => true;
const allowRead = ({ authContext: { open, forget } }) => {
  if (forget) soon.length = held.length = 0;
  const gate = open ? soon.shift() : () => {};
  gate?.(false);
  return gate !== undefined;
};`;
  const body = `${libraries[machine.major]}\n${config}\n${authorizers}\n`;
  const specifier = machine.major === 4 ? "npm:xstate" : "npm:xstate@5";
  const module = `import * as xstate from "${specifier}";\n${body}export { machine as default, allowRead, allowWrite };\n`;
  return { body, module, config };
}

class Writer {
  readonly #machine: MachineSpec;
  readonly #all: LaidState[];
  readonly #kids: Place["kids"];
  readonly #spawned: string[] = [];

  constructor(machine: MachineSpec) {
    this.#machine = machine;
    this.#all = layOut(machine.root);
    // Nobody sends to a child while that is telling its own news: here its answer comes at once, natively when it has finished.
    this.#kids = this.#all.flatMap((state) =>
      state.spec.invoke.flatMap(({ source }, index) =>
        source === "values" ? [] : [{ state, id: invokeId(state, index, machine) }],
      ),
    );
  }

  config(): string {
    const [root] = this.#all;
    return print({ ...this.#options(), ...this.#state(root as LaidState) });
  }

  #options(): Fields {
    const { major, mode } = this.#machine;
    const context = { n: 0, flag: false, seen: [], refs: {}, ticks: 0 };
    if (major === 4) {
      const flags = [{ predictableActionArguments: true }, {}, { preserveActionOrder: true }];
      return { id: "m", ...pick(flags, mode), context };
    }
    const ofInput = new Code("({ input }) => ({ n: input.n ?? 1, flag: true, seen: [], refs: {}, ticks: 0 })");
    const refs = `{ first: spawn("soon", { id: "first", input: { n: 3 } }) }`;
    const spawning = new Code(`({ spawn }) => ({ n: 0, flag: false, seen: [], refs: ${refs}, ticks: 0 })`);
    const output = new Code("({ context }) => ({ n: context.n })");
    return { id: "m", context: pick([context, context, ofInput, context, ofInput, spawning], mode), output };
  }

  #state(state: LaidState): Fields {
    const { spec, kind } = state;
    const common = state.id === state.path ? {} : { id: state.id };
    if (isHistory(state)) return { ...common, ...this.#history(state) };
    const described = {
      ...common,
      tags: listed([...new Set(spec.tags.map((tag) => `t${tag % 4}`))]),
      meta: { of: state.key },
      entry: this.#actions(spec.entry, state, "entry"),
      exit: this.#actions(spec.exit, state, "exit"),
    };
    if (kind === "final") return { type: "final", ...described, ...this.#finalData() };
    return {
      ...(kind === "parallel" ? { type: "parallel" } : kind === "compound" ? { initial: this.#initial(state) } : {}),
      ...described,
      invoke: listed(spec.invoke.map((invoke, index) => this.#invoke(invoke, state, index))),
      on: this.#handlers(state),
      always: this.#transitions(spec.always, state, "always", true),
      after: this.#after(state),
      onDone: state.states.length > 0 ? this.#transitions(spec.onDone, state, "done", true) : undefined,
      states: state.states.length > 0 ? this.#states(state) : undefined,
    };
  }

  #states({ states }: LaidState): Source {
    return Object.fromEntries(states.map((child) => [child.key, this.#state(child)]));
  }

  #initial(state: LaidState): Source {
    const target = initialOf(state).key;
    if (this.#machine.major === 4 || state.spec.initial % 4 !== 3) return target;
    return { target, actions: { type: "trace", params: { at: `${state.key} initial` } } };
  }

  /** Where it leads when there is no history yet is left to XState, or said. */
  #history({ kind, parent, spec }: LaidState): Fields {
    const said = parent?.kind === "compound" && spec.initial % 2 === 1 ? initialOf(parent).key : undefined;
    return { type: "history", history: kind === "deepHistory" ? "deep" : undefined, target: said };
  }

  #finalData(): Fields {
    return this.#machine.major === 5
      ? { output: new Code("({ context }) => ({ n: context.n })") }
      : { data: { n: new Code("(context) => context.n") } };
  }

  #handlers(state: LaidState): Source {
    const handlers = new Map<string, TransitionSpec[]>();
    for (const { event, transitions } of state.spec.on) {
      const type = pick(handledEvents, event);
      handlers.set(type, [...(handlers.get(type) ?? []), ...transitions]);
    }
    const fields = [...handlers].map(([type, list]) => {
      return [type, this.#transitions(list, state, `on ${type}`, !outerEvents.includes(type))] as const;
    });
    return fields.length > 0 ? Object.fromEntries(fields) : undefined;
  }

  #after(state: LaidState): Source {
    const fields = state.spec.after.map(({ delay, transitions }) => {
      return [String(pick(delays, delay)), this.#transitions(transitions, state, "after", false)] as const;
    });
    return fields.length > 0 ? Object.fromEntries(fields) : undefined;
  }

  #invoke(invoke: InvokeSpec, state: LaidState, index: number): Fields {
    const { source, named, onDone, onError, autoForward } = invoke;
    const common = {
      id: named ? invokeId(state, index, this.#machine) : undefined,
      src: source,
      onDone: this.#transitions(onDone, state, `done${index}`, true),
      onError: this.#transitions(onError, state, `error${index}`, true),
    };
    if (this.#machine.major === 5) {
      const input = new Code("({ context }) => ({ n: context.n })");
      const onSnapshot = source === "values" ? this.#transitions(onDone, state, `snapshot${index}`, true) : undefined;
      return { ...common, onSnapshot, input };
    }
    return { ...common, autoForward: autoForward || undefined };
  }

  /** @param isTicked whether a loop could lead through them again and again */
  #transitions(list: readonly TransitionSpec[], state: LaidState, slot: string, isTicked: boolean): Source {
    return listed(list.map((transition, index) => this.#transition(transition, state, `${slot} ${index}`, isTicked)));
  }

  #transition(transition: TransitionSpec, state: LaidState, slot: string, isTicked: boolean): Fields {
    const { guard, external, style } = transition;
    const targets = targetsOf(transition, this.#all).map((target) => writeTarget(target, state, style));
    const actions = this.#actions(transition.actions, state, slot);
    const ticked = isTicked ? ["tick", ...(actions === undefined ? [] : [actions].flat())] : actions;
    const reentry =
      this.#machine.major === 5 ? { reenter: external || undefined } : { internal: external ? false : undefined };
    const guarded = slot.startsWith("always") ? this.#passing(guard) : guard ? this.#guard(guard) : {};
    return { target: listed(targets), ...guarded, ...reentry, actions: ticked };
  }

  #actions(list: readonly ActionSpec[], state: LaidState, slot: string): Source {
    const place = { major: this.#machine.major, state, kids: this.#kids, spawned: this.#spawned };
    return listed(
      list.flatMap((action, index) => actionSource(action, { ...place, at: `${state.key} ${slot} ${index}` })),
    );
  }

  /** A guard that fails in the end: eventless transitions that are always enabled are a loop. */
  #passing(guard: GuardSpec | null): Fields {
    const { cond = undefined, guard: given = undefined, ...rest } = guard ? this.#guard(guard) : {};
    const own = cond ?? given;
    if (own === undefined) return this.#machine.major === 4 ? { cond: "fresh" } : { guard: "fresh" };
    if (this.#machine.major === 5) return { guard: new Code(`and(["fresh", ${print(own)}])`) };
    const { type, min } = (typeof own === "string" ? { type: own } : own) as { type: string; min?: number };
    const call = `guards.${type}(context, event, ${print({ cond: { min } })})`;
    return { ...rest, cond: new Code(`(context, event) => guards.fresh(context) && ${call}`) };
  }

  #guard({ kind, wrap, a }: GuardSpec): Fields {
    const { major } = this.#machine;
    const min = a % 4;
    const state = `#${pick(this.#all, a).id}`;
    if (major === 4) {
      return { cond: kind === "atLeast" ? { type: kind, min } : kind, in: wrap === "in" ? state : undefined };
    }
    const plain = print(kind === "atLeast" ? { type: kind, params: { min } } : kind);
    const other = print(pick(["even", "flagged", "big"] satisfies (typeof guardKinds)[number][], a));
    const wrapped = {
      plain,
      not: `not(${plain})`,
      and: `and([${plain}, ${other}])`,
      or: `or([${plain}, not(${other})])`,
      in: `and([stateIn("${state}"), ${plain}])`,
    };
    return { guard: new Code(wrapped[wrap]) };
  }
}

/** The id of an invocation, given or as XState makes it. */
function invokeId(state: LaidState, index: number, { major }: MachineSpec): string {
  if (state.spec.invoke[index]?.named) return `${state.key}kid${index}`;
  return major === 5 ? `${index}.${state.id}` : `${state.id}:invocation[${index}]`;
}
