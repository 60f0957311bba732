// A relay in front of a server that tells lies of one kind: it may change requests, change answers, or ask things of its own.

import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { type Credentials, tokenFor } from "../../src/oracle/caller.ts";

/** What is asked, as far as lies depend on it. */
export interface Asked {
  method: string;
  path: string;
  /** `create`, `send`, `read`, `list`, `transitions`, `admin`, `status`, `delete`, or `other`. */
  kind: string;
  machine: string;
  /** Also of the creation. */
  instance: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever was sent
  body: any;
  headers: { [name: string]: string };
}

export interface Told {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever came
  json: any;
  headers: { [name: string]: string };
}

/** One kind of lie. `ask` forwards what it is given. */
export type Twist = (asked: Asked, ask: Ask) => Promise<Told>;
export type Ask = (asked: Asked) => Promise<Told>;

/** With `twist` made anew: lies may remember things. */
export async function startRelay(upstream: string, twist: Twist): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer(async (request, response) => {
    const bytes = Buffer.concat(await request.toArray());
    const asked = askedOf(request, bytes);
    if (asked.kind === "other") {
      const { status, headers, body } = await forward(upstream, asked, bytes);
      response.writeHead(status, headers).end(body);
      return;
    }
    const { status, headers, json } = await twist(asked, (changed) => ask(upstream, changed));
    const isVoid = json === undefined;
    response.writeHead(status, isVoid ? {} : headers).end(isVoid ? undefined : JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  };
}

/** The same request of another user. */
export async function as(sub: string, asked: Asked, credentials: Credentials): Promise<Asked> {
  const token = await tokenFor({ act: { sub } }, credentials, Date.now());
  return { ...asked, headers: { ...asked.headers, authorization: `Bearer ${token}` } };
}

async function ask(upstream: string, asked: Asked): Promise<Told> {
  const bytes = asked.body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(asked.body));
  const { status, headers, body } = await forward(upstream, asked, bytes);
  return { status, headers, json: body.length === 0 ? undefined : JSON.parse(body.toString()) };
}

async function forward(upstream: string, { method, path, headers }: Asked, bytes: Buffer) {
  const init = {
    method,
    headers,
    redirect: "manual" as const,
    ...(bytes.length > 0 ? { body: new Uint8Array(bytes) } : {}),
  };
  const answer = await fetch(`${upstream}${path}`, init);
  const type = answer.headers.get("content-type");
  const body = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers: type === null ? {} : { "content-type": type }, body };
}

function askedOf(request: IncomingMessage, bytes: Buffer): Asked {
  const { method = "GET", url: path = "/" } = request;
  const [, head, machine = "", part, name, last] = (path.split("?")[0] ?? "").split("/").map(decodeURIComponent);
  const body = bytes.length > 0 && head === "machines" ? JSON.parse(bytes.toString()) : undefined;
  const isInstance = head === "machines" && machine !== "" && (part === undefined ? method === "POST" : part === "i");
  const kind = isInstance ? kindOf(method, name, last) : "other";
  const { "content-type": type, authorization } = request.headers;
  const headers = { ...(type ? { "content-type": type } : {}), ...(authorization ? { authorization } : {}) };
  return { method, path, kind, machine, instance: name ?? String(body?.slug), body, headers };
}

function kindOf(method: string, name: string | undefined, last: string | undefined): string {
  if (method === "POST" && name === undefined) return "create";
  if (name === undefined) return "list";
  if (last === "events") return method === "POST" ? "send" : "transitions";
  if (last !== undefined) return last;
  return method === "DELETE" ? "delete" : "read";
}
