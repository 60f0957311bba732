// The two writes that an instance takes, whoever asks for them: its creation, and an event.

import type { JsonObject } from "../domain/json.ts";
import { Problem } from "../domain/problem.ts";
import type { Version } from "../domain/records.ts";
import type { InstanceRef } from "../engine/port.ts";
import type { Actor, Delivered } from "./deliver.ts";
import { deliver } from "./deliver.ts";
import { findVersion, instanceNamed } from "./lookup.ts";
import type { Services } from "./services.ts";

/** @throws Problem `invalid-state` when the name is taken, and whatever `deliver` throws; nothing is stored then */
export function createInstance(
  services: Services,
  actor: Actor,
  instance: InstanceRef,
  version: Version,
  context: JsonObject,
): Promise<Delivered> {
  return deliver(services, actor, instance, async (stored) => {
    const { machine, slug } = instance;
    if (stored) throw new Problem("invalid-state", `The machine ${machine} has an instance ${slug} already.`);
    return { version, what: { kind: "create", context } };
  });
}

/** @throws Problem `not-found`, `invalid-state` for a paused instance, and whatever `deliver` throws */
export function sendEvent(
  services: Services,
  actor: Actor,
  instance: InstanceRef,
  event: JsonObject & { type: string },
): Promise<Delivered> {
  return deliver(services, actor, instance, async (stored) => {
    const { rec } = stored ?? (await instanceNamed(services, instance));
    if (rec.status === "paused") {
      throw new Problem(
        "invalid-state",
        `The instance ${rec.slug} is paused and takes no events until its status is running.`,
      );
    }
    const version = await findVersion(services, rec.orgId, rec.machine, rec.versionId);
    const resting = { state: rec.state.state, context: rec.context, snapshot: rec.snapshot, running: rec.running };
    return { version, what: { kind: "event", event, resting } };
  });
}
