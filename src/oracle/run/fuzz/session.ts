// What one generated sample sends, and what is found about it: the checks that hold for every answer are made here.

import { judgeExchange } from "../../claims.ts";
import type { Answer } from "../../exchange.ts";
import { show } from "../../match.ts";
import type { Findings } from "../findings.ts";
import type { Run } from "../stage.ts";
import type { FuzzRule } from "./checks.ts";
import { callOfDraft, type Draft } from "./draft.ts";

interface Finding {
  rule: string;
  /** Expected and seen; null: the rule was kept. */
  refuted: string | null;
  /** The curl lines that led to it. */
  trail: readonly string[];
}

/** Operations whose answers are meant to show what others must not. */
const privileged = ["getMachineInstanceAdmin", "getLogs"];

/** More than the settle timeout: what a slow network and a busy target may add. */
const toleranceMs = 5_000;

export class Session {
  readonly #run: Run;
  readonly #marker: string;
  readonly findings: Finding[] = [];
  /** The curl lines so far. */
  readonly trail: string[] = [];
  /** Of the request that has to succeed, once it is answered. */
  status: number | undefined;

  /** `marker` stands in private contexts of the run's instances, and nowhere else. */
  constructor(run: Run, marker: string) {
    this.#run = run;
    this.#marker = marker;
  }

  /** An answer that didn't come is asked for once more, in case the network is to blame. */
  async send(draft: Draft): Promise<Answer> {
    const { exchange } = this.#run;
    for (const line of draft.trail) if (!this.trail.includes(line)) this.trail.push(line);
    const call = callOfDraft(draft);
    const first = await exchange.send(call);
    const answer = first.status === 0 ? await exchange.send(call) : first;
    this.trail.push(answer.curl);
    this.#judge(answer, nameOf(draft));
    return answer;
  }

  /** What became of the sample's own request. */
  outcome({ status }: Answer): void {
    this.status = status;
  }

  /** Enters whether a rule was kept: `refuted` says what was expected and seen instead. */
  claim(rule: FuzzRule, refuted: string | null): void {
    this.#enter(rule, refuted);
  }

  #enter(rule: string, refuted: string | null): void {
    this.findings.push({ rule, refuted, trail: refuted === null ? [] : [...this.trail] });
  }

  #judge(answer: Answer, name: string): void {
    this.claim("SB-FUZZ-SERVER-ERROR-NONE", serverError(answer, name));
    if (answer.status === 0) return;
    judgeExchange(this.#collector, answer, []);
    const mostMs = this.#run.profile.settleTimeoutMs + toleranceMs;
    const isLate = answer.elapsedMs > mostMs;
    this.claim(
      "SB-FUZZ-ANSWER-TIMELY",
      isLate ? `${name}: answered within ${mostMs} ms expected, after ${answer.elapsedMs} ms seen` : null,
    );
    if (!privileged.includes(answer.operationId ?? "")) {
      const isTold = answer.text.includes(this.#marker);
      this.claim("SB-FUZZ-PRIVATE-KEPT", isTold ? `${name}: the answer holds an instance's private context` : null);
    }
    if (answer.status >= 400) this.#judgeRefusal(answer, name);
  }

  #judgeRefusal(answer: Answer, name: string): void {
    const trace = traceIn(answer.text);
    this.claim(
      "SB-FUZZ-REFUSAL-TRACELESS",
      trace === null ? null : `${name}: a sentence for people expected, a stack trace seen: ${show(trace)}`,
    );
    // A mapper's refusals are its own, and those of a HEAD have no body.
    if (answer.operationId?.startsWith("sendHttpApi") || name.startsWith("HEAD ")) return;
    const body = answer.json as { error?: unknown; code?: unknown } | null | undefined;
    const isShaped = typeof body?.error === "string" && typeof body.code === "string";
    const expected = `${name}: an error body with error and code expected`;
    this.claim("SB-FUZZ-REFUSAL-SHAPED", isShaped ? null : `${expected}, ${answer.status} ${show(answer.text)} seen`);
  }

  /** The rules of every exchange, collected like the stage's own. */
  get #collector(): Findings {
    return {
      pass: (rule) => this.#enter(rule, null),
      fail: (rule, refuted) => this.#enter(rule, refuted),
      fault: (rule, message) => this.#run.ledger.fault(rule, message),
      skip: (rule, reason) => this.#run.ledger.skip(rule, reason),
      note: (rule, reason) => this.#run.ledger.note(rule, reason),
      count: (operationId, status) => this.#run.ledger.count(operationId, status),
    };
  }
}

export function nameOf({ parts, method }: Draft): string {
  return method === undefined ? parts.operationId : `${method} ${parts.path}`;
}

/** Statuses that speak of a moment, not of a defect. @see errata E-37 */
const passing = [503, 504];

function serverError({ status, text, json }: Answer, name: string): string | null {
  if (status === 0) return `${name}: an answer expected, none came, twice: ${text}`;
  if (status < 500 || passing.includes(status)) return null;
  return `${name}: no server error expected, status ${status} seen; the body is ${show(json ?? text)}`;
}

const traces = [
  /^\s*at .+:\d+:\d+\)?(?:"|$)/m,
  /Traceback \(most recent call last\)/,
  /^goroutine \d+ \[/m,
  /^\s*at [\w.$]+\([\w]+\.java:\d+\)/m,
  /\bnode_modules\//,
];

function traceIn(text: string): string | null {
  const lines = text.replaceAll("\\n", "\n");
  return traces.map((trace) => trace.exec(lines)?.[0]).find((found) => found !== undefined) ?? null;
}

export function isAccepted({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}
