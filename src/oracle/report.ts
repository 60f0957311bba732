// What a run found, rule by rule, and the verdict it leads to.

import { shellPrelude } from "./caller.ts";
import type { Level, Rule } from "./contracts.ts";
import { pickPrelude } from "./picked.ts";
import { type Coverage, coverageOf } from "./report/coverage.ts";
import type { RunFacts } from "./report/facts.ts";
import type { Findings } from "./run/findings.ts";
import { socketPrelude, usesSockets } from "./socket-shell.ts";
import { type ChartParts, StatechartCounts, type Visit } from "./statechart-coverage.ts";
import { madeTokenPrelude } from "./subject-token.ts";

export type Status = "passed" | "failed" | "warned" | "skipped" | "not-exercised" | "flaky" | "oracle-error";

export interface RuleResult {
  id: string;
  title: string;
  level: Level;
  /** Where the rule comes from: document, place and words. */
  source: string;
  status: Status;
  /** What was seen and what was expected; empty for a rule that passed. */
  message: string;
  /** A bash script that shows a failure again: it signs with `SETTLE_*` of the environment. */
  repro: string[];
  /** Arguments of `settle verify` that exercise the rule again in the same way. */
  replay?: string[];
  /** How often it was found kept. */
  passes: number;
  /** The exchanges that led to a failure, in order. */
  history?: Exchanged[];
  /** Why a failure of it was expected, where one was. @see report/expected.ts */
  expected?: string;
}

/** An exchange as a report shows it. */
export interface Exchanged {
  /** When the answer came: milliseconds since the run began. */
  atMs: number;
  elapsedMs: number;
  /** Method, path and query. */
  request: string;
  /** 0 without an answer. */
  status: number;
  /** The answer's body, cut when long, without secrets. */
  body: string;
}

/** What a run found. The same for whatever judged: `settle verify`, `settle proxy`, a library call. */
export interface Report {
  target: string;
  seed: number;
  verdict: "conforms" | "violates";
  rules: RuleResult[];
  coverage: Coverage;
  /** What the run made and could not take away, a sentence each. */
  leftovers?: string[];
  /** What ran, when, and with what. */
  run?: RunFacts;
}

interface Failure {
  message: string;
  repro: string[];
  replay?: string[];
  history?: Exchanged[];
}

/** What is known of the exchanges behind the lines of a repro: lines that run anywhere, and what was answered. */
export type Explain = (repro: string[]) => { repro: string[]; history: Exchanged[] };

interface Entry {
  passes: number;
  failure?: Failure;
  /** A failure that another attempt did not have. */
  flake?: Failure;
  fault?: string;
  skipped?: string;
  /** Why it may not have been exercised. */
  note?: string;
}

/** Collects what a run learns about each rule. The first failure of a rule is the one that is told. */
export class Ledger implements Findings {
  readonly #onFailure: ((rule: string, failure: Failure) => void) | undefined;
  readonly #explain: Explain | undefined;
  readonly #entries = new Map<string, Entry>();
  readonly #statuses = new Map<string, Map<number, number>>();
  readonly #statecharts = new StatechartCounts();

  /** `onFailure` hears each failing rule once, as soon as it is known. */
  constructor(onFailure?: (rule: string, failure: Failure) => void, explain?: Explain) {
    this.#onFailure = onFailure;
    this.#explain = explain;
  }

  #entry(rule: string): Entry {
    const entry = this.#entries.get(rule) ?? { passes: 0 };
    this.#entries.set(rule, entry);
    return entry;
  }

  pass(rule: string): void {
    this.#entry(rule).passes++;
  }

  /** `repro` holds the curl lines that led there. */
  fail(rule: string, message: string, repro: string[], replay?: string[]): void {
    this.#tell(rule, "failure", message, repro, replay);
  }

  /** It failed once, and once not. */
  flake(rule: string, message: string, repro: string[], replay?: string[]): void {
    this.#tell(rule, "flake", message, repro, replay);
  }

  #tell(rule: string, kind: "failure" | "flake", message: string, repro: string[], replay?: string[]): void {
    const entry = this.#entry(rule);
    if (entry[kind] !== undefined) return;
    const { repro: lines, history } = this.#explain?.(repro) ?? { repro, history: [] };
    const failure = {
      message,
      repro: [...preludeOf(lines), ...lines],
      ...(replay === undefined ? {} : { replay }),
      ...(history.length === 0 ? {} : { history }),
    };
    entry[kind] = failure;
    this.#onFailure?.(rule, failure);
  }

  /** The oracle itself failed while it exercised the rule. */
  fault(rule: string, message: string): void {
    this.#entry(rule).fault ??= message;
  }

  skip(rule: string, reason: string): void {
    this.#entry(rule).skipped ??= reason;
  }

  note(rule: string, reason: string): void {
    this.#entry(rule).note ??= reason;
  }

  count(operationId: string, status: number): void {
    const statuses = this.#statuses.get(operationId) ?? new Map<number, number>();
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    this.#statuses.set(operationId, statuses);
  }

  /** A step of a statechart that the target was seen to take. */
  visit(parts: ChartParts, visit: Visit): void {
    this.#statecharts.visit(parts, visit);
  }

  /** `operationIds`: those that the target has; all without it. */
  report(target: string, seed: number, rules: readonly Rule[], operationIds?: readonly string[]): Report {
    const results = rules.map((rule) => resultOf(rule, this.#entries.get(rule.id)));
    const ran = results.filter(({ status }) => ["passed", "failed", "warned", "flaky"].includes(status));
    const isViolated = results.some(
      ({ status }) => status === "failed" || status === "flaky" || status === "oracle-error",
    );
    return {
      target,
      seed,
      verdict: isViolated || ran.length === 0 ? "violates" : "conforms",
      rules: results,
      coverage: {
        ...coverageOf(this.#statuses, { run: ran.length, total: rules.length }, operationIds),
        statecharts: this.#statecharts.list(),
      },
    };
  }
}

/** The functions that these lines call. */
export function preludeOf(lines: readonly string[]): string[] {
  if (lines.length === 0) return [];
  const text = lines.join("\n");
  return [
    `curl() { command curl "$@"; echo; } # an answer ends its line`,
    ...shellPrelude,
    ...(text.includes("$(jwt ") ? madeTokenPrelude : []),
    ...(text.includes("$(pick ") ? pickPrelude : []),
    ...(usesSockets(lines) ? socketPrelude : []),
  ];
}

function resultOf({ id, title, level, source: { doc, at, quote } }: Rule, entry: Entry = { passes: 0 }): RuleResult {
  const rule = { id, title, level, source: `${doc}, ${at}: “${quote}”`, message: "", repro: [], passes: entry.passes };
  if (entry.failure) return { ...rule, ...entry.failure, status: level === "ADVISORY" ? "warned" : "failed" };
  if (entry.flake) return { ...rule, ...entry.flake, status: level === "ADVISORY" ? "warned" : "flaky" };
  if (entry.fault !== undefined) return { ...rule, status: "oracle-error", message: entry.fault };
  if (entry.passes > 0) return { ...rule, status: "passed" };
  if (entry.skipped !== undefined) return { ...rule, status: "skipped", message: entry.skipped };
  return { ...rule, status: "not-exercised", message: entry.note ?? "nothing in the run was judged by it" };
}

/** 0 conforms, 1 violates, 2 the oracle could not judge. @see README, exit codes */
export function exitCodeOf({ verdict, rules }: Report): 0 | 1 | 2 {
  if (rules.some(({ status }) => status === "failed" || status === "flaky")) return 1;
  return verdict === "conforms" ? 0 : 2;
}
