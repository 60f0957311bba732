// Passes a WebSocket on: its handshake, then the bytes of both directions as they are, pings, close codes and subprotocols among them.

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { noAnswer, openRequest, type Upstream } from "./forward.ts";
import { endToEnd, flat, pairsOf, withHost } from "./headers.ts";

export interface UpgradeEvents {
  /** The upstream accepted; these are its header lines. */
  onOpen(rawHeaders: string[]): void;
  onChunk(from: "client" | "upstream", chunk: Buffer): void;
  /** It answered with a status of its own instead. The body is at most some kilobytes of it. */
  onRefused(status: number, rawHeaders: string[], body: Buffer): void;
  /** Nobody answered. */
  onFailed(): void;
}

export function passUpgrade(
  request: IncomingMessage,
  client: Duplex,
  head: Buffer,
  upstream: Upstream,
  events: UpgradeEvents,
): void {
  // A request for another protocol keeps the two header lines that ask for it.
  const asking = pairsOf(request.rawHeaders).filter(([name]) => /^(connection|upgrade)$/i.test(name));
  const headers = [...withHost(endToEnd(request.rawHeaders), upstream.host, upstream.url), ...asking];
  const onward = openRequest(upstream, request.method ?? "GET", request.url ?? "/", flat(headers));
  client.on("error", () => onward.destroy());
  client.on("close", () => onward.destroy());
  onward.on("error", (error) => {
    if (!client.destroyed) client.end(badGateway(error));
    events.onFailed();
  });
  onward.on("upgrade", (answer, service, first) => {
    events.onOpen(answer.rawHeaders);
    client.write(headOf(answer, pairsOf(answer.rawHeaders)));
    splice("client", client, head, service, events);
    splice("upstream", service, first, client, events);
  });
  onward.on("response", (answer) => void passRefusal(answer, client, events));
  onward.end();
}

/** The end of one side ends the other, and so does its failure. */
function splice(
  from: "client" | "upstream",
  source: Duplex,
  early: Buffer,
  sink: Duplex,
  { onChunk }: UpgradeEvents,
): void {
  source.on("data", (chunk: Buffer) => onChunk(from, chunk));
  if (early.length > 0) {
    onChunk(from, early);
    sink.write(early);
  }
  source.pipe(sink);
  source.on("error", () => sink.destroy());
  source.on("close", () => sink.end());
}

const mostChunks = 16;

async function passRefusal(answer: IncomingMessage, client: Duplex, events: UpgradeEvents): Promise<void> {
  const chunks: Buffer[] = [];
  client.write(headOf(answer, [...endToEnd(answer.rawHeaders), ["Connection", "close"]]));
  try {
    for await (const chunk of answer) {
      if (chunks.length < mostChunks) chunks.push(chunk as Buffer);
      client.write(chunk);
    }
    events.onRefused(answer.statusCode ?? 502, answer.rawHeaders, Buffer.concat(chunks));
    client.end();
  } catch {
    client.destroy();
  }
}

function headOf({ statusCode, statusMessage }: IncomingMessage, headers: [string, string][]): string {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return `HTTP/1.1 ${statusCode} ${statusMessage}\r\n${lines}\r\n`;
}

function badGateway(error: Error): string {
  const body = noAnswer(error);
  const length = `content-length: ${Buffer.byteLength(body)}`;
  return `HTTP/1.1 502 Bad Gateway\r\ncontent-type: application/json; charset=utf-8\r\n${length}\r\nconnection: close\r\n\r\n${body}`;
}
