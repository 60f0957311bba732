// Runs the steps of one scenario and enters each claim in the ledger.

import { setTimeout as sleep } from "node:timers/promises";
import { callOf } from "./call.ts";
import { judgeExchange, judgeMessages, refutation } from "./claims.ts";
import type {
  Claim,
  Eventually,
  Pages,
  Parallel,
  Repeat,
  Request,
  Restart,
  Rule,
  Send,
  Step,
  Upload,
  Wait,
  Ws,
} from "./contracts.ts";
import type { Answer, Exchange } from "./exchange.ts";
import { dig, fill } from "./fill.ts";
import { restartTarget } from "./restart.ts";
import type { Findings } from "./run/findings.ts";
import type { Sockets } from "./sockets.ts";

/** What a scenario's steps work with. Branches of a `parallel` get a copy with variables of their own. */
export interface Scope {
  /** The scenario, and the XState version of its machines, for messages. */
  title: string;
  exchange: Exchange;
  sockets: Sockets;
  ledger: Findings;
  rules: ReadonlyMap<string, Rule>;
  /** Why a rule does not apply to the target, or null. */
  inapplicable: (rule: Rule) => string | null;
  variables: Map<string, unknown>;
  /** The target's own command for it; only scenarios that need it are run with one. */
  restart: string | undefined;
  /** What an upload's `code` stands for, with the file it came from. */
  codeOf: (code: string) => { code: string; file?: string };
  /** The curl lines so far. */
  trail: string[];
  /** Statuses of the calls within the innermost `parallel`. */
  tally?: Map<string, number>;
}

/** @returns false when a step failed in a way that leaves the later ones without a meaning */
export async function runSteps(steps: readonly Step[], scope: Scope): Promise<boolean> {
  for (const step of steps) {
    if (!(await runStep(step, scope))) return false;
  }
  return true;
}

function runStep(step: Step, scope: Scope): Promise<boolean> {
  if ("send" in step) return runSend(step, scope);
  if ("request" in step) return runRequest(step, scope);
  if ("upload" in step) return runUpload(step, scope);
  if ("pages" in step) return runPages(step, scope);
  if ("repeat" in step) return runRepeat(step, scope);
  if ("ws" in step) return runWs(step, scope);
  if ("restart" in step) return runRestart(step, scope);
  if ("waitMs" in step) return runWait(step, scope);
  return "parallel" in step ? runParallel(step, scope) : runEventually(step, scope);
}

async function runSend(step: Send, scope: Scope): Promise<boolean> {
  const answer = await send(step, scope);
  return enterClaims(step.expect, answer, step.send, scope) && save(step.save, answer, scope);
}

async function runRequest({ request, as = {}, expect }: Request, scope: Scope): Promise<boolean> {
  const { method, path } = fill(request, scope.variables);
  const answer = await scope.exchange.send({ method, path, headers: jsonLabel, caller: as });
  scope.trail.push(answer.curl);
  return enterClaims(expect, answer, `${method} ${path}`, scope);
}

async function runUpload(step: Upload, scope: Scope): Promise<boolean> {
  const instructions: unknown = fill(step.upload, scope.variables);
  const url = String(dig(instructions, "/codeUploadUrl"));
  const fields = (dig(instructions, "/codeUploadFields") ?? {}) as { [name: string]: string };
  const answer = await scope.exchange.upload({ url, fields, ...scope.codeOf(step.code), gzip: step.gzip ?? false });
  scope.trail.push(answer.curl);
  return enterClaims(step.expect, answer, "the upload", scope);
}

const mostPages = 100;

async function runPages(
  { pages, params = {}, items, key, follow, between = [], expect }: Pages,
  scope: Scope,
): Promise<boolean> {
  const { param, at } = follow ?? { param: "cursor", at: "/cursor" };
  const keys: unknown[] = [];
  let sent: unknown;
  for (let page = 1; page <= mostPages; page++) {
    const more = sent === undefined ? params : { ...params, [param]: sent };
    const answer = await send({ send: pages, params: more, expect: [] }, scope);
    const entries = dig(answer.json, items);
    if (Array.isArray(entries)) keys.push(...entries.map((entry) => dig(entry, key)));
    const next = dig(answer.json, at);
    if (page === 1 && !(await runSteps(between, scope))) return false;
    // A position that is always there ends the list by staying the same; a cursor, by not being there.
    if (answer.status !== 200 || next === undefined || (follow && next === sent)) {
      const claims = expect.map((claim) => ({ status: 200, ...claim }));
      return enterClaims(claims, { ...answer, json: { items: keys, pages: page } }, `all pages of ${pages}`, scope);
    }
    sent = next;
  }
  for (const { rule } of expect) scope.ledger.fail(rule, `${pages} has no end after ${mostPages} pages`, scope.trail);
  return false;
}

async function runRepeat({ repeat, steps }: Repeat, scope: Scope): Promise<boolean> {
  for (let i = 0; i < repeat; i++) {
    scope.variables.set("i", i);
    if (!(await runSteps(steps, scope))) return false;
  }
  return true;
}

async function runParallel({ parallel, times = 1, expect = [] }: Parallel, scope: Scope): Promise<boolean> {
  const tally = new Map<string, number>();
  const branches = Array.from({ length: times }, (_, i) =>
    parallel.map((steps) => runSteps(steps, { ...scope, tally, variables: new Map(scope.variables).set("i", i) })),
  );
  const wentOn = await Promise.all(branches.flat());
  const seen = Object.fromEntries(tally);
  const kept = expect.map(({ rule, statuses }) => {
    const counts = Object.entries(statuses);
    const total = counts.reduce((sum, [, count]) => sum + count, 0);
    const isAsClaimed = counts.every(([status, n]) => tally.get(status) === n) && sum(tally.values()) === total;
    return enter(
      rule,
      isAsClaimed ? null : `statuses were ${JSON.stringify(seen)}, not ${JSON.stringify(statuses)}`,
      scope,
    );
  });
  return [...wentOn, ...kept].every(Boolean);
}

async function runRestart(step: Restart, scope: Scope): Promise<boolean> {
  const { restart, exchange, trail, variables } = scope;
  if (restart === undefined) throw new Error("The profile gives no restart command.");
  const lines = new Set<string>();
  const silent: Scope = { ...scope, trail: [] };
  const tallies = await restartTarget(step, {
    command: restart,
    exchange,
    send: async (during) => {
      const answer = await send(during, silent);
      lines.add(silent.trail.splice(0).at(-1) ?? "");
      if (answer.status !== 0) enterClaims(during.expect, answer, during.send, silent);
      return answer;
    },
  });
  // The repro does without the race: so many events, then the restart.
  trail.push(...[...lines].map((line) => `for i in $(seq 20); do ${line}; done &`), "sleep 1", restart, "wait");
  for (const [i, { acknowledged, attempted }] of tallies.entries()) {
    variables.set(`acknowledged${i}`, acknowledged).set(`attempted${i}`, attempted);
  }
  return true;
}

/** Nothing is asked meanwhile: what happens, happens by itself. */
async function runWait({ waitMs }: Wait, { trail }: Scope): Promise<boolean> {
  trail.push(`sleep ${waitMs / 1_000}`);
  await sleep(waitMs);
  return true;
}

const pollMs = 50;

async function runEventually({ eventually, withinMs }: Eventually, scope: Scope): Promise<boolean> {
  const attempts = Math.ceil(withinMs / pollMs);
  for (let attempt = 1; ; attempt++) {
    const answer = await send(eventually, scope);
    const claims = eventually.expect.map((claim) => fill(claim, scope.variables));
    if (attempt >= attempts || claims.every((claim) => refutation(claim, answer) === null)) {
      return enterClaims(eventually.expect, answer, eventually.send, scope) && save(eventually.save, answer, scope);
    }
    scope.trail.pop(); // a repro needs the last attempt only
    await sleep(pollMs);
  }
}

async function runWs(
  { ws, params = {}, as = {}, messages = [], until, withinMs, refusable, expect }: Ws,
  scope: Scope,
) {
  const { sockets, ledger, trail, variables } = scope;
  const handshake = callOf({ send: "openRealtime", params, as, expect: [] }, variables);
  const answer = await sockets.talk(ws, handshake, {
    messages: fill(messages, variables),
    ...(until === undefined ? {} : { until: fill(until, variables) }),
    withinMs: withinMs ?? patienceMs,
    refusable: refusable ?? false,
  });
  trail.push(answer.curl);
  judgeMessages(ledger, answer, [...trail]);
  return enterClaims(expect, answer, `the socket ${ws}`, scope);
}

/** How long a message is waited for. */
const patienceMs = 5_000;

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((total, n) => total + n, 0);
}

/** @returns whether the scenario may go on: a broken ADVISORY claim doesn't keep it from that */
function enterClaims(claims: readonly Claim[], answer: Answer, what: string, scope: Scope): boolean {
  const kept = claims.map((claim) => {
    const refuted = refutation(fill(claim, scope.variables), answer);
    return enter(claim.rule, refuted === null ? null : `${what}: ${refuted}`, scope);
  });
  return kept.every(Boolean);
}

function enter(id: string, refuted: string | null, { rules, inapplicable, ledger, title, trail }: Scope): boolean {
  const rule = rules.get(id);
  if (rule === undefined) throw new Error(`There is no rule ${id}.`);
  const reason = inapplicable(rule);
  if (reason !== null) ledger.skip(id, reason);
  else if (refuted === null) ledger.pass(id);
  else ledger.fail(id, `${title}: ${refuted}`, [...trail]);
  return refuted === null || reason !== null || rule.level === "ADVISORY";
}

/** Only a success has what later steps need. */
function save(wanted: Send["save"], answer: Answer, { variables }: Scope): boolean {
  if (wanted === undefined) return true;
  if (answer.status < 200 || answer.status > 299) return false;
  for (const [name, pointer] of Object.entries(wanted)) variables.set(name, dig(answer.json, pointer));
  return true;
}

const jsonLabel = { "content-type": "application/json" };

async function send(step: Send, scope: Scope): Promise<Answer> {
  const answer = await scope.exchange.send(callOf(step, scope.variables));
  scope.trail.push(answer.curl);
  scope.tally?.set(String(answer.status), (scope.tally.get(String(answer.status)) ?? 0) + 1);
  judgeExchange(scope.ledger, answer, [...scope.trail]);
  return answer;
}
