// Machines that try something: each runs a given piece of code where machine code runs, and keeps what came of it in its context.

import { expect } from "vitest";
import type { Json } from "../../src/domain/json.ts";
import { chart } from "./charts.ts";
import type { Harness } from "./harness.ts";
import { stateOf } from "./harness.ts";

/** The body of an async function becomes a machine that runs it at `TRY`; `top` is put at the module's top. */
export function attempt(body: string, top = ""): string {
  return chart(
    5,
    `{ initial: "rest", context: {}, states: {
      rest: { on: { TRY: "trying", OK: {} } },
      trying: { invoke: { id: "try", ...task(async (context, event) => { ${body} }),
        onDone: { target: "rest", actions: set((c, e) => ({ value: result(e) ?? null })) },
        onError: { target: "rest", actions: set((c, e) => ({ error: String(failure(e)?.message ?? failure(e)) })) } } } } }`,
    top,
  );
}

/** What a body returned, or the message of what it threw. Its own instance goes on. */
export async function outcomeOf(harness: Harness, body: string, event: { [key: string]: Json } = {}): Promise<Json> {
  const one = harness.instance(attempt(body));
  stateOf(await one.create());
  stateOf(await one.send({ type: "TRY", ...event }));
  const { value, error } = one.steps.at(-1)?.context ?? {};
  expect(stateOf(await one.send("OK")).state).toBe("rest");
  return error === undefined ? (value ?? null) : { error };
}
