// Load: so many connections for so many seconds, every answer counted; or something done for each of many, a few at a time.

import autocannon from "autocannon";

export interface Request {
  method: "GET" | "POST";
  path: string;
  body?: string;
}

export interface Round {
  requestsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
}

export interface Target {
  url: string;
  /** Sent as bearer token. */
  token: string;
}

/**
 * autocannon, since it pipelines nothing, keeps its connections alive and costs less than the servers it measures.
 *
 * @param seconds whole ones, since it looks at the time once a second
 * @throws when any answer is not a success: a figure for refusals would mean nothing
 */
export async function load(target: Target, connections: number, seconds: number, next: () => Request): Promise<Round> {
  const result = await fire(target, connections, { duration: seconds }, next);
  return { requestsPerSecond: result["2xx"] / result.duration, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
}

/** Sends so many requests, however long it takes. */
export async function sendAll(target: Target, connections: number, amount: number, next: () => Request): Promise<void> {
  await fire(target, connections, { amount }, next);
}

async function fire(
  { url, token }: Target,
  connections: number,
  extent: { duration: number } | { amount: number },
  next: () => Request,
): Promise<autocannon.Result> {
  const result = await autocannon({
    url,
    connections,
    ...extent,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    requests: [{ setupRequest: (request) => ({ ...request, ...next() }) }],
  });
  const wrong = result.non2xx + result.errors + result.timeouts;
  if (wrong > 0 || result["2xx"] === 0)
    throw new Error(`${wrong} of ${result.requests.total} answers from ${url} were no success`);
  return result;
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
