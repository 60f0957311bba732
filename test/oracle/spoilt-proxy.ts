// A proxy in front of a server that conforms, which spoils one thing of what passes: faults on the wire, whatever the server is.

import { createServer, type IncomingMessage, request as send } from "node:http";
import type { AddressInfo } from "node:net";

/** A request or an answer on its way. Changing it changes what arrives. */
export interface Passing {
  method: string;
  /** Path and query. */
  path: string;
  headers: { [name: string]: string | string[] | undefined };
  body: Buffer;
}
export interface Answering {
  status: number;
  headers: { [name: string]: string | string[] | undefined };
  body: Buffer;
}

export interface Spoiler {
  /** An answer of its own, instead of the server's. */
  instead?: (request: Passing) => Answering | undefined;
  /** Before it reaches the server. */
  request?: (request: Passing) => void;
  /** Before it reaches the client. `ask` is the server's answer to another request, with the same headers. */
  answer?: (answer: Answering, request: Passing, ask: (request: Partial<Passing>) => Promise<Answering>) => unknown;
  /** Closes the connection without an answer. */
  hangsUp?: (request: Passing) => boolean;
}

export async function startSpoilt(upstream: string, spoiler: Spoiler) {
  const server = createServer(async (incoming, response) => {
    const passing = await read(incoming);
    if (spoiler.hangsUp?.(passing)) return response.destroy();
    const original = structuredClone({ ...passing, body: "" });
    const ask = (other: Partial<Passing>) =>
      forward(upstream, { ...passing, headers: { ...original.headers }, body: Buffer.alloc(0), ...other });
    let answer = spoiler.instead?.(passing);
    if (answer === undefined) {
      spoiler.request?.(passing);
      answer = await forward(upstream, passing);
    }
    await spoiler.answer?.(answer, { ...passing, ...original, body: passing.body }, ask);
    const { status, headers, body } = answer;
    for (const [name, value] of Object.entries(headers)) {
      if (value !== undefined && !["content-length", "transfer-encoding", "connection"].includes(name))
        response.setHeader(name, value);
    }
    return response.writeHead(status).end(incoming.method === "HEAD" ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise<void>((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

export function json(status: number, body: unknown): Answering {
  return { status, headers: { "content-type": "application/json" }, body: Buffer.from(JSON.stringify(body)) };
}

async function read(incoming: IncomingMessage): Promise<Passing> {
  const body = Buffer.concat(await incoming.toArray());
  return { method: incoming.method ?? "GET", path: incoming.url ?? "/", headers: { ...incoming.headers }, body };
}

function forward(upstream: string, { method, path, headers, body }: Passing): Promise<Answering> {
  const { hostname, port } = new URL(upstream);
  const { "content-length": _, "transfer-encoding": __, connection: ___, ...rest } = headers;
  const length = method === "GET" || method === "HEAD" ? {} : { "content-length": String(body.length) };
  return new Promise((resolve, reject) => {
    const outgoing = send({ hostname, port, method, path, headers: { ...rest, ...length } }, async (answer) => {
      const status = answer.statusCode ?? 0;
      resolve({ status, headers: { ...answer.headers }, body: Buffer.concat(await answer.toArray()) });
    });
    outgoing.on("error", reject).end(length["content-length"] === undefined ? undefined : body);
  });
}
