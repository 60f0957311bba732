// Why an event does what it does: who may send it, which transitions could take it, and where it would lead, none of it kept.

import type { JsonObject } from "../../domain/json.ts";
import type { Explanation } from "../port.ts";
import type { ToWorker } from "../protocol.ts";
import type { EventLike } from "./actor.ts";
import type { Chart } from "./chart.ts";
import { describeThrown } from "./console.ts";
import { checkContext } from "./context-limit.ts";
import { createNames } from "./names.ts";
import { answerWithin } from "./patience.ts";
import { plainJson } from "./plain-json.ts";

type Question = Extract<ToWorker, { op: "explain" }>;

/** @throws what keeps the instance from being restored at all */
export async function explain(question: Question, chart: Chart, contextBytes: number): Promise<Explanation> {
  const { state, context, snapshot, event, withChart } = question;
  const actor = chart.createActor(() => {}, { hasParent: false, names: createNames("explain") });
  try {
    actor.restore(state, context, snapshot);
    const authorizer = await askAuthorizer(question, chart);
    const isDone = actor.project().done;
    const candidates = isDone ? [] : await chart.candidates(actor.native(), event as EventLike);
    return {
      authorizer,
      candidates,
      outcome: outcomeOf(() => actor.step(structuredClone(event) as EventLike)),
      ...(withChart ? { chart: await chart.parts() } : {}),
    };
  } finally {
    actor.stop();
  }

  /** The step is computed and never run: its effects are let go of with the actor. */
  function outcomeOf(step: () => void): Explanation["outcome"] {
    try {
      step();
      const { value, context: reached, done } = actor.project();
      checkContext(reached, { contextBytes });
      return { state: value, context: plainJson(reached) as JsonObject, done };
    } catch (error) {
      return { error: describeThrown(error) };
    }
  }
}

async function askAuthorizer(
  { name, state, context, event, auth, timeoutMs }: Question,
  chart: Chart,
): Promise<Explanation["authorizer"]> {
  const request = { type: "event", machineInstanceName: name, authContext: auth, state, context, event };
  try {
    const answer = chart.allowWrite(structuredClone(request));
    return { allows: Boolean(await answerWithin(timeoutMs, "allowWrite", answer)) };
  } catch (error) {
    return { allows: false, error: describeThrown(error) };
  }
}
