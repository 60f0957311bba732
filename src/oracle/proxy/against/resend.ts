// The same request for a second implementation: its own ids in place of the first one's, and tokens that it accepts.

import { type Credentials, tokenFor } from "../../caller.ts";
import { type Asked, type Exchanged, isObject } from "../traffic.ts";
import type { Bijection } from "./bijection.ts";

/** Whose tokens the second one accepts. */
export interface Signer {
  /** Signs anew what the client's own key signed; without it, tokens are passed on as they are. */
  own: Credentials | undefined;
  /** Keys that were created on the way, by the id that the first one gave: the second one's own. */
  created: Map<string, Credentials>;
  /** Where the second one wants code, by the path that the first one named. */
  uploads: Map<string, { url: string; fields: { [name: string]: string } }>;
}

export interface Resent {
  url: string;
  init: RequestInit;
}

const passedOn = ["content-type", "accept", "x-statebacked-act"];

export async function resend(
  exchanged: Exchanged,
  base: string,
  bijection: Bijection,
  signer: Signer,
  nowMs: number,
): Promise<Resent> {
  const { method, target, headers } = exchanged;
  const kept = passedOn.flatMap((name): [string, string][] =>
    headers[name] === undefined ? [] : [[name, headers[name]]],
  );
  const orgId = headers["x-statebacked-org-id"];
  if (orgId !== undefined) kept.push(["x-statebacked-org-id", orgOf(orgId, bijection, signer)]);
  const authorization = await authorizationFor(exchanged, bijection, signer, nowMs);
  if (authorization !== null) kept.push(["authorization", authorization]);
  const body = bodyOf(exchanged, bijection);
  return {
    url: `${base}${bijection.translateWithin(target)}`,
    init: { method, headers: kept, redirect: "manual", ...(body === null ? {} : { body }) },
  };
}

function orgOf(orgId: string, bijection: Bijection, { own }: Signer): string {
  const known = bijection.translate(orgId);
  return known === orgId ? own?.orgId || orgId : known;
}

/** Null for a request without one. */
async function authorizationFor(
  { headers, token, claims }: Asked,
  bijection: Bijection,
  signer: Signer,
  nowMs: number,
): Promise<string | null> {
  if (headers.authorization === undefined) return null;
  if (token === null) return headers.authorization;
  const known = bijection.translate(token);
  if (known !== token) return `Bearer ${known}`;
  const key = signer.created.get(String(claims?.header.kid)) ?? signer.own;
  if (claims === null || key === undefined) return headers.authorization;
  const { act, sub, exp } = claims.payload;
  const isExpired = typeof exp === "number" && exp * 1_000 < nowMs - 60_000;
  const caller = {
    act: isObject(act) ? act : {},
    ...(typeof sub === "string" ? { sub } : {}),
    ...(isExpired ? { token: "expired" as const } : {}),
  };
  return `Bearer ${await tokenFor(caller, key, nowMs)}`;
}

function bodyOf(
  { requestBody, requestJson }: Exchanged,
  bijection: Bijection,
): string | Uint8Array<ArrayBuffer> | null {
  if (requestBody.length === 0) return null;
  if (requestJson !== undefined) return JSON.stringify(bijection.translateAll(requestJson));
  return new Uint8Array(requestBody);
}

/** The code that went to the first one, as the second one asked for it. Null for a form that is none. */
export async function reupload(
  { requestBody, headers }: Exchanged,
  to: { url: string; fields: { [name: string]: string } },
): Promise<Resent | null> {
  const type = headers["content-type"] ?? "";
  const given = await new Response(new Uint8Array(requestBody), { headers: { "content-type": type } })
    .formData()
    .catch(() => null);
  if (given === null) return null;
  const form = new FormData();
  for (const [name, value] of Object.entries(to.fields)) form.append(name, value);
  for (const [name, value] of given) {
    if (value instanceof File) form.append(name, value, value.name);
    else if (["content-type", "content-encoding"].includes(name)) form.append(name, value);
  }
  return { url: to.url, init: { method: "POST", body: form } };
}
