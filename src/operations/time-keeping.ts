// What is due gets done: the dispatcher with the attempts of this service, and what is said of works that are given up.

import type { Alarm } from "../domain/clock.ts";
import type { Work } from "../domain/records.ts";
import type { DueWork } from "../store/port.ts";
import { attemptWork } from "./attempts.ts";
import type { Dispatcher, Try } from "./dispatcher.ts";
import { createDispatcher } from "./dispatcher.ts";
import { machineScope } from "./lookup.ts";
import type { Services } from "./services.ts";
import type { Quiet } from "./state/quiet.ts";

/** Receivers served at the same time, while others wait their turn. */
const manyAtOnce = 64;

export interface TimeKeepingOptions {
  alarm: Alarm;
  /** Between the tries of a work. */
  retryDelayMs: number;
  /** One thing after the other, so that a run can be repeated. */
  isStrict: boolean;
  /** Each try waits for it, and counts as in hand until all that it set off has settled. */
  quiet: Quiet;
}

export function createTimeKeeping(
  services: Services,
  { alarm, retryDelayMs, isStrict, quiet }: TimeKeepingOptions,
): Dispatcher {
  const { store, clock } = services;
  return createDispatcher({
    store,
    clock,
    alarm,
    retryDelayMs,
    concurrency: isStrict ? 1 : manyAtOnce,
    attempt: (work) => attempt(services, quiet, work),
    onDropped: (work, reason) => void noteDropped(services, work, reason).catch(() => {}),
  });
}

async function attempt(services: Services, quiet: Quiet, work: DueWork): Promise<Try> {
  const leave = await quiet.enter();
  let settled: Promise<void> | undefined;
  try {
    const result = await attemptWork(services, work);
    if (result.kind === "taken") settled = result.settled;
    return result;
  } finally {
    if (settled) void settled.then(leave, leave);
    else leave();
  }
}

/** The instance's own log says what it did not get. */
async function noteDropped({ store, logs }: Services, work: Work, reason: string): Promise<void> {
  const { orgId, machine, instance: slug, task } = work;
  const stored = await store.get("instance", machineScope(orgId, machine), slug);
  if (!stored) return;
  const what = "event" in task ? `the event '${String(task.event.type)}'` : "what became of a child";
  const log = `gave up delivering ${what} (${task.kind}) after ${work.tries + 1} tries: ${reason}`;
  const instance = { orgId, machine, slug };
  logs.keep({ instance, versionId: stored.rec.versionId, outputType: "stderr", log });
}
