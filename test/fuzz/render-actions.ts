// A generated action as source, in the words of its XState. Events that a machine sends itself count as ticks: they could go on for ever.

import type { LaidState } from "./layout.ts";
import { Code, print, type Source } from "./source.ts";
import type { ActionSpec, Major } from "./spec.ts";
import { delays, innerEvents, pick, sources, timerIds } from "./spec.ts";

/** Where an action stands, and what it may refer to there. */
export interface Place {
  major: Major;
  state: LaidState;
  /** Names the action in what it prints. */
  at: string;
  /** Invocations of the whole machine, by the state that makes them. */
  kids: readonly { state: LaidState; id: string }[];
  /** Ids of children spawned by actions written so far. */
  spawned: string[];
}

export function actionSource(action: ActionSpec, place: Place): Source[] {
  const { kind, a } = action;
  const is5 = place.major === 5;
  const trace = is5 ? { type: "trace", params: { at: place.at } } : { type: "trace", at: place.at };
  const at = print(place.at);
  switch (kind) {
    case "trace":
      return [trace];
    case "inline":
      return [new Code(is5 ? `({ event }) => show(${at}, event.type)` : `(context, event) => show(${at}, event.type)`)];
    case "raise":
      return ["tick", new Code(`raise(${event(action, place)})`)];
    case "self":
      return ["tick", new Code(`${toSelf(place)}${event(action, place)})`)];
    case "raiseLater":
      return [new Code(`raise(${event(action, place)}, ${later(action, place)})`)];
    case "selfLater":
      return [new Code(`${toSelf(place)}${event(action, place)}, ${later(action, place)})`)];
    case "cancel":
      // In XState 4 an event without an id of its own has its type for one.
      return [new Code(`cancel(${print(pick(["t1", "t2", "B"], a))})`)];
    case "log":
      return [new Code(`log((${is5 ? "{ context }" : "context"}) => "n is " + context.n)`)];
    case "choice":
    case "computed":
      return [choice(action, place)];
    case "tell":
      return tell(action, place) ?? [trace];
    case "spawn":
      return spawn(action, place);
    case "stop":
      return stop(action, place) ?? [trace];
    default:
      return [kind];
  }
}

/** An event with a payload that is fixed, or taken from the context when it is sent. */
function event({ a, b }: ActionSpec, { major, at }: Place): string {
  const type = print(/ (entry|exit) /.test(at) ? "OWN" : pick(innerEvents, a));
  if (b % 2 === 0) return `{ type: ${type}, n: ${b % 4} }`;
  const context = major === 5 ? "{ context }" : "context";
  return `(${context}) => ({ type: ${type}, n: context.n })`;
}

function toSelf({ major }: Place): string {
  return major === 5 ? "sendTo(({ self }) => self, " : "send(";
}

function later({ a, b }: ActionSpec, { major }: Place): string {
  const computed = new Code(`(${major === 5 ? "{ context }" : "context"}) => context.n * 7`);
  return print({ delay: pick([...delays, computed], a + b), id: pick(timerIds, b) });
}

/** To a child that is likely to run, now and then to any; to none there is, XState 5 fails and 4 throws when it sends. */
function tell(action: ActionSpec, place: Place): Source[] | undefined {
  const { kids, spawned, state: from } = place;
  const near = kids.filter(({ state }) => from.path === state.path || from.path.startsWith(`${state.path}.`));
  const far = action.b % 4 === 0 ? [...kids.map(({ id }) => id), ...spawned] : [];
  const ids = [...near.map(({ id }) => id), ...far];
  if (ids.length === 0) return undefined;
  return [new Code(`sendTo(${print(pick(ids, action.b))}, ${event(action, place)})`)];
}

function spawn({ a, b }: ActionSpec, { major, spawned }: Place): Source[] {
  const key = `child${spawned.length}`;
  spawned.push(key);
  const id = print(key);
  const source = print(pick(sources, a));
  if (major === 4) {
    const refs = `{ ...context.refs, ${key}: spawn(begin(${source}, context), ${id}) }`;
    return ["tick", new Code(`assign({ refs: (context) => (${refs}) })`)];
  }
  const options = `{ id: ${id}, input: { n: ${b % 5} } }`;
  if (b % 2 === 0) return ["tick", new Code(`spawnChild(${source}, ${options})`)];
  const refs = `{ ...context.refs, ${key}: spawn(${source}, ${options}) }`;
  return ["tick", new Code(`assign({ refs: ({ context, spawn }) => (${refs}) })`)];
}

/** A reference to a child that is gone would vanish at the next restart natively, and stays here: so it is given up at once. */
function stop({ a }: ActionSpec, { major, spawned }: Place): Source[] | undefined {
  if (spawned.length === 0) return undefined;
  const id = print(pick(spawned, a));
  const [stopping, context] = major === 5 ? [`stopChild(${id})`, "{ context }"] : [`stop(${id})`, "context"];
  return [new Code(stopping), new Code(`assign({ refs: (${context}) => without(context.refs, ${id}) })`)];
}

function choice({ kind, a, inner }: ActionSpec, place: Place): Code {
  const half = Math.ceil(inner.length / 2);
  const write = (list: ActionSpec[], way: string) =>
    list
      .flatMap((item, index) => actionSource(item, { ...place, at: `${place.at} ${way} ${index}` }))
      .map((item) => print(item));
  const [yes, no] = [write(inner.slice(0, half), "yes"), write(inner.slice(half), "no")];
  const guard = print(pick(["even", "flagged", "big"], a));
  if (place.major === 4) {
    const [these, those] = [`[${yes.join(", ")}]`, `[${no.join(", ")}]`];
    return new Code(
      kind === "computed"
        ? `pure((context) => (context.flag ? ${these} : ${those}))`
        : `choose([{ cond: ${guard}, actions: ${these} }, { actions: ${those} }])`,
    );
  }
  const condition = kind === "computed" ? "context.flag" : `check(${guard})`;
  const enqueued = (list: string[]) => list.map((item) => `enqueue(${item}); `).join("");
  const body = `if (${condition}) { ${enqueued(yes)}} else { ${enqueued(no)}}`;
  return new Code(`enqueueActions(({ context, check, enqueue }) => { ${body} })`);
}
