// The differential fuzz: random cases, each played by XState itself and by the engine, until one differs.

import fc from "fast-check";
import type { MachineActor } from "../../src/engine/worker/actor.ts";
import { cases } from "./arbitrary.ts";
import type { Mismatch } from "./compare.ts";
import { compare } from "./compare.ts";
import { Coverage } from "./coverage.ts";
import { expectation } from "./expectation.ts";
import { createInProcess } from "./in-process.ts";
import { render } from "./render.ts";
import type { Failure } from "./report.ts";
import { createSandboxed } from "./sandboxed.ts";
import type { Case, MachineSpec, Major } from "./spec.ts";

/** The engine's worker code in this process (fast), or all of it, runner and workers included. */
export type EngineName = "session" | "sandbox";

/** An engine with a fault, to see the fuzz find it. */
export interface Fault {
  machine?: (machine: MachineSpec) => MachineSpec;
  actor?: (actor: MachineActor) => MachineActor;
}

export interface FuzzOptions {
  major: Major;
  seed: number;
  runs: number;
  path?: string;
  engine?: EngineName;
  fault?: Fault;
}

export interface FuzzResult {
  coverage: Coverage;
  failure: Failure | undefined;
}

export async function fuzz({
  major,
  seed,
  runs,
  path,
  engine = "session",
  fault = {},
}: FuzzOptions): Promise<FuzzResult> {
  const coverage = new Coverage();
  // What failed last is what fast-check ends up with: it goes on only from cases that fail.
  let last: { case: Case; mismatch: Mismatch } | undefined;
  const property = fc.asyncProperty(cases(major), async (generated) => {
    const tried = playable(generated, engine);
    let mismatch: Mismatch | undefined;
    try {
      mismatch = await tryCase(tried, engine, fault, coverage);
    } catch (error) {
      last = undefined;
      throw error;
    }
    if (mismatch) last = { case: tried, mismatch };
    return !mismatch;
  });
  const details = await fc.check(property, { seed, numRuns: runs, ...(path === undefined ? {} : { path }) });
  if (!details.failed) return { coverage, failure: undefined };
  if (!last) throw details.errorInstance;
  return { coverage, failure: { seed, path: details.counterexamplePath ?? "", engine, ...last } };
}

async function tryCase(
  given: Case,
  engine: EngineName,
  { machine = (same) => same, actor = (same) => same }: Fault,
  coverage: Coverage,
): Promise<Mismatch | undefined> {
  const { major } = given.machine;
  const expected = await expectation(given, render(given.machine), coverage);
  const tested = render(machine(given.machine));
  const subject = engine === "session" ? createInProcess(tested, major, actor) : createSandboxed(tested);
  try {
    return await compare(expected, subject);
  } finally {
    coverage.count("machines");
    coverage.count("commits", subject.record.steps.length);
    await subject.close();
  }
}

/** Nobody waits for a settle timeout in the sandbox. */
function playable({ machine, given, moves }: Case, engine: EngineName): Case {
  return { machine, given, moves: engine === "session" ? moves : moves.filter(({ kind }) => kind !== "expire") };
}
