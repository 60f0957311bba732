// One realtime socket through the proxy: passed on as it is, its handshake and its messages judged.

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { ResponseCheck } from "../../spec/response-check.ts";
import type { Upstream } from "./forward.ts";
import { createReader } from "./frames.ts";
import { byName } from "./headers.ts";
import type { History } from "./history.ts";
import type { Judge } from "./judge.ts";
import type { Observer, Seen } from "./observer.ts";
import { createSocketJudge } from "./socket-judge.ts";
import { passUpgrade } from "./upgrade.ts";

export interface WatchOptions {
  upstream: Upstream;
  observer: Observer;
  check: ResponseCheck;
  judge: Judge;
  history: History;
  onMessage: (message: Seen) => void;
}

export function watchSocket(request: IncomingMessage, socket: Duplex, head: Buffer, options: WatchOptions): void {
  const { upstream, observer, check, judge, history, onMessage } = options;
  const asked = observer.begin(request);
  observer.socket(socket);
  const socketJudge = createSocketJudge({ asked, check, judge, history, tick: () => observer.tick() });
  let read: { [from in Seen["from"]]?: (chunk: Buffer) => void } = {};
  const reader = (from: Seen["from"], extensions: string) =>
    createReader(
      from,
      extensions,
      (text) => {
        observer.message(() => socketJudge.heard(from, text));
        onMessage({ asked, from, text, begun: observer.traffic.exchanges });
      },
      () => {
        observer.traffic.unjudged++;
      },
    );
  passUpgrade(request, socket, head, upstream, {
    onOpen(rawHeaders) {
      const { "sec-websocket-extensions": extensions = "", ...headers } = byName(rawHeaders);
      const isRealtime = asked.routed?.operation.operationId === "openRealtime";
      if (!isRealtime) return observer.abandon(asked, { kind: "whole" });
      judge.opened(asked, headers);
      read = { client: reader("client", extensions), upstream: reader("upstream", extensions) };
    },
    onChunk: (from, chunk) => read[from]?.(chunk),
    onRefused: (status, rawHeaders, answerBody) =>
      observer.end(asked, { kind: "whole", requestBody: Buffer.alloc(0), status, rawHeaders, answerBody }),
    onFailed: () => observer.abandon(asked, { kind: "refused" }),
  });
}
