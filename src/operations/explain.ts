// "Why not?": what an event would do to an instance as it is stored now, and why, without doing it.

import type { JsonObject } from "../domain/json.ts";
import type { Instance } from "../domain/records.ts";
import type { Explanation, InstanceRef } from "../engine/port.ts";
import { codeOfStored } from "./code.ts";
import { instanceNamed } from "./lookup.ts";
import { failureProblem } from "./outcome.ts";
import { assertSendable } from "./sendable.ts";
import type { Services } from "./services.ts";

export interface Explained extends Explanation {
  instance: Pick<Instance, "status" | "versionId"> & Pick<Instance["state"], "state" | "done">;
  /** What comes before the event, or in its way, beside what the statechart says. */
  notes: string[];
}

/** @throws Problem `not-found`, `invalid-parameter` for an event that clients can't send, and when the code gives no answer */
export async function explainEvent(
  services: Services,
  instance: InstanceRef,
  event: JsonObject & { type: string },
  authContext: JsonObject,
): Promise<Explained> {
  assertSendable(event);
  const { rec } = await instanceNamed(services, instance);
  const { versionId, status, state, context, snapshot, running } = rec;
  const answer = await services.engine.explain({
    instance,
    code: codeOfStored(services, instance.orgId, instance.machine, versionId),
    resting: { state: state.state, context, snapshot, running },
    event,
    authContext,
    timeoutMs: services.settings.settleTimeoutMs,
  });
  if (answer.kind === "failed") throw failureProblem(answer.reason, answer.message);
  const { authorizer, candidates, outcome } = answer;
  const shown = { status, versionId, state: state.state, done: state.done };
  return { instance: shown, authorizer, candidates, outcome, notes: notesOf(rec, services.engine.isLive(instance)) };
}

function notesOf({ status, state, running, desiredVersionId }: Instance, isLive: boolean): string[] {
  const notes: string[] = [];
  if (status === "paused")
    notes.push("The instance is paused: it answers every event with 409 until it is set to running.");
  if (state.done) notes.push("The instance is done: events are recorded and change nothing.");
  const children = running.map(({ id, src }) => `${id} (${src})`).join(", ");
  if (children !== "" && isLive)
    notes.push(`Children are running: ${children}. What they send comes as events of their own.`);
  else if (children !== "")
    notes.push(`Children were stopped before they ended: ${children}. An error event for each comes first.`);
  if (desiredVersionId !== undefined) {
    notes.push(
      `The instance is to be upgraded to ${desiredVersionId} first; this is the answer of the version it is on.`,
    );
  }
  return notes;
}
