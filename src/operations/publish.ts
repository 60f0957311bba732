// Publishes code that came from a source file rather than an upload: the machine of that name, its code the current version.

import { createHash } from "node:crypto";
import { newId } from "../domain/ids.ts";
import { Problem } from "../domain/problem.ts";
import { StoreConflict } from "../store/port.ts";
import { storeVersion, unusable } from "./code.ts";
import { findMachine, machineScope } from "./lookup.ts";
import type { Services } from "./services.ts";

/**
 * Creates the machine when it is missing, and a version when the code differs from the current version's.
 * @returns the id of the new version, or null when nothing had to be done
 * @throws Problem when the code is not a machine the engine can run
 */
export async function publishMachine(
  services: Services,
  orgId: string,
  slug: string,
  code: string,
  clientInfo: string,
): Promise<string | null> {
  const { store, clock, entropy } = services;
  if (!(await store.get("machine", orgId, slug))) {
    const rec = { orgId, slug, createdAt: clock.now(), indexes: [] };
    await store.commit([{ op: "put", kind: "machine", scope: orgId, name: slug, rec, ifRev: 0 }]).catch(ignoreConflict);
  }
  return store.holdBlobs(async (put) => {
    const codeSha256 = await put(Buffer.from(code));
    const machine = await findMachine(services, orgId, slug);
    const currentId = machine.rec.currentVersionId;
    const current = currentId ? await store.get("version", machineScope(orgId, slug), currentId) : null;
    if (current?.rec.codeSha256 === codeSha256) return null;
    const id = newId("ver", entropy);
    const draft = { id, orgId, machine: slug, clientInfo, indexSelectors: {}, codeSha256 };
    await namingMachine(slug, () => storeVersion(services, machine, draft, { makeCurrent: true }));
    return id;
  });
}

/** Stores nothing. @throws Problem when the code is not a machine the engine can run */
export async function assertPublishable({ engine }: Services, slug: string, code: string): Promise<void> {
  // It is no version yet; workers are told apart by what they are given.
  const versionId = `source ${createHash("sha256").update(code).digest("hex")}`;
  await namingMachine(slug, async () => {
    const inspection = await engine.inspect({ versionId, fetch: async () => code });
    if (!inspection.ok) throw unusable(inspection);
  });
}

async function namingMachine(slug: string, fn: () => Promise<unknown>): Promise<void> {
  try {
    await fn();
  } catch (error) {
    if (error instanceof Problem) throw new Problem(error.code, `machine ${slug}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** Somebody else created it in the meantime, which is as good. */
function ignoreConflict(error: unknown): void {
  if (!(error instanceof StoreConflict)) throw error;
}
