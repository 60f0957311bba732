// What the proxy knows of one exchange that went through it.

import type { Routed } from "./route.ts";

/** What a bearer token says, whoever signed it. */
export interface Claims {
  header: { [name: string]: unknown };
  payload: { [name: string]: unknown };
}

/** A request as it came, and when: `start` and `end` are places in the one order of everything that the proxy saw begin and end. */
export interface Asked {
  /** Counts from 1. */
  n: number;
  method: string;
  /** Path and query, as they were sent. */
  target: string;
  routed: Routed | null;
  /** By lower-case name. */
  headers: { [name: string]: string };
  /** Without the word Bearer. */
  token: string | null;
  claims: Claims | null;
  start: number;
}

export interface Exchanged extends Asked {
  requestBody: Uint8Array;
  /** Undefined when it is no JSON. */
  requestJson: unknown;
  status: number;
  answerHeaders: { [name: string]: string };
  /** Content codings undone. */
  answerBody: Uint8Array;
  answerJson: unknown;
  end: number;
}

/** In what name a request acts: what one scope was told is not held against another. */
export function scopeOf({ claims, headers }: Pick<Asked, "claims" | "headers">): string {
  return `${headers["x-statebacked-org-id"] ?? ""} ${String(claims?.header.kid ?? "")}`;
}

export function bearerOf(authorization: string | undefined): string | null {
  return /^bearer\s+(\S+)$/i.exec(authorization ?? "")?.[1] ?? null;
}

/** Null for what is no JWT. */
export function claimsOf(token: string | null): Claims | null {
  const [header, payload] = (token ?? "").split(".").map(decoded);
  return isObject(header) && isObject(payload) ? { header, payload } : null;
}

function decoded(part: string): unknown {
  return parsed(Buffer.from(part, "base64url"));
}

export function parsed(body: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof body === "string" ? body : new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is { [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
