// What a step leaves for later, as changes of the store that belong to the step's own commit: timers, messages, births, reports.

import type { Entropy } from "../domain/clock.ts";
import type { JsonObject } from "../domain/json.ts";
import type { Address, Instance, Work, WorkTask } from "../domain/records.ts";
import type { Addressee, InstanceRef, Posting, Step } from "../engine/port.ts";
import type { Change, Stored } from "../store/port.ts";
import { listAll } from "./lookup.ts";
import type { Services } from "./services.ts";

/** The scope of what is owed to an instance. */
export function workScope({ orgId, machine, slug }: InstanceRef): string {
  return `${orgId}/${machine}/${slug}`;
}

function timerName(id: string): string {
  return `timer ${id}`;
}

/** Everything that is owed to an instance, oldest first. */
export function worksFor(services: Services, instance: InstanceRef): Promise<Stored<Work>[]> {
  return listAll(services, "work", workScope(instance));
}

/** A work for `receiver` that is due at `dueAt` (epoch milliseconds); unless it is a timer, under a name that nothing has had. */
export function newWork(
  { entropy }: { entropy: Pick<Entropy, "bytes"> },
  receiver: InstanceRef,
  dueAt: number,
  task: WorkTask,
): Change {
  const { orgId, machine, slug: instance } = receiver;
  const drawn = () => `${task.kind} ${Buffer.from(entropy.bytes(12)).toString("base64url")}`;
  const name = task.kind === "timer" ? timerName(task.id) : drawn();
  const rec: Work = { name, orgId, machine, instance, dueAt, tries: 0, task };
  return { op: "put", kind: "work", scope: workScope(receiver), name, rec, ifRev: 0 };
}

/** The children after a step that posted this. */
export function childrenAfter(before: Instance["children"], posts: readonly Posting[]): Instance["children"] {
  if (posts.length === 0) return before;
  const children = { ...before };
  for (const post of posts) {
    if (post.kind === "spawn") children[post.id] = { machine: post.machine, instance: post.instance };
    else if (post.kind === "release") delete children[post.id];
  }
  return Object.keys(children).length > 0 ? children : undefined;
}

export interface Progress {
  step: Step;
  /** The instance after it. */
  rec: Instance;
  wasDone: boolean;
  /** Names of the works whose events the step holds. */
  works: readonly string[];
}

/** Whether anything goes with a step beside the instance itself; nearly always nothing does. */
export function leavesWork({ step, rec, wasDone, works }: Progress): boolean {
  if (works.length > 0 || step.timers.length > 0 || step.posts.length > 0) return true;
  return rec.state.done && !wasDone;
}

/**
 * The changes that go with a step: the works it consumed go, timers are cancelled and set, and others are told. An instance that is done
 * has no timers; whoever started it hears of its end.
 */
export async function worksOf(services: Services, progress: Progress): Promise<Change[]> {
  const { step, rec, wasDone } = progress;
  const owner = { orgId: rec.orgId, machine: rec.machine, slug: rec.slug };
  const removals = await removalsOf(services, owner, progress);
  const isOver = rec.state.done;
  const timers = isOver ? [] : step.timers.flatMap((change) => timerOf(services, owner, rec, step, change));
  const posts = step.posts.flatMap((post) => posted(services, owner, rec, step, post));
  const report = isOver && !wasDone ? reportOf(services, rec, step) : [];
  return [...removals, ...timers, ...posts, ...report];
}

/** Each work at most once, whatever the reasons it goes for. */
async function removalsOf(services: Services, owner: InstanceRef, { step, rec, works }: Progress): Promise<Change[]> {
  const scope = workScope(owner);
  const names = new Set(works);
  for (const { id } of step.timers) names.add(timerName(id));
  if (rec.state.done) {
    for (const { rec: work } of await worksFor(services, owner)) if (work.task.kind === "timer") names.add(work.name);
  }
  const found = await Promise.all([...names].map((name) => services.store.get("work", scope, name)));
  return [...names].flatMap((name, index): Change[] => {
    const rev = found[index]?.rev;
    return rev === undefined ? [] : [{ op: "delete", kind: "work", scope, name, ifRev: rev }];
  });
}

function timerOf(
  services: Services,
  owner: InstanceRef,
  rec: Instance,
  { authContext }: Step,
  { id, set }: Step["timers"][number],
): Change[] {
  if (!set) return [];
  const { mark, delayMs, event } = set;
  const to = set.to === undefined ? undefined : addressOf(set.to, rec);
  if (set.to !== undefined && to === undefined) return [];
  const task = { kind: "timer" as const, id, mark, event, authContext, ...(to ? { to } : {}) };
  return [newWork(services, owner, rec.state.ts + delayMs, task)];
}

function posted(services: Services, owner: InstanceRef, rec: Instance, { authContext }: Step, post: Posting): Change[] {
  const { ts } = rec.state;
  const from = { machine: rec.machine, instance: rec.slug };
  if (post.kind === "release") return [];
  if (post.kind === "spawn") {
    const { id, machine, instance, context, versionId } = post;
    const version = versionId === undefined ? {} : { versionId };
    const task = { kind: "birth" as const, parent: { ...from, id }, context, authContext, ...version };
    return [newWork(services, { ...owner, machine, slug: instance }, ts, task)];
  }
  const to = addressOf(post.to, rec);
  return to ? [message(services, owner.orgId, from, to, ts, post.event, authContext)] : [];
}

/** An event from one instance to another. */
export function message(
  services: Services,
  orgId: string,
  from: Address,
  to: Address,
  dueAt: number,
  event: JsonObject,
  authContext: Step["authContext"],
): Change {
  const receiver = { orgId, machine: to.machine, slug: to.instance };
  return newWork(services, receiver, dueAt, { kind: "message", from, event, authContext });
}

function reportOf(services: Services, rec: Instance, step: Step): Change[] {
  const { parent, orgId, machine, slug } = rec;
  if (!parent) return [];
  const child = { machine, instance: slug, id: parent.id };
  const output = step.output === undefined ? {} : { output: step.output };
  const task = {
    kind: "report" as const,
    child,
    outcome: { done: true as const, ...output },
    authContext: step.authContext,
  };
  return [newWork(services, { orgId, machine: parent.machine, slug: parent.instance }, rec.state.ts, task)];
}

function addressOf(to: Addressee, { parent }: Instance): Address | undefined {
  return to === "parent" ? parent : to;
}
