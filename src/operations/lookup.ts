// Finds what a request names, or says that it does not exist; and lists a scope a page at a time.

import { decodeCursor, encodeCursor } from "../domain/cursor.ts";
import { isoTime } from "../domain/iso-time.ts";
import { Problem } from "../domain/problem.ts";
import type { Instance, Machine, Version } from "../domain/records.ts";
import type { InstanceRef } from "../engine/port.ts";
import type { MachineVersionInfo } from "../spec/generated/types.ts";
import type { Change, Collections, Kind, Page, Stored } from "../store/port.ts";
import type { Caller, OperationRequest, Services } from "./services.ts";

/** A path parameter; the router matched it, so it is there. */
export function param(request: OperationRequest, name: string): string {
  return request.params[name] ?? "";
}

/** The scope under which a machine's versions and instances live. */
export function machineScope(orgId: string, machine: string): string {
  return `${orgId}/${machine}`;
}

/** The lane in which an instance's events, and whatever an administrator does to it, come one after the other. */
export function instanceLane({ orgId, machine, slug }: InstanceRef): string {
  return `instance ${machineScope(orgId, machine)}/${slug}`;
}

/** The lane of whatever adds to a machine or takes it away, its instances apart. */
export function machineLane(orgId: string, machine: string): string {
  return `machine ${machineScope(orgId, machine)}`;
}

export async function findMachine({ store }: Services, orgId: string, slug: string): Promise<Stored<Machine>> {
  const machine = await store.get("machine", orgId, slug);
  if (!machine) throw noMachine(slug);
  return machine;
}

export function noMachine(slug: string): Problem {
  return new Problem("not-found", `There is no machine ${slug}.`);
}

/** Fences a commit: what it adds to the machine must not outlive it, nor turn up in another one made under its name. */
export function expectMachine({ rec: { orgId, slug }, order }: Stored<Machine>): Change {
  return { op: "expect", kind: "machine", scope: orgId, name: slug, order };
}

export async function findVersion({ store }: Services, orgId: string, machine: string, id: string): Promise<Version> {
  const version = await store.get("version", machineScope(orgId, machine), id);
  if (!version) throw new Problem("not-found", `The machine ${machine} has no version ${id}.`);
  return version.rec;
}

/** The version of that id, else the current one. @throws Problem `not-found` when there is none */
export async function versionToRun(
  services: Services,
  { orgId, slug, currentVersionId }: Machine,
  id: string | undefined = currentVersionId,
): Promise<Version> {
  if (id !== undefined) return findVersion(services, orgId, slug, id);
  const mend = "Finalize one with makeCurrent, or name one in machineVersionId.";
  throw new Problem("not-found", `The machine ${slug} has no current version. ${mend}`);
}

export function findInstance(
  services: Services,
  { orgId }: Caller,
  request: OperationRequest,
): Promise<Stored<Instance>> {
  const machine = param(request, "machineSlug");
  return instanceNamed(services, { orgId, machine, slug: param(request, "instanceSlug") });
}

/** The machine must exist too: its absence is the more helpful answer. */
export async function instanceNamed(
  services: Services,
  { orgId, machine, slug }: InstanceRef,
): Promise<Stored<Instance>> {
  const instance = await services.store.get("instance", machineScope(orgId, machine), slug);
  if (instance) return instance;
  await findMachine(services, orgId, machine);
  throw new Problem("not-found", `The machine ${machine} has no instance ${slug}.`);
}

export function versionInfo(version: Version): MachineVersionInfo {
  return { id: version.id, createdAt: isoTime(version.createdAt), clientInfo: version.clientInfo };
}

/** Every record of a kind in a scope, oldest first. */
export async function listAll<K extends Kind>(
  { store }: Services,
  kind: K,
  scope: string,
): Promise<Stored<Collections[K]>[]> {
  const all: Stored<Collections[K]>[] = [];
  let after: number | undefined = 0;
  while (after !== undefined) {
    const page: Page<Stored<Collections[K]>> = await store.list(kind, scope, after, 1_000);
    all.push(...page.items);
    after = page.next;
  }
  return all;
}

/** One page of a kind of record, and the cursor to the next one if there is one. */
export async function listPage<K extends Kind>(
  services: Services,
  kind: K,
  scope: string,
  request: OperationRequest,
): Promise<{ items: Collections[K][]; cursor?: string }> {
  const list = `${kind} ${scope}`;
  const after = decodeCursor(list, request.query.cursor);
  const page = await services.store.list(kind, scope, after, services.settings.pageSize);
  return { items: page.items.map((item) => item.rec), ...nextCursor(list, page) };
}

export function nextCursor(list: string, page: Page<unknown>): { cursor?: string } {
  return page.next === undefined ? {} : { cursor: encodeCursor(list, page.next) };
}
