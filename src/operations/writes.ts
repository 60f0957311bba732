// The two writes that an instance takes, whoever asks for them: its creation, and an event.

import type { JsonObject } from "../domain/json.ts";
import { Problem } from "../domain/problem.ts";
import type { Machine, Version } from "../domain/records.ts";
import type { InstanceRef } from "../engine/port.ts";
import type { Stored } from "../store/port.ts";
import type { Actor, Delivered } from "./deliver.ts";
import { deliver } from "./deliver.ts";
import { instanceNamed } from "./lookup.ts";
import type { Services } from "./services.ts";
import { planEvent } from "./upgrade.ts";

/** @throws Problem `invalid-state` when the name is taken, and whatever `deliver` throws; nothing is stored then */
export function createInstance(
  services: Services,
  actor: Actor,
  slug: string,
  { machine, version, context }: { machine: Stored<Machine>; version: Version; context: JsonObject },
): Promise<Delivered> {
  const { orgId, slug: name } = machine.rec;
  return deliver(services, actor, { orgId, machine: name, slug }, async (stored) => {
    if (stored) throw new Problem("invalid-state", `The machine ${name} has an instance ${slug} already.`);
    return { version, machine, what: { kind: "create", context } };
  });
}

/** @throws Problem `not-found`, and whatever `planEvent` and `deliver` throw */
export function sendEvent(
  services: Services,
  actor: Actor,
  instance: InstanceRef,
  event: JsonObject & { type: string },
): Promise<Delivered> {
  return deliver(services, actor, instance, async (stored) => {
    const { rec } = stored ?? (await instanceNamed(services, instance));
    return planEvent(services, rec, event);
  });
}
