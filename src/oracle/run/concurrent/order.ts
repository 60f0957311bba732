// Whether one order explains all that clients saw of an instance: the transition list's, where it can be read, else any.

import { isDeepStrictEqual } from "node:util";
import { linearize, type Operation, refuteOrder, type Sequential } from "../../linearizability.ts";
import { show } from "../../match.ts";
import type { Instance } from "../../model/service.ts";
import { asJson, differenceOf } from "../../model/shown.ts";
import type { Deployed } from "../model/deployed.ts";
import type { Claim } from "../model/judge.ts";
import { eventIn } from "../model/transitions.ts";
import { type Case, isInconclusive, winnerOf } from "./checks.ts";
import type { Call, Input, Record } from "./play.ts";
import { ids } from "./rules.ts";

export function orderClaims(one: Case): Claim[] {
  return [...historyClaims(one), ...linearizableClaims(one)];
}

/** The instance, and which events were processed: an answer may show what others did meanwhile, but not before its own event. */
interface State {
  now: Instance | null;
  processed: ReadonlySet<number>;
}
type Question = Input | { kind: "answer"; n: number };
type Reply = Call["answer"];

function modelOf({ machine, record }: Case, isStrict: boolean): Sequential<State, Question, Reply> {
  const act = { sub: machine.plan.users[0] };
  const { create, send, read } = machine.model;
  const shows = (now: Instance | null, reply: Reply | undefined) =>
    reply === undefined || (now !== null && reply.status === 200 && differenceOf(now.moment, reply.json) === null);
  return {
    initial: { now: null, processed: new Set() },
    key: ({ now, processed }) =>
      `${now && JSON.stringify([now.moment.value, now.moment.context])} ${[...processed].toSorted()}`,
    step(state, question, reply) {
      const { now, processed } = state;
      if (question.kind === "answer") return processed.has(question.n) && shows(now, reply) ? [state] : [];
      if (question.kind === "delete")
        return reply === undefined || reply.status < 300 ? [{ ...state, now: null }] : [state];
      const outcomes =
        question.kind === "create"
          ? create(now, record.name, question.given, act)
          : question.kind === "send"
            ? send(now, question.event, act)
            : read(now, act);
      return outcomes.flatMap((outcome): State[] => {
        if (outcome.kind === "refused")
          return reply === undefined || outcome.statuses.includes(reply.status) ? [state] : [];
        const { moment } = outcome;
        const next = { name: record.name, isPaused: false, ...now, moment };
        const isShown = reply === undefined || reply.status === 200;
        const isLoose = question.kind === "send" && !isStrict;
        if (!isShown || !(isLoose || shows(next, reply))) return [];
        return [{ now: next, processed: question.kind === "send" ? new Set([...processed, question.n]) : processed }];
      });
    },
  };
}

type Op = Operation<Question, Reply>;

function operationsOf({ calls, isDeleted }: Record, isStrict: boolean): Op[] {
  return calls.flatMap(({ input, answer, invokedAt, returnedAt }): Op[] => {
    // The event of a deleted instance may have been processed before, or not.
    const isOpen = isInconclusive(answer) || (isDeleted && input.kind === "send" && answer.status === 409);
    if (isOpen) return [{ input, output: undefined, invokedAt, returnedAt: Number.POSITIVE_INFINITY }];
    const op = { input, output: answer, invokedAt, returnedAt };
    if (isStrict || input.kind !== "send" || answer.status !== 200) return [op];
    return [op, { ...op, input: { kind: "answer", n: input.n } }];
  });
}

/** What was sent before the clients began, as calls of their own: they overlap nothing. */
function preparations({ before, beganAt }: Record): Op[] {
  return before.map((event, i) => {
    const at = beganAt - (before.length - i) / (before.length + 1);
    return { input: { kind: "send", event, n: Number(event.n) }, output: undefined, invokedAt: at, returnedAt: at };
  });
}

function linearizableClaims(one: Case): Claim[] {
  const { record } = one;
  const find = (isStrict: boolean) => {
    const model = modelOf(one, isStrict);
    const prepared = preparations(record).map((op) => ({ ...op, output: processed }));
    const loose = {
      ...model,
      step: (state: State, q: Question, r: Reply | undefined) => model.step(state, q, r === processed ? undefined : r),
    };
    return linearize([...prepared, ...operationsOf(record, isStrict)], loose);
  };
  const strict = find(true);
  if (strict)
    return [
      { rule: ids.linearizable, refuted: null },
      { rule: ids.answerOwn, refuted: null },
    ];
  const order = strict === null ? find(false) : undefined;
  if (order === undefined) return [];
  if (order === null)
    return [{ rule: ids.linearizable, refuted: `no order of the ${record.calls.length} calls explains all answers` }];
  const refuted = "an answer shows what another client's event did after its own";
  return [
    { rule: ids.linearizable, refuted: null },
    { rule: ids.answerOwn, refuted },
  ];
}

/** Stands for an answer that is known to have been 200, and nothing else. */
const processed = { status: 200 } as Reply;

function historyClaims(one: Case): Claim[] {
  const { record, machine } = one;
  const winner = winnerOf(record);
  if (record.transitions === undefined || winner?.input.kind !== "create") return [];
  const { given } = winner.input;
  // That the initialization is not in the list, and which end is the newest, are decisions of ours.
  const listed = record.transitions.filter((entry) => eventIn(entry).type !== "xstate.init");
  const oldestFirst = replay(machine, given, listed);
  const isTurned = oldestFirst !== null && replay(machine, given, listed.toReversed()) === null;
  const entries = isTurned ? listed.toReversed() : listed;
  const fault = incompleteness(record, entries) ?? (isTurned ? null : oldestFirst);
  if (fault !== null) return [{ rule: ids.historyComplete, refuted: fault }];
  const order = entries.flatMap((entry): Op[] => {
    const call = record.calls.find(
      ({ input }) => input.kind === "send" && isDeepStrictEqual(asJson(input.event), eventIn(entry)),
    );
    return call === undefined ? [] : [{ ...call, output: call.answer }];
  });
  const blind: Sequential<null, Question, Reply> = { initial: null, step: () => [null], key: () => "" };
  const overtaken = refuteOrder(order, blind);
  const text =
    overtaken &&
    `the transitions have ${show(overtaken.at.input)} after an event that was sent when it had been answered`;
  return [
    { rule: ids.historyComplete, refuted: null },
    { rule: ids.historyOrder, refuted: text },
  ];
}

/** Each acknowledged event once, and nothing that nobody sent. */
function incompleteness({ calls, before }: Record, entries: readonly unknown[]): string | null {
  const listed = entries.map(eventIn);
  const times = (event: unknown) => listed.filter((one) => isDeepStrictEqual(one, asJson(event))).length;
  const needed = calls.flatMap(({ input, answer }) =>
    input.kind === "send" && answer.status === 200 ? [input.event] : [],
  );
  const wrong = [...before, ...needed].find((event) => times(event) !== 1);
  if (wrong !== undefined) return `the transitions have ${show(wrong)} ${times(wrong)} times`;
  const sent = [...before, ...calls.flatMap(({ input }) => (input.kind === "send" ? [input.event] : []))].map(asJson);
  const strange = listed.find((event) => !sent.some((one) => isDeepStrictEqual(one, event)));
  return strange === undefined ? null : `the transitions have ${show(strange)}, which nobody sent to it`;
}

/** Why the entries are no run of the statechart, or null. */
function replay(
  { model }: Deployed,
  given: Parameters<typeof model.chart.begin>[0],
  entries: readonly unknown[],
): string | null {
  let now: Instance = { name: "", moment: model.chart.begin(given).moment, isPaused: false };
  for (const entry of entries) {
    const event = eventIn(entry);
    const { moment } = model.chart.react(now.moment, { ...event, type: String(event.type) });
    const { state } = entry as { state?: unknown };
    if (!isDeepStrictEqual(state, asJson(moment.value))) {
      return `the transitions say that ${show(event)} led to ${show(state)}, not to ${show(moment.value)}`;
    }
    now = { ...now, moment };
  }
  return null;
}
