// One round of load: so many connections for so many seconds, every answer counted.

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

/**
 * autocannon, since it pipelines nothing, keeps its connections alive and costs less than the servers it measures.
 *
 * @param seconds whole ones, since it looks at the time once a second @throws when any answer is not a 200: a figure for refusals would mean nothing
 */
export async function load(
  url: string,
  token: string,
  connections: number,
  seconds: number,
  next: () => Request,
): Promise<Round> {
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    requests: [{ setupRequest: (request) => ({ ...request, ...next() }) }],
  });
  const wrong = result.non2xx + result.errors + result.timeouts;
  if (wrong > 0 || result["2xx"] === 0)
    throw new Error(`${wrong} of ${result.requests.total} answers from ${url} were no 200`);
  return { requestsPerSecond: result["2xx"] / result.duration, p50Ms: result.latency.p50, p99Ms: result.latency.p99 };
}
