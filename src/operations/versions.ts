// Machine versions: begin, finalize, list; the upload between the first two is the edge's (`http/uploads.ts`).

import { newId } from "../domain/ids.ts";
import { Problem } from "../domain/problem.ts";
import { signId, verifyId } from "../domain/tickets.ts";
import type {
  CreateMachineVersionResponse,
  FinalizeMachineVersionRequest,
  FinalizeMachineVersionResponse,
  MachineVersionPage,
} from "../spec/generated/types.ts";
import { findUpload, storeVersion } from "./code.ts";
import { checkIndexSelectors } from "./index-values.ts";
import { findMachine, listPage, machineScope, param, versionInfo } from "./lookup.ts";
import type { Operation } from "./services.ts";
import { ticketScope, uploadInstructions } from "./uploads.ts";

export const createMachineVersion: Operation = async (services, caller, request) => {
  const machine = await findMachine(services, caller.orgId, param(request, "machineSlug"));
  const id = newId("ver", services.entropy);
  const body: CreateMachineVersionResponse = {
    machineVersionId: signId(services.settings.uploadSecret, ticketScope(machine), [id]),
    ...uploadInstructions(services, request, machine, id),
  };
  return { status: 200, body };
};

export const finalizeMachineVersion: Operation = async (services, caller, request) => {
  const { orgId } = caller;
  const slug = param(request, "machineSlug");
  const { clientInfo = "", makeCurrent = false, indexSelectors = {} } = request.body as FinalizeMachineVersionRequest;
  const machine = await findMachine(services, orgId, slug);
  const signed = param(request, "signedMachineVersionId");
  const [id, ...more] = verifyId(services.settings.uploadSecret, ticketScope(machine), signed) ?? [];
  if (id === undefined || more.length > 0)
    throw new Problem("not-found", `No version of ${slug} was begun under this id.`);
  checkIndexSelectors(indexSelectors, machine.rec.indexes);
  const upload = await findUpload(services, "version", machineScope(orgId, slug), id);
  const { codeSha256 } = upload.rec;
  const draft = { id, orgId, machine: slug, clientInfo, indexSelectors, codeSha256 };
  await storeVersion(services, machine, draft, { makeCurrent, upload });
  const body: FinalizeMachineVersionResponse = { machineVersionId: id };
  return { status: 200, body };
};

export const listMachineVersions: Operation = async (services, caller, request) => {
  const machine = param(request, "machineSlug");
  await findMachine(services, caller.orgId, machine);
  const { items, ...next } = await listPage(services, "version", machineScope(caller.orgId, machine), request);
  const body: MachineVersionPage = { versions: items.map(versionInfo), ...next };
  return { status: 200, body };
};
