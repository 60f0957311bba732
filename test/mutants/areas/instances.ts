// Instances whose state, version, status or history is not what their events made of them.

import type { JsonObject } from "../../../src/domain/json.ts";
import type { State } from "../../../src/domain/records.ts";
import type { Delivery, InstanceRef } from "../../../src/engine/port.ts";
import { codeOf } from "../../../src/operations/code.ts";
import { machineScope } from "../../../src/operations/lookup.ts";
import type { Services } from "../../../src/operations/services.ts";
import { bodyOf, handling, instancePath, stateReply, storedInstance } from "../edits.ts";
import type { Fault, Mutant } from "../fault.ts";
import { keyOf, later, withEngine, withOutcomes, withSteps } from "../ports.ts";

export const instanceMutants: Mutant[] = [
  {
    id: "SM-10",
    title: "read returns the state before the last acknowledged event",
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}",
    fault: readingStale,
  },
  {
    id: "SM-11",
    title: "paused instance accepts events",
    operation: "PUT /machines/{machineSlug}/i/{instanceSlug}/status",
    fault: acceptingPaused,
  },
  {
    id: "SM-18",
    title: "existing instances run the new current version without a migration",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () => ({
      services: (services) =>
        withEngine(services, (sound) => ({
          deliver(delivery) {
            if (delivery.what.kind !== "event") return sound.deliver(delivery);
            const run = async () => sound.deliver({ ...delivery, code: await currentCode(services, delivery) });
            return later(run());
          },
        })),
    }),
  },
  {
    id: "SM-20",
    title: "exception in an action leaves partial state or a history row",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () => ({
      services: (services) =>
        withOutcomes(services, async (outcome, { what, instance }) => {
          if (outcome.kind === "failed" && outcome.reason === "machine-error" && what.kind === "event")
            await leaveRow(services, instance, what.event);
          return outcome;
        }),
    }),
  },
  {
    id: "SM-28",
    title: "context corrupted after the N-th event (log compaction bug)",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () => compactingWrongly(20),
  },
];

function readingStale(): Fault {
  const stale = new Map<string, State>();
  const operations = ["getMachineInstance", "sendMachineInstanceEvent", "deleteMachineInstance"];
  return handling(operations, async (request, forward, world) => {
    const path = instancePath(request);
    const before = await storedInstance(request, world);
    const reply = await forward(request);
    if (request.operationId === "deleteMachineInstance") stale.delete(path);
    if (reply.status !== 200) return reply;
    const old = stale.get(path);
    if (request.operationId === "getMachineInstance") return old ? stateReply(reply, old) : reply;
    if (before) stale.set(path, before.rec.state);
    return reply;
  });
}

/** Sets the instance running for the event alone. */
function acceptingPaused(): Fault {
  const turns = new Map<string, Promise<unknown>>();
  return handling("sendMachineInstanceEvent", async (request, forward, { ask }) => {
    const reply = await forward(request);
    if (reply.status !== 409 || !/is paused/.test(String(bodyOf(reply).error))) return reply;
    const path = instancePath(request);
    const mine = (turns.get(path) ?? Promise.resolve()).then(async () => {
      await ask("PUT", `${path}/status`, { status: "running" });
      const taken = await forward(request);
      await ask("PUT", `${path}/status`, { status: "paused" });
      return taken;
    });
    turns.set(path, mine);
    return mine;
  });
}

async function currentCode(services: Services, { instance, code }: Delivery): Promise<Delivery["code"]> {
  const { orgId, machine } = instance;
  const id = (await services.store.get("machine", orgId, machine))?.rec.currentVersionId;
  const version = id && (await services.store.get("version", machineScope(orgId, machine), id));
  return version ? codeOf(services, version.rec.id, version.rec.codeSha256) : code;
}

async function leaveRow(
  { store, clock }: Services,
  { orgId, machine, slug }: InstanceRef,
  event: JsonObject,
): Promise<void> {
  const scope = machineScope(orgId, machine);
  const stored = await store.get("instance", scope, slug);
  if (!stored) return;
  const { rec, rev: ifRev } = stored;
  const seq = rec.transitionCount + 1;
  await store.commit([
    { op: "put", kind: "instance", scope, name: slug, rec: { ...rec, transitionCount: seq }, ifRev },
    { op: "append", scope, name: slug, rows: [{ seq, createdAt: clock.now(), event, state: rec.state.state }] },
  ]);
}

/** The context of that event is lost: the one before it is kept. */
function compactingWrongly(event: number): Fault {
  const before = new Map<string, { count: number; context: JsonObject }>();
  return {
    services: (services) =>
      withSteps(services, (step, { instance, what }) => {
        const key = keyOf(instance);
        const { count, context } = (what.kind !== "create" && before.get(key)) || { count: 0, context: step.context };
        const reached = count + step.rows.length;
        const isLost = count < event && reached >= event;
        before.set(key, { count: reached, context: isLost ? context : step.context });
        return isLost ? { ...step, context } : step;
      }),
  };
}
