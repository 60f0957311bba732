// The machines that a model-based stage works on: planned for it, had by the target, and what of its operations the target has.

import type { Rule, StageName, XStateVersion } from "../../contracts.ts";
import { type Kind, loadKind } from "../../model/library.ts";
import type { ChartParts } from "../../statechart-coverage.ts";
import { lackOfMachine } from "../machines.ts";
import { hindrance, type Run } from "../stage.ts";

/** A machine on the target beside its model. */
export interface Deployed extends Kind {
  slug: string;
  /** The curl lines that published it. */
  trail: string[];
  parts: ChartParts;
}

const versions: XStateVersion[] = [5, 4];

/** None: why, is told under the stage's rules. */
export async function deployedFor(stage: StageName, run: Run): Promise<Deployed[]> {
  const rules = rulesOfStage(stage, run);
  const general = hindrance(run, [], ["createMachineInstance", "sendMachineInstanceEvent"]);
  const found: Deployed[] = [];
  const lacks: string[] = general === null ? [] : [general];
  for (const plan of run.contracts.plans.filter(({ stages }) => general === null && stages.includes(stage))) {
    for (const version of versions) {
      const lack =
        (version === 5 ? hindrance(run, ["xstate5"]) : null) ??
        lackOfMachine(plan.machine, version, run.contracts, run.profile);
      const published = lack === null ? await run.machines.get(plan.machine, version) : null;
      if (published === null) {
        lacks.push(lack ?? `the machine ${plan.machine} could not be published`);
        continue;
      }
      const kind = await loadKind(plan, version, run.contracts);
      const parts = { machine: plan.machine, xstate: version, elements: kind.model.chart.elements };
      found.push({ ...kind, ...published, parts });
    }
  }
  for (const { id } of rules) {
    if (found.length === 0) run.ledger.skip(id, lacks[0] ?? "models.yaml plans for no machine");
    else if (lacks[0] !== undefined) run.ledger.note(id, `no machine that is there shows it: ${lacks[0]}`);
  }
  return found;
}

export function rulesOfStage(stage: StageName, run: Run): Rule[] {
  return [...run.rules.values()].filter((rule) => rule.stage === stage);
}

/** What of a stage's work the target is said to be able to do. */
export interface Abilities {
  read: boolean;
  list: boolean;
  history: boolean;
  admin: boolean;
  status: boolean;
  remove: boolean;
}

const needed: { [A in keyof Abilities]: [operation: string, ...needs: string[]] } = {
  read: ["getMachineInstance"],
  list: ["listMachineInstances"],
  history: ["listMachineInstanceTransitions", "admin"],
  admin: ["getMachineInstanceAdmin", "admin"],
  status: ["setMachineInstanceStatus", "admin"],
  remove: ["deleteMachineInstance", "admin"],
};

/** Rules that need what the target lacks are skipped, with that as the reason. `abilityOf` says which rules need which. */
export function abilitiesOf(run: Run, abilityOf: { readonly [rule: string]: keyof Abilities }): Abilities {
  const reasons = Object.fromEntries(
    Object.entries(needed).map(([ability, [operation, ...needs]]) => [ability, hindrance(run, needs, [operation])]),
  );
  for (const [rule, ability] of Object.entries(abilityOf)) {
    const reason = reasons[ability];
    if (typeof reason === "string") run.ledger.skip(rule, reason);
  }
  return Object.fromEntries(
    Object.entries(reasons).map(([name, reason]) => [name, reason === null]),
  ) as unknown as Abilities;
}
