// The usual things that a fault does to a request or a response.

import type { JsonObject } from "../../src/domain/json.ts";
import type { State } from "../../src/domain/records.ts";
import { machineScope } from "../../src/operations/lookup.ts";
import type { Fault, Forward, WireReply, WireRequest, World } from "./fault.ts";
import { headerOf, without } from "./wire.ts";

type Http = NonNullable<Fault["http"]>;

/** What of a fault's world a changed body may depend on. */
export type Edit = (body: JsonObject, request: WireRequest, world: World) => JsonObject | Promise<JsonObject>;

/** Changes the body of every 200 of these operations. */
export function editing(operations: string | readonly string[], edit: Edit): Fault {
  return {
    http: onReply(operations, async (reply, request, world) =>
      reply.status === 200 ? withBody(reply, await edit(bodyOf(reply), request, world)) : reply,
    ),
  };
}

/** Changes every response of these operations. */
export function answering(
  operations: string | readonly string[],
  change: (reply: WireReply, request: WireRequest, world: World) => WireReply | Promise<WireReply>,
): Fault {
  return { http: onReply(operations, change) };
}

function onReply(
  operations: string | readonly string[],
  change: (reply: WireReply, request: WireRequest, world: World) => WireReply | Promise<WireReply>,
): Http {
  return async (request, forward, world) => {
    const reply = await forward(request);
    return isOf(operations, request) ? change(reply, request, world) : reply;
  };
}

/** Decides about each request of these operations; what it is not about goes on as it is. */
export function handling(
  operations: string | readonly string[],
  handle: (request: WireRequest, forward: Forward, world: World) => Promise<WireReply>,
): Fault {
  return {
    http: (request, forward, world) => (isOf(operations, request) ? handle(request, forward, world) : forward(request)),
  };
}

function isOf(operations: string | readonly string[], { operationId }: WireRequest): boolean {
  return operationId !== undefined && [operations].flat().includes(operationId);
}

/** The body as an object; an empty one for whatever is none. */
export function bodyOf({ body }: { body: Buffer }): JsonObject {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
  } catch {
    return {};
  }
}

/** The same request or response with another body. */
export function withBody<T extends WireRequest | WireReply>(message: T, body: object): T {
  const bytes = Buffer.from(JSON.stringify(body));
  return { ...message, ...labelled(message.headers, bytes), body: bytes };
}

function labelled(headers: readonly string[], bytes: Buffer) {
  const rest = without(headers, "content-length", "content-type", "transfer-encoding");
  return { headers: [...rest, "content-type", "application/json", "content-length", String(bytes.length)] };
}

export function replyOf(status: number, body?: object): WireReply {
  const empty: WireReply = { status, reason: "", headers: ["content-length", "0"], body: Buffer.alloc(0) };
  return body === undefined ? { ...empty, headers: status === 204 ? [] : empty.headers } : withBody(empty, body);
}

export function problem(status: number, code: string, error = "Something is wrong."): WireReply {
  return replyOf(status, { error, code });
}

/** The same request with other query parameters. */
export function withQuery(request: WireRequest, change: (query: URLSearchParams) => void): WireRequest {
  const [path = "", search = ""] = request.target.split("?");
  const query = new URLSearchParams(search);
  change(query);
  return { ...request, target: query.size === 0 ? path : `${path}?${query}` };
}

export function queryOf({ target }: WireRequest, name: string): string | null {
  return new URLSearchParams(target.split("?")[1] ?? "").get(name);
}

/** The same caller's request for something else, without a body. */
export function insteadOf({ headers }: WireRequest, method: string, target: string): WireRequest {
  const rest = without(headers, "content-length", "transfer-encoding");
  return { method, target, headers: rest, body: Buffer.alloc(0), operationId: undefined, params: {} };
}

/** Where an instance is, from any request to something of its. */
export function instancePath({ params: { machineSlug = "", instanceSlug = "" } }: WireRequest): string {
  return `/machines/${machineSlug}/i/${instanceSlug}`;
}

/** The instance that a request is about, as it is stored, without asking anybody's leave. */
export async function storedInstance({ headers, params }: WireRequest, { server, services }: World) {
  const orgId = headerOf(headers, "x-statebacked-org-id") ?? server.orgId;
  const { machineSlug = "", instanceSlug = "" } = params;
  return services.store.get("instance", machineScope(orgId, machineSlug), instanceSlug);
}

/** A 200 with such a State, written as `like` is. */
export function stateReply(like: WireReply, state: State): WireReply {
  return withBody({ ...like, status: 200, reason: "OK" }, state);
}

/** The list in a page, and its name. */
export function listOf(body: JsonObject): { name: string; items: JsonObject[] } {
  const [name = "", items = []] = Object.entries(body).find(([, value]) => Array.isArray(value)) ?? [];
  return { name, items: items as JsonObject[] };
}

/** A list as its first page would be, had it room for all. */
export async function wholeList(request: WireRequest, forward: Forward): Promise<WireReply> {
  const all: JsonObject[] = [];
  for (let cursor: string | undefined; ; ) {
    const next = withQuery(request, (query) =>
      cursor === undefined ? query.delete("cursor") : query.set("cursor", cursor),
    );
    const reply = await forward(next);
    if (reply.status !== 200) return reply;
    const { cursor: further, ...body } = bodyOf(reply);
    const { name, items } = listOf(body);
    all.push(...items);
    if (typeof further !== "string") return withBody(reply, { ...body, [name]: all });
    cursor = further;
  }
}

/** The operations that answer with a State. */
export const stateOperations = ["createMachineInstance", "getMachineInstance", "sendMachineInstanceEvent"] as const;

/** Changes a State wherever it is shown: in responses, and in the updates of sockets. */
export function editingStates(edit: (state: JsonObject) => JsonObject): Fault {
  return {
    ...editing(stateOperations, edit),
    socket: () => ({
      fromServer: (line, text, frame) =>
        line.toClient(frame.type === "instance-update" ? JSON.stringify(edit({ ...frame } as JsonObject)) : text),
    }),
  };
}
