// Machines: create, get, list.

import { Problem } from "../domain/problem.ts";
import type { Machine, Version } from "../domain/records.ts";
import type { CreateMachineRequest, GetMachineResponse, MachinePage } from "../spec/generated/types.ts";
import { StoreConflict } from "../store/port.ts";
import { findMachine, isoTime, listPage, machineScope, param, versionInfo } from "./lookup.ts";
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

async function currentVersion({ store }: Services, machine: Machine): Promise<Version | undefined> {
  if (machine.currentVersionId === undefined) return undefined;
  const version = await store.get("version", machineScope(machine.orgId, machine.slug), machine.currentVersionId);
  return version?.rec;
}
