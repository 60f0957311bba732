// A whole run: publishes the machines that scenarios share, runs the scenarios, and reports.

import { createResponseCheck, type ResponseCheck } from "../spec/response-check.ts";
import {
  type Capability,
  type Contracts,
  codeKinds,
  type Rule,
  rulesOf,
  rulesOfEveryExchange,
  type Scenario,
  type Step,
  type XStateVersion,
} from "./contracts.ts";
import { createExchange, type Exchange, type Target } from "./exchange.ts";
import { Ledger, type Report } from "./report.ts";
import { runSteps, type Scope } from "./scenario.ts";
import { createSockets } from "./sockets.ts";

export interface VerifyOptions {
  target: Target;
  contracts: Contracts;
  /** What the target can do beside what every target must. */
  capabilities: ReadonlySet<Capability>;
  /** The target's settle timeout; capability `settle-timeout` asks for it to be short. */
  settleTimeoutMs: number;
  /** Starts the name of every machine and instance; a run needs one that the target has not seen. */
  prefix: string;
  /** Epoch milliseconds. */
  now: () => number;
  /** Starts of rule ids or of scenario names: what to run, and which rules to report. All without it. */
  only?: readonly string[];
  seed?: number;
}

/** Nothing answers at the target's address. */
export class TargetUnreachable extends Error {
  override name = "TargetUnreachable";
}

/** @throws TargetUnreachable */
export async function verify(options: VerifyOptions): Promise<Report> {
  const { target, contracts, now, settleTimeoutMs, only = [""], seed = 1 } = options;
  const check = createResponseCheck();
  const exchange = createExchange({ target, check, now, timeoutMs: settleTimeoutMs * 2 + 20_000 });
  const probe = await exchange.send({ method: "GET", path: "/machines", headers: {}, caller: {} });
  if (probe.status === 0) throw new TargetUnreachable(`${target.url} gives ${probe.text}`);
  const ledger = new Ledger();
  const run: Run = { options, check, exchange, ledger, published: new Map(), names: 0, rules: byId(contracts.rules) };
  for (const scenario of contracts.scenarios) {
    if (wanted(scenario, only)) await runScenario(scenario, run);
  }
  return ledger.report(
    target.url,
    seed,
    contracts.rules.filter(({ id }) => isReported(id, contracts, only)),
  );
}

function wanted({ name, steps }: Scenario, only: readonly string[]): boolean {
  return [name, ...rulesOf(steps)].some((id) => only.some((start) => id.startsWith(start)));
}

/** A rule that was asked for, or that a scenario that was asked for by name exercises; those of every exchange always. */
function isReported(id: string, { scenarios }: Contracts, only: readonly string[]): boolean {
  const starts = (text: string) => only.some((start) => text.startsWith(start));
  const ofScenario = scenarios.some(({ name, steps }) => starts(name) && rulesOf(steps).includes(id));
  return starts(id) || ofScenario || rulesOfEveryExchange.test(id);
}

interface Run {
  options: VerifyOptions;
  check: ResponseCheck;
  exchange: Exchange;
  ledger: Ledger;
  rules: Map<string, Rule>;
  /** Slugs of published machines by `name.version`; null when publishing failed. */
  published: Map<string, { slug: string; trail: string[] } | null>;
  /** How many names were given out. */
  names: number;
}

function byId(rules: readonly Rule[]): Map<string, Rule> {
  return new Map(rules.map((rule) => [rule.id, rule]));
}

/** Once for each XState version that all its machines are written for, or once if it has none. */
async function runScenario(scenario: Scenario, run: Run): Promise<void> {
  const { capabilities, contracts } = run.options;
  const rules = rulesOf(scenario.steps);
  const missing = (scenario.needs ?? []).find((capability) => !capabilities.has(capability));
  if (missing !== undefined) {
    for (const rule of rules) run.ledger.skip(rule, `needs ${missing}, which the target is not said to have`);
    return;
  }
  for (const version of versionsOf(scenario, contracts)) {
    if (version === 5 && !capabilities.has("xstate5")) {
      for (const rule of rules) run.ledger.skip(rule, "needs xstate5, which the target is not said to have");
      continue;
    }
    try {
      await runVariant(scenario, version, run);
    } catch (error) {
      for (const rule of rules)
        run.ledger.fault(rule, `${scenario.name}: ${error instanceof Error ? error.message : error}`);
    }
  }
}

function versionsOf({ machines }: Scenario, contracts: Contracts): (XStateVersion | null)[] {
  if (machines === undefined) return [null];
  const all: XStateVersion[] = [5, 4];
  return all.filter((version) => machines.every((machine) => contracts.machines.get(machine)?.has(version)));
}

async function runVariant(scenario: Scenario, version: XStateVersion | null, run: Run): Promise<void> {
  const scope = scopeOf(scenario.name, version, run);
  const steps = JSON.stringify(scenario.steps);
  for (const machine of scenario.machines ?? []) {
    if (!steps.includes(`{${machine}}`)) continue; // only its code is used
    const published = await publishOnce(machine, version, run);
    if (published === null) {
      for (const rule of rulesOf(scenario.steps))
        run.ledger.note(rule, `the machine ${machine} could not be published`);
      return;
    }
    scope.trail.push(...published.trail);
    scope.variables.set(machine, published.slug);
  }
  for (const name of scenario.names ?? []) scope.variables.set(name, newName(name, run));
  const isWhole = await runSteps(scenario.steps, scope).finally(() => scope.sockets.close());
  if (isWhole) return;
  for (const rule of rulesOf(scenario.steps)) run.ledger.note(rule, `${scope.title} stopped before it`);
}

/** Slugs come from a counter, so that nothing a run makes can be in the way of another run. */
function newName(name: string, run: Run): string {
  run.names++;
  return `${run.options.prefix}-${run.names}-${name}`;
}

function scopeOf(name: string, version: XStateVersion | null, run: Run): Scope {
  const { target, capabilities, contracts, settleTimeoutMs, now } = run.options;
  const onOpen = () => run.ledger.count("openRealtime", 101);
  return {
    title: version === null ? name : `${name} (XState ${version})`,
    exchange: run.exchange,
    sockets: createSockets({ target, check: run.check, now, onOpen }),
    ledger: run.ledger,
    rules: run.rules,
    inapplicable: ({ needs = [] }) => {
      const missing = needs.find((capability) => !capabilities.has(capability));
      return missing === undefined ? null : `needs ${missing}, which the target is not said to have`;
    },
    variables: new Map<string, unknown>([
      ["longerThanSettlingMs", settleTimeoutMs + 5_000],
      ["orgId", target.orgId],
    ]),
    codeOf: (code) => {
      if (code.startsWith(codeKinds.text)) return { code: code.slice(codeKinds.text.length) };
      return code.startsWith(codeKinds.migration)
        ? migrationCode(code.slice(codeKinds.migration.length), contracts)
        : machineCode(code, version, run);
    },
    trail: [],
  };
}

/** In code, the text `{name}` is the slug of the machine of that name, if that was published before. */
function machineCode(machine: string, version: XStateVersion | null, { options, published }: Run) {
  const written = version === null ? undefined : options.contracts.machines.get(machine)?.get(version);
  if (written === undefined) throw new Error(`The scenario does not list the machine ${machine}.`);
  const slugOf = (name: string) => published.get(`${name}.${version}`)?.slug;
  const code = written.replaceAll(/"\{([a-z]\w*)\}"/g, (text, name: string) => JSON.stringify(slugOf(name)) ?? text);
  return code === written ? { code, file: `contracts/machines/${machine}.v${version}.js` } : { code };
}

function migrationCode(migration: string, { migrations }: Contracts) {
  const code = migrations.get(migration);
  if (code === undefined) throw new Error(`There is no migration ${migration}.`);
  return { code, file: `contracts/migrations/${migration}.js` };
}

/** How a machine is published; its steps are claims like any others. */
const publishing = (machine: string): Step[] => [
  {
    send: "createMachine",
    body: { slug: "{slug}" },
    expect: [{ rule: "SB-MACHINE-CREATE-201", status: 201 }],
  },
  {
    send: "createMachineVersion",
    params: { machineSlug: "{slug}" },
    expect: [{ rule: "SB-VERSION-CREATE-200-INSTRUCTIONS", status: 200 }],
    save: { instructions: "", signedId: "/machineVersionId" },
  },
  {
    upload: "{instructions}",
    code: machine,
    expect: [{ rule: "SB-VERSION-UPLOAD-2XX", status: [200, 201, 202, 204] }],
  },
  {
    send: "finalizeMachineVersion",
    params: { machineSlug: "{slug}", signedMachineVersionId: "{signedId}" },
    body: { makeCurrent: true },
    expect: [{ rule: "SB-VERSION-FINALIZE-200", status: 200 }],
  },
];

async function publishOnce(machine: string, version: XStateVersion | null, run: Run) {
  const key = `${machine}.${version}`;
  const known = run.published.get(key);
  if (known !== undefined) return known;
  const scope = scopeOf(`publishing ${machine}`, version, run);
  const slug = newName(machine, run);
  scope.variables.set("slug", slug);
  const published = (await runSteps(publishing(machine), scope)) ? { slug, trail: scope.trail } : null;
  run.published.set(key, published);
  return published;
}
