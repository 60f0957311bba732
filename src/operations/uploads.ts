// Receives the code of versions and migrations, as bytes or gzipped, and keeps it until they are finalized.

import { promisify } from "node:util";
import { gunzip as gunzipCallback } from "node:zlib";
import { Problem } from "../domain/problem.ts";
import type { Machine, Upload } from "../domain/records.ts";
import type { TicketScope, UploadTicket } from "../domain/tickets.ts";
import { signUpload, verifyUpload } from "../domain/tickets.ts";
import type { Stored } from "../store/port.ts";
import { StoreConflict } from "../store/port.ts";
import { bundleLimits, finalizedAlready } from "./code.ts";
import { expectMachine, machineScope, noMachine } from "./lookup.ts";
import type { OperationRequest, Services } from "./services.ts";

const gunzip = promisify(gunzipCallback);

export function ticketScope({ rec: { orgId, slug }, order }: Stored<Machine>): TicketScope {
  return { orgId, machine: slug, machineOrder: order };
}

/** Where and how to upload the code of the version or migration with this id. */
export function uploadInstructions(
  { settings }: Services,
  { baseUrl }: OperationRequest,
  machine: Stored<Machine>,
  id: string,
): { codeUploadUrl: string; codeUploadFields: { [name: string]: string } } {
  const token = signUpload(settings.uploadSecret, { ...ticketScope(machine), id });
  return { codeUploadUrl: `${baseUrl}/_settle/uploads`, codeUploadFields: { token } };
}

/**
 * Keeps uploaded code. `file` is gzipped when `isGzip` says so or its first bytes do; uploading again before finalizing replaces it.
 * @throws Problem for a token not signed here (403), a machine deleted since (404), something finalized already (409), code too large (413) or
 * not UTF-8 text (400)
 */
export async function receiveUpload(services: Services, token: string, file: Buffer, isGzip: boolean): Promise<void> {
  const ticket = verifyUpload(services.settings.uploadSecret, token);
  if (!ticket) {
    throw new Problem(
      "missing-user",
      "The upload's token is not valid. Send every field of codeUploadFields as it was given.",
    );
  }
  const code = await plainCode(file, isGzip || (file[0] === 0x1f && file[1] === 0x8b));
  await services.store.holdBlobs(async (put) => storeUpload(services, ticket, await put(code)));
}

async function storeUpload({ store, clock }: Services, ticket: UploadTicket, codeSha256: string): Promise<void> {
  const { orgId, machine: slug, machineOrder, id } = ticket;
  const scope = machineScope(orgId, slug);
  await store.exclusive(`upload ${scope}/${id}`, async () => {
    const machine = await store.get("machine", orgId, slug);
    if (machine?.order !== machineOrder || !machine) throw noMachine(slug);
    const made = (await store.get("version", scope, id)) ?? (await store.get("migration", scope, id));
    if (made) throw finalizedAlready(id);
    const earlier = await store.get("upload", scope, id);
    const rec: Upload = { versionId: id, orgId, machine: slug, codeSha256, uploadedAt: clock.now() };
    try {
      const ifRev = earlier?.rev ?? 0;
      await store.commit([expectMachine(machine), { op: "put", kind: "upload", scope, name: id, rec, ifRev }]);
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      throw error.ref.kind === "machine" ? noMachine(slug) : finalizedAlready(id);
    }
  });
}

async function plainCode(file: Buffer, isGzip: boolean): Promise<Buffer> {
  const { gzippedBytes, plainBytes } = bundleLimits;
  if (isGzip && file.length > gzippedBytes) throw tooLarge("gzipped code", file.length, gzippedBytes);
  let code = file;
  if (isGzip) {
    try {
      code = await gunzip(file, { maxOutputLength: plainBytes + 1 });
    } catch (error) {
      if (error instanceof RangeError) throw tooLarge("code", `more than ${plainBytes}`, plainBytes);
      throw new Problem("invalid-parameter", "The file was announced as gzip and can't be unzipped.", {
        parameter: "file",
      });
    }
  }
  if (code.length > plainBytes) throw tooLarge("code", code.length, plainBytes);
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(code);
  } catch {
    throw new Problem("invalid-parameter", "The code is not text in UTF-8.", { parameter: "file" });
  }
  return code;
}

function tooLarge(what: string, bytes: number | string, limit: number): Problem {
  return new Problem("body-too-large", `The ${what} is ${bytes} bytes, and the limit is ${limit}.`, {
    parameter: "file",
  });
}
