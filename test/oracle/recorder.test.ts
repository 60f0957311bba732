// The exchanges behind a failure are those of its trail, also where other trails had the same lines.

import { expect, it } from "vitest";
import type { Answer, Call, Exchange } from "../../src/oracle/exchange.ts";
import { createRecorder } from "../../src/oracle/recorder.ts";

let clockMs = 1_000;
const exchange: Exchange = {
  send: async ({ method, path }: Call): Promise<Answer> => {
    clockMs += 10;
    const json = { at: clockMs, key: "sbsec_secret" };
    const common = { status: 200, headers: {}, text: JSON.stringify(json), json, elapsedMs: 10, violations: [] };
    return { ...common, curl: `curl ${method} ${path}` };
  },
  upload: () => Promise.reject(new Error("nothing is uploaded here")),
};
const call = (path: string): Call => ({ method: "GET", path, headers: {}, caller: {} });

it("shows each exchange with its time, and no secrets", async () => {
  const recorder = createRecorder(exchange, () => clockMs);
  for (const path of ["/machines", "/mine", "/machines", "/theirs", "/machines"])
    await recorder.exchange.send(call(path));
  const { repro, history } = recorder.explain(["curl GET /machines", "curl GET /mine", "curl GET /machines"]);
  expect(repro).toEqual(["curl GET /machines", "curl GET /mine", "curl GET /machines"]);
  expect(history.map(({ atMs, request, status }) => [atMs, request, status])).toEqual([
    [10, "GET /machines", 200],
    [20, "GET /mine", 200],
    [30, "GET /machines", 200],
  ]);
  expect(history[0]?.body).toBe(`{"at":${clockMs - 40},"key":"sbsec_…"}`);
  expect(recorder.moments()).toEqual([10, 20, 30, 40, 50]);
});

it("leaves lines alone that it knows nothing of", () => {
  const { explain } = createRecorder(exchange, () => clockMs);
  expect(explain(["ws updates '/rt'"])).toEqual({ repro: ["ws updates '/rt'"], history: [] });
});
