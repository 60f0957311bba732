// The fuzz stage: generated requests to every operation of the document that the target has, valid, broken in one place, and hostile.

import { document } from "../../../spec/document.ts";
import { type RequestParts, requestParts } from "../../generate/requests.ts";
import { hindrance, type Run, type Stage } from "../stage.ts";
import { accountPlans } from "./account-plans.ts";
import { exercisedBy, fuzzRules } from "./checks.ts";
import { Fixture } from "./fixture.ts";
import { hostile } from "./hostile.ts";
import { invalid, malformed, mislabelled } from "./invalid.ts";
import type { Kind, Subject } from "./kind.ts";
import { type Plan, unreachable } from "./plan.ts";
import { machinePlans } from "./plans.ts";
import { glancing, tokenless, unauthorized, unknown, unsupported } from "./strangers.ts";
import { acceptance, type TrialResult, tryKind } from "./trial.ts";
import { extra, labelled, valid } from "./valid.ts";

const plans: { readonly [operationId: string]: Plan } = { ...machinePlans, ...accountPlans };

/** A kind of request, whatever its samples are. */
interface Trial {
  name: string;
  on: (subject: Subject, run: Run, known: Set<string>, path?: string) => Promise<TrialResult>;
}

function of<T>(kind: Kind<T>): Trial {
  return { name: kind.name, on: (subject, run, known, path) => tryKind(kind, subject, run, known, path) };
}

/** Requests of the first kind have to succeed before those of the others mean anything. */
const trials: readonly Trial[] = [
  of(valid),
  of(extra),
  of(labelled),
  of(invalid),
  of(malformed),
  of(mislabelled),
  of(tokenless),
  of(unauthorized),
  of(unknown),
  of(unsupported),
  of(glancing),
  of(hostile),
];

export const fuzz: Stage = {
  name: "fuzz",
  async run(run) {
    if (!run.isWanted("fuzz") && !fuzzRules.some((rule) => run.isWanted(rule))) return;
    const parts = requestParts(document);
    const fixture = new Fixture(run, parts);
    const only = replayOf(run);
    const subjects = [...parts.values()].filter(({ operationId }) => obstacle(operationId, run) === null);
    skipWhatDoesNotApply(run);
    const known = new Set<string>();
    const silent: string[] = [];
    let done = 0;
    for (const subject of subjects) {
      if (run.signal.aborted) return;
      run.progress("fuzz", done++, subjects.length, subject.operationId);
      if (only !== null && only.operationId !== subject.operationId) continue;
      try {
        const silence = await fuzzOperation(subject, fixture, run, known, only);
        if (silence !== null) silent.push(silence);
      } catch (error) {
        const message = `${subject.operationId}: ${error instanceof Error ? error.message : error}`;
        for (const rule of fuzzRules) run.ledger.fault(rule, message);
      }
    }
    run.progress("fuzz", subjects.length, subjects.length, "done");
    if (silent.length === 0 && done > 0) run.ledger.pass(acceptance);
    for (const rule of fuzzRules) for (const reason of silent) run.ledger.note(rule, reason);
  },
};

/** Why an operation is not asked, or null. */
function obstacle(operationId: string, run: Run): string | null {
  const plan = plans[operationId];
  if (plan !== undefined) return hindrance(run, plan.needs ?? [], [operationId]);
  const reason = unreachable[operationId];
  if (reason !== undefined) return reason;
  throw new Error(`No plan says how ${operationId} is asked. Write one in src/oracle/run/fuzz.`);
}

/** Rules whose every operation the target lacks. */
function skipWhatDoesNotApply(run: Run): void {
  for (const rule of fuzzRules) {
    const obstacles = exercisedBy[rule]?.map((operationId) => obstacle(operationId, run)) ?? [null];
    const [first = null] = obstacles.includes(null) ? [] : obstacles;
    const reason = hindrance(run, run.rules.get(rule)?.needs ?? []) ?? first;
    if (reason !== null) run.ledger.skip(rule, reason);
  }
}

interface Replay {
  operationId: string;
  kind: string;
  path: string;
}

/** `<operation>/<kind>/<path>`, as a failure printed it; null when all is to be tried. */
function replayOf({ replay }: Run): Replay | null {
  const [, operationId = "", kind = "", path = ""] = /^(\w+)\/(\w+)\/([\d:]+)$/.exec(replay ?? "") ?? [];
  return operationId === "" ? null : { operationId, kind, path };
}

/** @returns why nothing can be said of it, or null */
async function fuzzOperation(
  parts: RequestParts,
  fixture: Fixture,
  run: Run,
  known: Set<string>,
  only: Replay | null,
): Promise<string | null> {
  const { operationId } = parts;
  const subject = { parts, plan: plans[operationId] as Plan, fixture };
  if (only !== null) {
    await trials.find(({ name }) => name === only.kind)?.on(subject, run, known, only.path);
    return `only ${only.operationId} was replayed`;
  }
  for (const { name, on } of trials) {
    if (run.signal.aborted) return "the run was ended early";
    const { statuses, missing } = await on(subject, run, known);
    if (missing !== undefined) return `${operationId} could not be tried: ${missing}`;
    const hasAccepted = [...statuses.keys()].some((status) => status >= 200 && status < 300);
    if (name === valid.name && !hasAccepted) {
      const seen = [...statuses].map(([status, count]) => `${status} ${count} times`).join(", ");
      return `no valid request of ${operationId} was accepted (${seen})`;
    }
  }
  return null;
}
