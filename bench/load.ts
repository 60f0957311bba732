// Load: so many connections for so many seconds or requests, every answer counted; or something done for each of many, a few at a time.

import autocannon from "autocannon";
import type { Round } from "./figures.ts";
import { latencyOf } from "./statistics.ts";

export interface Request {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  body?: string;
}

export interface Target {
  url: string;
  /** Sent as bearer token. */
  token: string;
}

interface Fired {
  requestsPerSecond: number;
  /** Of every answer but the first of each connection, which waited for the connection too. */
  latenciesMs: number[];
}

/**
 * autocannon, since it pipelines nothing, keeps its connections alive and costs less than the servers it measures.
 *
 * @throws when any answer is not a success: a figure for refusals would mean nothing
 */
export async function load(target: Target, connections: number, seconds: number, next: () => Request): Promise<Round> {
  const { requestsPerSecond, latenciesMs } = await fire(target, connections, { duration: seconds }, next);
  return { requestsPerSecond, latencyMs: latencyOf(latenciesMs) };
}

/** Sends so many requests, however long it takes. @returns how long each of them took, in milliseconds */
export async function sendAll(
  target: Target,
  connections: number,
  amount: number,
  next: () => Request,
): Promise<number[]> {
  return (await fire(target, connections, { amount }, next)).latenciesMs;
}

/** How often it looks whether it is done: by itself once a second, which would make every short burst a second long. */
const tickMs = 20;

/** Its own histogram counts whole milliseconds, which is too coarse here, so every answer's time is kept. */
async function fire(
  { url, token }: Target,
  connections: number,
  extent: { duration: number } | { amount: number },
  next: () => Request,
): Promise<Fired> {
  const options: autocannon.Options = {
    url,
    connections,
    ...extent,
    sampleInt: tickMs,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    requests: [{ setupRequest: (request) => ({ ...request, ...next() }) }],
  };
  const latenciesMs: number[] = [];
  const connected = new Set<unknown>();
  const { promise, resolve, reject } = Promise.withResolvers<autocannon.Result>();
  const run = autocannon(options, (error, result) => (error ? reject(error) : resolve(result)));
  run.on("response", (connection, _status, _bytes, ms) => {
    if (connected.has(connection)) latenciesMs.push(ms);
    else connected.add(connection);
  });
  const result = await promise;
  const wrong = result.non2xx + result.errors + result.timeouts;
  if (wrong > 0 || result["2xx"] === 0)
    throw new Error(`${wrong} of ${result.requests.total} answers from ${url} were no success`);
  return { requestsPerSecond: result["2xx"] / result.duration, latenciesMs };
}

/** As many items are worked on at a time. */
const atOnce = 16;

/** Does something for each item, a few at once. */
export async function inTurns<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** One request by itself. @returns the answer's body @throws when the answer is no success */
export async function send({ url, token }: Target, { method, path, body }: Request): Promise<string> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body ? { "content-type": "application/json" } : {}) },
    ...(body ? { body } : {}),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text}`);
  return text;
}
