// The proxy: passes everything on as it is, and tells what of it was not as the contracts say.

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createResponseCheck } from "../../spec/response-check.ts";
import type { Contracts } from "../contracts.ts";
import { Ledger, type Report } from "../report.ts";
import { type Fault, FaultList, isViolation } from "./faults.ts";
import { forward, type Outcome, type Upstream } from "./forward.ts";
import type { HostHeader } from "./headers.ts";
import { History } from "./history.ts";
import { Judge } from "./judge.ts";
import { Observer, type Seen } from "./observer.ts";
import { rulesOfProxy } from "./rules.ts";
import type { Exchanged } from "./traffic.ts";
import { isForViolations, violationsPage } from "./violations-page.ts";
import { watchSocket } from "./watch-socket.ts";

export interface ProxyOptions {
  /** Base URL. */
  upstream: string;
  /** What the upstream is told as its name: the one the client used, so that absolute URLs of its answers lead here, or its own. */
  hostHeader: HostHeader;
  /** Where to listen; port 0 is any free one. */
  address: string;
  port: number;
  contracts: Contracts;
  /** Epoch milliseconds. */
  now: () => number;
  /** Hears each distinct fault once, as soon as it is known. */
  onFault?: (fault: Fault) => void;
  /** Hears every exchange that could be judged, in the order of their answers. */
  onExchange?: (exchanged: Exchanged) => void;
  /** Hears every message over a realtime socket. */
  onMessage?: (message: Seen) => void;
  /** How long an answer's head waits for its body, to say what was found. Milliseconds, 1000 unless told. */
  holdMs?: number;
}

/** What went through. */
export interface Traffic {
  exchanges: number;
  /** Passed on without a judgement: bodies that were too long or in an unknown coding, answers that broke off, requests outside the API. */
  unjudged: number;
  sockets: number;
  messages: number;
}

export interface ProxyReport extends Report {
  traffic: Traffic;
  /** What the upstream did wrong, warnings among it, and what clients did; each once. */
  faults: Fault[];
  /** Occurrences that were not listed, since there were too many distinct ones. */
  untold: number;
}

export interface JudgingProxy {
  url: string;
  report(): ProxyReport;
  /** Ends every connection. */
  close(): Promise<void>;
}

const defaultHoldMs = 1_000;

/** @throws what listening throws, such as EADDRINUSE */
export async function startProxy(options: ProxyOptions): Promise<JudgingProxy> {
  const { contracts, onFault = () => {}, holdMs = defaultHoldMs } = options;
  const upstream: Upstream = { url: new URL(options.upstream), host: options.hostHeader };
  const faults = new FaultList(onFault);
  const ledger = new Ledger();
  const history = new History();
  const rules = new Map(contracts.rules.map((rule) => [rule.id, rule]));
  const check = createResponseCheck();
  const judge = new Judge({ check, history, ledger, faults, rules, now: options.now });
  const observer = new Observer({ judge, history, ledger, faults, onExchange: options.onExchange ?? (() => {}) });

  const onRequest = (request: IncomingMessage, response: ServerResponse) => {
    if (isForViolations(request)) return violationsPage(request, response, options.upstream, faults);
    const asked = observer.begin(request);
    let isJudged = false;
    const judgeOnce = (outcome: Outcome) => {
      if (isJudged || outcome.answerBody === null) return;
      isJudged = true;
      observer.end(asked, outcome);
    };
    forward(request, response, {
      upstream,
      holdMs,
      onAnswer: (outcome) => {
        judgeOnce(outcome);
        return observer.headersOf(asked.n);
      },
      onEnd: (outcome) => {
        if (outcome.kind === "whole") judgeOnce(outcome);
        if (!isJudged) observer.abandon(asked, outcome);
      },
    });
  };

  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 5_000 }, onRequest);
  // A client that has said everything may close its half of the connection and still be answered.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on("checkContinue", onRequest);
  server.on("upgrade", (request, socket, head) => {
    watchSocket(request, socket, head, {
      upstream,
      observer,
      check,
      judge,
      history,
      onMessage: options.onMessage ?? (() => {}),
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.address, resolve);
  });
  const { address, family, port } = server.address() as AddressInfo;
  return {
    url: `http://${family === "IPv6" ? `[${address}]` : address}:${port}`,
    report: () => reportOf(options, ledger, faults, observer.traffic),
    close: () =>
      new Promise((resolve) => {
        observer.closeSockets();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function reportOf(
  { upstream, contracts }: ProxyOptions,
  ledger: Ledger,
  faults: FaultList,
  traffic: Traffic,
): ProxyReport {
  const judged = contracts.rules.filter(({ id }) => rulesOfProxy.has(id));
  const report = ledger.report(upstream, 0, judged);
  const verdict = faults.list().some(isViolation) ? "violates" : "conforms";
  return { ...report, verdict, traffic: { ...traffic }, faults: faults.list(), untold: faults.untold };
}
