// One external event for one instance: alone in its lane until its first commit, then only waiting for the machine to settle.

import { isJsonObject } from "../domain/json.ts";
import { Problem } from "../domain/problem.ts";
import type { Instance, State, Transition, Version } from "../domain/records.ts";
import type { Delivery, InstanceRef, Outcome, Reached, Step } from "../engine/port.ts";
import type { Change, Stored } from "../store/port.ts";
import { StoreConflict } from "../store/port.ts";
import { codeOf } from "./code.ts";
import { indexValuesOf } from "./index-values.ts";
import { machineScope } from "./lookup.ts";
import { failureProblem, rejectionProblem } from "./outcome.ts";
import type { Caller, Services } from "./services.ts";

/** In whose name something is delivered. */
export type Actor = Pick<Caller, "authContext">;

/** Decides, from what is stored at that moment, what to deliver; throws a Problem to deliver nothing. */
export type Plan = (stored: Stored<Instance> | null) => Promise<{ version: Version; what: Delivery["what"] }>;

/** Where the instance stands afterwards, and the version that took it there. */
export type Delivered = Reached & { version: Version };

/** Times a delivery is made again because a session ended or a worker died under it, through no fault of its own. */
const maxTries = 5;

/** @throws Problem for everything but a settled or interrupted machine */
export async function deliver(services: Services, actor: Actor, instance: InstanceRef, plan: Plan): Promise<Delivered> {
  const scope = machineScope(instance.orgId, instance.machine);
  const { store, engine, settings } = services;
  // An object, since a promise as such would keep the lane waiting for it.
  const taken = await store.exclusive(`instance ${scope}/${instance.slug}`, async () => {
    for (let tries = maxTries; tries > 0; tries--) {
      const stored = await store.get("instance", scope, instance.slug);
      const { version, what } = await plan(stored);
      const delivery = engine.deliver({
        instance,
        code: codeOf(services, version.id, version.codeSha256),
        what,
        authContext: actor.authContext,
        settleTimeoutMs: settings.settleTimeoutMs,
        commit: committer(services, instance, version, stored),
      });
      if (await delivery.turn) return { outcome: delivery.outcome, version };
    }
    throw new Problem("unavailable", "The sandbox was restarted several times while this event waited. Try again.");
  });
  return { ...reachedBy(await taken.outcome), version: taken.version };
}

function reachedBy(outcome: Outcome): Reached {
  switch (outcome.kind) {
    case "settled":
    case "interrupted":
      return outcome;
    case "rejected":
      throw rejectionProblem("allowWrite", outcome.message);
    case "failed":
      throw failureProblem(outcome.reason, outcome.message);
  }
}

/** Stores one session's steps, each fenced by the revision that the one before left behind. */
function committer(
  { store, clock, updates }: Services,
  instance: InstanceRef,
  version: Version,
  stored: Stored<Instance> | null,
): Delivery["commit"] {
  const { orgId, machine, slug } = instance;
  const scope = machineScope(orgId, machine);
  let rev = stored?.rev ?? 0;
  let last = stored?.rec;
  return async (step) => {
    const now = Math.max(clock.now(), last?.state.ts ?? 0);
    const count = last?.transitionCount ?? 0;
    const rows: Transition[] = step.rows.map((row, index) => ({ seq: count + index + 1, createdAt: now, ...row }));
    const values = indexValuesOf(version, step.context);
    const { indexValues: _, ...before } = last ?? { createdAt: now, status: "running" as const };
    const rec: Instance = {
      ...before,
      orgId,
      machine,
      slug,
      versionId: version.id,
      ...(values ? { indexValues: values } : {}),
      state: project(step, now),
      context: step.context,
      snapshot: step.snapshot,
      running: step.running,
      transitionCount: count + rows.length,
    };
    const changes: Change[] = [{ op: "put", kind: "instance", scope, name: slug, rec, ifRev: rev }];
    if (rows.length > 0) changes.push({ op: "append", scope, name: slug, rows });
    try {
      [rev = 0] = await store.commit(changes);
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      throw new Problem("invalid-state", `The instance ${slug} was changed or deleted while the event was processed.`);
    }
    last = rec;
    updates.publish(instance, { kind: "state", rev, state: rec.state, versionId: version.id, context: rec.context });
    return rec.state;
  };
}

/** The wire's view of a step. */
function project({ state, context, tags, done }: Step, ts: number): State {
  const shown = context.public;
  return { ts, state, ...(isJsonObject(shown) ? { publicContext: shown } : {}), tags, done };
}
