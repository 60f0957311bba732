// The concurrent stage: several clients at once on the same instances, in rounds; a round that finds something is played a second time.

import type { Attempt } from "../findings.ts";
import { createClient } from "../model/client.ts";
import { type Abilities, abilitiesOf, type Deployed, deployedFor, rulesOfStage } from "../model/deployed.ts";
import type { Run, Stage } from "../stage.ts";
import { twiceIfBroken } from "../twice.ts";
import { type Case, simpleClaims } from "./checks.ts";
import { orderClaims } from "./order.ts";
import { play, type Record, scriptOf } from "./play.ts";
import { abilityOf, ids } from "./rules.ts";

/** Rounds for each machine, of a hundred runs. */
const roundsOfHundred = 8;
/** Every so many rounds one of the instances is deleted in the midst of it. */
const deletionEvery = 3;

export const concurrent: Stage = {
  name: "concurrent",
  async run(run) {
    if (!run.isWanted("concurrent") && !rulesOfStage("concurrent", run).some(({ id }) => run.isWanted(id))) return;
    const machines = await deployedFor("concurrent", run);
    if (machines.length === 0) return;
    const abilities = abilitiesOf(run, abilityOf);
    const rounds = Math.max(deletionEvery, Math.round((run.runs * roundsOfHundred) / 100));
    const all = Array.from({ length: rounds }, (_, round) =>
      machines.map((machine) => ({ run, machine, round, abilities })),
    );
    let done = 0;
    for (const round of all.flat()) {
      if (run.signal.aborted) return;
      const go = (findings: Attempt) => playAndJudge(round, findings);
      await twiceIfBroken(run, { name: round.machine.plan.machine, rules: Object.values(ids), go });
      run.progress(
        "concurrent",
        ++done,
        all.flat().length,
        `${round.machine.plan.machine} (XState ${round.machine.version})`,
      );
    }
  },
};

interface Round {
  run: Run;
  machine: Deployed;
  round: number;
  abilities: Abilities;
}

async function playAndJudge({ run, machine, round, abilities }: Round, findings: Attempt): Promise<void> {
  const { simultaneous } = machine.plan;
  if (simultaneous === undefined) throw new Error("models.yaml does not say what is simultaneous.");
  const client = createClient(run.exchange, findings, [...machine.trail]);
  const script = scriptOf(run.seed * 1_000 + round, abilities);
  const isDeleting = abilities.remove && round % deletionEvery === deletionEvery - 1;
  const { newName } = run;
  const records = await play({ machine, simultaneous, script, abilities, isDeleting, client, newName });
  if (records === null) {
    for (const rule of Object.values(ids)) findings.note(rule, "an instance could not be prepared");
    return;
  }
  const repro = inShell(client.trail);
  for (const record of records) {
    const one: Case = { machine, trace: simultaneous.trace, record, foreign: foreignTo(record, records) };
    const simple = simpleClaims(one);
    // Why there is no order is better said by a simpler claim that is broken, too.
    const isExplained = simple.some(({ refuted }) => refuted !== null);
    const claims = [...simple, ...orderClaims(one).filter(({ rule }) => rule !== ids.linearizable || !isExplained)];
    for (const { rule, refuted } of claims) {
      const message = `${machine.plan.machine} (XState ${machine.version}) ${record.name}: ${refuted}`;
      if (refuted === null) findings.pass(rule);
      else findings.fail(rule, message, repro, ["--only", "concurrent", "--seed", `${run.seed}`]);
    }
  }
}

function foreignTo(record: Record, records: readonly Record[]): Set<number> {
  const others = records.filter((other) => other !== record).flatMap(({ calls }) => calls);
  return new Set(others.flatMap(({ input }) => (input.kind === "send" ? [input.n] : [])));
}

/** Lines between the words "all at once" and `wait` run in the background. */
function inShell(trail: readonly string[]): string[] {
  let isAtOnce = false;
  return trail.map((line) => {
    if (line.startsWith("# all at once")) isAtOnce = true;
    if (line === "wait") isAtOnce = false;
    return isAtOnce && line.startsWith("curl") ? `${line} &` : line;
  });
}
