// How much is measured, and with what: the fixed workload, and a short one for a quick look.

import { fileURLToPath } from "node:url";
import type { Workload } from "./figures.ts";

export interface Plan extends Workload {
  warmUpSeconds: number;
  /** Starts of each kind. */
  starts: number;
  growth: GrowthPlan;
  recovery: { instances: number; rounds: number; eventsBeforeKill: number };
  /** Requests of each kind that the memory is looked at after. */
  memory: { instances: number; requests: number };
  engine: { rounds: number; operations: number };
}

export interface GrowthPlan {
  /** Stored instances, and transitions behind an event, that are compared; the smallest first. */
  sizes: number[];
  histories: number[];
  rounds: number;
  /** Requests in each round of each kind. */
  requests: number;
}

const connections = 16;
/** 1 kB as JSON. The owner is whoever the admin token speaks for, so that the machine's authorizers say yes. */
export const context = { owner: "settle-admin", notes: "n".repeat(989) };
/** Instances stored before the first request of the operations. */
const instances = 1_000;

const workload = { connections, instances, contextBytes: JSON.stringify(context).length };

const careful: Plan = {
  ...workload,
  rounds: 5,
  seconds: 3,
  warmUpSeconds: 2,
  starts: 10,
  growth: { sizes: [100, 10_000, 100_000], histories: [0, 1_000, 10_000], rounds: 15, requests: 200 },
  recovery: { instances: 100_000, rounds: 5, eventsBeforeKill: 10_000 },
  memory: { instances: 100_000, requests: 20_000 },
  engine: { rounds: 5, operations: 20_000 },
};

const quick: Plan = {
  ...workload,
  rounds: 2,
  seconds: 1,
  warmUpSeconds: 1,
  starts: 2,
  growth: { sizes: [100, 10_000], histories: [0, 1_000, 10_000], rounds: 4, requests: 100 },
  recovery: { instances: 10_000, rounds: 2, eventsBeforeKill: 1_000 },
  memory: { instances: 10_000, requests: 2_000 },
  engine: { rounds: 2, operations: 4_000 },
};

export const plans = { careful, quick };

/** The machine that all instances but the timers' run. */
export const machine: string = fileURLToPath(new URL("machine.ts", import.meta.url));
