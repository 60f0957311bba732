// Keys: what they may do, who sees their secrets, and that their end is the end.

import { decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allScopes } from "../../src/domain/scopes.ts";
import { deleteKey } from "../../src/operations/keys.ts";
import type { AppRig } from "./app-rig.ts";
import { signedBy, startAppRig } from "./app-rig.ts";
import { namesInPages } from "./pages.ts";

let rig: AppRig;
beforeAll(async () => {
  rig = await startAppRig();
});
afterAll(() => rig.close());

const refusal = (code: string, parameter?: string) => ({
  error: expect.any(String),
  code,
  ...(parameter ? { parameter } : {}),
});

async function create(body: object): Promise<{ id: string; secret: string }> {
  const answer = await rig.call("POST", "/keys", { body: { name: "made", ...body } });
  expect(answer.status).toBe(200);
  return { id: answer.body.id, secret: answer.body.key };
}
async function listed(id: string): Promise<{ scopes: string[] } | undefined> {
  const { body } = await rig.call("GET", "/keys");
  return (body.keys as { id: string; scopes: string[] }[]).find((key) => key.id === id);
}

describe("creating a key", () => {
  test("answers with its id and the secret that tokens are signed with", async () => {
    const key = await create({ scopes: ["machines.read"] });
    expect(key).toEqual({
      id: expect.stringMatching(/^sbk_[\w-]{22}$/),
      secret: expect.stringMatching(/^sbsec_[\w-]{43}$/),
    });
    const token = await signedBy(key);
    expect(decodeProtectedHeader(token).kid).toBe(key.id);
    expect((await rig.call("GET", "/machines", { token })).status).toBe(200);
    expect(await rig.call("GET", "/keys", { token })).toMatchObject({ status: 403, body: { code: "missing-scope" } });
  });

  test.each([
    ["production", ["events.write", "state.read", "instances.write", "indexes.read"]],
    ["ci", ["machines.read", "machines.write", "machine-versions.read", "machine-versions.write"]],
  ])("for the use %s gives it that use's scopes and no others", async (use, scopes) => {
    const { id } = await create({ use });
    expect((await listed(id))?.scopes.toSorted()).toEqual(scopes.toSorted());
  });

  test("with both a use and scopes counts the scopes, each once", async () => {
    const { id } = await create({ use: "production", scopes: ["logs.read", "state.read", "logs.read"] });
    expect((await listed(id))?.scopes).toEqual(["logs.read", "state.read"]);
  });

  test("may hand out more than its maker has", async () => {
    const maker = await signedBy(await create({ scopes: ["org.keys.write"] }));
    const answer = await rig.call("POST", "/keys", { token: maker, body: { name: "all", scopes: allScopes } });
    expect(answer.status).toBe(200);
    expect((await listed(answer.body.id))?.scopes).toEqual(allScopes);
  });

  test("is no answer to keep", async () => {
    const answer = await rig.call("POST", "/keys", { body: { name: "kept", use: "ci" } });
    expect(answer.headers["cache-control"]).toBe("no-store");
  });

  test.each<[string, object, string]>([
    ["no name", { use: "ci" }, "name"],
    ["a name that is no text", { name: 7, use: "ci" }, "name"],
    ["neither use nor scopes", { name: "k" }, "scopes"],
    ["an unknown use", { name: "k", use: "staging" }, "use"],
    ["an unknown scope", { name: "k", scopes: ["state.read", "org-keys.write"] }, "scopes.1"],
    ["every scope by a star", { name: "k", scopes: ["*"] }, "scopes.0"],
    ["scopes that are no list", { name: "k", scopes: "state.read" }, "scopes"],
  ])("with %s is a 400 that says so, and makes none", async (_what, body, parameter) => {
    const before = (await rig.call("GET", "/keys")).body;
    const answer = await rig.call("POST", "/keys", { body });
    expect([answer.status, answer.body]).toEqual([400, refusal("invalid-parameter", parameter)]);
    expect((await rig.call("GET", "/keys")).body).toEqual(before);
  });
});

describe("listing keys", () => {
  test("shows everything but secrets", async () => {
    const { id, secret } = await create({ name: "shown", scopes: ["state.read"] });
    const { status, body } = await rig.call("GET", "/keys");
    expect(status).toBe(200);
    const found = (body.keys as { id: string }[]).find((key) => key.id === id);
    expect(found).toEqual({ id, name: "shown", scopes: ["state.read"], createdAt: "2026-01-01T00:00:00.000Z" });
    expect(JSON.stringify(body)).not.toContain(secret);
    expect(JSON.stringify(body)).not.toContain("sbsec_");
  });

  test("comes in pages with each key once, also while keys come and go", async () => {
    const other = await startAppRig();
    try {
      for (let i = 0; i < 250; i++) await other.key(["state.read"]);
      const names = await namesInPages(other, "/keys", "keys", "name", async () => {
        await other.key([]);
        await other.call("DELETE", "/keys/sbk_1");
      });
      expect(names.pages).toBe(3);
      expect(names.all.filter((name) => name.startsWith("sbk_"))).toEqual(
        Array.from({ length: 251 }, (_, i) => `sbk_${i + 1}`),
      );
      expect(new Set(names.all).size).toBe(names.all.length);
    } finally {
      await other.close();
    }
  });
});

describe("deleting a key", () => {
  test("ends its tokens at once, those in use too", async () => {
    const key = await create({ scopes: ["machines.read"] });
    const token = await signedBy(key);
    expect((await rig.call("GET", "/machines", { token })).status).toBe(200);
    const answer = await rig.call("DELETE", `/keys/${key.id}`);
    expect([answer.status, answer.text]).toEqual([204, ""]);
    expect(await rig.call("GET", "/machines", { token })).toMatchObject({
      status: 403,
      body: { code: "missing-user" },
    });
    expect(await listed(key.id)).toBeUndefined();
    expect((await rig.call("DELETE", `/keys/${key.id}`)).status).toBe(404);
  });

  test("that is not there, or another organization's, is a 404", async () => {
    const org = (await rig.call("POST", "/orgs", { body: { name: "other" } })).body.id;
    const foreign = await rig.key([], org);
    for (const id of ["sbk_none", "x", "%2e%2e", foreign.id]) {
      const answer = await rig.call("DELETE", `/keys/${id}`);
      expect([answer.status, answer.body]).toEqual([404, refusal("not-found")]);
    }
    expect(await rig.store.keyById(foreign.id)).not.toBeNull();
  });

  test("works for a key on itself", async () => {
    const key = await create({ scopes: ["org.keys.write"] });
    const token = await signedBy(key);
    expect((await rig.call("DELETE", `/keys/${key.id}`, { token })).status).toBe(204);
    expect((await rig.call("DELETE", `/keys/${key.id}`, { token })).status).toBe(403);
  });
});

describe("the last key that may manage keys", () => {
  test("stays, however many others there are", async () => {
    const other = await startAppRig();
    try {
      const { keyId } = (await other.store.get("bootstrap", "", "bootstrap"))?.rec ?? { keyId: "" };
      for (let i = 0; i < 120; i++) await other.key(allScopes.filter((scope) => scope !== "org.keys.write"));
      const refused = await other.call("DELETE", `/keys/${keyId}`);
      expect([refused.status, refused.body]).toEqual([409, refusal("invalid-state")]);
      expect((await other.call("GET", "/machines")).status).toBe(200);
      const successor = await other.key(["org.keys.write"]);
      expect((await other.call("DELETE", `/keys/${keyId}`)).status).toBe(204);
      const token = await signedBy(successor);
      expect((await other.call("DELETE", `/keys/${successor.id}`, { token })).status).toBe(409);
    } finally {
      await other.close();
    }
  });

  test("is one of two that delete each other at the same time", async () => {
    const other = await startAppRig();
    try {
      const { keyId } = (await other.store.get("bootstrap", "", "bootstrap"))?.rec ?? { keyId: "" };
      const [first, second] = [await other.key(["org.keys.write"]), await other.key(["org.keys.write"])];
      const one = await signedBy(first);
      expect((await other.call("DELETE", `/keys/${keyId}`, { token: one })).status).toBe(204);
      // Straight into the operation: requests over sockets would rarely come close enough to each other.
      const remove = (by: string, keyId: string) => {
        const caller = { orgId: other.orgId, keyId: by, authContext: {} };
        return deleteKey(other.services, caller, {
          params: { keyId },
          query: {},
          body: undefined,
          baseUrl: "",
          http: { method: "DELETE", headers: {}, search: "" },
        });
      };
      const outcomes = await Promise.allSettled([remove(first.id, second.id), remove(second.id, first.id)]);
      expect(outcomes).toMatchObject([
        { status: "fulfilled", value: { status: 204 } },
        { status: "rejected", reason: { code: "invalid-state" } },
      ]);
      expect((await other.call("GET", "/keys", { token: one })).body).toMatchObject({ code: "missing-scope" });
    } finally {
      await other.close();
    }
  });
});

test("nothing of all this was a defect, and no secret was told to anybody", () => {
  expect(rig.errors).toEqual([]);
  expect(JSON.stringify(rig.notices)).not.toContain("sbsec_");
});
