// What can be said of a busy instance without looking for an order of everything: what was lost, repeated, mixed, or went back.

import { dig } from "../../fill.ts";
import { show } from "../../match.ts";
import { differenceOf } from "../../model/shown.ts";
import type { Event, Moment } from "../../model/statechart.ts";
import type { Deployed } from "../model/deployed.ts";
import type { Claim } from "../model/judge.ts";
import type { Call, Record } from "./play.ts";
import { ids } from "./rules.ts";

export interface Case {
  machine: Deployed;
  /** Where in the public context each event shows. */
  trace: string;
  record: Record;
  /** Numbers of the events that were sent to other instances. */
  foreign: ReadonlySet<number>;
}

/** Answers that say nothing about the instance: overload, and none at all. */
export const isInconclusive = ({ status }: { status: number }) => [0, 429, 503, 504].includes(status);

export function simpleClaims(one: Case): Claim[] {
  const { record } = one;
  const claims = [...createdOnce(one), ...tsForward(record), ...forward(one), ...consistent(one)];
  if (record.isDeleted) return [...claims, ...deletedFinally(record)];
  return [...claims, ...accepted(record), ...ownWrites(one), ...effects(one)];
}

const claim = (rule: string, refuted: string | null): Claim => ({ rule, refuted });

function callsOf({ calls }: Record, kind: Call["input"]["kind"]): Call[] {
  return calls.filter(({ input }) => input.kind === kind);
}

/** The creation that succeeded. */
export function winnerOf(record: Record): Call | undefined {
  return callsOf(record, "create").find(({ answer }) => answer.status === 200);
}

function createdOnce({ record }: Case): Claim[] {
  const tries = callsOf(record, "create").filter(({ answer }) => !isInconclusive(answer));
  const statuses = tries.map(({ answer }) => answer.status).toSorted();
  const isRight =
    statuses.filter((status) => status === 200).length === 1 && statuses.every((s) => [200, 409].includes(s));
  if (!isRight) return [claim(ids.createOnce, `${tries.length} simultaneous creations gave ${statuses.join(", ")}`)];
  const winner = winnerOf(record);
  const by = dig(winner?.input.kind === "create" ? winner.input.given : {}, "/public/by");
  const stays = shownBy(record).find(({ json }) => dig(json, "/publicContext/by") !== by);
  const other =
    stays &&
    `the creation of client ${by} succeeded, but later the context is ${show(dig(stays.json, "/publicContext"))}`;
  return [claim(ids.createOnce, other ?? null)];
}

/** Answers that show the instance after the creations. */
function shownBy({ calls, beganAt, last }: Record) {
  const answers = calls.filter(({ invokedAt }) => invokedAt > beganAt).map(({ answer }) => answer);
  return [...answers, ...(last ? [last] : [])].filter(({ status, json }) => status === 200 && json !== undefined);
}

function accepted(record: Record): Claim[] {
  return callsOf(record, "send")
    .filter(({ answer }) => !isInconclusive(answer))
    .map(({ answer: { status, text } }) =>
      claim(ids.accepted, status === 200 ? null : `the status is ${status}: ${text}`),
    );
}

/** The numbers of the events that show, where the machine keeps them; else only how many. */
function traceIn(json: unknown, trace: string): { size: number; numbers: unknown[] | undefined } {
  const value = dig(json, `/publicContext/${trace}`);
  return Array.isArray(value) ? { size: value.length, numbers: value } : { size: Number(value), numbers: undefined };
}

function effects({ record, trace, foreign }: Case): Claim[] {
  const { last } = record;
  if (last === undefined || last.status !== 200) return [];
  const sends = callsOf(record, "send");
  const done = sends.filter(({ answer }) => answer.status === 200).map(({ input }) => numberOf(input));
  const { size, numbers } = traceIn(last.json, trace);
  if (numbers === undefined) {
    const open = sends.filter(({ answer }) => isInconclusive(answer)).length;
    const seen = `${done.length} events were answered with 200, and ${trace} is ${size}`;
    return [
      claim(ids.noneLost, size < done.length ? seen : null),
      claim(ids.once, size > done.length + open ? seen : null),
    ];
  }
  const lost = done.find((n) => !numbers.includes(n));
  const twice = numbers.find((n, i) => numbers.indexOf(n) !== i);
  const strange = numbers.find((n) => foreign.has(Number(n)));
  return [
    claim(
      ids.noneLost,
      lost === undefined ? null : `event ${lost} was answered with 200, but ${trace} is ${show(numbers)}`,
    ),
    claim(ids.once, twice === undefined ? null : `event ${twice} took effect twice: ${trace} is ${show(numbers)}`),
    claim(
      ids.apart,
      strange === undefined ? null : `event ${strange} was sent to another instance, but ${trace} is ${show(numbers)}`,
    ),
  ];
}

function numberOf(input: Call["input"]): number {
  return input.kind === "send" ? input.n : 0;
}

function ownWrites({ record, trace }: Case): Claim[] {
  return callsOf(record, "read")
    .filter(({ answer }) => answer.status === 200)
    .map((read) => {
      const own = callsOf(record, "send").filter(
        ({ client, answer, returnedAt }) =>
          client === read.client && answer.status === 200 && returnedAt < read.invokedAt,
      );
      const { size, numbers } = traceIn(read.answer.json, trace);
      const lacks = numbers ? own.find(({ input }) => !numbers.includes(numberOf(input))) : own[size];
      const seen = `client ${read.client} was answered that its event was processed, and then read ${show(read.answer.json)}`;
      return claim(ids.ownWrites, lacks === undefined ? null : seen);
    });
}

/** Pairs of which the first was answered before the second was sent: how far the instance was by the first, at least. */
function neverFalling(record: Record, measure: (call: Call) => number, rule: string, what: string): Claim[] {
  const shown = record.calls.filter(({ answer, input }) => answer.status === 200 && input.kind !== "delete");
  return shown.flatMap((call) => {
    const earlier = shown.filter(({ returnedAt }) => returnedAt < call.invokedAt).map(measure);
    if (earlier.length === 0) return [];
    const most = Math.max(...earlier);
    return [claim(rule, measure(call) < most ? `${what} is ${measure(call)} after it was ${most}` : null)];
  });
}

function tsForward(record: Record): Claim[] {
  return neverFalling(record, ({ answer }) => Number(dig(answer.json, "/ts")), ids.ts, "ts");
}

function forward({ record, trace }: Case): Claim[] {
  const sizeOf = ({ answer }: Call) => traceIn(answer.json, trace).size;
  return neverFalling(record, sizeOf, ids.forward, `the size of ${trace}`);
}

/** The trace tells which events were processed; all else that is shown must be what they lead to. */
function consistent(one: Case): Claim[] {
  const { record, trace } = one;
  const winner = winnerOf(record);
  if (winner?.input.kind !== "create") return [];
  const sent = new Map(callsOf(record, "send").map(({ input }) => [numberOf(input), input]));
  const start = begin(one, winner.input.given);
  return shownBy(record).flatMap(({ json }) => {
    const { size, numbers } = traceIn(json, trace);
    const some = [...sent.values()].slice(0, Math.max(0, size));
    const events = (numbers?.map((n) => sent.get(Number(n))) ?? some).flatMap((input) =>
      input?.kind === "send" ? [input.event] : [],
    );
    // What is lost or repeated has rules of its own.
    if (events.length !== size) return [];
    return [claim(ids.consistent, differenceOf(after(one, start, events), json)?.message ?? null)];
  });
}

function begin(one: Case, given: Parameters<Deployed["model"]["chart"]["begin"]>[0]): Moment {
  return after(one, one.machine.model.chart.begin(given).moment, one.record.before);
}

function after({ machine }: Case, start: Moment, events: readonly Event[]): Moment {
  return events.reduce((moment, event) => machine.model.chart.react(moment, event).moment, start);
}

function deletedFinally({ calls, last }: Record): Claim[] {
  const deletion = calls.find(({ input }) => input.kind === "delete");
  const later = calls.filter(({ invokedAt }) => deletion !== undefined && invokedAt > deletion.returnedAt);
  const answers = [...later.map(({ answer }) => answer), ...(last ? [last] : [])].filter((a) => !isInconclusive(a));
  return answers.map(({ status, text }) =>
    claim(ids.deleteFinal, status === 404 ? null : `a call after the deletion gives ${status}: ${text.slice(0, 200)}`),
  );
}
