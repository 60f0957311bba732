// Judges what goes through the proxy: requests as the client's affair, answers and frames as the upstream's.

import { createRequestCheck, type RequestCheck, type RequestFault } from "../../spec/request-check.ts";
import type { ResponseCheck, Violation } from "../../spec/response-check.ts";
import { conformanceRule } from "../claims.ts";
import type { Rule } from "../contracts.ts";
import type { Ledger } from "../report.ts";
import { type Judgement, judgeAccess } from "./access.ts";
import type { FaultList } from "./faults.ts";
import type { History } from "./history.ts";
import { discreet, lineOf, shownTarget } from "./repro.ts";
import { pathOf, queryOf } from "./route.ts";
import { type Asked, type Exchanged, isSuccess } from "./traffic.ts";

export interface JudgeOptions {
  check: ResponseCheck;
  history: History;
  ledger: Ledger;
  faults: FaultList;
  rules: ReadonlyMap<string, Rule>;
  /** Epoch milliseconds. */
  now: () => number;
}

export interface Entry {
  rule: string;
  operationId?: string;
  exchange: number;
  key: string;
  /** Null: it was kept. */
  broken: string | null;
  repro: string[];
}

/** Client faults that no service may let pass, by where they are. */
function ruleOfMisfit({ where, isMalformed, name }: RequestFault): string | undefined {
  if (where === "body") return isMalformed ? "SB-EDGE-JSON-400-MALFORMED" : "SB-EDGE-BODY-400-MISFIT";
  return where === "path" && /Slug$/.test(name) ? "SB-EDGE-NAME-400-MALFORMED" : undefined;
}

export class Judge {
  readonly #options: JudgeOptions;
  readonly #checkRequest: RequestCheck = createRequestCheck();

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  exchange(exchanged: Exchanged): void {
    const { history, now } = this.#options;
    const line = lineOf(exchanged, exchanged.requestBody);
    const operationId = exchanged.routed?.operation.operationId;
    this.#judgeRequest(exchanged, line);
    this.#judgeAnswer(exchanged, line);
    const judgements: (Judgement & { trail?: string[] })[] = judgeAccess(exchanged, now());
    for (const { rule, broken, trail = [] } of [...judgements, ...history.end(exchanged, line)]) {
      this.enter({ rule, broken, ...named(operationId), exchange: exchanged.n, key: "", repro: [...trail, line] });
    }
  }

  /** A realtime socket was accepted with these header lines. */
  opened(asked: Asked, answerHeaders: { [name: string]: string }): void {
    const none = { requestBody: new Uint8Array(), requestJson: undefined, answerBody: new Uint8Array() };
    const exchanged = { ...asked, ...none, status: 101, answerHeaders, answerJson: undefined, end: asked.start };
    this.#judgeAnswer(exchanged, lineOf(exchanged, exchanged.requestBody));
  }

  /** What an upstream did wrong, or not, under a rule of the contracts. @throws for a rule that there is not */
  enter({ rule: id, operationId, exchange, key, broken, repro }: Entry): void {
    const { ledger, faults, rules } = this.#options;
    if (broken === null) {
      ledger.pass(id);
      return;
    }
    const rule = rules.get(id);
    if (rule === undefined) throw new Error(`There is no rule ${id}.`);
    const message = discreet(broken);
    ledger.fail(id, message, repro);
    faults.add(`${id} ${operationId} ${key}`, exchange, () => {
      const { level, source } = rule;
      const where = `${source.doc}, ${source.at}: “${source.quote}”`;
      return { of: "upstream", rule: id, level, source: where, ...named(operationId), message, repro };
    });
  }

  /** What a client did that the document doesn't know. */
  client({ operationId, exchange, key, message, repro }: ClientEntry): void {
    this.#options.faults.add(`client ${operationId} ${key}`, exchange, () => {
      const source = operationId === undefined ? "openapi.yaml, /paths" : `openapi.yaml, ${operationId}`;
      return { of: "client", rule: "request", source, ...named(operationId), message: discreet(message), repro };
    });
  }

  #judgeRequest(exchanged: Exchanged, line: string): void {
    const { routed, n, status, target, headers, requestBody } = exchanged;
    if (routed === null) {
      const message = `no operation is at ${shownTarget(exchanged)}`;
      this.client({ exchange: n, key: `${exchanged.method} ${pathOf(target)}`, message, repro: [line] });
      return;
    }
    const { operationId } = routed.operation;
    const request = { operationId, params: routed.params, query: queryOf(target), headers, body: requestBody };
    for (const misfit of this.#checkRequest(request)) {
      const { where, name, message } = misfit;
      const key = `${where} ${where === "body" ? name.replaceAll(/\d+/g, "*") : name}`;
      this.client({ operationId, exchange: n, key, message, repro: [line] });
      const rule = ruleOfMisfit(misfit);
      if (rule === undefined || !(isSuccess(status) || status === 400)) continue;
      const broken = isSuccess(status) ? `${message} The answer is ${status}, not 400.` : null;
      this.enter({ rule, operationId, exchange: n, key, broken, repro: [line] });
    }
  }

  /** @see claims.ts, judgeExchange: the same rules, each distinct violation by itself */
  #judgeAnswer(exchanged: Exchanged, line: string): void {
    const { check, ledger } = this.#options;
    const { routed, status, method, answerHeaders: headers, answerBody: body } = exchanged;
    const wire = { status, headers, body };
    const operationId = routed?.operation.operationId;
    if (operationId === undefined) {
      if (status < 400 || method === "HEAD") return;
      this.#enterAll(check.checkErrorShape(wire), "SB-SPEC-ADDED-ERROR-CONFORMS", exchanged, line);
      return;
    }
    ledger.count(operationId, status);
    const found = check.checkResponse({ ...wire, operationId });
    const statusRule = status < 400 ? "SB-SPEC-SUCCESS-STATUS-DECLARED" : "SB-SPEC-ERROR-STATUS-DECLARED";
    const ofStatus = found.filter(isOfStatus);
    this.#enterAll(ofStatus, statusRule, exchanged, line);
    if (ofStatus.length === 0) this.#enterAll(found, conformanceRule(status), exchanged, line);
  }

  #enterAll(violations: readonly Violation[], rule: string, { n, routed, status }: Exchanged, line: string): void {
    const operationId = routed?.operation.operationId;
    const common = { rule, ...named(operationId), exchange: n, repro: [line] };
    if (violations.length === 0) this.enter({ ...common, key: "", broken: null });
    for (const { rule: kind, message, pointer = "" } of violations) {
      const key = `${status} ${kind} ${pointer.replaceAll(/\d+/g, "*")}`;
      const what = operationId ?? "a request outside the API";
      this.enter({ ...common, key, broken: `${what}, status ${status}: ${message}` });
    }
  }
}

type ClientEntry = Omit<Entry, "rule" | "broken"> & { message: string };

function isOfStatus({ rule }: Violation): boolean {
  return rule === "undeclared-status";
}

function named(operationId: string | undefined): { operationId?: string } {
  return operationId === undefined ? {} : { operationId };
}
