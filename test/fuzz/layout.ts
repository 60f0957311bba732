// Settles a generated tree of states: every state's kind, key and id, and what the choices of its transitions mean.

import type { Pick, StateSpec, TransitionSpec } from "./spec.ts";
import { pick } from "./spec.ts";

export interface LaidState {
  spec: StateSpec;
  kind: "atomic" | "compound" | "parallel" | "final" | "history" | "deepHistory";
  key: string;
  /** The full path from the machine's id. */
  path: string;
  /** The path, as XState derives ids, or one of its own. */
  id: string;
  parent: LaidState | undefined;
  states: LaidState[];
}

/** All states in document order, the root first. */
export function layOut(root: StateSpec): LaidState[] {
  const all: LaidState[] = [];
  const visit = (spec: StateSpec, parent: LaidState | undefined, isFirst: boolean): LaidState => {
    const key = parent ? `s${all.length}` : "m";
    const kind = kindOf(spec, parent, isFirst);
    const path = parent ? `${parent.path}.${key}` : key;
    const id = parent && spec.initial % 5 === 4 ? `own-${key}` : path;
    const laid: LaidState = { spec, kind, key, path, id, parent, states: [] };
    all.push(laid);
    laid.states = spec.states.map((child, index) => visit(child, laid, index === 0));
    return laid;
  };
  visit(root, undefined, false);
  return all;
}

/** A first child is never a history state, so that its parent has a state to begin with. */
function kindOf(spec: StateSpec, parent: LaidState | undefined, isFirst: boolean): LaidState["kind"] {
  if (spec.states.length > 0) return spec.shape % 3 === 1 ? "parallel" : "compound";
  if (!parent || isFirst) return "atomic";
  const kinds = ["atomic", "atomic", "atomic", "final", "history", "deepHistory", "final"] as const;
  return pick(kinds, spec.shape);
}

export function isHistory({ kind }: LaidState): boolean {
  return kind === "history" || kind === "deepHistory";
}

export function initialOf(state: LaidState): LaidState {
  return pick(
    state.states.filter((child) => !isHistory(child)),
    state.spec.initial,
  );
}

/** The states a transition leads to; two only where they can be active together. The root is nobody's target. */
export function targetsOf({ targets: [first, second] }: TransitionSpec, all: readonly LaidState[]): LaidState[] {
  const [, ...others] = all;
  if (first === undefined || others.length === 0) return [];
  const parallels = all.filter((state) => state.kind === "parallel" && regionsOf(state).length > 1);
  if (second === undefined || parallels.length === 0) return [pick(others, first)];
  const regions = regionsOf(pick(parallels, first));
  const at = second % regions.length;
  return [at, (at + 1) % regions.length].map((index) => pick(within(regions[index] as LaidState, all), first + second));
}

function regionsOf(state: LaidState): LaidState[] {
  return state.states.filter((child) => !isHistory(child));
}

/** A state and what is in it. */
function within(state: LaidState, all: readonly LaidState[]): LaidState[] {
  return all.filter(({ path }) => path === state.path || path.startsWith(`${state.path}.`));
}

/** A target as written in the transition of `source`: a sibling by its key, a descendant by its path after a dot, anything by its id. */
export function writeTarget(target: LaidState, source: LaidState, style: Pick): string {
  const absolute = `#${target.id}`;
  if (style % 2 === 0) return absolute;
  if (target.path.startsWith(`${source.path}.`)) return target.path.slice(source.path.length);
  const { parent } = source;
  if (parent && target.path.startsWith(`${parent.path}.`)) return target.path.slice(parent.path.length + 1);
  return absolute;
}
