// Machine versions: begin, finalize, list; the upload between the first two is the edge's (`http/uploads.ts`).

import { newId } from "../domain/ids.ts";
import { Problem } from "../domain/problem.ts";
import { signUpload, signVersionId, verifyVersionId } from "../domain/tickets.ts";
import type {
  CreateMachineVersionResponse,
  FinalizeMachineVersionRequest,
  FinalizeMachineVersionResponse,
  MachineVersionPage,
} from "../spec/generated/types.ts";
import { storeVersion } from "./code.ts";
import { checkIndexSelectors } from "./index-values.ts";
import { findMachine, listPage, machineScope, param, versionInfo } from "./lookup.ts";
import type { Operation } from "./services.ts";

export const createMachineVersion: Operation = async (services, caller, request) => {
  const { orgId } = caller;
  const machine = param(request, "machineSlug");
  await findMachine(services, orgId, machine);
  const { uploadSecret } = services.settings;
  const ticket = { orgId, machine, versionId: newId("ver", services.entropy) };
  const body: CreateMachineVersionResponse = {
    machineVersionId: signVersionId(uploadSecret, ticket),
    codeUploadUrl: `${request.baseUrl}/_settle/uploads`,
    codeUploadFields: { token: signUpload(uploadSecret, ticket) },
  };
  return { status: 200, body };
};

export const finalizeMachineVersion: Operation = async (services, caller, request) => {
  const { orgId } = caller;
  const slug = param(request, "machineSlug");
  const { clientInfo = "", makeCurrent = false, indexSelectors = {} } = request.body as FinalizeMachineVersionRequest;
  const machine = await findMachine(services, orgId, slug);
  const signed = param(request, "signedMachineVersionId");
  const id = verifyVersionId(services.settings.uploadSecret, { orgId, machine: slug }, signed);
  if (id === null) throw new Problem("not-found", `No version of ${slug} was begun under this id.`);
  checkIndexSelectors(indexSelectors, machine.rec.indexes);
  const scope = machineScope(orgId, slug);
  if (await services.store.get("version", scope, id)) {
    throw new Problem("invalid-state", `The version ${id} was finalized already.`);
  }
  const upload = await services.store.get("upload", scope, id);
  if (!upload) throw new Problem("invalid-state", `The code of version ${id} has not been uploaded.`);
  const { codeSha256 } = upload.rec;
  await storeVersion(services, { id, orgId, machine: slug, clientInfo, indexSelectors, codeSha256 }, makeCurrent);
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
