// One external event for one instance: alone in its lane until its first commit, then only waiting for the machine to settle.

import { isJsonObject } from "../domain/json.ts";
import { Problem } from "../domain/problem.ts";
import type { Instance, Machine, State, Transition, Version } from "../domain/records.ts";
import type { AuthContext, Delivery, InstanceRef, Outcome, Reached, Step, TimerRef } from "../engine/port.ts";
import type { Change, Stored } from "../store/port.ts";
import { StoreConflict } from "../store/port.ts";
import { codeOf } from "./code.ts";
import { lastToForget } from "./history-retention.ts";
import { indexValuesOf } from "./index-values.ts";
import { expectMachine, instanceLane, machineScope, noMachine } from "./lookup.ts";
import { failureProblem, rejectionProblem } from "./outcome.ts";
import type { Services } from "./services.ts";
import { childrenAfter, leavesWork, worksOf } from "./works.ts";

/** In whose name something is delivered. The service's own events are trusted: no authorizer is asked about them. */
export interface Actor {
  authContext: AuthContext;
  isTrusted?: boolean;
}

/** What is delivered because it was due: the work's name among its receiver's, and for a timer which one. */
export interface Owed {
  work: string;
  timer?: TimerRef;
}

type What = Delivery["what"];

/** What to deliver to which version. A creation names the machine as it was read: it must be the same one when the instance is stored. */
export type Planned =
  | { version: Version; what: Exclude<What, { kind: "create" }> }
  | {
      version: Version;
      what: Extract<What, { kind: "create" }>;
      machine: Stored<Machine>;
      /** The instance that starts this one as its child. */
      parent?: NonNullable<Instance["parent"]>;
    };

/** Decides, from what is stored at that moment, what to deliver; throws a Problem to deliver nothing. */
export type Plan = (stored: Stored<Instance> | null) => Promise<Planned>;

/** Where the instance stands afterwards, and the version that took it there. */
export type Delivered = Reached & { version: Version };

/** Times a delivery is made again because a session ended or a worker died under it, through no fault of its own. */
const maxTries = 5;

/** What the plan was made from is not what is stored any more: nothing happened, and a new plan may go through. */
class Outdated extends Error {}

/** @throws Problem for everything but a settled or interrupted machine */
export async function deliver(services: Services, actor: Actor, instance: InstanceRef, plan: Plan): Promise<Delivered> {
  const { settled } = await begin(services, actor, instance, plan);
  const delivered = await settled;
  if (delivered) return delivered;
  throw new Error("only a timer's event can come to nothing");
}

/**
 * The same, but resolves as soon as another event may be delivered. `settled` then resolves with where the instance stands, or with null
 * when the event of a timer came to nothing.
 * @throws what `plan` throws
 */
export async function begin(
  services: Services,
  actor: Actor,
  instance: InstanceRef,
  plan: Plan,
  owed?: Owed,
): Promise<{ settled: Promise<Delivered | null> }> {
  const scope = machineScope(instance.orgId, instance.machine);
  const { store, engine, settings, entropy } = services;
  return store.exclusive(instanceLane(instance), async () => {
    for (let tries = maxTries; tries > 0; tries--) {
      const stored = await store.get("instance", scope, instance.slug);
      const planned = await plan(stored);
      const { version, what } = planned;
      const delivery = engine.deliver({
        instance,
        code: codeOf(services, version.id, version.codeSha256),
        what,
        ...actor,
        ...owed,
        hasParent: parentOf(planned, stored) !== undefined,
        seed: Buffer.from(entropy.bytes(12)).toString("base64url"),
        settleTimeoutMs: settings.settleTimeoutMs,
        commit: committer(services, instance, planned, stored),
      });
      // An object, since a promise as such would keep the lane waiting for it.
      if (await isProcessed(delivery.turn)) return { settled: delivered(delivery.outcome, version) };
    }
    throw new Problem("unavailable", "The sandbox was restarted several times while this event waited. Try again.");
  });
}

function parentOf(planned: Planned, stored: Stored<Instance> | null): Instance["parent"] {
  return "parent" in planned ? planned.parent : stored?.rec.parent;
}

async function delivered(outcome: Promise<Outcome>, version: Version): Promise<Delivered | null> {
  const reached = reachedBy(await outcome);
  return reached && { ...reached, version };
}

async function isProcessed(turn: Promise<boolean>): Promise<boolean> {
  try {
    return await turn;
  } catch (error) {
    if (error instanceof Outdated) return false;
    throw error;
  }
}

function reachedBy(outcome: Outcome): Reached | null {
  switch (outcome.kind) {
    case "void":
      return null;
    case "settled":
    case "interrupted":
      return outcome;
    case "rejected":
      throw rejectionProblem("allowWrite", outcome.message);
    case "failed":
      throw failureProblem(outcome.reason, outcome.message);
  }
}

/**
 * Stores one session's steps. The first is fenced by what it was planned from. From then on nobody else takes steps, but an administrator may
 * pause the instance or set its desired version: a step that finds it changed is laid over that and stored again. One that finds it deleted,
 * or made again under its name, is the session's last.
 */
function committer(
  services: Services,
  instance: InstanceRef,
  planned: Planned,
  stored: Stored<Instance> | null,
): Delivery["commit"] {
  const { store, clock, updates } = services;
  const { orgId, machine, slug } = instance;
  const scope = machineScope(orgId, machine);
  let isFirst = true;
  let last = stored;
  return async (step, works) => {
    for (;;) {
      const now = Math.max(clock.now(), last?.rec.state.ts ?? 0);
      const before = last?.rec ?? birthRecord(planned, now);
      const rec = advanced(before, step, instance, planned.version, now);
      const progress = { step, rec, wasDone: last?.rec.state.done === true, works };
      const changes: Change[] = [{ op: "put", kind: "instance", scope, name: slug, rec, ifRev: last?.rev ?? 0 }];
      if (last) changes.push({ op: "expect", kind: "instance", scope, name: slug, order: last.order });
      else if ("machine" in planned) changes.push(expectMachine(planned.machine));
      if (step.rows.length > 0) changes.push(...recorded(services, scope, step, rec));
      if (leavesWork(progress)) changes.push(...(await worksOf(services, progress)));
      try {
        const [rev = 0] = await store.commit(changes);
        last = last ? { ...last, rec, rev } : await newborn(services, scope, rec, rev);
      } catch (error) {
        if (!(error instanceof StoreConflict)) throw error;
        if (error.ref.kind === "machine") throw noMachine(machine);
        if (isFirst) throw new Outdated();
        last = await changedMeanwhile(services, scope, slug, last?.order);
        continue;
      }
      isFirst = false;
      updates.publish(instance, {
        kind: "state",
        rev: last.rev,
        state: rec.state,
        versionId: rec.versionId,
        context: rec.context,
      });
      return rec.state;
    }
  };
}

/** What is known of an instance before its first step. */
function birthRecord(planned: Planned, now: number): Kept {
  const parent = parentOf(planned, null);
  return { createdAt: now, status: "running", transitionCount: 0, ...(parent ? { parent } : {}) };
}

type Kept = Pick<Instance, "createdAt" | "status" | "transitionCount"> & Partial<Instance>;

/** The instance after a step: what the step says, and the rest as it was. */
function advanced(
  before: Kept,
  step: Step,
  { orgId, machine, slug }: InstanceRef,
  version: Version,
  now: number,
): Instance {
  const { indexValues: _, children: earlier, ...kept } = before;
  const values = indexValuesOf(version, step.context);
  const children = childrenAfter(earlier, step.posts);
  const rec: Instance = {
    ...kept,
    orgId,
    machine,
    slug,
    versionId: version.id,
    ...(values ? { indexValues: values } : {}),
    ...(children ? { children } : {}),
    state: project(step, now),
    context: step.context,
    snapshot: step.snapshot,
    running: step.running,
    transitionCount: before.transitionCount + step.rows.length,
  };
  // A step of the version that was desired has taken the instance there.
  if (rec.desiredVersionId === version.id) delete rec.desiredVersionId;
  return rec;
}

/** The step's transitions, and what of the history need not be kept any longer. */
function recorded({ settings }: Services, scope: string, step: Step, rec: Instance): Change[] {
  const { slug: name, transitionCount } = rec;
  const rows = rowsOf(step, rec);
  const seq = lastToForget(settings.historyRetention, transitionCount - rows.length, transitionCount);
  const appended: Change = { op: "append", scope, name, rows };
  return seq === null ? [appended] : [appended, { op: "forget", scope, name, seq }];
}

function rowsOf({ rows }: Step, { transitionCount, state }: Instance): Transition[] {
  const before = transitionCount - rows.length;
  return rows.map((row, index) => ({ seq: before + index + 1, createdAt: state.ts, ...row }));
}

/** A new instance in its place, which nobody can have taken yet: the creation still has the lane. */
async function newborn({ store }: Services, scope: string, rec: Instance, rev: number): Promise<Stored<Instance>> {
  const stored = await store.get("instance", scope, rec.slug);
  return { rec, rev, order: stored?.order ?? 0 };
}

/** What an administrator made of the instance since the session's last step. @throws Problem when it is not the same instance any more */
async function changedMeanwhile(
  { store }: Services,
  scope: string,
  slug: string,
  order: number | undefined,
): Promise<Stored<Instance>> {
  const stored = await store.get("instance", scope, slug);
  if (stored?.order !== order || !stored) throw deletedMeanwhile(slug);
  return stored;
}

/** What whoever waits for an instance to settle is told when it is deleted. */
export function deletedMeanwhile(slug: string): Problem {
  return new Problem("invalid-state", `The instance ${slug} was deleted while the event was processed.`);
}

/** The wire's view of a step. */
function project({ state, context, tags, done }: Step, ts: number): State {
  const shown = context.public;
  return { ts, state, ...(isJsonObject(shown) ? { publicContext: shown } : {}), tags, done };
}
