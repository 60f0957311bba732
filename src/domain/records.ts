// What the store keeps: one type a noun; times are epoch milliseconds, names and ids are the wire's own.

import type { Json, JsonObject } from "./json.ts";

export interface Org {
  id: string;
  name: string;
  createdAt: number;
  /** The key that created it, which may act in it; absent for the store's first one. */
  createdByKeyId?: string;
}

export type OrgRole = "admin" | "read" | "write";

/** Somebody asked to join an organization. `code` is `inv_…`; `acceptedBy` is the subject that used it. */
export interface Invitation {
  code: string;
  orgId: string;
  email: string;
  role: OrgRole;
  createdAt: number;
  acceptedBy?: string;
}

/** A signing key. `secret` is the whole `sbsec_…` string. */
export interface Key {
  id: string;
  orgId: string;
  name: string;
  secret: string;
  scopes: string[];
  createdAt: number;
}

/** A trusted issuer of tokens: at least one of `aud` and `iss`, and at least one of `key` (base64url of its bytes) and `jwksUrl`. */
export interface IdentityProvider {
  orgId: string;
  aud?: string;
  iss?: string;
  algs: string[];
  key?: string;
  jwksUrl?: string;
  mapping: JsonObject;
}

/** Makes tokens signed with a key of its organization out of what an identity provider's mapping yields. */
export interface TokenProvider {
  orgId: string;
  service: string;
  keyId: string;
  mapping: JsonObject;
}

/** The one record that says who runs this store: its first org and key, and the secret that signs upload URLs. */
export interface Bootstrap {
  orgId: string;
  keyId: string;
  adminToken: string;
  uploadSecret: string;
  /** That its org was given anonymous access, which somebody may have taken away since; absent in stores from before there was any. */
  anonymousAccessGiven?: true;
  /** How often a server with a manual clock was started on it; absent for never. */
  manualRuns?: number;
}

export interface Machine {
  orgId: string;
  slug: string;
  createdAt: number;
  indexes: string[];
  currentVersionId?: string;
}

/** Immutable code of a machine. The code itself is the blob `codeSha256`. */
export interface Version {
  id: string;
  orgId: string;
  machine: string;
  createdAt: number;
  clientInfo: string;
  indexSelectors: { [index: string]: string };
  codeSha256: string;
  /** Which XState the exported machine belongs to. */
  xstate: 4 | 5;
}

/** Code that carries instances from one version to another. The code itself is the blob `codeSha256`. */
export interface Migration {
  id: string;
  orgId: string;
  machine: string;
  fromVersionId: string;
  toVersionId: string;
  createdAt: number;
  codeSha256: string;
}

/** Code that arrived for a provisional version or migration and waits for finalize. `versionId` is the id of either. */
export interface Upload {
  versionId: string;
  orgId: string;
  machine: string;
  codeSha256: string;
  uploadedAt: number;
}

export type InstanceStatus = "running" | "paused";

/** XState's state value: a name, or parents mapped to their children. */
export type StateValue = string | { [state: string]: StateValue };

/** The wire projection of a snapshot. `ts` is epoch milliseconds and never decreases for an instance. */
export interface State {
  ts: number;
  state: StateValue;
  publicContext?: JsonObject;
  tags: string[];
  done: boolean;
}

/** An ephemeral child that was live at the last commit; if nobody ended it, its error event precedes the next event. */
export interface RunningChild {
  id: string;
  /** What it runs, for the message of the error event: the `src` name, or `(inline)`. */
  src: string;
}

export interface Instance {
  orgId: string;
  machine: string;
  slug: string;
  createdAt: number;
  status: InstanceStatus;
  versionId: string;
  /** Where the next event takes it first; absent when it is there. */
  desiredVersionId?: string;
  /** By index name, what its version's selectors yield on the context. Absent when the version selects nothing. */
  indexValues?: { [index: string]: string[] };
  state: State;
  /** The whole context, private keys included. */
  context: JsonObject;
  /** What the engine persists beside state value and context; opaque to everyone else. */
  snapshot: Json;
  running: RunningChild[];
  /** The instance that started this one as its child, and the id it knows it under. */
  parent?: Address & { id: string };
  /** The instances it started, by the id it knows them under. Absent when there are none. */
  children?: { [id: string]: Address };
  /** Number of transitions recorded so far; the next one's `seq` is this plus one. */
  transitionCount: number;
}

/**
 * What the service owes an instance at a time. It is deleted by the very commit that holds its event's transition, so that it happens
 * once; a failed try moves `dueAt`.
 */
export interface Work {
  /** Its own, among what is owed to its receiver. */
  name: string;
  orgId: string;
  /** The receiver. */
  machine: string;
  instance: string;
  /** Epoch milliseconds. */
  dueAt: number;
  /** Tries that failed so far. */
  tries: number;
  task: WorkTask;
}

/** Another instance of the same organization. */
export interface Address {
  machine: string;
  instance: string;
}

/** A delayed event that the instance set under its own id, for itself unless `to` says otherwise. */
export interface TimerTask {
  kind: "timer";
  id: string;
  /** Tells this setting from every other one of the same id. */
  mark: string;
  event: JsonObject;
  to?: Address;
  /** In whose name it was set. */
  authContext: Json;
}

/** An event from another instance; the receiver's authorizer decides about it. */
export interface MessageTask {
  kind: "message";
  from: Address;
  event: JsonObject;
  authContext: Json;
}

/** The receiver is to be created, as the child that `parent` knows as `id`. */
export interface BirthTask {
  kind: "birth";
  parent: Address & { id: string };
  versionId?: string;
  context: JsonObject;
  authContext: Json;
}

/** What became of a child that is an instance, for its parent: it is done, or it came to nothing. */
export interface ReportTask {
  kind: "report";
  child: Address & { id: string };
  outcome: { done: true; output?: Json } | { done: false; error: string };
  authContext: Json;
}
export type WorkTask = TimerTask | MessageTask | BirthTask | ReportTask;

/** One recorded event with the state it led to. `seq` counts from 1 within its instance. */
export interface Transition {
  seq: number;
  createdAt: number;
  event: JsonObject;
  state: StateValue;
}

/** One thing that machine code printed at `ts`, epoch milliseconds; `nr` counts its organization's entries of that millisecond from 0. @see logName */
export interface LogEntry {
  orgId: string;
  ts: number;
  nr: number;
  machine: string;
  instance: string;
  versionId: string;
  outputType: "stdout" | "stderr";
  log: string;
}
