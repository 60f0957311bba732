// Passes one HTTP exchange on, byte for byte, while copies of both bodies are kept for the judge.

import { type ClientRequest, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import { Copy } from "./copy.ts";
import { endToEnd, flat, type HostHeader, withHost } from "./headers.ts";

export interface Upstream {
  /** Base URL; its path is put before every request's. */
  url: URL;
  host: HostHeader;
}

/** What came of it. A body is null when it was too long to be judged, or is not all there. */
export interface Outcome {
  /** `whole`: all of the answer went through. `refused`: there was none. `broken`: it ended before its end. `left`: the client went away. */
  kind: "whole" | "refused" | "broken" | "left";
  requestBody: Uint8Array | null;
  status: number;
  rawHeaders: string[];
  answerBody: Uint8Array | null;
}

export interface ForwardOptions {
  upstream: Upstream;
  /** How long the head of an answer waits for its body, so that it can say what was found; then it goes ahead. Milliseconds. */
  holdMs: number;
  /** Called when the answer is there, as far as it is known: whole, or its head alone. Returns header lines to add. */
  onAnswer: (outcome: Outcome) => [string, string][];
  /** Called once, at the end, also after `onAnswer` was called with a whole one. */
  onEnd: (outcome: Outcome) => void;
}

function targetOf({ url }: Upstream, target: string): string {
  const base = url.pathname.replace(/\/+$/, "");
  return `${base}${target.replace(/^https?:\/\/[^/?#]*/i, "") || "/"}`;
}

/** A request to the upstream with header lines as given. */
export function openRequest(upstream: Upstream, method: string, target: string, headers: string[]): ClientRequest {
  const { url } = upstream;
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  // Each exchange has a connection of its own: one that was kept could be closed by the upstream just as it is used.
  const options = { agent: false, method, path: targetOf(upstream, target), headers, setHost: false };
  return send({
    ...options,
    protocol: url.protocol,
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port,
  } as object);
}

export function forward(request: IncomingMessage, response: ServerResponse, options: ForwardOptions): void {
  const { upstream, onEnd } = options;
  const asked = new Copy();
  const state: Outcome = { kind: "refused", requestBody: null, status: 0, rawHeaders: [], answerBody: null };
  let isOver = false;
  // An answer may come before the request's end; half a body is none to judge.
  const soFar = (kind: Outcome["kind"]): Outcome => ({
    ...state,
    kind,
    requestBody: request.complete ? asked.bytes : null,
  });
  const end = (kind: Outcome["kind"]) => {
    if (isOver) return;
    isOver = true;
    onEnd(soFar(kind));
  };
  const headers = withHost(endToEnd(request.rawHeaders), upstream.host, upstream.url);
  if (request.headers["transfer-encoding"] !== undefined) headers.push(["Transfer-Encoding", "chunked"]);
  const onward = openRequest(upstream, request.method ?? "GET", request.url ?? "/", flat(headers));
  onward.on("continue", () => response.writeContinue());
  onward.on("error", (error) => {
    if (isOver || response.headersSent) return;
    refuse(response, error);
    end("refused");
  });
  onward.on("response", (answer) => {
    state.status = answer.statusCode ?? 502;
    state.rawHeaders = answer.rawHeaders;
    relay(
      answer,
      response,
      options,
      (kind, body) => {
        state.answerBody = body;
        end(kind);
      },
      () => soFar("whole"),
    );
  });
  response.on("close", () => {
    if (response.writableFinished) return;
    onward.destroy();
    end("left");
  });
  request.on("data", (chunk: Buffer) => asked.add(chunk));
  request.on("error", () => onward.destroy());
  request.pipe(onward);
}

/** That nobody answers, in the API's own words. */
export function noAnswer({ message }: Error): string {
  const error = `The upstream does not answer: ${message || "the connection failed"}.`;
  return JSON.stringify({ error, code: "unavailable" });
}

function refuse(response: ServerResponse, error: Error): void {
  const body = noAnswer(error);
  response.writeHead(502, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

function relay(
  answer: IncomingMessage,
  response: ServerResponse,
  { holdMs, onAnswer }: ForwardOptions,
  end: (kind: Outcome["kind"], body: Uint8Array | null) => void,
  outcome: () => Outcome,
): void {
  const copy = new Copy();
  let held: Buffer[] | null = [];
  const go = (answerBody: Uint8Array | null) => {
    if (held === null) return;
    clearTimeout(timer);
    const chunks = held;
    held = null;
    response.sendDate = false;
    const headers = [...endToEnd(answer.rawHeaders), ...onAnswer({ ...outcome(), answerBody })];
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, flat(headers));
    for (const chunk of chunks) response.write(chunk);
  };
  const timer = setTimeout(() => {
    const isBare = held?.length === 0;
    go(null);
    // Only here: a head that is flushed alone is written as UTF-8, one with a body after it byte for byte as it came.
    if (isBare) response.flushHeaders();
  }, holdMs);
  answer.on("data", (chunk: Buffer) => {
    copy.add(chunk);
    if (copy.isTooLong) go(null);
    if (held !== null) held.push(chunk);
    else if (!response.write(chunk)) answer.pause();
  });
  response.on("drain", () => answer.resume());
  answer.on("end", () => {
    const isWhole = answer.complete;
    go(isWhole ? copy.bytes : null);
    if (!isWhole) return;
    response.addTrailers(trailersOf(answer));
    response.end();
    end("whole", copy.bytes);
  });
  answer.on("error", () => {
    go(null);
    response.destroy();
    end("broken", null);
  });
  response.on("close", () => clearTimeout(timer));
}

function trailersOf({ trailers }: IncomingMessage): { [name: string]: string } {
  return Object.fromEntries(Object.entries(trailers).map(([name, value]) => [name, value ?? ""]));
}
