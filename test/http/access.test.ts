// Who may call: tokens, scopes, the organization and act-as headers, the order of the checks, and browsers.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { operationTable } from "../../src/operations/table.ts";
import { operations } from "../../src/spec/document.ts";
import type { Rig, TokenOptions } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  const tellsWho = openMachine.replace(
    "return authContext.sub",
    "console.log(JSON.stringify(authContext)); return authContext.sub",
  );
  await rig.publish("open", tellsWho.replace("context: { public", "context: { seen: null, public"));
});
afterAll(() => rig.server.close());

describe("a token", () => {
  const good: [string, TokenOptions][] = [
    ["without an expiry", {}],
    ["that expires later", { exp: 60 }],
    ["that expired a moment ago, as clocks differ", { exp: -2 }],
    ["for several audiences", { aud: ["https://example.com", "https://api.statebacked.dev/"] }],
    ["valid since just now", { nbf: 0 }],
  ];
  test.each(good)("%s is taken", async (_name, claims) => {
    expect((await rig.call("GET", "/machines", { token: await rig.token(claims) })).status).toBe(200);
  });

  const bad: [string, TokenOptions, RegExp][] = [
    ["that has expired", { exp: -60 }, /it has expired/],
    ["not valid yet", { nbf: 60 }, /it is not valid before 2\d{3}-\S+Z \(nbf\)/],
    [
      "for somebody else",
      { aud: "https://example.com/" },
      /aud must be, or contain, https:\/\/api\.statebacked\.dev\//,
    ],
    ["of an unknown key", { kid: "sbk_unknown" }, /names no key/],
    ["signed with another secret", { secret: "sbsec_of_somebody_else_entirely_0000000000000" }, /signature/],
    ["signed with another algorithm", { alg: "HS512" }, /HS256/],
  ];
  test.each(bad)("%s is 403 missing-user, every time", async (_name, claims, error) => {
    const token = await rig.token(claims);
    for (let again = 0; again < 2; again++) {
      expect(await rig.call("GET", "/machines", { token })).toMatchObject({
        status: 403,
        body: { code: "missing-user", error: expect.stringMatching(error) },
      });
    }
  });

  test.each(["=", "==", "\u0025", "+", "/"])("with %j after it is no JWT", async (more) => {
    const token = await rig.token({});
    expect((await rig.call("GET", "/machines", { token })).status).toBe(200);
    expect(await rig.call("GET", "/machines", { token: `${token}${more}` })).toMatchObject({
      status: 403,
      body: { code: "missing-user", error: "The bearer token is not a JWT." },
    });
  });

  test("once verified still expires", async () => {
    const token = await rig.token({ exp: -3 });
    expect((await rig.call("GET", "/machines", { token })).status).toBe(200);
    await expect
      .poll(async () => (await rig.call("GET", "/machines", { token })).status, { timeout: 10_000 })
      .toBe(403);
  });

  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  test.each([
    ["none at all", null],
    ["garbage", "garbage"],
    ["an unsigned one", `${part({ alg: "none", kid: "sbk_x" })}.${part({ aud: "https://api.statebacked.dev/" })}.`],
    ["a header that is no JSON", "e30x.e30.e30"],
    ["dots", "..."],
  ])("%s is 403", async (_name, token) => {
    expect(await rig.call("GET", "/machines", { token })).toMatchObject({
      status: 403,
      body: { code: "missing-user" },
    });
  });
});

test("every delivered operation that is not open turns away a caller without a token", async () => {
  const delivered = operations.filter(({ operationId, scopes }) => operationId in operationTable && scopes.length > 0);
  expect(delivered.length).toBeGreaterThan(10);
  for (const { method, path } of delivered) {
    const filled = path.replace(/\{[^}]*\}/g, "x");
    expect(
      await rig.call(method.toUpperCase(), filled, { token: null, ...(method === "get" ? {} : { json: {} }) }),
    ).toMatchObject({ status: 403, body: { code: "missing-user" } });
  }
});

test("every operation of the document is delivered", () => {
  expect(operations.filter(({ operationId }) => !(operationId in operationTable))).toEqual([]);
});

describe("headers", () => {
  test("an act-as context replaces the token's, for keys that could make keys", async () => {
    const act = await rig.call("POST", "/machines/open", {
      json: { slug: "acted" },
      headers: { "x-statebacked-act": '{"sub":"mute"}' },
    });
    expect(act).toMatchObject({ status: 403, body: { code: "rejected-by-machine-authorizer" } });
  });

  test.each(["", "nonsense", "[]", "7", "null", "[".repeat(1_000)])(
    "an act-as context of %j is 400",
    async (header) => {
      expect(await rig.call("GET", "/machines", { headers: { "x-statebacked-act": header } })).toMatchObject({
        status: 400,
        body: { parameter: "x-statebacked-act" },
      });
    },
  );

  test("the organization is the key's own, and any other is 403", async () => {
    expect((await rig.call("GET", "/machines", { headers: { "x-statebacked-org-id": rig.server.orgId } })).status).toBe(
      200,
    );
    expect(await rig.call("GET", "/machines", { headers: { "x-statebacked-org-id": "org_other" } })).toMatchObject({
      status: 403,
      body: { code: "missing-org" },
    });
  });
});

test("checks come in their order: route, size, token, schema, existence", async () => {
  const large = "x".repeat(2_000_001);
  expect((await rig.call("POST", "/nowhere/at/all", { token: null, text: large })).status).toBe(404);
  expect((await rig.call("PATCH", "/machines", { token: null, text: large })).status).toBe(405);
  expect((await rig.call("POST", "/machines", { token: null, text: large })).status).toBe(413);
  expect((await rig.call("POST", "/machines", { token: null, text: "{" })).status).toBe(403);
  expect((await rig.call("POST", "/machines/none", { text: "{" })).status).toBe(400);
  expect((await rig.call("POST", "/machines/none", { json: { slug: "ok" } })).status).toBe(404);
});

test.each([
  ["PATCH", "/machines", "GET, POST"],
  ["PUT", "/machines/open/i/x", "GET, DELETE"],
  ["HEAD", "/machines/open/i/x/admin", "GET"],
  ["DELETE", "/machines/open/v", "GET, POST"],
])("%s %s is 405 and says what is allowed", async (method, path, allow) => {
  const answer = await rig.call(method, path);
  expect([answer.status, answer.headers.get("allow")]).toEqual([405, allow]);
});

describe("browsers", () => {
  test.each(["/machines/open", "/machines/open/i/x/events", "/_settle/uploads"])(
    "may ask %s from anywhere",
    async (path) => {
      const preflight = await fetch(`${rig.server.url}${path}`, {
        method: "OPTIONS",
        headers: {
          origin: "https://app.example",
          "access-control-request-method": "POST",
          "access-control-request-headers": "authorization,content-type,x-statebacked-act,x-statebacked-org-id",
        },
      });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
      const allowed = (preflight.headers.get("access-control-allow-headers") ?? "").split(/, */);
      expect(allowed).toEqual(
        expect.arrayContaining(["authorization", "content-type", "x-statebacked-act", "x-statebacked-org-id"]),
      );
    },
  );

  test("see every answer, refusals included", async () => {
    for (const token of [undefined, null]) {
      const { headers } = await rig.call("GET", "/machines", {
        ...(token === null ? { token } : {}),
        headers: { origin: "https://app.example" },
      });
      expect(headers.get("access-control-allow-origin")).toBe("*");
    }
  });
});

test("the control plane says whether it is up and ready, to anybody", async () => {
  expect(await rig.call("GET", "/_settle/health", { token: null })).toMatchObject({
    status: 200,
    body: { status: "ok", version: expect.any(String) },
  });
  expect((await rig.call("GET", "/_settle/ready", { token: null })).status).toBe(200);
});
