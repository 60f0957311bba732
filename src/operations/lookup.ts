// Finds what a request names, or says that it does not exist; and lists a scope a page at a time.

import { decodeCursor, encodeCursor } from "../domain/cursor.ts";
import { Problem } from "../domain/problem.ts";
import type { Instance, Machine, Version } from "../domain/records.ts";
import type { MachineVersionInfo } from "../spec/generated/types.ts";
import type { Collections, Kind, Page, Stored } from "../store/port.ts";
import type { Caller, OperationRequest, Services } from "./services.ts";

/** A path parameter; the router matched it, so it is there. */
export function param(request: OperationRequest, name: string): string {
  return request.params[name] ?? "";
}

/** The scope under which a machine's versions and instances live. */
export function machineScope(orgId: string, machine: string): string {
  return `${orgId}/${machine}`;
}

export async function findMachine({ store }: Services, orgId: string, slug: string): Promise<Stored<Machine>> {
  const machine = await store.get("machine", orgId, slug);
  if (!machine) throw new Problem("not-found", `There is no machine ${slug}.`);
  return machine;
}

export async function findVersion({ store }: Services, orgId: string, machine: string, id: string): Promise<Version> {
  const version = await store.get("version", machineScope(orgId, machine), id);
  if (!version) throw new Problem("not-found", `The machine ${machine} has no version ${id}.`);
  return version.rec;
}

/** The machine must exist too: its absence is the more helpful answer. */
export async function findInstance(
  services: Services,
  caller: Caller,
  request: OperationRequest,
): Promise<Stored<Instance>> {
  const machine = param(request, "machineSlug");
  const slug = param(request, "instanceSlug");
  const instance = await services.store.get("instance", machineScope(caller.orgId, machine), slug);
  if (instance) return instance;
  await findMachine(services, caller.orgId, machine);
  throw new Problem("not-found", `The machine ${machine} has no instance ${slug}.`);
}

export function versionInfo(version: Version): MachineVersionInfo {
  return { id: version.id, createdAt: isoTime(version.createdAt), clientInfo: version.clientInfo };
}

export function isoTime(epochMs: number): string {
  return new Date(epochMs).toISOString();
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
