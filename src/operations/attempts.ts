// One try of a work that is due, by its kind: a timer's event, a message, the birth of a child, a report to a parent.

import { isJsonObject } from "../domain/json.ts";
import { Problem } from "../domain/problem.ts";
import type { BirthTask, Instance, MessageTask, ReportTask, TimerTask } from "../domain/records.ts";
import type { InstanceRef } from "../engine/port.ts";
import type { Change, DueWork, Stored } from "../store/port.ts";
import { StoreConflict } from "../store/port.ts";
import type { Actor, Owed, Plan } from "./deliver.ts";
import { begin } from "./deliver.ts";
import type { Try } from "./dispatcher.ts";
import { findMachine, findVersion, machineScope, versionToRun } from "./lookup.ts";
import type { Services } from "./services.ts";
import { planEvent } from "./upgrade.ts";
import { message, newWork } from "./works.ts";

const done: Try = { kind: "taken", settled: Promise.resolve() };

/** The work is not what it was when it was taken up: it was cancelled, or set anew. */
class Outlived extends Error {}

/** @throws whatever is no answer to the work itself: the store or the sandbox can't be asked now */
export async function attemptWork(services: Services, work: DueWork): Promise<Try> {
  try {
    return await attemptTask(services, work);
  } catch (error) {
    if (error instanceof Outlived) return done;
    if (error instanceof Problem && error.code !== "unavailable") return { kind: "failed", reason: error.message };
    throw error;
  }
}

function attemptTask(services: Services, work: DueWork): Promise<Try> {
  const { task } = work.rec;
  switch (task.kind) {
    case "timer":
      return task.to ? pass(services, work, task) : ring(services, work, task);
    case "message":
      return hand(services, work, task);
    case "birth":
      return bear(services, work, task);
    case "report":
      return report(services, work, task);
  }
}

/** A timer's event is the service's own. */
function ring(services: Services, work: DueWork, { id, mark, event, authContext }: TimerTask): Promise<Try> {
  const plan = planOf(services, work, (rec) => planEvent(services, rec, event));
  return tryOnce(services, work, { authContext, isTrusted: true }, plan, { work: work.name, timer: { id, mark } });
}

/** A delayed event for another instance becomes a message once it is due. */
async function pass(services: Services, work: DueWork, { event, to, authContext }: TimerTask): Promise<Try> {
  const { orgId, machine, instance, dueAt } = work.rec;
  if (to) await replace(services, work, message(services, orgId, { machine, instance }, to, dueAt, event, authContext));
  return done;
}

async function hand(services: Services, work: DueWork, { from, event, authContext }: MessageTask): Promise<Try> {
  const earlier = await earlierOf(services, work, from);
  if (earlier) return { kind: "postponed", dueAt: earlier.rec.dueAt };
  const plan = planOf(services, work, (rec) => planEvent(services, rec, event));
  return tryOnce(services, work, { authContext: asSender(authContext, from) }, plan, { work: work.name });
}

/** Messages looked through for an earlier one of the same sender; one that is being tried again is among the oldest. */
const lookBack = 200;

/** Events of one sender for one receiver arrive in the order in which they were sent, also when one has to be tried again. */
async function earlierOf(
  { store }: Services,
  work: DueWork,
  from: MessageTask["from"],
): Promise<Stored<DueWork["rec"]> | undefined> {
  const { items } = await store.list("work", work.scope, 0, lookBack);
  return items.find(({ rec: { task, tries }, order }) => {
    if (order >= work.order || task.kind !== "message" || tries === 0) return false;
    return task.from.machine === from.machine && task.from.instance === from.instance;
  });
}

/** Creating a child is tried once: what speaks against it is told to its parent. */
async function bear(services: Services, work: DueWork, task: BirthTask): Promise<Try> {
  const { parent, versionId, context, authContext } = task;
  const { orgId, machine, instance: slug } = work.rec;
  try {
    const stored = await findMachine(services, orgId, machine);
    const version = await versionToRun(services, stored.rec, versionId);
    const plan: Plan = async (existing) => {
      await assertCurrent(services, work);
      if (existing) throw new Problem("invalid-state", `The machine ${machine} has an instance ${slug} already.`);
      return { version, machine: stored, parent, what: { kind: "create", context } };
    };
    const actor = { authContext: asSender(authContext, parent) };
    const result = await tryOnce(services, work, actor, plan, { work: work.name });
    if (result.kind !== "failed") return result;
    return await unborn(services, work, task, result.reason);
  } catch (error) {
    if (!(error instanceof Problem) || error.code === "unavailable") throw error;
    return unborn(services, work, task, error.message);
  }
}

async function unborn(
  services: Services,
  work: DueWork,
  { parent, authContext }: BirthTask,
  error: string,
): Promise<Try> {
  const { orgId, machine, instance } = work.rec;
  const child = { machine, instance, id: parent.id };
  const to = { orgId, machine: parent.machine, slug: parent.instance };
  const task = { kind: "report" as const, child, outcome: { done: false as const, error }, authContext };
  await replace(services, work, newWork(services, to, services.clock.now(), task));
  return done;
}

/** What became of a child is the service's own event, if its parent still knows it. */
async function report(services: Services, work: DueWork, { child, outcome, authContext }: ReportTask): Promise<Try> {
  const { orgId, machine, instance: slug } = work.rec;
  const { store } = services;
  const parent = await store.get("instance", machineScope(orgId, machine), slug);
  const known = parent?.rec.children?.[child.id];
  if (!parent || known?.machine !== child.machine || known.instance !== child.instance) {
    await replace(services, work);
    return done;
  }
  const { xstate } = await findVersion(services, orgId, machine, parent.rec.versionId);
  const event = reportEvent(xstate, child.id, outcome);
  const plan = planOf(services, work, (rec) => planEvent(services, rec, event));
  return tryOnce(services, work, { authContext, isTrusted: true }, plan, { work: work.name });
}

/** As XState itself tells of the end of an invocation. */
function reportEvent(xstate: 4 | 5, id: string, outcome: ReportTask["outcome"]) {
  if (outcome.done) {
    const output = outcome.output ?? null;
    if (xstate === 4) return { type: `done.invoke.${id}`, data: output };
    return { type: `xstate.done.actor.${id}`, output, actorId: id };
  }
  const error = { message: outcome.error };
  if (xstate === 4) return { type: `error.platform.${id}`, data: error };
  return { type: `xstate.error.actor.${id}`, error, actorId: id };
}

/** Only the service says who sent an event. */
function asSender(authContext: Actor["authContext"], { machine, instance }: MessageTask["from"]): Actor["authContext"] {
  const stateBackedSender = { machineName: machine, machineInstanceName: instance };
  return { ...(isJsonObject(authContext) ? authContext : {}), stateBackedSender };
}

function planOf(services: Services, work: DueWork, plan: (rec: Instance) => ReturnType<Plan>): Plan {
  return async (stored) => {
    await assertCurrent(services, work);
    if (stored) return plan(stored.rec);
    const { machine, instance } = work.rec;
    throw new Problem("not-found", `The machine ${machine} has no instance ${instance}.`);
  };
}

async function assertCurrent(services: Services, work: DueWork): Promise<void> {
  if (!(await isCurrent(services, work))) throw new Outlived();
}

async function isCurrent({ store }: Services, { scope, name, rev, order }: DueWork): Promise<boolean> {
  const stored = await store.get("work", scope, name);
  return stored?.rev === rev && stored.order === order;
}

async function tryOnce(services: Services, work: DueWork, actor: Actor, plan: Plan, owed: Owed): Promise<Try> {
  const { orgId, machine, instance: slug } = work.rec;
  const receiver: InstanceRef = { orgId, machine, slug };
  const { settled } = await begin(services, actor, receiver, plan, owed);
  // Stored with its event, it is gone; else the outcome says why it came to nothing.
  if (await isCurrent(services, work)) await settled;
  const stored = await services.store.get("instance", machineScope(orgId, machine), slug);
  const isSettling = stored !== null && stored.rec.running.length > 0;
  return { kind: "taken", settled: settled.then(ignore, ignore), isSettling };
}

function ignore(): void {
  // The event is stored: how the machine settled is told where it is read.
}

/** Takes the work out of the store, with what follows from it. */
async function replace({ store }: Services, { scope, name, rev }: DueWork, ...changes: Change[]): Promise<void> {
  try {
    await store.commit([{ op: "delete", kind: "work", scope, name, ifRev: rev }, ...changes]);
  } catch (error) {
    if (!(error instanceof StoreConflict)) throw error;
    throw new Outlived();
  }
}
