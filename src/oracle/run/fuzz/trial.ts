// One kind of request tried on one operation: seeded samples, shrinking towards the plainest that breaks the same rule, and its replay.

import fc from "fast-check";
import type { Run } from "../stage.ts";
import { FixtureMissing } from "./fixture.ts";
import type { Kind, Subject } from "./kind.ts";
import { Session } from "./session.ts";

/** Samples of a trial that are sent in search of a plainer one. */
const mostShrinks = 60;
/** Where each accepted request leaves something behind. */
const fewShrinks = 3;
/** Rules that one trial looks for separately. */
const mostRules = 4;

export interface TrialResult {
  /** How often the requests that had to succeed were answered with what. */
  statuses: Map<number, number>;
  /** What was missing to try it at all. */
  missing?: string;
}

interface Found {
  rule: string;
  message: string;
  trail: string[];
}

/** `known` are the rules that failed before in this run, and are told already; those that fail here join them. */
export async function tryKind<T>(
  kind: Kind<T>,
  subject: Subject,
  run: Run,
  known: Set<string>,
  path?: string,
): Promise<TrialResult> {
  const result: TrialResult = { statuses: new Map() };
  const samples = subject.plan.often === "once" && !kind.mayRepeat ? null : kind.samples(subject);
  if (samples === null) return result;
  const trial = { kind, subject, run, known, result, samples };
  for (let looked = 0; looked < mostRules && !run.signal.aborted; looked++) {
    if (!(await look(trial, path))) break;
  }
  return result;
}

interface Trial<T> {
  kind: Kind<T>;
  subject: Subject;
  run: Run;
  known: Set<string>;
  result: TrialResult;
  samples: fc.Arbitrary<T>;
}

/** @returns whether a rule was found broken that wasn't known to be */
async function look<T>(trial: Trial<T>, path: string | undefined): Promise<boolean> {
  const { kind, subject, run, known, result, samples } = trial;
  let wanted: string | undefined;
  let found: Found | undefined;
  let shrinks = 0;
  const property = fc.asyncProperty(samples, async (sample) => {
    if (run.signal.aborted || result.missing !== undefined) return true;
    if (wanted !== undefined && ++shrinks > shrinksOf(subject)) return true;
    const broken = (await attempt(trial, sample)).filter(({ rule }) => !known.has(rule));
    const hit = wanted === undefined ? broken[0] : broken.find(({ rule }) => rule === wanted);
    if (hit === undefined) return true;
    wanted = hit.rule;
    found = hit;
    return false;
  });
  const seed = seedOf(run.seed, subject, kind.name);
  // A replay shows what was found; looking for something plainer has been done.
  const from = path === undefined ? { numRuns: runsOf(kind, subject, run) } : { path, numRuns: 1, endOnFailure: true };
  const details = await fc.check(property, { seed, ...from });
  if (details.errorInstance instanceof Error && found === undefined) throw details.errorInstance;
  if (found === undefined || details.counterexample === null) return false;
  const replay = `${subject.parts.operationId}/${kind.name}/${path ?? details.counterexamplePath ?? "0"}`;
  const args = ["--only", "fuzz", "--seed", String(run.seed), "--replay", replay];
  const again = await attempt(trial, details.counterexample[0]);
  enterAgain(found, again, path === undefined ? [] : again, run, args);
  known.add(found.rule);
  return path === undefined;
}

/** What failed once more has failed; what did not is flaky. A replay tells `others` too: an earlier run may have known them already. */
function enterAgain(found: Found, again: readonly Found[], others: readonly Found[], run: Run, args: string[]): void {
  const isSteady = again.some(({ rule }) => rule === found.rule);
  if (isSteady) run.ledger.fail(found.rule, found.message, found.trail, args);
  else run.ledger.flake(found.rule, `${found.message} (tried again, it did not happen)`, found.trail, args);
  for (const { rule, message, trail } of others) run.ledger.fail(rule, message, trail, args);
}

/** Sends a sample, enters what it kept, and returns what it broke. */
async function attempt<T>({ kind, subject, run, result }: Trial<T>, sample: T): Promise<Found[]> {
  const session = new Session(run, subject.fixture.marker);
  try {
    await kind.attempt(sample, session, subject);
  } catch (error) {
    if (!(error instanceof FixtureMissing)) throw error;
    result.missing = error.message;
    return [];
  }
  const { status, findings } = session;
  if (status !== undefined) result.statuses.set(status, (result.statuses.get(status) ?? 0) + 1);
  for (const { rule, refuted } of findings) {
    if (refuted === null && rule !== acceptance) run.ledger.pass(rule);
  }
  return findings.flatMap(({ rule, refuted, trail }) =>
    refuted === null ? [] : [{ rule, message: refuted, trail: [...trail] }],
  );
}

/** Kept only when each operation accepted something, which the stage knows at its end. */
export const acceptance = "SB-FUZZ-VALID-ACCEPTED";

function shrinksOf({ plan }: Subject): number {
  return plan.often === "once" ? fewShrinks : mostShrinks;
}

function runsOf<T>({ share, name }: Kind<T>, { plan }: Subject, { runs }: Run): number {
  const wanted = Math.max(1, Math.ceil(runs * share));
  if (name !== "valid" || plan.often === "freely") return wanted;
  return plan.often === "once" ? 1 : Math.ceil(wanted / 5);
}

/** Of its own for each operation and kind, and the same in every run of that seed. */
function seedOf(seed: number, { parts }: Subject, kind: string): number {
  let mixed = seed | 0;
  for (const letter of `${parts.operationId} ${kind}`) mixed = (Math.imul(mixed, 31) + letter.charCodeAt(0)) | 0;
  return mixed;
}
