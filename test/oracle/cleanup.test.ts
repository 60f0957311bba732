// What a run takes away again, and what it leaves alone because somebody else had it before.

import { expect, it } from "vitest";
import type { Answer, Call, Exchange } from "../../src/oracle/exchange.ts";
import { createCleanup } from "../../src/oracle/run/cleanup.ts";

const answer = (status: number, json?: unknown): Answer => ({
  status,
  headers: {},
  text: json === undefined ? "" : JSON.stringify(json),
  json,
  elapsedMs: 0,
  violations: [],
  curl: "",
});
const call = (operationId: string, method: string, path: string, body?: object, headers = {}): Call => ({
  operationId,
  method,
  path,
  headers,
  caller: {},
  ...(body === undefined ? {} : { body: JSON.stringify(body) }),
});

/** What is asked of a target that has one more instance than the run knows of, on its second page. */
async function unmade(observed: [Call, Answer][], respond: (call: Call) => Answer = () => answer(204)) {
  const cleanup = createCleanup("run");
  for (const [made, answered] of observed) cleanup.observe(made, answered);
  const asked: string[] = [];
  const send = async (sent: Call) => {
    asked.push(`${sent.method} ${sent.path}`);
    if (sent.operationId !== "listMachineInstances") return respond(sent);
    return sent.path.includes("cursor")
      ? answer(200, { instances: [{ slug: "child" }] })
      : answer(200, { instances: [], cursor: "next" });
  };
  const stays = await cleanup.run({ send, upload: async () => answer(204) } satisfies Exchange);
  return { asked, stays };
}

it("machines go with all their instances, then providers, then the keys they need", async () => {
  const { asked, stays } = await unmade([
    [call("createKey", "POST", "/keys", { name: "run-1-key" }), answer(200, { id: "sbk_1" })],
    [call("upsertTokenProvider", "POST", "/token-providers", { service: "run-2-shop" }), answer(204)],
    [call("createMachine", "POST", "/machines", { slug: "run-3-m" }), answer(201)],
    [call("createMachineInstance", "POST", "/machines/run-3-m", { slug: "run-4-i" }), answer(200)],
  ]);
  expect(asked).toEqual([
    "DELETE /machines/run-3-m/i/run-4-i",
    "GET /machines/run-3-m/i",
    "GET /machines/run-3-m/i?cursor=next",
    "DELETE /machines/run-3-m/i/child",
    "DELETE /machines/run-3-m",
    "DELETE /token-providers/run-2-shop",
    "DELETE /keys/sbk_1",
  ]);
  expect(stays).toEqual([]);
});

it("what was refused, deleted again, or somebody else's before is left alone", async () => {
  const { asked } = await unmade([
    [call("createMachine", "POST", "/machines", { slug: "run-1-m" }), answer(409)],
    [call("createMachine", "POST", "/machines", { slug: "run-2-m" }), answer(201)],
    [call("deleteMachine", "DELETE", "/machines/run-2-m"), answer(204)],
    [call("upsertTokenProvider", "POST", "/token-providers", { service: "shop" }), answer(204)],
    [call("upsertIdentityProvider", "POST", "/idps", { iss: "https://login.example" }), answer(204)],
  ]);
  expect(asked).toEqual([]);
});

it("what stays is said, and what had gone already is not", async () => {
  const made: [Call, Answer][] = ["run-1-m", "run-2-m"].map((slug) => [
    call("createMachine", "POST", "/machines", { slug }),
    answer(201),
  ]);
  const { stays } = await unmade(made, ({ path }) =>
    path.endsWith("child")
      ? answer(204)
      : path.includes("run-1")
        ? answer(404)
        : answer(409, { code: "invalid-state" }),
  );
  expect(stays).toEqual(['the machine run-2-m stays: 409 {"code":"invalid-state"}']);
});

it("organizations can't be deleted, nor what is in them", async () => {
  const { asked, stays } = await unmade([
    [call("createOrg", "POST", "/orgs", { name: "run-1-org" }), answer(200, { id: "org_1" })],
    [call("createMachine", "POST", "/machines", { slug: "run-2-m" }, { "x-statebacked-org-id": "org_1" }), answer(201)],
  ]);
  expect(asked).toEqual([]);
  expect(stays).toEqual(["1 organizations stay: the API has no way to delete one"]);
});
