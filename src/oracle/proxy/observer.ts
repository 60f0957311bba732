// Keeps the one order of everything that went through, and hands the judge what can be judged.

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Ledger } from "../report.ts";
import { unpacked } from "./copy.ts";
import { type FaultList, isViolation } from "./faults.ts";
import type { Outcome } from "./forward.ts";
import { byName } from "./headers.ts";
import type { History } from "./history.ts";
import type { Judge } from "./judge.ts";
import type { Traffic } from "./proxy.ts";
import { pathOf, queryOf, route } from "./route.ts";
import { type Asked, bearerOf, claimsOf, type Exchanged, isObject, isSuccess, parsed } from "./traffic.ts";

/** A message over a realtime socket. */
export interface Seen {
  asked: Asked;
  from: "client" | "upstream";
  text: string | null;
  /** How many exchanges had begun before it. */
  begun: number;
}

interface ObserverOptions {
  judge: Judge;
  history: History;
  ledger: Ledger;
  faults: FaultList;
  onExchange: (exchanged: Exchanged) => void;
}

const uploadRule = "SB-VERSION-UPLOAD-2XX";

export class Observer {
  readonly traffic: Traffic = { exchanges: 0, unjudged: 0, sockets: 0, messages: 0 };
  readonly #options: ObserverOptions;
  /** Paths that answers named as places to upload code to. */
  readonly #uploads = new Set<string>();
  readonly #sockets = new Set<Duplex>();
  #moment = 0;

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** The next place in the order of everything that begins or ends. */
  tick(): number {
    return ++this.#moment;
  }

  /** A request came and is about to be passed on. */
  begin({ method = "GET", url = "/", rawHeaders }: IncomingMessage): Asked {
    const headers = byName(rawHeaders);
    const target = url.replace(/^https?:\/\/[^/?#]*/i, "") || "/";
    const routed = route(method, target);
    const query = queryOf(target);
    const isSocket = routed?.operation.operationId === "openRealtime";
    const token = isSocket ? query.get("token") : bearerOf(headers.authorization);
    const orgId = isSocket ? query.get("x-statebacked-org-id") : null;
    const named = orgId === null ? headers : { ...headers, "x-statebacked-org-id": orgId };
    const n = ++this.traffic.exchanges;
    const asked = { n, method, target, routed, headers: named, token, claims: claimsOf(token), start: this.tick() };
    if (changesEverything(asked)) this.#options.history.clear();
    this.#options.history.begin(asked);
    return asked;
  }

  /** All of an exchange went through. */
  end(asked: Asked, outcome: Outcome): void {
    const answerHeaders = byName(outcome.rawHeaders);
    const { requestBody } = outcome;
    const answerBody = outcome.answerBody && unpacked(outcome.answerBody, answerHeaders["content-encoding"]);
    const isOutside = asked.routed === null && !this.#uploads.has(pathOf(asked.target)) && isBeside(asked);
    if (requestBody === null || answerBody === null || isOutside) {
      this.abandon(asked, outcome);
      return;
    }
    const { status } = outcome;
    const json = { requestJson: parsed(requestBody), answerJson: parsed(answerBody) };
    const exchanged = { ...asked, requestBody, status, answerHeaders, answerBody, ...json, end: this.tick() };
    this.#learnUpload(exchanged);
    this.#guard(() => {
      if (this.#uploads.has(pathOf(asked.target))) {
        if (isSuccess(status)) this.#options.ledger.pass(uploadRule);
      } else this.#options.judge.exchange(exchanged);
    });
    this.#options.onExchange(exchanged);
  }

  /** It passed, or didn't, and nobody can judge it. */
  abandon(asked: Asked, { kind }: Pick<Outcome, "kind">): void {
    this.traffic.unjudged++;
    const { history } = this.#options;
    // What was down may have come back with nothing.
    if (kind === "refused" || changesEverything(asked)) history.clear();
    history.abandon(asked, this.tick());
  }

  /** What the answer of an exchange is told beside its own header lines. */
  headersOf(n: number): [string, string][] {
    const count = this.#options.faults.list(n).filter(isViolation).length;
    return [
      ["x-settle-violations", String(count)],
      ["x-settle-details", `/_settle/violations?exchange=${n}`],
    ];
  }

  socket(socket: Duplex): void {
    this.traffic.sockets++;
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
  }

  message(judge: () => void): void {
    this.traffic.messages++;
    this.#guard(judge);
  }

  closeSockets(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** A fault of ours is told as one, and hinders nothing that passes. */
  #guard(judge: () => void): void {
    try {
      judge();
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#options.ledger.fault("SB-SPEC-SUCCESS-CONFORMS", message);
    }
  }

  #learnUpload({ answerJson }: Exchanged): void {
    const url = isObject(answerJson) ? answerJson.codeUploadUrl : undefined;
    if (typeof url === "string" && URL.canParse(url) && this.#uploads.size < 1_000)
      this.#uploads.add(new URL(url).pathname);
  }
}

/** Settle's own control plane, when the upstream is one, and a browser's question before a request. */
function isBeside({ method, target, headers }: Asked): boolean {
  return (
    pathOf(target).startsWith("/_settle") ||
    (method === "OPTIONS" && headers["access-control-request-method"] !== undefined)
  );
}

/** Writes to Settle's control plane may exchange the whole store. */
function changesEverything({ method, target }: Asked): boolean {
  return method !== "GET" && /^\/_settle\/(state|reset)/.test(pathOf(target));
}
