// Answers what never became a request (broken HTTP, oversized headers, a request that was never finished) in the API's error shape.

import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";

const answers: { [code: string]: { status: number; error: string } } = {
  HPE_HEADER_OVERFLOW: { status: 431, error: "The request's headers are too large." },
  ERR_HTTP_REQUEST_TIMEOUT: { status: 408, error: "The request was not finished in time." },
};

export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
  // The other side hung up: there is nobody to answer.
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy();
  const { status, error: message } = answers[error.code ?? ""] ?? {
    status: 400,
    error: "This is not an HTTP/1.1 request.",
  };
  const body = JSON.stringify({ error: message, code: "invalid-parameter" });
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    "content-type: application/json; charset=utf-8",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}
