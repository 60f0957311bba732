// The contracts as data: rules, scenarios and the machines they publish, read from a folder and checked on the way in.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { operations } from "../spec/document.ts";
import type { Expected } from "./match.ts";

export type Level = "MUST" | "CLIENT" | "ADVISORY";

/** What a target must be able to do for a rule or a scenario to apply. */
export type Capability =
  | "admin"
  | "act-as"
  | "keys"
  | "orgs"
  | "tokens"
  | "settle-timeout"
  | "retries"
  | "ws"
  | "xstate5"
  | "upload"
  | "restart";

/** The stages that exercise rules without a scenario. */
export type StageName = "fuzz" | "paths" | "commands" | "concurrent";

export interface Rule {
  id: string;
  title: string;
  level: Level;
  needs?: Capability[];
  /** What exercises it when no scenario does. */
  stage?: StageName;
  source: { doc: string; at: string; quote: string };
}

export type TokenKind =
  | "valid"
  | "none"
  | "malformed"
  | "unsigned"
  | "expired"
  | "just-expired"
  | "early"
  | "wrong-secret"
  | "unknown-key"
  | "wrong-audience"
  | "audience-list";

/** Who calls. `key` is a variable that holds an answer of createKey, `bearer` one that holds a whole token. */
export interface Caller {
  token?: TokenKind;
  act?: object;
  sub?: string;
  key?: string;
  bearer?: string;
}

/** A token that the scenario itself signs, as an identity provider would. */
export interface MadeToken {
  $jwt: { alg?: "HS256" | "HS384" | "HS512" | "none"; secret?: string; claims: object; expS?: number };
}

export interface Claim {
  rule: string;
  status?: number | number[];
  body?: Expected;
  /** Of the body before it is parsed. */
  text?: Expected;
  headers?: { [name: string]: Expected };
  withinMs?: number;
}

export interface Send {
  send: string;
  params?: { [name: string]: unknown };
  body?: unknown;
  text?: string;
  form?: { [name: string]: string | MadeToken };
  contentType?: string;
  as?: Caller;
  expect: Claim[];
  save?: { [variable: string]: string };
}
export interface Request {
  request: { method: string; path: string };
  as?: Caller;
  expect: Claim[];
}
export interface Upload {
  upload: string;
  code: string;
  gzip?: boolean;
  expect: Claim[];
}
export interface Pages {
  pages: string;
  params?: { [name: string]: unknown };
  items: string;
  key: string;
  /** Without it, `{ param: "cursor", at: "/cursor" }`. */
  follow?: { param: string; at: string };
  between?: Step[];
  expect: Claim[];
}
export interface Repeat {
  repeat: number;
  steps: Step[];
}
export interface Parallel {
  parallel: Step[][];
  times?: number;
  expect?: { rule: string; statuses: { [status: string]: number } }[];
}
export interface Eventually {
  eventually: Send;
  withinMs: number;
}
export interface Ws {
  ws: string;
  params?: { [name: string]: unknown };
  as?: Caller;
  messages?: unknown[];
  until?: Expected;
  withinMs?: number;
  refusable?: boolean;
  expect: Claim[];
}
export interface Restart {
  restart: "at once";
  during?: Send[];
}
export interface Wait {
  waitMs: number;
}
/** One step of a scenario. @see contracts/README.md */
export type Step = Send | Request | Upload | Pages | Repeat | Parallel | Eventually | Ws | Restart | Wait;

export interface Scenario {
  name: string;
  /** Of its file: what it is about. */
  tags?: string[];
  needs?: Capability[];
  machines?: string[];
  names?: string[];
  steps: Step[];
}

interface ScenarioFile {
  tags?: string[];
  scenarios: Scenario[];
}

/** Why no scenario asks for these statuses: of the operations named, or of every operation that declares them. */
export interface Unreached {
  operations?: string[];
  statuses: string[];
  reason: string;
}

/** What the model-based stages do with a machine. @see contracts/schema/models.schema.json */
export interface Plan {
  machine: string;
  stages: StageName[];
  users: string[];
  contexts: { [name: string]: unknown }[];
  events: PlannedEvent[];
  simultaneous?: {
    context: { [name: string]: unknown };
    before: PlannedEvent[];
    events: PlannedEvent[];
    /** Where in the public context each event shows. */
    trace: string;
  };
}
export type PlannedEvent = string | { type: string; [name: string]: unknown };

/** Which XState a machine's code is written for. */
export type XStateVersion = 4 | 5;

export interface Contracts {
  /** Where they were read from. */
  folder: string;
  rules: Rule[];
  scenarios: Scenario[];
  unreached: Unreached[];
  /** Code by machine and XState version. */
  machines: Map<string, Map<XStateVersion, string>>;
  /** Code of migrations by name: the same for both XStates. */
  migrations: Map<string, string>;
  /** Of models.yaml. */
  plans: Plan[];
}

/** A contract file is not what its schema says, or refers to something that isn't there. The fault is ours, not the target's. */
export class ContractsInvalid extends Error {
  override name = "ContractsInvalid";
}

/** @throws ContractsInvalid */
export function loadContracts(folder: string): Contracts {
  const { rules } = read<{ rules: Rule[] }>(folder, "rules.yaml", "rules");
  const files = readdirSync(join(folder, "scenarios")).toSorted();
  const scenarios = files.flatMap((file) => {
    const { tags = [], scenarios } = read<ScenarioFile>(folder, join("scenarios", file), "scenarios");
    return scenarios.map((scenario) => ({ ...scenario, tags }));
  });
  const { unreached } = read<{ unreached: Unreached[] }>(folder, "unreached.yaml", "unreached");
  const machines = new Map<string, Map<XStateVersion, string>>();
  for (const file of readdirSync(join(folder, "machines"))) {
    const [, name = "", version] = /^(.+)\.v([45])\.js$/.exec(file) ?? [];
    const variants = machines.get(name) ?? new Map<XStateVersion, string>();
    variants.set(version === "4" ? 4 : 5, readFileSync(join(folder, "machines", file), "utf8"));
    machines.set(name, variants);
  }
  const migrations = new Map<string, string>();
  for (const file of readdirSync(join(folder, "migrations"))) {
    migrations.set(file.replace(/\.js$/, ""), readFileSync(join(folder, "migrations", file), "utf8"));
  }
  const { models: plans } = read<{ models: Plan[] }>(folder, "models.yaml", "models");
  const contracts = { folder, rules, scenarios, unreached, machines, migrations, plans };
  const dangling = danglingReferences(contracts);
  if (dangling.length > 0) throw new ContractsInvalid(dangling.join("\n"));
  return contracts;
}

/** Scenarios of somebody's own, which claim rules of these contracts. @throws ContractsInvalid */
export function loadScenarios(file: string, contracts: Contracts): Scenario[] {
  const { scenarios } = readFile<{ scenarios: Scenario[] }>(file, contracts.folder, "scenarios");
  const known = new Set(contracts.rules.map(({ id }) => id));
  const unknown = rulesOf(scenarios.flatMap(({ steps }) => steps)).filter((id) => !known.has(id));
  if (unknown.length === 0) return scenarios;
  throw new ContractsInvalid(`${file}: there is no rule ${unknown.join(", ")}`);
}

function read<T>(folder: string, file: string, schema: string): T {
  return readFile(join(folder, file), folder, schema);
}

function readFile<T>(file: string, folder: string, schema: string): T {
  let content: unknown;
  try {
    content = parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new ContractsInvalid(`${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const validate = compiled(readFileSync(join(folder, "schema", `${schema}.schema.json`), "utf8"));
  if (validate(content)) return content as T;
  throw new ContractsInvalid(`${file}: ${ajv.errorsText(validate.errors)}`);
}

const ajv = new Ajv2020({ strictTypes: false });
const validators = new Map<string, ValidateFunction>();

/** Two dozen files of scenarios have one schema: compiling it takes longer than reading one of them. */
function compiled(schema: string): ValidateFunction {
  const validate = validators.get(schema) ?? ajv.compile(JSON.parse(schema));
  validators.set(schema, validate);
  return validate;
}

/** What an upload's `code` begins with when it is not a machine's. */
export const codeKinds = { text: "text:", migration: "migration:" };

/** Names of the migrations that steps upload. */
export function migrationsOf(steps: readonly Step[]): string[] {
  return steps.flatMap((step): string[] => {
    if ("upload" in step)
      return step.code.startsWith(codeKinds.migration) ? [step.code.slice(codeKinds.migration.length)] : [];
    if ("repeat" in step) return migrationsOf(step.steps);
    if ("parallel" in step) return step.parallel.flatMap(migrationsOf);
    return "pages" in step ? migrationsOf(step.between ?? []) : [];
  });
}

/** Rules that no scenario claims: every exchange is judged by them. */
export const rulesOfEveryExchange = /^SB-SPEC-/;

/** Every message over a realtime socket is judged by it. */
export const messageRule = "SB-SPEC-REALTIME-CONFORMS";

/** Ids of the rules that steps exercise, in order, without repetition. */
export function rulesOf(steps: readonly Step[]): string[] {
  const ids = steps.flatMap((step): string[] => {
    const claimed = "expect" in step ? (step.expect ?? []).map(({ rule }) => rule) : [];
    if ("eventually" in step) return rulesOf([step.eventually]);
    if ("restart" in step) return rulesOf(step.during ?? []);
    if ("repeat" in step) return rulesOf(step.steps);
    if ("ws" in step) return [...claimed, messageRule];
    if ("parallel" in step) return [...step.parallel.flatMap(rulesOf), ...claimed];
    return "pages" in step ? [...rulesOf(step.between ?? []), ...claimed] : claimed;
  });
  return [...new Set(ids)];
}

/** Ids of the operations that steps call and claim something about; `isTallied`: their statuses are claimed together. */
export function operationsClaimedIn(steps: readonly Step[], isTallied = false): string[] {
  return steps.flatMap((step) => {
    const isClaimed = isTallied || ("expect" in step && (step.expect ?? []).length > 0);
    const called = calledBy(step);
    const within = operationsClaimedIn(stepsWithin(step), isTallied || ("parallel" in step && isClaimed));
    return isClaimed ? [...called, ...within] : within;
  });
}

/** Ids of the operations that a target must have for the steps to mean something. */
export function operationsIn(steps: readonly Step[]): string[] {
  return steps.flatMap((step) => {
    const own = "request" in step ? operationsAt(step.request) : calledBy(step);
    return [...own, ...operationsIn(stepsWithin(step))];
  });
}

/** The operation that a plain request reaches; all of its path when the path doesn't have the method. */
function operationsAt({ method, path }: Request["request"]): string[] {
  const here = operations.filter((operation) => operation.path === path.replace(/^\/+/, "/"));
  const meant = here.filter((operation) => operation.method === method.toLowerCase());
  return (meant.length > 0 ? meant : here).map(({ operationId }) => operationId);
}

/** The operation that a step calls by itself. */
function calledBy(step: Step): string[] {
  if ("send" in step) return [step.send];
  if ("ws" in step) return ["openRealtime"];
  return "pages" in step ? [step.pages] : [];
}

/** The steps that a step consists of. */
export function stepsWithin(step: Step): Step[] {
  if ("repeat" in step) return step.steps;
  if ("parallel" in step) return step.parallel.flat();
  if ("eventually" in step) return [step.eventually];
  if ("restart" in step) return step.during ?? [];
  return "pages" in step ? (step.between ?? []) : [];
}

/** References that lead nowhere, rules that nothing exercises, names given twice: a sentence each. */
function danglingReferences({ rules, scenarios, machines, migrations, plans }: Contracts): string[] {
  const known = new Set(rules.map(({ id }) => id));
  const claimed = new Set(scenarios.flatMap(({ steps }) => rulesOf(steps)));
  const names = scenarios.map(({ name }) => name);
  return [
    ...repeated(rules.map(({ id }) => id)).map((id) => `There are two rules ${id}.`),
    ...repeated(names).map((name) => `There are two scenarios ${name}.`),
    ...[...claimed].filter((id) => !known.has(id)).map((id) => `There is no rule ${id}.`),
    ...rules
      .filter(({ id, stage }) => stage === undefined && !claimed.has(id) && !rulesOfEveryExchange.test(id))
      .map(({ id }) => `No scenario exercises ${id}.`),
    ...scenarios.flatMap(({ name, steps }) =>
      migrationsOf(steps)
        .filter((migration) => !migrations.has(migration))
        .map((migration) => `${name} uses an unknown migration ${migration}.`),
    ),
    ...plans
      .filter(({ machine }) => !machines.has(machine))
      .map(({ machine }) => `models.yaml names an unknown machine ${machine}.`),
    ...scenarios.flatMap(({ name, machines: used = [] }) =>
      used.filter((machine) => !machines.has(machine)).map((machine) => `${name} uses an unknown machine ${machine}.`),
    ),
  ];
}

function repeated(values: string[]): string[] {
  return values.filter((value, i) => values.indexOf(value) !== i);
}
