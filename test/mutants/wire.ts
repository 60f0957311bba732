// An HTTP server in front of another one that passes everything on as it is, but for what a fault does to it.

import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request as openRequest } from "node:http";
import type { AddressInfo } from "node:net";
import type { WireReply, WireRequest } from "./fault.ts";
import type { Relay } from "./relay.ts";
import { relaySockets } from "./relay.ts";
import { routeOf } from "./route.ts";

export interface WireOptions extends Relay {
  /** Where to pass requests on to; asked anew for each, since what stands there may be started again elsewhere. */
  upstream(): string;
  exchange(request: WireRequest, forward: (request: WireRequest) => Promise<WireReply>): Promise<WireReply>;
}

/** As long as Settle itself keeps a connection: one that is closed right when a client uses it again looks like a server that is gone. */
const keepAliveMs = 72_000;

export interface Wire {
  /** Where it listens, without a trailing slash. */
  url: string;
  /** Breaks off every connection, as a server does that is killed. */
  drop(): void;
  close(): Promise<void>;
}

export async function startWire(options: WireOptions): Promise<Wire> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer({ requireHostHeader: false, requestTimeout: 0 }, (incoming, response) => {
    void serve(incoming, response, options, agent);
  });
  server.keepAliveTimeout = keepAliveMs;
  const sockets = relaySockets(server, options);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    drop() {
      sockets.drop();
      server.closeAllConnections();
    },
    async close() {
      sockets.drop();
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

async function serve(incoming: IncomingMessage, response: ServerResponse, options: WireOptions, agent: Agent) {
  try {
    const { method = "GET", url: target = "/", rawHeaders: headers } = incoming;
    const request = { method, target, headers, body: await bytesOf(incoming), ...routeOf(method, target) };
    const reply = await options.exchange(request, (changed) => send(options.upstream(), changed, agent));
    response.sendDate = false; // its own date is among the headers
    response.writeHead(reply.status, reply.reason, reply.headers);
    response.end(reply.body);
  } catch {
    // As whoever is in front of a server that is gone.
    response.destroy();
  }
}

/** A header about how the body travels stays right whatever a fault did to the body. */
async function send(upstream: string, { method, target, headers, body }: WireRequest, agent: Agent) {
  const url = new URL(upstream);
  const outgoing = openRequest({
    agent,
    host: url.hostname,
    port: url.port,
    method,
    path: target,
    headers: withLength(headers, body),
    setHost: false,
    setDefaultHeaders: false,
  });
  const answered = once(outgoing, "response") as Promise<[IncomingMessage]>;
  outgoing.end(body);
  const [incoming] = await answered;
  const { statusCode: status = 0, statusMessage: reason = "", rawHeaders } = incoming;
  return { status, reason, headers: rawHeaders, body: await bytesOf(incoming) };
}

function withLength(headers: readonly string[], body: Buffer): string[] {
  const rest = without(headers, "content-length", "transfer-encoding");
  const hadBody = rest.length < headers.length || body.length > 0;
  return hadBody ? [...rest, "content-length", String(body.length)] : rest;
}

/** The headers but for those of these names, which are in lower case. */
export function without(headers: readonly string[], ...names: string[]): string[] {
  const rest: string[] = [];
  for (let at = 0; at < headers.length; at += 2) {
    const [name = "", value = ""] = headers.slice(at, at + 2);
    if (!names.includes(name.toLowerCase())) rest.push(name, value);
  }
  return rest;
}

/** The first value of a header; `name` is in lower case. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  const at = headers.findIndex((text, index) => index % 2 === 0 && text.toLowerCase() === name);
  return at === -1 ? undefined : headers[at + 1];
}

async function bytesOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
