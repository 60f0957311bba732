// Receives a version's code, as bytes or gzipped, and keeps it until the version is finalized.

import { promisify } from "node:util";
import { gunzip as gunzipCallback } from "node:zlib";
import { Problem } from "../domain/problem.ts";
import type { Upload } from "../domain/records.ts";
import { verifyUpload } from "../domain/tickets.ts";
import { bundleLimits } from "./code.ts";
import { machineScope } from "./lookup.ts";
import type { Services } from "./services.ts";

const gunzip = promisify(gunzipCallback);

/**
 * Keeps uploaded code. `file` is gzipped when `isGzip` says so or its first bytes do; uploading again before finalizing replaces it.
 * @throws Problem for a token not signed here (403), a version already finalized (409), code too large (413) or not UTF-8 text (400)
 */
export async function receiveUpload(services: Services, token: string, file: Buffer, isGzip: boolean): Promise<void> {
  const ticket = verifyUpload(services.settings.uploadSecret, token);
  if (!ticket) {
    throw new Problem(
      "missing-user",
      "The upload's token is not valid. Send every field of codeUploadFields as it was given.",
    );
  }
  const { orgId, machine, versionId } = ticket;
  const scope = machineScope(orgId, machine);
  const code = await plainCode(file, isGzip || (file[0] === 0x1f && file[1] === 0x8b));
  const codeSha256 = await services.store.putBlob(code);
  await services.store.exclusive(`upload ${scope}/${versionId}`, async () => {
    if (await services.store.get("version", scope, versionId)) {
      throw new Problem("invalid-state", `The version ${versionId} was finalized already; its code can't change.`);
    }
    const earlier = await services.store.get("upload", scope, versionId);
    const rec: Upload = { versionId, orgId, machine, codeSha256, uploadedAt: services.clock.now() };
    await services.store.commit([{ op: "put", kind: "upload", scope, name: versionId, rec, ifRev: earlier?.rev ?? 0 }]);
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
