// Compares what an answer shows of an instance with the moment that the model has it at.

import { isDeepStrictEqual } from "node:util";
import { show } from "../match.ts";
import type { Moment } from "./statechart.ts";

/** A part of a state that users look at. */
export type Aspect = "state" | "context" | "tags" | "done";

export interface Difference {
  aspect: Aspect;
  message: string;
}

/** What differs first, or null. `body` is a State of openapi.yaml. */
export function differenceOf({ value, context, tags, isDone }: Moment, body: unknown): Difference | null {
  const shown = (body ?? {}) as { [name: string]: unknown };
  const differs = (aspect: Aspect, seen: unknown, expected: unknown): Difference => ({
    aspect,
    message: `${nameOf[aspect]} is ${show(seen)}, not ${show(expected)}`,
  });
  if (!isDeepStrictEqual(shown.state, asJson(value))) return differs("state", shown.state, value);
  const expected = asJson(context.public);
  if (!isDeepStrictEqual(shown.publicContext ?? {}, expected ?? {})) {
    return differs("context", shown.publicContext, expected);
  }
  const seenTags = Array.isArray(shown.tags) ? shown.tags : [shown.tags];
  if (!isDeepStrictEqual(seenTags.toSorted(), tags.toSorted())) return differs("tags", shown.tags, tags);
  return shown.done === isDone ? null : differs("done", shown.done, isDone);
}

const nameOf: { [A in Aspect]: string } = {
  state: "`state`",
  context: "`publicContext`",
  tags: "`tags`",
  done: "`done`",
};

/** As it looks after a journey over the wire. */
export function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
