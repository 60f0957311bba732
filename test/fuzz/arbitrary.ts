// Random cases: small first, every part removable, so that a failing case shrinks to what matters.

import fc from "fast-check";
import type {
  ActionSpec,
  Case,
  GuardSpec,
  InvokeSpec,
  MachineSpec,
  Major,
  Move,
  StateSpec,
  TransitionSpec,
} from "./spec.ts";
import { guardKinds, guardWraps, moveKinds, sources } from "./spec.ts";

type Weights<T extends string> = readonly (readonly [weight: number, option: T])[];

const pick = fc.nat({ max: 719 });

/** One of the options, by weight; shrinks towards the first. */
function weighted<T extends string>(weights: Weights<T>): fc.Arbitrary<T> {
  return fc.oneof(
    { withCrossShrink: true },
    ...weights.map(([weight, option]) => ({ weight, arbitrary: fc.constant(option) })),
  );
}

/** Between `min` and `max`, each length as likely as another: fast-check's own bias towards short ones would leave machines bare. */
function some<T>(item: fc.Arbitrary<T>, min: number, max: number): fc.Arbitrary<T[]> {
  return fc.array(item, { minLength: min, maxLength: max, size: "max" });
}

/** `item` now and then: once in `n`. */
function seldom<T>(item: fc.Arbitrary<T>, n: number): fc.Arbitrary<T[]> {
  return fc.oneof(
    { withCrossShrink: true },
    { weight: n - 1, arbitrary: fc.constant<T[]>([]) },
    { weight: 1, arbitrary: some(item, 1, 1) },
  );
}

const plainActions: Weights<ActionSpec["kind"]> = [
  [8, "trace"],
  [2, "inline"],
  [6, "inc"],
  [3, "note"],
  [3, "flip"],
  [4, "raise"],
  [3, "raiseLater"],
  [2, "self"],
  [2, "selfLater"],
  [2, "cancel"],
  [1, "log"],
  [1, "fragile"],
  [1, "boom"],
];
const childActions: Weights<ActionSpec["kind"]> = [
  [4, "tell"],
  [4, "release"],
  [1, "refuse"],
  [2, "spawn"],
  [1, "stop"],
];

/** On the way into and out of states: events sent from there make loops. */
const edgeActions: Weights<ActionSpec["kind"]> = [
  [8, "trace"],
  [2, "inline"],
  [4, "inc"],
  [2, "note"],
  [2, "flip"],
  [1, "raise"],
  [2, "raiseLater"],
  [1, "self"],
  [1, "selfLater"],
  [1, "cancel"],
  [1, "log"],
  [1, "boom"],
  [1, "fragile"],
];
const edgeActionsOfChildren: Weights<ActionSpec["kind"]> = [
  [1, "tell"],
  [2, "release"],
  [1, "refuse"],
  [1, "spawn"],
  [1, "stop"],
];

interface Parts {
  /** Of transitions. */
  action: fc.Arbitrary<ActionSpec>;
  /** Of states. */
  edgeAction: fc.Arbitrary<ActionSpec>;
  transition: fc.Arbitrary<TransitionSpec>;
  invoke: fc.Arbitrary<InvokeSpec>;
  /** One in how many states invokes something. */
  invokeEvery: number;
}

const guard: fc.Arbitrary<GuardSpec> = fc.record({
  kind: weighted(guardKinds.map((kind) => [kind === "never" ? 1 : 3, kind] as const)),
  wrap: weighted(guardWraps.map((wrap) => [wrap === "plain" ? 6 : 1, wrap] as const)),
  a: pick,
});

function actions(kinds: Weights<ActionSpec["kind"]>): fc.Arbitrary<ActionSpec> {
  const leaf = fc.record({ kind: weighted(kinds), a: pick, b: pick, inner: fc.constant<ActionSpec[]>([]) });
  const kind = weighted<ActionSpec["kind"]>([
    [2, "choice"],
    [1, "computed"],
  ]);
  const choice = fc.record({ kind, a: pick, b: pick, inner: some(leaf, 1, 4) });
  return fc.oneof({ withCrossShrink: true }, { weight: 9, arbitrary: leaf }, { weight: 1, arbitrary: choice });
}

/** Machines with children wait, and can't be restarted meanwhile: so half of them have none. */
function parts(withChildren: boolean): Parts {
  const action = actions([...plainActions, ...(withChildren ? childActions : [])]);
  const edgeAction = actions([...edgeActions, ...(withChildren ? edgeActionsOfChildren : [])]);
  const transition = fc.record({
    targets: fc.oneof(
      { withCrossShrink: true },
      { weight: 2, arbitrary: fc.constant<number[]>([]) },
      { weight: 7, arbitrary: some(pick, 1, 1) },
      { weight: 1, arbitrary: some(pick, 2, 2) },
    ),
    guard: fc.option(guard, { freq: 2 }),
    actions: some(action, 0, 3),
    external: fc.boolean(),
    style: pick,
  });
  const invoke = fc.record({
    source: weighted(sources.map((source) => [source === "held" ? 6 : source === "soon" ? 3 : 1, source] as const)),
    named: fc.boolean(),
    onDone: some(transition, 0, 2),
    onError: some(transition, 0, 1),
    autoForward: fc.boolean(),
  });
  return { action, edgeAction, transition, invoke, invokeEvery: withChildren ? 2 : 0 };
}

function state({ edgeAction, transition, invoke, invokeEvery }: Parts, states: fc.Arbitrary<StateSpec[]>) {
  return fc.record({
    shape: pick,
    states,
    initial: pick,
    entry: some(edgeAction, 0, 2),
    exit: some(edgeAction, 0, 2),
    on: some(fc.record({ event: pick, transitions: some(transition, 1, 2) }), 0, 4),
    always: seldom(transition, 7),
    after: seldom(fc.record({ delay: pick, transitions: some(transition, 1, 2) }), 3),
    onDone: some(transition, 0, 2),
    invoke: invokeEvery === 0 ? fc.constant<InvokeSpec[]>([]) : seldom(invoke, invokeEvery),
    tags: some(pick, 0, 2),
  });
}

function tree(withChildren: boolean): fc.Arbitrary<StateSpec> {
  const all = parts(withChildren);
  const leaf = state(all, fc.constant<StateSpec[]>([]));
  const inner = state(all, some(leaf, 0, 3));
  const outer = state(all, fc.oneof({ withCrossShrink: true }, fc.constant<StateSpec[]>([]), some(inner, 0, 3)));
  return state(all, some(outer, 1, 4));
}

const move: fc.Arbitrary<Move> = fc.record({
  kind: weighted(moveKinds.map((kind) => [{ send: 14, fire: 4, expire: 2, crash: 2 }[kind], kind] as const)),
  event: pick,
  n: fc.nat({ max: 4 }),
});

export function cases(major: Major): fc.Arbitrary<Case> {
  const root = fc.oneof({ withCrossShrink: true }, tree(false), tree(true));
  const machine: fc.Arbitrary<MachineSpec> = fc.record({ major: fc.constant(major), root, mode: pick });
  const given = fc.oneof(
    { withCrossShrink: true },
    fc.constant({}),
    fc.record({ n: fc.nat({ max: 5 }) }),
    fc.record({ flag: fc.boolean(), more: fc.record({ deep: fc.nat({ max: 3 }) }) }),
  );
  return fc.noBias(fc.record({ machine, given, moves: some(move, 1, 12) }));
}
