// What is measured, as bench/results.json keeps it. A part that was never measured is absent.

import { readFile, writeFile } from "node:fs/promises";
import type { Resident } from "./programs.ts";
import type { CrowdFigures } from "./subscribers.ts";
import type { AlarmFigures } from "./timers.ts";

/** The parts, in the order in which they are measured and told. */
export const parts = [
  "operations",
  "growth",
  "recovery",
  "memory",
  "start",
  "subscribers",
  "timers",
  "engine",
] as const;
export type Part = (typeof parts)[number];

export interface Figures {
  operations?: OperationFigures & Measured;
  growth?: GrowthFigures & Measured;
  recovery?: RecoveryFigures & Measured;
  memory?: MemoryFigures & Measured;
  start?: StartFigures & Measured;
  subscribers?: { crowds: CrowdFigures[] } & Measured;
  timers?: AlarmFigures & Measured;
  engine?: EngineFigures & Measured;
}

/** Parts may be measured apart from each other, so each says when, where, and how busy the machine was. */
export interface Measured {
  date: string;
  machine: { cores: number; cpu: string; memoryGb: number; node: string };
  /** Load average of the last minute, before the part and after it (the part's own load included). */
  load: { before: number; after: number };
}

/** Milliseconds. */
export interface Latency {
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  longest: number;
}

export interface Round {
  requestsPerSecond: number;
  latencyMs: Latency;
}

export interface Workload {
  connections: number;
  /** Stored before the first request. */
  instances: number;
  contextBytes: number;
  rounds: number;
  seconds: number;
}

/** Who answers the same requests, in the order of the first round. */
export const contenders = ["settle", "prism", "mockoon", "echo"] as const;
export type Contender = (typeof contenders)[number];

export interface OperationFigures {
  workload: Workload;
  /** The rounds of each operation, by its name, in the order they were run. */
  operations: { [name: string]: { [C in Contender]: Round }[] };
}

export interface GrowthFigures {
  requests: number;
  connections: number;
  /** Median milliseconds of each round, by what was done and, there, by how much was stored already (in the same order in each round). */
  bySize: { [operation: string]: Growing[] };
  byHistory: { [operation: string]: Growing[] };
}

export interface Growing {
  /** Instances stored, or transitions behind the event. */
  amount: number;
  medianMs: number[];
}

/** Milliseconds from the start of the process to the ready line. */
export interface RecoveryFigures {
  instances: number;
  eventsBeforeKill: number;
  afterStop: number[];
  afterKill: number[];
}

/** Bytes resident of the server and its runner. */
export interface MemoryFigures {
  instances: number;
  requests: number;
  /** An empty store, before any machine ran. */
  atRest: Resident;
  afterLoad: Resident;
  /** With many instances stored, before any machine ran. */
  stored: Resident;
  storedAfterLoad: Resident;
}

/** Milliseconds from the start of the process to the ready line, of each start, by what is stored. */
export interface StartFigures {
  stores: { instances: number; ms: number[] }[];
}

/** CPU microseconds an operation, in one round; the hop's on the server's side and on the runner's. @see engine.ts */
export interface EngineRound {
  bare: number;
  v5: number;
  v4: number;
  hop: { server: number; runner: number };
}

export interface EngineFigures {
  /** Of each kind in a round. */
  operations: number;
  rounds: EngineRound[];
}

const results = new URL("results.json", import.meta.url);

/** What was written last. */
export async function readFigures(): Promise<Figures> {
  return JSON.parse(await readFile(results, "utf8")) as Figures;
}

export async function writeFigures(figures: Figures): Promise<void> {
  await writeFile(results, `${JSON.stringify(figures, null, 2)}\n`);
}
