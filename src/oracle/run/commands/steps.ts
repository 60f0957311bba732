// What a sequence does to one instance: each step asks the model, then the target, then claims that they agree.

import { isDeepStrictEqual } from "node:util";
import type { PlannedEvent } from "../../contracts.ts";
import type { Answer } from "../../exchange.ts";
import { dig } from "../../fill.ts";
import { show } from "../../match.ts";
import { contextOf, eventOf } from "../../model/library.ts";
import { acceptedOf, type Outcome, type Reason } from "../../model/service.ts";
import { asJson, differenceOf } from "../../model/shown.ts";
import type { Event } from "../../model/statechart.ts";
import { judge, type RuleNames } from "../model/judge.ts";
import { allUnder, eventNames, ids } from "./rules.ts";
import type { Slot, World } from "./world.ts";

/** `template` is one of the plan's contexts. */
export async function create(world: World, slot: Slot, template: object, user: string): Promise<void> {
  const { machine, name, now } = slot;
  if (now === null) slot.secret = `secret-${name}-${world.slots.length}`;
  const given = contextOf(template as { [name: string]: unknown }, world.blanksOf(slot));
  const act = { sub: user };
  const outcomes = machine.model.create(now, name, given, act);
  const body = { slug: name, context: given };
  const answer = await world.client.send({ operation: "createMachineInstance", machine: machine.slug, body, act });
  const names = slot.wasDeleted ? allUnder(ids.remade) : allUnder(ids.createState, ids.created);
  world.count(
    now !== null ? "create-taken" : acceptedOf(outcomes) ? (slot.wasDeleted ? "remake" : "create") : "create-refused",
  );
  const outcome = enter(world, slot, outcomes, answer, names);
  if (outcome.kind === "accepted") {
    world.begin(slot, outcome.moment);
    if (outcome.reaction) world.visit(slot, outcome.reaction);
    world.claimForward(slot, answer);
  } else if (now !== null) {
    await verify(world, slot, ids.taken);
  } else if (world.options.abilities.read) {
    const absent = await world.client.send({ operation: "getMachineInstance", ...placeOf(slot), act });
    world.claim(ids.failedAbsent, absent.status === 404 ? null : `a read of it gives ${absent.status}`, slot);
  }
}

/** Sends an event; a refused one is followed by a read that shows that it changed nothing. */
export async function send(world: World, slot: Slot, event: Event | string, user: string): Promise<void> {
  const { machine, now } = slot;
  const act = { sub: user };
  const asked: Event = typeof event === "string" ? { type: event } : event;
  const outcomes = machine.model.send(now, asked, act);
  const answer = await world.client.send({
    operation: "sendMachineInstanceEvent",
    ...placeOf(slot),
    body: { event },
    act,
  });
  world.count(kindOf(outcomes));
  const isResumed = now !== null && slot.wasPaused && !now.isPaused;
  const names = isResumed ? { ...eventNames, accepted: ids.resumed } : eventNames;
  const outcome = enter(
    world,
    slot,
    outcomes,
    answer,
    slot.wasDeleted && now !== null ? remadeNames(slot, names) : names,
  );
  world.claimForward(slot, answer);
  if (now === null) return;
  if (outcome.kind === "accepted" && outcome.reaction !== null) {
    const isHandled = outcome.reaction.transitions.length > 0;
    slot.sent.push({ event: asked, moment: outcome.moment, isRecorded: isHandled ? "always" : "maybe" });
    world.moved(slot, outcome.moment);
    world.visit(slot, outcome.reaction);
    world.confirm(slot);
    return;
  }
  slot.sent.push({ event: asked, moment: now.moment, isRecorded: "never" });
  const rule = outcome.kind === "refused" ? unstored[outcome.reason] : undefined;
  slot.refusal = outcome.kind === "refused" ? outcome.reason : null;
  if (rule !== undefined) await verify(world, slot, rule);
}

/** The first thing that is sent to an instance made again shows whether anything of the old one is left. */
function remadeNames(slot: Slot, names: RuleNames): RuleNames {
  return slot.sent.length > 0 ? names : { ...names, accepted: ids.remade };
}

const unstored: { readonly [R in Reason]?: string } = {
  paused: ids.pausedUnstored,
  "write-refused": ids.refusedUnstored,
  threw: ids.throwUnstored,
};

function kindOf(outcomes: readonly Outcome[]): string {
  const accepted = acceptedOf(outcomes);
  if (accepted) return accepted.reaction?.transitions.length === 0 ? "send-unhandled" : "send-handled";
  const [first] = outcomes;
  return first?.kind === "refused" ? `send-${first.reason}` : "send";
}

/** The first of the plan's users who may read, else nobody. */
function readerOf({ machine, now }: Slot): string | undefined {
  return machine.plan.users.find((sub) => acceptedOf(machine.model.read(now, { sub })) !== undefined);
}

/** Is the instance where the model has it, for readers and, where they can be asked, for administrators? What differs is told under the rule. */
async function verify(world: World, slot: Slot, rule: string): Promise<void> {
  const { abilities } = world.options;
  const { now } = slot;
  const reader = readerOf(slot);
  if (now === null) return;
  if (abilities.read && reader !== undefined) {
    const answer = await world.client.send({ operation: "getMachineInstance", ...placeOf(slot), act: { sub: reader } });
    world.claimHidden(slot, answer);
    const difference = answer.status === 200 ? differenceOf(now.moment, answer.json)?.message : statusIn(answer);
    world.claim(rule, difference === undefined ? null : `after that, a read shows: ${difference}`, slot);
    world.claimForward(slot, answer);
    world.confirm(slot);
  }
  if (abilities.admin) {
    // Readers don't see all that may have changed.
    const { status, json } = await world.client.send({ operation: "getMachineInstanceAdmin", ...placeOf(slot) });
    const context = dig(json, "/context");
    const isOther = status === 200 && !isDeepStrictEqual(context, asJson(now.moment.context));
    world.claim(
      rule,
      isOther ? `after that, the context is ${show(context)}, not ${show(now.moment.context)}` : null,
      slot,
    );
  }
}

export async function read(world: World, slot: Slot, user: string): Promise<void> {
  const act = { sub: user };
  const outcomes = slot.machine.model.read(slot.now, act);
  const answer = await world.client.send({ operation: "getMachineInstance", ...placeOf(slot), act });
  const isAllowed = acceptedOf(outcomes) !== undefined;
  world.count(slot.now === null ? "read-absent" : isAllowed ? "read" : "read-refused");
  enter(world, slot, outcomes, answer, allUnder(ruleOfRead(slot, answer)));
  world.claimForward(slot, answer);
  if (isAllowed) world.confirm(slot);
}

/** Whose fault a wrong read would be: what was refused last, an event of another instance, or the read's own. */
function ruleOfRead({ past, refusal, movedOthers, now }: Slot, answer: Answer): string {
  if (refusal === "write-refused") return ids.refusedUnstored;
  if (refusal === "threw") return ids.throwUnstored;
  const isOld = past.slice(0, -1).some((moment) => differenceOf(moment, answer.json) === null);
  const isRight = now !== null && differenceOf(now.moment, answer.json) === null;
  return movedOthers > 0 && (isRight || !isOld) ? ids.apart : ids.readLast;
}

/** @throws Broken when the answer is none of the outcomes */
function enter(world: World, slot: Slot, outcomes: Outcome[], answer: Answer, names: RuleNames): Outcome {
  world.claimHidden(slot, answer);
  // What was never there is not what was deleted.
  const absent = slot.wasDeleted ? ids.deleted : ids.failedAbsent;
  const { claims, outcome } = judge(outcomes, answer, { ...names, refusals: { ...names.refusals, absent } });
  for (const { rule, refuted } of claims) world.claim(rule, refuted, slot);
  if (outcome === null) throw new Error("An answer that fits no outcome has broken no rule.");
  return outcome;
}

function statusIn({ status, text }: Answer): string {
  return status === 0 ? text : `the status is ${status}: ${text.slice(0, 200)}`;
}

export function placeOf({ machine, name }: Slot): { machine: string; instance: string } {
  return { machine: machine.slug, instance: name };
}

/** Of the plan's events, those that would move the instance if this user sent them, or whose computation would throw. */
export function enabledOf({ machine, now, secret }: Slot, user: string): PlannedEvent[] {
  return machine.plan.events.filter((planned) => {
    const outcomes = machine.model.send(now, eventOf(planned, { secret, n: 0 }), { sub: user });
    const isThrowing = outcomes.some((outcome) => outcome.kind === "refused" && outcome.reason === "threw");
    return isThrowing || (acceptedOf(outcomes)?.reaction?.transitions.length ?? 0) > 0;
  });
}
