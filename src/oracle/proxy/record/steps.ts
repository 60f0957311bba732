// One exchange, or one message over a socket, as a step of a scenario.

import { createHmac } from "node:crypto";
import type { Caller, Send, Upload, Ws } from "../../contracts.ts";
import type { Seen } from "../observer.ts";
import { callerOf } from "../repro.ts";
import { queryOf } from "../route.ts";
import { type Asked, type Exchanged, isObject, parsed } from "../traffic.ts";
import { claimsOf, type RuleOf, stateOf } from "./claims.ts";
import { hasBraces, type Names } from "./names.ts";

/** A request that no step can be. */
export class Unrecordable extends Error {}

/** Operations whose requests hold secrets of their own, by what is secret. */
const secretive: { [operationId: string]: string } = {
  upsertIdentityProvider: "the key of an identity provider",
  exchangeToken: "a token that somebody else signed",
};

/** @throws Unrecordable */
export function sendOf(exchanged: Exchanged, ruleOf: RuleOf, names: Names, keys: ReadonlyMap<string, string>): Send {
  const { routed, requestJson } = exchanged;
  if (routed === null) throw new Unrecordable("no operation is there");
  const { operationId } = routed.operation;
  const secret = secretive[operationId];
  if (secret !== undefined) throw new Unrecordable(`its body holds ${secret}`);
  if (hasBraces(requestJson) || hasBraces(routed.params)) throw new Unrecordable("its texts look like variables");
  const created =
    isObject(requestJson) && /^createMachine(Instance)?$/.test(operationId) ? requestJson.slug : undefined;
  if (typeof created === "string" && exchanged.status < 300) names.create(created);
  const params = paramsOf(exchanged, names);
  return {
    send: operationId,
    ...(Object.keys(params).length === 0 ? {} : { params }),
    ...contentOf(exchanged, names),
    ...asOf(exchanged, keys, names),
    expect: claimsOf(exchanged, ruleOf, names),
  };
}

function paramsOf({ routed, target, headers }: Exchanged, names: Names): { [name: string]: unknown } {
  const query = queryOf(target);
  const params: { [name: string]: unknown } = {};
  for (const { name, in: place } of routed?.operation.parameters ?? []) {
    const text = place === "path" ? routed?.params[name] : place === "query" ? query.get(name) : headers[name];
    if (text === undefined || text === null || name === "token") continue;
    if (name === "x-statebacked-org-id") params[name] = names.value(text) ?? "{orgId}";
    else if (name === "x-statebacked-act") params[name] = parsed(text) ?? text;
    else if (place === "query" && text === "") params[name] = null;
    else params[name] = names.value(text) ?? names.slug(text);
  }
  return params;
}

function contentOf({ requestBody, requestJson, headers, routed }: Exchanged, names: Names): Partial<Send> {
  const { "content-type": type = "" } = headers;
  const label = type.toLowerCase().startsWith("application/json") ? {} : { contentType: type };
  if (requestBody.length === 0) return label;
  if (requestJson === undefined) {
    const text = new TextDecoder().decode(requestBody);
    if (hasBraces(text) || text.includes("�")) throw new Unrecordable("its body is no text that a step can hold");
    return { text, ...label };
  }
  return { body: renamed(requestJson, names, routed?.params ?? {}), ...label };
}

const slugNames = new Set(["slug", "machineName", "machineInstanceName"]);

/** With variables for slugs, for what answers told, and with confirmations that are computed anew. */
function renamed(value: unknown, names: Names, params: { [name: string]: string }, name = ""): unknown {
  if (typeof value === "string")
    return (
      confirmation(value, params, names) ?? names.value(value) ?? (slugNames.has(name) ? names.slug(value) : value)
    );
  if (Array.isArray(value)) return value.map((item) => renamed(item, names, params));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renamed(item, names, params, key)]));
}

function confirmation(
  text: string,
  { machineSlug, instanceSlug }: { [name: string]: string },
  names: Names,
): object | undefined {
  if (machineSlug === undefined) return undefined;
  const data = instanceSlug ?? machineSlug;
  const isIt = createHmac("sha256", machineSlug).update(data).digest("base64url") === text;
  return isIt ? { $hmac: { key: names.slug(machineSlug), data: names.slug(data) } } : undefined;
}

/** Claims only; the token itself, and whose secret signed it, are nobody's business. */
function asOf(
  asked: Asked & { status?: number; answerJson?: unknown },
  keys: ReadonlyMap<string, string>,
  names: Names,
): { as?: Caller } {
  const { token, claims, status, answerJson } = asked;
  if (token === null) return { as: { token: "none" } };
  const bearer = names.value(token);
  if (bearer !== undefined) return { as: { bearer } };
  const isRefused = status === 403 && isObject(answerJson) && answerJson.code === "missing-user";
  if (claims === null) return isRefused ? { as: { token: "malformed" } } : {};
  const caller = callerOf(asked);
  const key = keys.get(String(claims.header.kid));
  const kind = isRefused && caller.token === undefined ? { token: "wrong-secret" as const } : {};
  return { as: { ...caller, ...kind, ...(key === undefined ? {} : { key: `{${key}}` }) } };
}

/** @throws Unrecordable for a form that is none */
export async function uploadOf({ requestBody, headers }: Exchanged, instructions: string): Promise<Upload> {
  const { "content-type": type = "" } = headers;
  const form = await new Response(new Uint8Array(requestBody), { headers: { "content-type": type } }).formData();
  const file = form.get("file");
  if (!(file instanceof Blob)) throw new Unrecordable("the upload has no file");
  const bytes = new Uint8Array(await file.arrayBuffer());
  const gzip = form.get("content-encoding") === "gzip";
  const { gunzipSync } = await import("node:zlib");
  const code = new TextDecoder().decode(gzip ? gunzipSync(bytes) : bytes);
  const expect = [{ rule: "SB-VERSION-UPLOAD-2XX", status: [200, 201, 202, 204] }];
  return { upload: `{${instructions}}`, code: `text:${code}`, ...(gzip ? { gzip } : {}), expect };
}

/** What a client sent over a socket. @throws Unrecordable */
export function talkOf({ asked, text }: Seen, name: string, names: Names, keys: ReadonlyMap<string, string>): Ws {
  const message = text === null ? undefined : parsed(text);
  if (text === null || hasBraces(text)) throw new Unrecordable("a message is no text that a step can hold");
  const orgId = asked.headers["x-statebacked-org-id"];
  const params = orgId === undefined ? {} : { params: { "x-statebacked-org-id": names.value(orgId) ?? "{orgId}" } };
  return {
    ws: name,
    ...params,
    ...asOf(asked, keys, names),
    messages: [message === undefined ? text : renamed(message, names, {})],
    expect: [],
  };
}

/** What an upstream told over a socket: an update that must come again; undefined for anything else. */
export function updateOf({ text }: Seen, names: Names): object | undefined {
  const message = text === null ? undefined : parsed(text);
  if (!isObject(message) || message.type !== "instance-update") return undefined;
  const { type, machineName, machineInstanceName } = message;
  const [machine, instance] = [names.slug(String(machineName)), names.slug(String(machineInstanceName))];
  return { type, machineName: machine, machineInstanceName: instance, ...stateOf(message, names) };
}
