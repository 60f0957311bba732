// Machine instances: create, get, list, send an event, list transitions, look inside.

import { decodeCursor } from "../domain/cursor.ts";
import { isoTime } from "../domain/iso-time.ts";
import type { JsonObject } from "../domain/json.ts";
import type {
  AdministrativeInstanceState,
  CreateMachineInstanceRequest,
  MachineInstancePage,
  MachineVersionInfo,
  SendMachineInstanceEventRequest,
  TransitionPage,
} from "../spec/generated/types.ts";
import {
  findInstance,
  findMachine,
  findVersion,
  listPage,
  machineScope,
  nextCursor,
  param,
  versionInfo,
  versionToRun,
} from "./lookup.ts";
import { requireRead } from "./read.ts";
import { assertSendable } from "./sendable.ts";
import type { Operation, Services } from "./services.ts";
import { createInstance, sendEvent } from "./writes.ts";

export const createMachineInstance: Operation = async (services, caller, request) => {
  const { slug, context = {}, machineVersionId } = request.body as CreateMachineInstanceRequest;
  const { orgId } = caller;
  const machine = await findMachine(services, orgId, param(request, "machineSlug"));
  const version = await versionToRun(services, machine.rec, machineVersionId);
  const { state } = await createInstance(services, caller, slug, {
    machine,
    version,
    context: context as JsonObject,
  });
  return { status: 200, body: state };
};

export const sendMachineInstanceEvent: Operation = async (services, caller, request) => {
  const { event: given } = request.body as SendMachineInstanceEventRequest;
  const event = (typeof given === "string" ? { type: given } : given) as JsonObject & { type: string };
  assertSendable(event);
  const machine = param(request, "machineSlug");
  const instance = { orgId: caller.orgId, machine, slug: param(request, "instanceSlug") };
  const { state } = await sendEvent(services, caller, instance, event);
  return { status: 200, body: state };
};

export const getMachineInstance: Operation = async (services, caller, request) => {
  const { rec } = await findInstance(services, caller, request);
  await requireRead(services, caller, rec, rec);
  return { status: 200, body: rec.state };
};

export const getMachineInstanceAdmin: Operation = async (services, caller, request) => {
  const { rec } = await findInstance(services, caller, request);
  const { orgId, machine, desiredVersionId: desired } = rec;
  const version = await findVersion(services, orgId, machine, rec.versionId);
  const scope = machineScope(orgId, machine);
  const desiredVersion = desired === undefined ? null : await services.store.get("version", scope, desired);
  const body: AdministrativeInstanceState = {
    state: rec.state.state,
    context: rec.context,
    tags: rec.state.tags,
    done: rec.state.done,
    status: rec.status,
    machineVersion: versionInfo(version),
    ...(desiredVersion ? { desiredMachineVersion: versionInfo(desiredVersion.rec) } : {}),
    createdAt: isoTime(rec.createdAt),
  };
  return { status: 200, body };
};

export const listMachineInstances: Operation = async (services, caller, request) => {
  const machine = param(request, "machineSlug");
  await findMachine(services, caller.orgId, machine);
  const { items, ...next } = await listPage(services, "instance", machineScope(caller.orgId, machine), request);
  const versions = await versionsById(services, caller.orgId, machine, new Set(items.map((item) => item.versionId)));
  const instances = items.flatMap(({ slug, createdAt, status, versionId }) => {
    const machineVersion = versions.get(versionId);
    return machineVersion ? [{ slug, createdAt: isoTime(createdAt), status, machineVersion }] : [];
  });
  const body: MachineInstancePage = { instances, ...next };
  return { status: 200, body };
};

export const listMachineInstanceTransitions: Operation = async (services, caller, request) => {
  const { rec, order } = await findInstance(services, caller, request);
  const scope = machineScope(rec.orgId, rec.machine);
  // An instance made again under the name has a list of its own.
  const list = `transitions ${scope}/${rec.slug} ${order}`;
  const after = decodeCursor(list, request.query.cursor);
  const page = await services.store.history(scope, rec.slug, after, services.settings.pageSize);
  const body: TransitionPage = {
    transitions: page.items.map(({ createdAt, state, event }) => ({
      createdAt: isoTime(createdAt),
      state,
      event: event as { type: string },
    })),
    ...nextCursor(list, page),
  };
  return { status: 200, body };
};

async function versionsById(
  services: Services,
  orgId: string,
  machine: string,
  ids: Set<string>,
): Promise<Map<string, MachineVersionInfo>> {
  const found = await Promise.all([...ids].map((id) => findVersion(services, orgId, machine, id)));
  return new Map(found.map((version) => [version.id, versionInfo(version)]));
}
