// Machine instances, after their creation, as administrators rule them: pause and resume, desire another version, delete.

import type { Instance } from "../domain/records.ts";
import type {
  DeleteMachineInstanceRequest,
  SetDesiredMachineVersionRequest,
  SetMachineInstanceStatusRequest,
} from "../spec/generated/types.ts";
import type { Change, Stored } from "../store/port.ts";
import { StoreConflict } from "../store/port.ts";
import { confirmDeletion } from "./confirm.ts";
import { deletedMeanwhile } from "./deliver.ts";
import { findInstance, findVersion, instanceLane, machineScope, param } from "./lookup.ts";
import type { Caller, Operation, OperationRequest, Services } from "./services.ts";
import { chainBetween } from "./upgrade.ts";
import { workScope, worksFor } from "./works.ts";

export const setMachineInstanceStatus: Operation = async (services, caller, request) => {
  const { status } = request.body as SetMachineInstanceStatusRequest;
  await changeInstance(services, caller, request, async (rec) => ({ ...rec, status }));
  return { status: 204 };
};

export const setDesiredMachineVersion: Operation = async (services, caller, request) => {
  const { targetMachineVersionId: target } = request.body as SetDesiredMachineVersionRequest;
  await changeInstance(services, caller, request, async ({ desiredVersionId: _, ...rec }) => {
    const { id } = await findVersion(services, rec.orgId, rec.machine, target);
    if (id === rec.versionId) return rec;
    await chainBetween(services, rec, id);
    return { ...rec, desiredVersionId: id };
  });
  return { status: 201 };
};

export const deleteMachineInstance: Operation = async (services, caller, request) => {
  const instance = {
    orgId: caller.orgId,
    machine: param(request, "machineSlug"),
    slug: param(request, "instanceSlug"),
  };
  const { machine, slug } = instance;
  const field = "hmacSha256OfMachineInstanceNameWithMachineNameKey";
  confirmDeletion(machine, slug, field, (request.body as DeleteMachineInstanceRequest)[field]);
  const scope = machineScope(caller.orgId, machine);
  await services.store.exclusive(instanceLane(instance), async () => {
    await findInstance(services, caller, request);
    // Nothing starts again before this lane is left, so what is stored now stays as it is.
    await services.engine.end(instance, deletedMeanwhile(slug));
    const { rev } = await findInstance(services, caller, request);
    const owed = (await worksFor(services, instance)).map(
      (work): Change => ({
        op: "delete",
        kind: "work",
        scope: workScope(instance),
        name: work.rec.name,
        ifRev: work.rev,
      }),
    );
    await services.store.commit([{ op: "delete", kind: "instance", scope, name: slug, ifRev: rev }, ...owed]);
    services.updates.publish(instance, { kind: "deleted" });
  });
  return { status: 204 };
};

/**
 * Between two events of the instance, so that none that comes later finds it as it was; a live session of it may take steps meanwhile.
 * @throws Problem when there is no such instance (404), and what `change` throws
 */
async function changeInstance(
  services: Services,
  caller: Caller,
  request: OperationRequest,
  change: (rec: Instance) => Promise<Instance>,
): Promise<void> {
  const { orgId } = caller;
  const [machine, slug] = [param(request, "machineSlug"), param(request, "instanceSlug")];
  await services.store.exclusive(instanceLane({ orgId, machine, slug }), async () => {
    while (!(await changeOnce(services, await findInstance(services, caller, request), change)));
  });
}

/** @returns false when the instance took a step meanwhile */
async function changeOnce(
  { store }: Services,
  { rec, rev }: Stored<Instance>,
  change: (rec: Instance) => Promise<Instance>,
): Promise<boolean> {
  const { orgId, machine, slug } = rec;
  const changed = await change(rec);
  try {
    const place = { kind: "instance", scope: machineScope(orgId, machine), name: slug } as const;
    await store.commit([{ op: "put", ...place, rec: changed, ifRev: rev }]);
    return true;
  } catch (error) {
    if (error instanceof StoreConflict) return false;
    throw error;
  }
}
