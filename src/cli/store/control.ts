// The control plane of a running server, for the commands that speak to one.

import { isJsonObject, type JsonObject } from "../../domain/json.ts";
import { messageOf } from "../../domain/message-of.ts";
import { CannotRun } from "../cannot-run.ts";
import type { Target } from "../store-access.ts";

/** @throws CannotRun with what the server says, or when there is none */
export async function ask(
  { url, adminToken, signal }: Target,
  method: string,
  path: string,
  body?: AsyncIterable<Uint8Array> | JsonObject,
): Promise<Response> {
  const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
  const sent = body === undefined || isStream(body) ? body : JSON.stringify(body);
  // The type knows no iterables and no `duplex`, which Node's fetch both takes.
  const init = {
    method,
    headers,
    ...(signal ? { signal } : {}),
    ...(sent === undefined ? {} : { body: sent, duplex: "half" }),
  } as RequestInit;
  let response: Response;
  try {
    response = await fetch(`${url.replace(/\/+$/, "")}${path}`, init);
  } catch (cause) {
    throw new CannotRun(`no server answers at ${url} (${reasonOf(cause)}); is it running?`, { cause });
  }
  if (response.ok && isOurs(response)) return response;
  if (response.ok) throw new CannotRun(`what answers at ${url} is no Settle server; name the URL of one`);
  throw new CannotRun(`the server at ${url} refuses: ${await errorOf(response)}`);
}

/** What it answers with, of any type. @throws CannotRun */
export async function askFor<T>(target: Target, ...request: AskFor): Promise<T> {
  const response = await ask(target, ...request);
  try {
    return JSON.parse(await response.text()) as T;
  } catch (cause) {
    throw endedEarly(target, cause);
  }
}

type AskFor = Parameters<typeof ask> extends [Target, ...infer Rest] ? Rest : never;

/** The pieces of its answer. @throws CannotRun when it ends before they do */
export async function* piecesOf(target: Target, { body }: Response): AsyncGenerator<Uint8Array> {
  try {
    yield* (body ?? []) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw endedEarly(target, cause);
  }
}

function endedEarly({ url }: Target, cause: unknown): CannotRun {
  return new CannotRun(`the server at ${url} ended in the middle of its answer; see that it runs, and try again`, {
    cause,
  });
}

/** Its control plane speaks JSON, or says nothing. */
function isOurs({ status, headers }: Response): boolean {
  return status === 204 || /^application\/json\b/i.test(headers.get("content-type") ?? "");
}

function isStream(body: AsyncIterable<Uint8Array> | JsonObject): body is AsyncIterable<Uint8Array> {
  return Symbol.asyncIterator in body;
}

async function errorOf(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const body: unknown = JSON.parse(text);
    if (isJsonObject(body) && typeof body.error === "string") return body.error;
  } catch {
    // Not one of ours.
  }
  return `${response.status} ${text.slice(0, 200)}`;
}

function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  if (cause instanceof Error) return cause.message || String((cause as NodeJS.ErrnoException).code);
  return messageOf(error);
}
