// A version's code: where it is kept, and how uploaded code becomes a version.

import { Problem } from "../domain/problem.ts";
import type { Version } from "../domain/records.ts";
import type { CodeRef } from "../engine/port.ts";
import type { Change } from "../store/port.ts";
import { StoreConflict } from "../store/port.ts";
import { findMachine, findVersion, machineScope } from "./lookup.ts";
import type { Services } from "./services.ts";

/** Limits of a bundle. @see docs/semantics.md, Versions */
export const bundleLimits = { gzippedBytes: 1_000_000, plainBytes: 10_000_000 };

export function codeOf({ store }: Services, versionId: string, codeSha256: string): CodeRef {
  return {
    versionId,
    async fetch() {
      const bytes = await store.getBlob(codeSha256);
      if (!bytes) throw new Error(`the code of version ${versionId} is missing from the store (blob ${codeSha256})`);
      return Buffer.from(bytes).toString("utf8");
    },
  };
}

/** The same for a version that is looked up only when no worker has its code yet. */
export function codeOfStored(services: Services, orgId: string, machine: string, versionId: string): CodeRef {
  return {
    versionId,
    async fetch() {
      const { codeSha256 } = await findVersion(services, orgId, machine, versionId);
      return codeOf(services, versionId, codeSha256).fetch();
    },
  };
}

/** Everything about a new version but what its code turns out to be. */
export type VersionDraft = Omit<Version, "xstate" | "createdAt">;

/**
 * Loads the code, and if it is a machine the engine can run, stores the version (and makes it current).
 * @throws Problem when the code is not usable (400; 501 for what is not delivered yet) or the version exists already (409)
 */
export async function storeVersion(services: Services, draft: VersionDraft, makeCurrent: boolean): Promise<Version> {
  const { orgId, machine: slug, id } = draft;
  const scope = machineScope(orgId, slug);
  const inspection = await services.engine.inspect(codeOf(services, id, draft.codeSha256));
  if (!inspection.ok) {
    const code = inspection.reason === "not-implemented" ? "not-implemented" : "invalid-parameter";
    throw new Problem(code, `The code can't be used: ${inspection.message}.`, { parameter: "file" });
  }
  const rec: Version = { ...draft, createdAt: services.clock.now(), xstate: inspection.xstate };
  // Two finalizations of one machine must not overwrite each other's idea of the current version.
  return services.store.exclusive(`machine ${scope}`, async () => {
    const machine = await findMachine(services, orgId, slug);
    const upload = await services.store.get("upload", scope, id);
    const changes: Change[] = [{ op: "put", kind: "version", scope, name: id, rec, ifRev: 0 }];
    if (upload) changes.push({ op: "delete", kind: "upload", scope, name: id, ifRev: upload.rev });
    if (makeCurrent) {
      const current = { ...machine.rec, currentVersionId: id };
      changes.push({ op: "put", kind: "machine", scope: orgId, name: slug, rec: current, ifRev: machine.rev });
    }
    try {
      await services.store.commit(changes);
    } catch (error) {
      if (error instanceof StoreConflict)
        throw new Problem("invalid-state", `The version ${id} was finalized already.`);
      throw error;
    }
    return rec;
  });
}
