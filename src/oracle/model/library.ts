// The machines that models.yaml plans for, loaded once each: their models, and what is sent to them.

import type { Contracts, Plan, PlannedEvent, XStateVersion } from "../contracts.ts";
import { loadMachine } from "./load.ts";
import { createServiceModel, type ServiceModel } from "./service.ts";
import { type Context, createStatechart, type Event } from "./statechart.ts";

/** A machine of one XState, with its plan. */
export interface Kind {
  plan: Plan;
  version: XStateVersion;
  model: ServiceModel;
}

/** @throws when the contracts have no such machine */
export async function loadKind(plan: Plan, version: XStateVersion, { machines }: Contracts): Promise<Kind> {
  const code = machines.get(plan.machine)?.get(version);
  if (code === undefined) throw new Error(`There is no machine ${plan.machine} for XState ${version}.`);
  const module = await loadMachine(code, version);
  return { plan, version, model: createServiceModel(module, createStatechart(module, version)) };
}

/** What `{secret}` and `{n}` stand for. */
export interface Blanks {
  secret: string;
  n: number;
}

export function eventOf(planned: PlannedEvent, blanks: Blanks): Event {
  return typeof planned === "string" ? { type: planned } : filled(planned, blanks);
}

export function contextOf(planned: Plan["contexts"][number], blanks: Blanks): Context {
  return filled(planned, blanks);
}

function filled<T>(template: T, { secret, n }: Blanks): T {
  const text = JSON.stringify(template);
  return JSON.parse(text.replaceAll('"{n}"', JSON.stringify(n)).replaceAll('"{secret}"', JSON.stringify(secret)));
}
