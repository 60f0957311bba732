// What a sequence does with administrators' rights, and what lists it looks at.

import { isDeepStrictEqual } from "node:util";
import { dig } from "../../fill.ts";
import { show } from "../../match.ts";
import { asJson } from "../../model/shown.ts";
import { confirmation } from "../model/client.ts";
import { faultOf } from "../model/transitions.ts";
import { ids } from "./rules.ts";
import { placeOf } from "./steps.ts";
import { Ended, type Slot, type World } from "./world.ts";

/** The transition list of what exists; that there is none of what doesn't. */
export async function lookAtHistory(world: World, slot: Slot): Promise<void> {
  const list = { operation: "listMachineInstanceTransitions", ...placeOf(slot) };
  const { entries, answer } = await world.client.all(list, "/transitions");
  world.count("history");
  if (slot.now === null) {
    world.claim(ids.deleted, answer.status === 404 ? null : `its transitions give ${answer.status}, not 404`, slot);
    return;
  }
  const fault = answer.status === 200 ? faultOf(entries, slot.sent) : null;
  if (answer.status !== 200) world.claim(ids.history, `the transitions give ${answer.status}: ${answer.text}`, slot);
  const isLeft = slot.wasDeleted && entries.length > slot.sent.length;
  const rule = isLeft ? ids.remade : fault?.kind === "refused" ? ids.historyRefused : ids.history;
  world.claim(rule, fault?.message ?? null, slot);
  if (slot.wasDeleted) world.claim(ids.remade, null, slot);
  if (slot.sent.some(({ isRecorded }) => isRecorded === "never")) world.claim(ids.historyRefused, null, slot);
}

export async function lookAtAdmin(world: World, slot: Slot): Promise<void> {
  const answer = await world.client.send({ operation: "getMachineInstanceAdmin", ...placeOf(slot) });
  world.count("admin");
  if (slot.now === null) {
    world.claim(ids.deleted, answer.status === 404 ? null : `its administrative state gives ${answer.status}`, slot);
    return;
  }
  const { moment, isPaused } = slot.now;
  const context = dig(answer.json, "/context");
  const isRight = answer.status === 200 && isDeepStrictEqual(context, asJson(moment.context));
  const seen = answer.status === 200 ? `the context is ${show(context)}` : `the status is ${answer.status}`;
  world.claim(ids.adminContext, isRight ? null : `${seen}, not ${show(moment.context)}`, slot);
  const status = dig(answer.json, "/status");
  const expected = isPaused ? "paused" : "running";
  world.claim(ids.adminStatus, status === expected ? null : `the status is ${show(status)}, not ${expected}`, slot);
}

export async function lookAtList(world: World, slot: Slot): Promise<void> {
  const list = { operation: "listMachineInstances", machine: slot.machine.slug };
  const { entries, answer } = await world.client.all(list, "/instances");
  world.count("list");
  if (answer.status !== 200) world.claim(ids.list, `the list gives ${answer.status}: ${answer.text}`);
  const listed = entries.map((entry) => dig(entry, "/slug"));
  for (const other of world.slots.filter(({ machine }) => machine === slot.machine)) {
    const times = listed.filter((name) => name === other.name).length;
    const expected = other.now === null ? 0 : 1;
    // What was deleted has a rule of its own.
    const rule = other.now === null && other.wasDeleted ? ids.deleted : ids.list;
    world.claim(rule, times === expected ? null : `the list has it ${times} times, not ${expected}`, other);
  }
}

export async function setStatus(world: World, slot: Slot, status: "running" | "paused"): Promise<void> {
  if (slot.now === null) return;
  const answer = await world.client.send({ operation: "setMachineInstanceStatus", ...placeOf(slot), body: { status } });
  world.count(status === "paused" ? "pause" : "resume");
  // That a status can be set is a scenario's claim.
  if (answer.status < 200 || answer.status > 299) throw new Ended(`setting the status gives ${answer.status}`);
  slot.now.isPaused = status === "paused";
  slot.wasPaused ||= slot.now.isPaused;
}

export async function remove(world: World, slot: Slot): Promise<void> {
  if (slot.now === null) return;
  const { machine, instance } = placeOf(slot);
  const body = confirmation(machine, instance);
  const answer = await world.client.send({ operation: "deleteMachineInstance", machine, instance, body });
  world.count("delete");
  if (answer.status < 200 || answer.status > 299) throw new Ended(`the deletion gives ${answer.status}`);
  slot.now = null;
  slot.wasDeleted = true;
}
