// The engine's port: run a version's code for one instance at a time, hand every step to the store before its effects, answer with an outcome.

import type { Json, JsonObject } from "../domain/json.ts";
import type { Address, RunningChild, State, StateValue } from "../domain/records.ts";

/** Code to run, a version's or a migration's: the worker is kept by `versionId`, the id of either; the bytes are fetched only when no worker has them yet. */
export interface CodeRef {
  versionId: string;
  fetch(): Promise<string>;
}

/** Whose turn it is; the name also tags console output. */
export interface InstanceRef {
  orgId: string;
  machine: string;
  slug: string;
}

/** What an instance was when it last rested. */
export interface Resting {
  state: StateValue;
  context: JsonObject;
  snapshot: Json;
  /** Children whose error events must precede the next event. */
  running: RunningChild[];
}

/** A state, as the keys that lead to it from the root of its statechart. */
export type StatePath = string[];

/** What a history state remembers. `parent` is the old path of its parent, `height` how far below that the deepest of the leaves lay then. */
export interface Memory {
  parent: StatePath;
  height: number;
  leaves: StatePath[];
}

/** Where an instance rests, said so that a migration can map it: without anything that only one version's statechart or one XState knows. */
export interface Position {
  /** The active leaf states. */
  active: StatePath[];
  remembered: Memory[];
  context: JsonObject;
}

/** Whom an event is for: an instance, or the one that started the sender as its child. */
export type Addressee = Address | "parent";

/**
 * What a step wants of other instances, in order. `spawn` starts a child that is an instance; `id` is what its parent knows it under.
 * `release` ends that bond: the parent hears no more of the child, which goes on as an instance like any other.
 */
export type Posting =
  | ({ kind: "spawn"; id: string; versionId?: string; context: JsonObject } & Address)
  | { kind: "release"; id: string }
  | { kind: "send"; to: Addressee; event: JsonObject };

/** One setting of a timer: `mark` tells it from every other setting of the same id. */
export interface TimerRef {
  id: string;
  mark: string;
}

/**
 * What becomes of one timer of an instance: set (anew, whatever was pending under its id), or cancelled if it is pending.
 * `delayMs` counts from the commit. The event is for the instance itself unless `to` says otherwise.
 */
export interface TimerChange {
  id: string;
  set: { mark: string; delayMs: number; event: JsonObject; to?: Addressee } | null;
}

/** One commit's worth of progress: everything that must be durable before the effects it causes may run. */
export interface Step {
  state: StateValue;
  context: JsonObject;
  tags: string[];
  done: boolean;
  /** What the machine returned in its final state, if anything. */
  output?: Json;
  snapshot: Json;
  running: RunningChild[];
  /** The events processed since the previous commit, each with the state it led to, in order. */
  rows: { event: JsonObject; state: StateValue }[];
  /** At most one change for each id. */
  timers: TimerChange[];
  posts: Posting[];
  /** In whose name the timers and posts are: the auth context of the last event from outside. */
  authContext: AuthContext;
}

/** Handed to the version's authorizer, and with every event that is sent on. */
export type AuthContext = Json;

export interface Delivery {
  instance: InstanceRef;
  code: CodeRef;
  /**
   * `create` starts the statechart with a given context; `event` continues from where it rests. `arrive` continues from where migrations led:
   * nothing is entered there, and the first step holds a row of the event `statebacked.upgrade` before the event's own.
   */
  what:
    | { kind: "create"; context: JsonObject }
    | { kind: "event"; event: JsonObject; resting: Resting }
    | { kind: "arrive"; event: JsonObject; position: Position };
  authContext: AuthContext;
  /** True: the service itself acts, and no authorizer is asked. */
  isTrusted?: boolean;
  /** Whether the instance is another one's child, and may send events to it. */
  hasParent?: boolean;
  /** What the names of children and timers are drawn from; the same one twice gives the same names. */
  seed: string;
  settleTimeoutMs: number;
  /** For a timer's event: which one. An event whose timer was cancelled or set anew in the meantime comes to nothing (`void`). */
  timer?: TimerRef;
  /** Whoever delivers may name the work this is; `commit` is told the names of the works whose events a step holds. */
  work?: string;
  /**
   * Makes a step durable and says what the wire state is then. A rejection ends the session: no effect of the step runs.
   * It is the session's opener that is asked, for the events of those who joined too.
   */
  commit(step: Step, works: readonly string[]): Promise<State>;
}

/** Where an instance stands after its last commit. */
export type Reached = { state: State } & Pick<Step, "context" | "output">;

/**
 * How a delivery ended.
 * - `settled`: no ephemeral child runs any more. `interrupted`: the settle timeout passed (or the sandbox died) after at least one
 *   commit; its live children were stopped, and the last commit's `running` names those whose error events are owed.
 * - `void`: the event of a timer that is no longer pending; nothing happened.
 * - `rejected`: the authorizer said no (or threw: `message`); nothing was stored.
 * - `failed`: nothing of this event was stored; except for `cpu-limit` and `memory-limit`, where an effect may have been what ran away:
 *   its transition was committed before and stays.
 */
export type Outcome =
  | ({ kind: "settled" | "interrupted" } & Reached)
  | { kind: "void" }
  | { kind: "rejected"; message?: string }
  | { kind: "failed"; reason: FailureReason; message: string };

export type FailureReason =
  | "machine-error" // computing the transition threw
  | "context-too-large"
  | "settle-timeout" // no transition within the settle timeout
  | "cpu-limit"
  | "memory-limit"
  | "load-error"; // the code that loaded at finalize doesn't load any more

/** Why uploaded code can't be used. */
interface Unusable {
  ok: false;
  reason: "invalid" | "cpu-limit" | "memory-limit";
  message: string;
}

/** What `inspect` found in uploaded code. */
export type Inspection = { ok: true; xstate: 4 | 5 } | Unusable;

/** What `inspectMigration` found. */
export type MigrationInspection = { ok: true } | Unusable;

/** Where to take an instance, and along which migrations. What one of them prints belongs to the version it leads to. */
export interface MigrateRequest {
  instance: InstanceRef;
  /** The version it is on, whose statechart knows what its history states remember. */
  from: CodeRef;
  resting: Omit<Resting, "running">;
  /** First to last. */
  migrations: { code: CodeRef; toVersionId: string }[];
  /** Longest that a promise of a migration is waited for. */
  timeoutMs: number;
}

/** A `failed` names what threw, or what was returned in a path's or a context's place. */
export type Migrated = { kind: "moved"; position: Position } | Extract<Outcome, { kind: "failed" }>;

/** A transition that could take an event, as the statechart has it. */
export interface Candidate {
  /** The id of the state that it leaves from. */
  state: string;
  /** What it is declared for: the event's type, or a wildcard. */
  event: string;
  /** What its guard says of the event; absent without one. `error`: it threw, which counts as no and fails the event. */
  guard?: { name: string; passes: boolean; error?: string };
  /** The ids of the states that it leads to; none when it stays. */
  targets: string[];
  actions: string[];
  isTaken: boolean;
}

/** What a statechart is made of, its root aside. */
export interface ChartParts {
  xstate: 4 | 5;
  /** `path`: the keys that lead to it, as in `open.waiting`. */
  states: { id: string; path: string }[];
  /** Those that take an event. */
  transitions: (Pick<Candidate, "state" | "event" | "targets"> & { guard?: string })[];
}

/** What an event would do, and why. */
export interface Explanation {
  /** What `allowWrite` says. `error`: it threw, or was late, which counts as no. */
  authorizer: { allows: boolean; error?: string };
  /** In the order in which XState asks them: innermost states first. */
  candidates: Candidate[];
  /** Where the event leads if it is allowed, before anything that it starts has an effect; or what computing that threw. */
  outcome: { state: StateValue; context: JsonObject; done: boolean } | { error: string };
  /** Where it was asked for. */
  chart?: ChartParts;
}

/** An HTTP request as a mapper's handler gets it: header names in lower case, every header and query parameter one string. */
export interface MappedRequest {
  body: Json;
  headers: { [name: string]: string };
  method: string;
  query: { [name: string]: string };
}

/** What a handler made of a request: which instance gets which event, in whose name. */
export interface MappedEvent {
  machineInstanceName: string;
  event: JsonObject & { type: string };
  authContext: JsonObject;
  /** Creates the instance when it is missing. */
  initialContext?: JsonObject;
}

/** A response as a response mapper wants it; it can be sent as it is. */
export interface MappedResponse {
  status: number;
  headers: { [name: string]: string };
  body: Uint8Array | null;
}

export type Failure = Extract<Outcome, { kind: "failed" }>;

export interface LogLine {
  instance: InstanceRef | null;
  versionId: string;
  outputType: "stdout" | "stderr";
  log: string;
}

/** The engine is closing or closed: nothing of the call was stored, and nothing will be. */
export class EngineClosed extends Error {
  constructor() {
    super("the server is stopping");
    this.name = "EngineClosed";
  }
}

export interface Engine {
  /** Loads code and says whether it is a machine this engine can run; the worker stays warm for its first instance. */
  inspect(code: CodeRef): Promise<Inspection>;

  /** Loads code and says whether it is a migration. */
  inspectMigration(code: CodeRef): Promise<MigrationInspection>;

  /** Runs migrations one after the other on an instance at rest. Nothing is stored: the result is for a delivery that arrives. */
  migrate(request: MigrateRequest): Promise<Migrated>;

  /** Asks `allowRead`. A throw counts as no. */
  authorizeRead(query: {
    instance: InstanceRef;
    code: CodeRef;
    state: StateValue;
    context: JsonObject;
    authContext: AuthContext;
    timeoutMs: number;
  }): Promise<Extract<Outcome, { kind: "rejected" | "failed" }> | { kind: "allowed" }>;

  /** Says what an event would do to an instance at rest. Nothing is stored, run or printed. */
  explain(question: {
    instance: InstanceRef;
    code: CodeRef;
    resting: Resting;
    event: JsonObject;
    authContext: AuthContext;
    timeoutMs: number;
    /** Whether to say what the statechart is made of, too. */
    withChart?: boolean;
  }): Promise<({ kind: "explained" } & Explanation) | Failure>;

  /** Asks the handler of the version's mapper `mapper`; `absent` when it has none. What it returned was checked, or is a `machine-error`. */
  mapRequest(call: {
    code: CodeRef;
    mapper: string;
    request: MappedRequest;
    timeoutMs: number;
  }): Promise<{ kind: "mapped"; event: MappedEvent } | { kind: "absent" } | Failure>;

  /**
   * Asks the response mapper of the version's mapper `mapper`; `absent` when it has none. `unmapped`: it threw, took longer than
   * `timeoutMs`, or returned what is no response; a note in the instance's output says which.
   */
  mapResponse(call: {
    instance: InstanceRef;
    code: CodeRef;
    mapper: string;
    reached: { state: StateValue; context: JsonObject; result: Json };
    timeoutMs: number;
  }): Promise<{ kind: "mapped"; response: MappedResponse } | { kind: "unmapped" | "absent" } | Failure>;

  /** Whether an earlier delivery to this instance still waits for its children; a delivery then joins it as one more event of the same actor. */
  isLive(instance: InstanceRef): boolean;

  /**
   * Delivers one event. `turn` resolves when the event was processed and its first commit is durable (or it came to nothing): from then on
   * another event may be delivered. It resolves with false when the delivery has to be made again from what is stored now: the session it
   * would have joined had just ended, or its worker died of somebody else's doing; `outcome` then never resolves. Otherwise `outcome`
   * resolves when the machine settled or the settle timeout passed. Neither rejects for what machine code does; both reject with what
   * `commit` rejected with.
   */
  deliver(delivery: Delivery): { turn: Promise<boolean>; outcome: Promise<Outcome> };

  /**
   * Ends an instance's live session, if there is one: no further step of it is committed, its children are stopped, and whoever waits for it
   * is told `reason`. Resolves when none of its commits is under way any more.
   */
  end(instance: InstanceRef, reason: Error): Promise<void>;

  /** Nobody is to run these versions and migrations any more: the worker of each ends once nobody waits for it. */
  letGo(versionIds: readonly string[]): void;

  /** Ends every live session as `end` does, and lets go of all code, so that each version is loaded anew. */
  forget(reason: Error): Promise<void>;

  /** Ends the runner; whatever still runs is interrupted. */
  close(): Promise<void>;
}
