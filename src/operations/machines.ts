// Machines: create, get, list, delete.

import { isoTime } from "../domain/iso-time.ts";
import { Problem } from "../domain/problem.ts";
import type { Machine, Version } from "../domain/records.ts";
import type {
  CreateMachineRequest,
  DeleteMachineRequest,
  GetMachineResponse,
  MachinePage,
} from "../spec/generated/types.ts";
import type { Change } from "../store/port.ts";
import { StoreConflict } from "../store/port.ts";
import { confirmDeletion } from "./confirm.ts";
import { findMachine, listAll, listPage, machineLane, machineScope, param, versionInfo } from "./lookup.ts";
import type { Operation, Services } from "./services.ts";

export const createMachine: Operation = async (services, caller, request) => {
  const { slug, indexes = [] } = request.body as CreateMachineRequest;
  const { orgId } = caller;
  const rec: Machine = { orgId, slug, createdAt: services.clock.now(), indexes: [...new Set(indexes)] };
  try {
    await services.store.commit([{ op: "put", kind: "machine", scope: orgId, name: slug, rec, ifRev: 0 }]);
  } catch (error) {
    if (error instanceof StoreConflict) throw new Problem("invalid-state", `The machine ${slug} exists already.`);
    throw error;
  }
  return { status: 201 };
};

export const getMachine: Operation = async (services, caller, request) => {
  const { rec } = await findMachine(services, caller.orgId, param(request, "machineSlug"));
  const current = await currentVersion(services, rec);
  const body: GetMachineResponse = {
    machine: {
      createdAt: isoTime(rec.createdAt),
      indexes: rec.indexes,
      ...(current ? { currentVersion: versionInfo(current) } : {}),
    },
  };
  return { status: 200, body };
};

export const listMachines: Operation = async (services, caller, request) => {
  const { items, ...next } = await listPage(services, "machine", caller.orgId, request);
  const machines = await Promise.all(
    items.map(async (machine) => {
      const current = await currentVersion(services, machine);
      const summary = { slug: machine.slug, createdAt: isoTime(machine.createdAt) };
      return current ? { ...summary, currentVersion: versionInfo(current) } : summary;
    }),
  );
  const body: MachinePage = { machines, ...next };
  return { status: 200, body };
};

export const deleteMachine: Operation = async (services, caller, request) => {
  const { orgId } = caller;
  const slug = param(request, "machineSlug");
  const field = "hmacSha256OfMachineNameWithMachineNameKey";
  confirmDeletion(slug, slug, field, (request.body as DeleteMachineRequest)[field]);
  await services.store.exclusive(machineLane(orgId, slug), async () => {
    while (!(await deleteWhole(services, orgId, slug)));
  });
  return { status: 204 };
};

/** What lives in a machine's scope beside its instances. */
const belongings = ["version", "migration", "upload"] as const;

/**
 * Deletes a machine with everything that belongs to it, in one commit. Creations and uploads go on meanwhile: whichever is stored first,
 * this or one of them, the other is refused.
 * @returns false when something was added after the lists were read
 * @throws Problem when there is no such machine (404), or an instance of it (409)
 */
async function deleteWhole(services: Services, orgId: string, slug: string): Promise<boolean> {
  const scope = machineScope(orgId, slug);
  const { rev } = await findMachine(services, orgId, slug);
  const changes: Change[] = [{ op: "expectNone", kind: "instance", scope }];
  const ids: string[] = [];
  for (const kind of belongings) {
    // Each of them is stored under its id.
    for (const { rec, rev: ifRev } of await listAll<"version" | "migration" | "upload">(services, kind, scope)) {
      const id = "versionId" in rec ? rec.versionId : rec.id;
      changes.push({ op: "delete", kind, scope, name: id, ifRev });
      ids.push(id);
    }
    changes.push({ op: "expectNone", kind, scope });
  }
  try {
    await services.store.commit([...changes, { op: "delete", kind: "machine", scope: orgId, name: slug, ifRev: rev }]);
    services.engine.letGo(ids);
    return true;
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    if (error.ref.kind !== "instance") return false;
    throw new Problem("invalid-state", `The machine ${slug} has instances. Delete them first.`);
  }
}

async function currentVersion({ store }: Services, machine: Machine): Promise<Version | undefined> {
  if (machine.currentVersionId === undefined) return undefined;
  const version = await store.get("version", machineScope(machine.orgId, machine.slug), machine.currentVersionId);
  return version?.rec;
}
