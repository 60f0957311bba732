// Code of versions and migrations: where it is kept, and how uploaded code becomes one of them.

import { Problem } from "../domain/problem.ts";
import type { Machine, Upload, Version } from "../domain/records.ts";
import type { CodeRef, Inspection } from "../engine/port.ts";
import type { Change, Stored } from "../store/port.ts";
import { type Store, StoreConflict, StoreUnavailable, StoreUnreadable } from "../store/port.ts";
import { expectMachine, findMachine, findVersion, machineLane, machineScope, noMachine } from "./lookup.ts";
import type { Services } from "./services.ts";

/** Limits of a bundle. @see docs/semantics.md, Versions */
export const bundleLimits = { gzippedBytes: 1_000_000, plainBytes: 10_000_000 };

/**
 * @param owner whose code it is, to be told
 * @throws StoreUnreadable, which is no fault of a request or an event: they can be tried again once it is mended
 */
export async function readCode(store: Store, owner: string, codeSha256: string): Promise<Uint8Array> {
  const lost = (what: string, cause?: unknown) => new StoreUnreadable(`the code of ${owner} ${what}`, { cause });
  const bytes = await store.getBlob(codeSha256).catch((cause) => {
    if (cause instanceof StoreUnavailable) throw cause;
    const isSystems = cause instanceof Error && "syscall" in cause;
    throw lost(isSystems ? `can't be read (${cause.message})` : "is damaged: publish it again", cause);
  });
  if (!bytes) throw lost(`is missing (blob ${codeSha256}): publish it again`);
  return bytes;
}

/** `id` is the version's or the migration's. */
export function codeOf({ store }: Services, id: string, codeSha256: string): CodeRef {
  return {
    versionId: id,
    async fetch() {
      return Buffer.from(await readCode(store, id, codeSha256)).toString("utf8");
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
 * @throws Problem when the code is not usable (400), the version exists already (409) or the machine no more (404)
 */
export async function storeVersion(
  services: Services,
  machine: Stored<Machine>,
  draft: VersionDraft,
  { makeCurrent, upload }: { makeCurrent: boolean; upload?: Stored<Upload> },
): Promise<Version> {
  const { orgId, machine: slug, id } = draft;
  const scope = machineScope(orgId, slug);
  const inspection = await services.engine.inspect(codeOf(services, id, draft.codeSha256));
  if (!inspection.ok) throw unusable(inspection);
  const rec: Version = { ...draft, createdAt: services.clock.now(), xstate: inspection.xstate };
  await storeFinalized(services, machine, upload, async () => {
    const changes: Change[] = [{ op: "put", kind: "version", scope, name: id, rec, ifRev: 0 }];
    if (!makeCurrent) return changes;
    const { rec: before, rev } = await findMachine(services, orgId, slug);
    const current = { ...before, currentVersionId: id };
    return [...changes, { op: "put", kind: "machine", scope: orgId, name: slug, rec: current, ifRev: rev }];
  });
  return rec;
}

/** What an uploader is told whose code the engine can't use. */
export function unusable({ message }: Extract<Inspection, { ok: false }>): Problem {
  return new Problem("invalid-parameter", `The code can't be used: ${message}.`, { parameter: "file" });
}

/**
 * Stores what code has become, and takes its upload away. `machine` and `upload` are as they were read at the beginning.
 * One at a time for a machine: two finalizations must not overwrite each other's idea of the current version.
 * @throws Problem when it exists already, its code was replaced meanwhile (409), or the machine is gone (404)
 */
export async function storeFinalized(
  { store }: Services,
  machine: Stored<Machine>,
  upload: Stored<Upload> | undefined,
  become: () => Promise<Change[]>,
): Promise<void> {
  const { orgId, slug } = machine.rec;
  await store.exclusive(machineLane(orgId, slug), async () => {
    const changes = [expectMachine(machine), ...(await become())];
    if (upload) {
      const { versionId: name } = upload.rec;
      changes.push({ op: "delete", kind: "upload", scope: machineScope(orgId, slug), name, ifRev: upload.rev });
    }
    try {
      await store.commit(changes);
    } catch (error) {
      if (!(error instanceof StoreConflict)) throw error;
      if (error.ref.kind === "machine") throw noMachine(slug);
      if (error.ref.kind !== "upload") throw finalizedAlready(error.ref.name);
      const message = `The code of ${error.ref.name} was uploaded again meanwhile. Finalize it once more.`;
      throw new Problem("invalid-state", message);
    }
  });
}

export function finalizedAlready(id: string): Problem {
  return new Problem("invalid-state", `${id} was finalized already; its code can't change.`);
}

/** The code that was uploaded for a version or migration. @throws Problem when it is finalized, or nothing was uploaded (409) */
export async function findUpload(
  { store }: Services,
  kind: "version" | "migration",
  scope: string,
  id: string,
): Promise<Stored<Upload>> {
  if (await store.get(kind, scope, id)) throw finalizedAlready(id);
  const upload = await store.get("upload", scope, id);
  if (!upload) throw new Problem("invalid-state", `The code of ${kind} ${id} has not been uploaded.`);
  return upload;
}
