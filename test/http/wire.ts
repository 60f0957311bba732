// Bytes over a real socket, and the answers that come back on it, read as HTTP.

import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";

export interface WireAnswer {
  status: number;
  headers: { [name: string]: string };
  /** Parsed when it is JSON. */
  body: unknown;
}

export async function dial(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** Sends the bytes and returns every answer that came until the server closed the connection: the last request should ask for that. */
export async function exchange(url: string, bytes: string | Buffer): Promise<WireAnswer[]> {
  const socket = await dial(url);
  const received: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  socket.write(bytes);
  await once(socket, "close");
  return answersIn(Buffer.concat(received));
}

/** @throws for bytes that are no whole HTTP responses */
export function answersIn(bytes: Buffer): WireAnswer[] {
  const answers: WireAnswer[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const end = rest.indexOf("\r\n\r\n");
    const [statusLine = "", ...lines] = rest.subarray(0, end).toString("latin1").split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    if (end === -1 || Number.isNaN(status)) throw new Error(`no HTTP response: ${rest.toString("latin1")}`);
    const headers = Object.fromEntries(lines.map(headerOf));
    rest = rest.subarray(end + 4);
    const text =
      headers["transfer-encoding"] === "chunked" ? takeChunks() : take(Number(headers["content-length"] ?? 0));
    answers.push({ status, headers, body: jsonOr(text) });

    function take(length: number): string {
      if (rest.length < length) throw new Error(`the response is cut off: ${rest.toString("utf8")}`);
      const taken = rest.subarray(0, length).toString("utf8");
      rest = rest.subarray(length);
      return taken;
    }
    function takeChunks(): string {
      for (let text = ""; ; ) {
        const line = rest.subarray(0, rest.indexOf("\r\n")).toString("latin1");
        const length = Number.parseInt(line, 16);
        take(line.length + 2);
        text += take(length);
        take(2);
        if (length === 0) return text;
      }
    }
  }
  return answers;
}

function headerOf(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}

function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
