// A whole run: the stages one after another, what they made taken away again, and the report.

import { document } from "../spec/document.ts";
import { createResponseCheck } from "../spec/response-check.ts";
import { blameJudge, deadCanaries } from "./canaries.ts";
import { type Contracts, type Rule, rulesOf, rulesOfEveryExchange } from "./contracts.ts";
import { type Answer, type Call, createExchange, type Target } from "./exchange.ts";
import type { Profile } from "./profile.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import { paceOf, type StageTime, type Suite } from "./report/facts.ts";
import { Ledger, type Report } from "./report.ts";
import { type Cleanup, createCleanup } from "./run/cleanup.ts";
import { commands } from "./run/commands/stage.ts";
import { concurrent } from "./run/concurrent/stage.ts";
import { fuzz } from "./run/fuzz/stage.ts";
import { createMachines } from "./run/machines.ts";
import { paths } from "./run/paths.ts";
import { scenarios, scopeOf } from "./run/scenarios.ts";
import type { Run, Stage } from "./run/stage.ts";
import { runSteps } from "./scenario.ts";

export interface VerifyOptions {
  target: Target;
  contracts: Contracts;
  profile: Profile;
  /** Starts the name of every machine and instance; a run needs one that the target has not seen. */
  prefix: string;
  /** Epoch milliseconds. */
  now: () => number;
  /** Starts of rule ids, of scenarios' names and tags, or of stages: what to run, and which rules to report. All without it. */
  only?: readonly string[];
  /** What generated values come from; 1 without it. */
  seed?: number;
  /** Size of the generated part. */
  runs?: number;
  /** Where a replay goes on, as a failure printed it. */
  replay?: string;
  /** Ends the run early; the report then holds what is known. */
  signal?: AbortSignal;
  onEvent?: (event: RunEvent) => void;
  /** Is told of every call of the run, also of those that prepare or take away. */
  onExchange?: (call: Call, answer: Answer) => void;
  /** What judges, for the report, which has no facts about the run without it. */
  suite?: Suite;
}

/** What happens while it runs. */
export type RunEvent =
  | { event: "stage"; stage: string }
  | { event: "progress"; stage: string; done: number; total: number; what: string }
  | { event: "failure"; rule: string; level: Rule["level"]; message: string };

/** Nothing answers at the target's address. */
export class TargetUnreachable extends Error {
  override name = "TargetUnreachable";
}

/** In the order they run: what is quickly judged first. */
const stages: readonly Stage[] = [scenarios, fuzz, paths, commands, concurrent];

/** What `only` may name beside rules, scenarios and tags. */
export const stageNames: readonly string[] = stages.map(({ name }) => name);

const defaultRuns = 100;

/** Its schemas are compiled once, however many runs there are, and its canaries shown to it. */
const judge = {
  check: createResponseCheck(),
  get dead(): string[] {
    this.known ??= deadCanaries(this.check, document);
    return this.known;
  },
  known: undefined as string[] | undefined,
};

/** @throws TargetUnreachable */
export async function verify(options: VerifyOptions): Promise<Report> {
  const { target, contracts, profile, only = [""], seed = 1, now, onEvent = () => {} } = options;
  const startMs = now();
  const cleanup = createCleanup(options.prefix);
  const { run, recorder } = createRun(options, cleanup);
  const probe = await run.exchange.send({ method: "GET", path: "/machines", headers: {}, caller: {} });
  if (probe.status === 0) throw new TargetUnreachable(`${target.url} gives ${probe.text}`);
  const times: StageTime[] = [];
  const timed = async (stage: string, work: () => Promise<unknown>) => {
    const startedMs = now();
    await work();
    times.push({ stage, startMs: startedMs - startMs, endMs: now() - startMs });
  };
  blameJudge(judge.dead, contracts.rules, run.ledger);
  for (const stage of stages) {
    if (run.signal.aborted) break;
    onEvent({ event: "stage", stage: stage.name });
    await timed(stage.name, () => stage.run(run));
  }
  onEvent({ event: "stage", stage: "cleanup" });
  let leftovers: string[] = [];
  await timed("cleanup", async () => {
    leftovers = await cleanup.run(run.exchange);
  });
  const rules = contracts.rules.filter((rule) => isReported(rule, contracts, only));
  const report = { ...run.ledger.report(target.url, seed, rules, profile.operations), leftovers };
  if (options.suite === undefined) return report;
  const endMs = now();
  const facts = {
    suite: options.suite,
    profile,
    namespace: options.prefix,
    startedAt: new Date(startMs).toISOString(),
    endedAt: new Date(endMs).toISOString(),
    ...(options.only === undefined ? {} : { only: options.only }),
    isInterrupted: run.signal.aborted,
    stages: times,
    pace: paceOf(recorder.moments(), endMs - startMs),
  };
  return { ...report, run: facts };
}

/** A rule that was asked for, or that a scenario or stage that was asked for exercises; those of every exchange always. */
function isReported({ id, stage }: Rule, { scenarios }: Contracts, only: readonly string[]): boolean {
  const starts = (text: string) => only.some((start) => text.startsWith(start));
  const ofScenario = scenarios.some(
    ({ name, tags = [], steps }) => ["scenario", name, ...tags].some(starts) && rulesOf(steps).includes(id),
  );
  return starts(id) || ofScenario || (stage !== undefined && starts(stage)) || rulesOfEveryExchange.test(id);
}

function createRun(options: VerifyOptions, cleanup: Cleanup): { run: Run; recorder: Recorder } {
  const { target, contracts, profile, prefix, now, only = [""], seed = 1, runs = defaultRuns, onEvent } = options;
  const onAnswer = (call: Call, answer: Answer) => {
    cleanup.observe(call, answer);
    options.onExchange?.(call, answer);
  };
  const { check } = judge;
  const timeoutMs = profile.settleTimeoutMs * 2 + 20_000;
  const recorder = createRecorder(createExchange({ target, check, now, timeoutMs, onAnswer }), now);
  const rules = new Map(contracts.rules.map((rule) => [rule.id, rule]));
  const ledger = new Ledger(
    (rule, { message }) => onEvent?.({ event: "failure", rule, level: rules.get(rule)?.level ?? "MUST", message }),
    recorder.explain,
  );
  let names = 0;
  // Slugs come from a counter, so that nothing a run makes can be in the way of another run.
  const newName = (hint: string) => `${prefix}-${++names}-${hint}`;
  const run: Run = {
    target,
    contracts,
    profile,
    rules,
    check,
    exchange: recorder.exchange,
    ledger,
    newName,
    now,
    seed,
    runs,
    replay: options.replay,
    signal: options.signal ?? new AbortController().signal,
    // Whatever is asked exercises the rules of every exchange.
    isWanted: (id) => only.some((start) => id.startsWith(start) || start.startsWith("SB-SPEC")),
    progress: (stage, done, total, what) => onEvent?.({ event: "progress", stage, done, total, what }),
    machines: createMachines({
      profile,
      newName,
      publish: async (steps, slug, machine, version) => {
        const scope = scopeOf(`publishing ${machine}`, version, ledger, run);
        scope.variables.set("slug", slug);
        return { isWhole: await runSteps(steps, scope), trail: scope.trail };
      },
    }),
  };
  return { run, recorder };
}
