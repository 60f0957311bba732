// Migrations from one version to another: begin, finalize; the upload between the two is the edge's (`http/uploads.ts`).

import { newId } from "../domain/ids.ts";
import { Problem } from "../domain/problem.ts";
import type { Migration } from "../domain/records.ts";
import { signId, verifyId } from "../domain/tickets.ts";
import type {
  CreateMigrationRequest,
  CreateMigrationResponse,
  FinalizeMigrationResponse,
} from "../spec/generated/types.ts";
import { codeOf, findUpload, storeFinalized, unusable } from "./code.ts";
import { findMachine, findVersion, machineScope, param } from "./lookup.ts";
import type { Operation } from "./services.ts";
import { ticketScope, uploadInstructions } from "./uploads.ts";

export const createMigration: Operation = async (services, caller, request) => {
  const { fromMachineVersionId, toMachineVersionId } = request.body as CreateMigrationRequest;
  const machine = await findMachine(services, caller.orgId, param(request, "machineSlug"));
  const ends = [fromMachineVersionId, toMachineVersionId];
  for (const versionId of ends) await findVersion(services, caller.orgId, machine.rec.slug, versionId);
  if (fromMachineVersionId === toMachineVersionId) {
    const message = "toMachineVersionId must be another version than fromMachineVersionId.";
    throw new Problem("invalid-parameter", message, { parameter: "toMachineVersionId" });
  }
  const id = newId("mig", services.entropy);
  const body: CreateMigrationResponse = {
    machineVersionMigrationId: signId(services.settings.uploadSecret, ticketScope(machine), [id, ...ends]),
    ...uploadInstructions(services, request, machine, id),
  };
  return { status: 200, body };
};

export const finalizeMigration: Operation = async (services, caller, request) => {
  const { orgId } = caller;
  const machine = await findMachine(services, orgId, param(request, "machineSlug"));
  const { slug } = machine.rec;
  const signed = param(request, "signedMachineVersionMigrationId");
  const [id, fromVersionId, toVersionId] = verifyId(services.settings.uploadSecret, ticketScope(machine), signed) ?? [];
  if (id === undefined || fromVersionId === undefined || toVersionId === undefined) {
    throw new Problem("not-found", `No migration of ${slug} was begun under this id.`);
  }
  const scope = machineScope(orgId, slug);
  const upload = await findUpload(services, "migration", scope, id);
  const { codeSha256 } = upload.rec;
  const inspection = await services.engine.inspectMigration(codeOf(services, id, codeSha256));
  if (!inspection.ok) throw unusable(inspection);
  const createdAt = services.clock.now();
  const rec: Migration = { id, orgId, machine: slug, fromVersionId, toVersionId, createdAt, codeSha256 };
  await storeFinalized(services, machine, upload, async () => [
    { op: "put", kind: "migration", scope, name: id, rec, ifRev: 0 },
  ]);
  const body: FinalizeMigrationResponse = { machineVersionMigrationId: id };
  return { status: 200, body };
};
