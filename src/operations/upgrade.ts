// What an event meets: the version its instance is on, or, when the instance rests and another version is desired, that one after the upgrade.

import type { JsonObject } from "../domain/json.ts";
import { shortestPath } from "../domain/migration-path.ts";
import { Problem } from "../domain/problem.ts";
import type { Instance, Migration, Version } from "../domain/records.ts";
import type { InstanceRef } from "../engine/port.ts";
import { codeOf } from "./code.ts";
import type { Planned } from "./deliver.ts";
import { findVersion, listAll, machineScope } from "./lookup.ts";
import { failureProblem } from "./outcome.ts";
import type { Services } from "./services.ts";

/**
 * Decides which version handles an event, and has the instance's state migrated to that when it is another one. Nothing is stored here: the
 * upgrade is, with the event's own first step.
 * @throws Problem when the instance is paused (409), can't be upgraded, or migration code fails (400)
 */
export async function planEvent(services: Services, rec: Instance, event: JsonObject): Promise<Planned> {
  const { orgId, machine, slug } = rec;
  if (rec.status === "paused") {
    const message = `The instance ${slug} is paused and takes no events until its status is running.`;
    throw new Problem("invalid-state", message);
  }
  const instance = { orgId, machine, slug };
  const version = await findVersion(services, orgId, machine, rec.versionId);
  const isSettled = rec.running.length === 0 && !services.engine.isLive(instance);
  if (rec.desiredVersionId !== undefined && isSettled) {
    return upgrade(services, instance, rec, version, rec.desiredVersionId, event);
  }
  const resting = { state: rec.state.state, context: rec.context, snapshot: rec.snapshot, running: rec.running };
  return { version, what: { kind: "event", event, resting } };
}

async function upgrade(
  services: Services,
  instance: InstanceRef,
  rec: Instance,
  from: Version,
  desiredVersionId: string,
  event: JsonObject,
): Promise<Planned> {
  const { orgId, machine } = instance;
  const desired = await services.store.get("version", machineScope(orgId, machine), desiredVersionId);
  if (!desired) {
    const message = `The version ${desiredVersionId}, which the instance ${instance.slug} should move to, is gone. Set another one.`;
    throw new Problem("invalid-state", message);
  }
  const chain = await chainBetween(services, rec, desiredVersionId);
  const moved = await services.engine.migrate({
    instance,
    from: codeOf(services, from.id, from.codeSha256),
    resting: { state: rec.state.state, context: rec.context, snapshot: rec.snapshot },
    migrations: chain.map((migration) => ({
      code: codeOf(services, migration.id, migration.codeSha256),
      toVersionId: migration.toVersionId,
    })),
    timeoutMs: services.settings.settleTimeoutMs,
  });
  if (moved.kind === "failed") throw failureProblem(moved.reason, moved.message);
  return { version: desired.rec, what: { kind: "arrive", event, position: moved.position } };
}

/** The migrations from where an instance is to another version. @throws Problem `no-migration-path` */
export async function chainBetween(services: Services, rec: Instance, toVersionId: string): Promise<Migration[]> {
  const { orgId, machine, versionId } = rec;
  const migrations = await listAll(services, "migration", machineScope(orgId, machine));
  const chain = shortestPath(
    migrations.map((stored) => stored.rec),
    versionId,
    toVersionId,
  );
  if (chain) return chain;
  const message = `No chain of migrations leads from version ${versionId}, which the instance ${rec.slug} is on, to ${toVersionId}.`;
  throw new Problem("no-migration-path", message);
}
