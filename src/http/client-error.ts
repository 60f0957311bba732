// Answers what never became a request (broken HTTP, oversized headers, a request that was never finished) in the API's error shape.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

const answers: { [code: string]: { status: number; error: string } } = {
  HPE_HEADER_OVERFLOW: { status: 431, error: "The request's headers are too large." },
  HPE_INVALID_EOF_STATE: { status: 400, error: "The request ended before it was complete." },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, error: "The request was not finished in time." },
};
const notHttp = { status: 400, error: "This is not an HTTP/1.1 request." };

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  isAnswered: boolean;
}

export interface ClientErrors {
  /** Keeps an eye on the requests in hand: what came before the broken one on its connection is answered first. */
  watch(server: Server): void;
  hasRequest(socket: Duplex): boolean;
  answer(error: Error & { code?: string }, socket: Duplex): void;
}

export function createClientErrors(): ClientErrors {
  const inHand = new WeakMap<Duplex, Set<Exchange>>();

  return {
    watch(server) {
      server.on("request", (request, response) => {
        const { socket } = request;
        const exchanges = inHand.get(socket) ?? new Set();
        const exchange = { request, response, isAnswered: false };
        inHand.set(socket, exchanges.add(exchange));
        response.once("close", () => {
          exchange.isAnswered = true;
          // Answered for its head alone, it still owns what comes of its body.
          if (request.complete) exchanges.delete(exchange);
          else request.once("close", () => exchanges.delete(exchange));
        });
      });
    },
    hasRequest: (socket) => (inHand.get(socket)?.size ?? 0) > 0,
    answer(error, socket) {
      // The other side hung up: there is nobody to answer.
      if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
      const { status, error: message } = answers[error.code ?? ""] ?? notHttp;
      const before = [...(inHand.get(socket) ?? [])];
      const broken = before.find(({ request }) => !request.complete);
      const whole = before.filter(({ request, isAnswered }) => request.complete && !isAnswered);
      void Promise.all(whole.map(closed)).then(() => {
        if (broken?.response.headersSent) socket.end();
        else answerOnSocket(socket, status, message);
      });
    },
  };
}

/** Writes an error in the API's shape where there is no response to write it with, and ends the connection. */
export function answerOnSocket(socket: Duplex, status: number, error: string): void {
  const body = JSON.stringify({ error, code: "invalid-parameter" });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

function closed({ response }: Exchange): Promise<void> {
  return new Promise((resolve) => response.once("close", () => resolve()));
}
