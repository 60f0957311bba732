// Compares a transition list with what was sent: every processed event once, in order, with the state it led to, and nothing that was refused.

import { isDeepStrictEqual } from "node:util";
import { show } from "../../match.ts";
import { asJson } from "../../model/shown.ts";
import type { Event, Moment } from "../../model/statechart.ts";

/** A request to process an event, and what became of it. */
export interface Sent {
  event: Event;
  /** Where it led; where the instance stayed, when it was refused. */
  moment: Moment;
  /** `maybe`: whether the list has an event that nothing handled is open. */
  isRecorded: "always" | "maybe" | "never";
}

export interface Fault {
  /** `refused`: the list has what was refused; `incomplete`: anything else. */
  kind: "refused" | "incomplete";
  message: string;
}

/** Null when the list is right, oldest or newest first: their order is a decision of ours. */
export function faultOf(entries: readonly unknown[], sent: readonly Sent[]): Fault | null {
  if (fits(entries, sent) || fits(entries.toReversed(), sent)) return null;
  const refused = sent.find(
    ({ event, isRecorded }) =>
      isRecorded === "never" &&
      entries.some((entry) => isOf(entry, event)) &&
      !sent.some((other) => other.isRecorded !== "never" && isDeepStrictEqual(other.event, event)),
  );
  if (refused !== undefined) {
    return { kind: "refused", message: `the transitions hold ${show(refused.event)}, which was refused` };
  }
  const needed = sent.filter(({ isRecorded }) => isRecorded === "always");
  const missing = needed.find(({ event }) => !entries.some((entry) => isOf(entry, event)));
  const message = missing
    ? `the transitions lack ${show(missing.event)}`
    : `the transitions are ${show(entries.map(briefly))}, not ${show(needed.map(({ event, moment: { value } }) => [event, value]))}`;
  return { kind: "incomplete", message };
}

/** Whether the entries are what was sent, in this order, but for what may or must be left out. */
function fits(entries: readonly unknown[], sent: readonly Sent[]): boolean {
  const known = new Map<string, boolean>();
  const fitsFrom = (i: number, j: number): boolean => {
    const key = `${i} ${j}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    const next = sent[j];
    let result: boolean;
    if (next === undefined) {
      result = entries.slice(i).every((entry) => isInternal(entry, sent));
    } else {
      const isHere =
        i < entries.length &&
        next.isRecorded !== "never" &&
        isOf(entries[i], next.event) &&
        leadsTo(entries[i], next.moment);
      result =
        (isHere && fitsFrom(i + 1, j + 1)) ||
        (next.isRecorded !== "always" && fitsFrom(i, j + 1)) ||
        (i < entries.length && isInternal(entries[i], sent) && fitsFrom(i + 1, j));
    }
    known.set(key, result);
    return result;
  };
  return fitsFrom(0, 0);
}

/** An event that the machine sent itself, if the target lists those: nobody else sent one of its type, and it has nothing but that. */
function isInternal(entry: unknown, sent: readonly Sent[]): boolean {
  const event = eventIn(entry);
  return Object.keys(event).length === 1 && !sent.some(({ event: { type } }) => type === event.type);
}

function isOf(entry: unknown, event: Event): boolean {
  return isDeepStrictEqual(eventIn(entry), asJson(event));
}

function leadsTo(entry: unknown, { value }: Moment): boolean {
  return isDeepStrictEqual((entry as { state?: unknown } | null)?.state, asJson(value));
}

/** Always as an object. */
export function eventIn(entry: unknown): { [name: string]: unknown } {
  const event = (entry as { event?: unknown } | null)?.event;
  if (typeof event === "string") return { type: event };
  return typeof event === "object" && event !== null ? (event as { [name: string]: unknown }) : {};
}

function briefly(entry: unknown): unknown {
  return [eventIn(entry), (entry as { state?: unknown } | null)?.state];
}
