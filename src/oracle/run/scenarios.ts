// The scenario stage: each journey once for each XState its machines are written for, several at a time, a broken one a second time.

import { join } from "node:path";
import { type Contracts, codeKinds, operationsIn, rulesOf, type Scenario, type XStateVersion } from "../contracts.ts";
import { runSteps, type Scope } from "../scenario.ts";
import { createSockets } from "../sockets.ts";
import type { Findings } from "./findings.ts";
import { inParallel } from "./in-parallel.ts";
import { lackOfMachine } from "./machines.ts";
import { hindrance, type Run, type Stage } from "./stage.ts";
import { type Try, twiceIfBroken } from "./twice.ts";

export const scenarios: Stage = {
  name: "scenario",
  async run(run) {
    const wanted = run.contracts.scenarios.filter((scenario) => isWanted(scenario, run));
    const variants = wanted.flatMap((scenario) => variantsOf(scenario, run));
    let done = 0;
    const runOne = async ([scenario, version]: Variant) => {
      if (!run.signal.aborted) await twiceIfBroken(run, tryOf(scenario, version, run));
      run.progress("scenario", ++done, variants.length, scenario.name);
    };
    // What stops the target must not meet what expects it to be there.
    const stops = ([{ needs = [] }]: Variant) => needs.includes("restart");
    await inParallel(
      atOnce,
      variants.filter((variant) => !stops(variant)),
      runOne,
    );
    await inParallel(1, variants.filter(stops), runOne);
  },
};

type Variant = [Scenario, XStateVersion | null];

/** Most of their time is waiting, for the target and for what is due later. */
const atOnce = 8;

function isWanted({ name, tags = [], steps }: Scenario, run: Run): boolean {
  return ["scenario", name, ...tags, ...rulesOf(steps)].some(run.isWanted);
}

/** Those that apply to the target; the others' rules are skipped, with the reason. */
function variantsOf(scenario: Scenario, run: Run): Variant[] {
  const { contracts, ledger, profile } = run;
  const rules = rulesOf(scenario.steps);
  const skip = (reason: string) => {
    for (const rule of rules) ledger.skip(rule, reason);
  };
  const general = hindrance(run, scenario.needs ?? [], operationsIn(scenario.steps));
  if (general !== null) {
    skip(general);
    return [];
  }
  return versionsOf(scenario, contracts)
    .filter((version) => {
      const machines = (scenario.machines ?? []).filter((machine) => isNamed(machine, scenario));
      const reason =
        version === null
          ? null
          : ((version === 5 ? hindrance(run, ["xstate5"]) : null) ??
            machines
              .map((machine) => lackOfMachine(machine, version, contracts, profile))
              .find((lack) => lack !== null) ??
            null);
      if (reason !== null) skip(reason);
      return reason === null;
    })
    .map((version) => [scenario, version]);
}

/** Whether the steps use the machine's slug; of others only the code is used. */
function isNamed(machine: string, { steps }: Scenario): boolean {
  return JSON.stringify(steps).includes(`{${machine}}`);
}

function versionsOf({ machines }: Scenario, contracts: Contracts): (XStateVersion | null)[] {
  if (machines === undefined) return [null];
  const all: XStateVersion[] = [5, 4];
  return all.filter((version) => machines.every((machine) => contracts.machines.get(machine)?.has(version)));
}

function tryOf(scenario: Scenario, version: XStateVersion | null, run: Run): Try {
  const { name, steps } = scenario;
  const go = (findings: Findings) => runVariant(scenario, version, findings, run);
  return { name, rules: rulesOf(steps), replay: ["--only", name], go };
}

async function runVariant(
  scenario: Scenario,
  version: XStateVersion | null,
  findings: Findings,
  run: Run,
): Promise<void> {
  const scope = scopeOf(scenario.name, version, findings, run);
  const rules = rulesOf(scenario.steps);
  for (const machine of scenario.machines ?? []) {
    if (version === null || !isNamed(machine, scenario)) continue;
    const published = await run.machines.get(machine, version);
    if (published === null) {
      for (const rule of rules) findings.note(rule, `the machine ${machine} could not be published`);
      return;
    }
    scope.trail.push(...published.trail);
    scope.variables.set(machine, published.slug);
  }
  for (const name of scenario.names ?? []) scope.variables.set(name, run.newName(name));
  const isWhole = await runSteps(scenario.steps, scope).finally(() => scope.sockets.close());
  if (isWhole) return;
  for (const rule of rules) findings.note(rule, `${scope.title} stopped before it`);
}

/** What the steps of a scenario, or those that publish a machine, work with. */
export function scopeOf(name: string, version: XStateVersion | null, findings: Findings, run: Run): Scope {
  const { target, profile, check, now } = run;
  const onOpen = () => findings.count("openRealtime", 101);
  return {
    title: version === null ? name : `${name} (XState ${version})`,
    exchange: run.exchange,
    sockets: createSockets({ target, check, now, onOpen }),
    ledger: findings,
    rules: run.rules,
    inapplicable: ({ needs = [] }) => hindrance(run, needs),
    variables: new Map<string, unknown>([
      ["longerThanSettlingMs", profile.settleTimeoutMs + 5_000],
      ["orgId", target.orgId],
    ]),
    codeOf: (code) => {
      if (code.startsWith(codeKinds.text)) return { code: code.slice(codeKinds.text.length) };
      return code.startsWith(codeKinds.migration)
        ? migrationCode(code.slice(codeKinds.migration.length), run.contracts)
        : machineCode(code, version, run);
    },
    restart: profile.restart,
    trail: [],
  };
}

/** In code, the text `{name}` is the slug of the machine of that name, if that was published before. */
function machineCode(machine: string, version: XStateVersion | null, { contracts, machines }: Run) {
  const written = version === null ? undefined : contracts.machines.get(machine)?.get(version);
  if (version === null || written === undefined) throw new Error(`The scenario does not list the machine ${machine}.`);
  const slugOf = (name: string) => machines.slugOf(name, version);
  const code = written.replaceAll(/"\{([a-z]\w*)\}"/g, (text, name: string) => JSON.stringify(slugOf(name)) ?? text);
  return code === written ? { code, file: join(contracts.folder, "machines", `${machine}.v${version}.js`) } : { code };
}

function migrationCode(migration: string, { folder, migrations }: Contracts) {
  const code = migrations.get(migration);
  if (code === undefined) throw new Error(`There is no migration ${migration}.`);
  return { code, file: join(folder, "migrations", `${migration}.js`) };
}
