// What the store's tests share: records to store, a clock, entropy, folders that go away.

import { hash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock, Entropy } from "../../src/domain/clock.ts";
import type { JsonObject } from "../../src/domain/json.ts";
import type { Instance, Machine, Transition, Version } from "../../src/domain/records.ts";
import type { Change, Store } from "../../src/store/port.ts";

export const scope = "org_test/door";

export const clock: Clock = { now: () => Date.UTC(2026, 0, 1) };

let drawn = 0;
/** Different in each process and at each call, the same in each run but for the process number. */
const draw = (size: number) => Buffer.from(hash("sha512", `${process.pid}:${drawn++}`), "hex").subarray(0, size);
export const entropy: Entropy = { bytes: draw, secretBytes: draw };

export function instance(slug: string, transitionCount = 0, context: JsonObject = {}): Instance {
  const state = { ts: 1, state: "shut", tags: [], done: false };
  const versionId = "ver_test";
  const status = "running";
  return {
    orgId: "org_test",
    machine: "door",
    slug,
    createdAt: 1,
    status,
    versionId,
    state,
    context,
    snapshot: {},
    running: [],
    transitionCount,
  };
}

export function machine(slug: string): Machine {
  return { orgId: "org_test", slug, createdAt: 1, indexes: [] };
}

export function transition(seq: number, event: JsonObject = { type: "push" }): Transition {
  return { seq, createdAt: seq, event, state: "shut" };
}

export function putInstance(name: string, ifRev: number, context: JsonObject = {}): Change {
  return { op: "put", kind: "instance", scope, name, rec: instance(name, ifRev, context), ifRev };
}

/** An instance's next event: its next revision, and the transition of that number. */
export function step(name: string, ifRev: number, event?: JsonObject): Change[] {
  return [putInstance(name, ifRev), { op: "append", scope, name, rows: [transition(ifRev + 1, event)] }];
}

/** A log entry that says its own name. */
export function putLog(name: string): Change {
  const line = { machine: "door", instance: "a", versionId: "ver_test", outputType: "stdout" } as const;
  const rec = { orgId: "org_test", ts: 1, nr: 0, ...line, log: name };
  return { op: "put", kind: "log", scope: "org_test", name, rec, ifRev: 0 };
}

/** A version of the test scope's machine, without a name yet in the store. */
export function version(id: string, codeSha256: string): Version {
  const which = { orgId: "org_test", machine: "door", createdAt: 1, clientInfo: "", indexSelectors: {} };
  return { id, ...which, codeSha256, xstate: 5 };
}

/** Stores a version with this code, as an operation does. */
export function putVersion(store: Store, id: string, code: string): Promise<string> {
  return store.holdBlobs(async (put) => {
    const codeSha256 = await put(Buffer.from(code));
    await store.commit([{ op: "put", kind: "version", scope, name: id, rec: version(id, codeSha256), ifRev: 0 }]);
    return codeSha256;
  });
}

/** Keeps bytes that nobody names yet. */
export function putBlob(store: Store, bytes: Uint8Array): Promise<string> {
  return store.holdBlobs((put) => put(bytes));
}

export function remove(name: string, ifRev: number): Change {
  return { op: "delete", kind: "instance", scope, name, ifRev };
}

/** Names of a scope's instances, page after page. `between` runs after each page that has a next one. */
export async function namesInPages(
  store: Store,
  limit: number,
  between?: (page: number) => Promise<void>,
): Promise<string[]> {
  const names: string[] = [];
  let after = 0;
  for (let page = 1; ; page++) {
    const { items, next } = await store.list("instance", scope, after, limit);
    if (page > 1_000) throw new Error("the pages have no end");
    names.push(...items.map((item) => item.rec.slug));
    if (next === undefined) return names;
    await between?.(page);
    after = next;
  }
}

/** Everything of the test scope that a store shows, for comparing two stores. */
export async function shownBy(store: Store): Promise<unknown> {
  const { items: instances } = await store.list("instance", scope, 0, 10_000);
  const histories = [];
  for (const { rec } of instances) histories.push((await store.history(scope, rec.slug, 0, 10_000)).items);
  const { items: machines } = await store.list("machine", "org_test", 0, 10_000);
  return { instances, histories, machines };
}

/** A new folder under the system's, and how to get rid of it. */
export async function temporaryFolder(): Promise<{ folder: string; path: string; drop: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), "settle-store-"));
  return { folder, path: join(folder, "db.json"), drop: () => rm(folder, { recursive: true, force: true }) };
}
