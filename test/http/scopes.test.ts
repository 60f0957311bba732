// What a key may do: every operation asks for its scopes, a key is good for one organization, and only some may act as others.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allScopes } from "../../src/domain/scopes.ts";
import type { Operation } from "../../src/spec/document.ts";
import { operations } from "../../src/spec/document.ts";
import type { AppRig } from "./app-rig.ts";
import { signedBy, startAppRig } from "./app-rig.ts";

let rig: AppRig;
beforeAll(async () => {
  rig = await startAppRig();
});
afterAll(() => rig.close());

const guarded = operations.filter(({ scopes }) => scopes.some((needed) => needed.length > 0));

async function ask({ method, path }: Operation, token: string) {
  const body = method === "get" ? {} : { body: {} };
  return rig.call(method, path.replaceAll(/\{[^}]*\}/g, "x"), { token, ...body });
}

test("every operation but the open ones asks for a scope, and every scope it asks for exists", () => {
  const open = operations.filter((operation) => !guarded.includes(operation)).map(({ operationId }) => operationId);
  expect(open.filter((id) => !id.startsWith("sendHttpApi")).sort()).toEqual([
    "acceptInvitation",
    "exchangeToken",
    "openRealtime",
  ]);
  expect(allScopes).toEqual(expect.arrayContaining([...new Set(guarded.flatMap(({ scopes }) => scopes.flat()))]));
});

describe.each(guarded.map((operation) => [operation.operationId, operation] as const))("%s", (_id, operation) => {
  const needed = operation.scopes.flat();

  test("is refused to a key with every other scope", async () => {
    const key = await rig.key(allScopes.filter((scope) => !needed.includes(scope)));
    const { status, body } = await ask(operation, await signedBy(key));
    expect([status, body.code]).toEqual([403, "missing-scope"]);
    for (const scope of needed) expect(body.error).toContain(scope);
  });

  test.each(operation.scopes)("is not refused to a key with %s alone", async (...scopes) => {
    const { status } = await ask(operation, await signedBy(await rig.key(scopes)));
    expect(status).not.toBe(403);
  });
});

describe("an organization", () => {
  const strange = { id: "org_strange", name: "strange", createdAt: 0 };
  beforeAll(async () => {
    await rig.store.commit([{ op: "put", kind: "org", scope: "", name: strange.id, rec: strange, ifRev: 0 }]);
  });

  test("shows nothing of its own to another one's keys, and takes no name from them", async () => {
    await rig.call("POST", "/machines", { body: { slug: "ours" } });
    const token = await signedBy(await rig.key(allScopes, strange.id));
    expect((await rig.call("GET", "/machines", { token })).body).toEqual({ machines: [] });
    for (const path of ["", "/v", "/i"]) {
      expect((await rig.call("GET", `/machines/ours${path}`, { token })).status).toBe(404);
    }
    expect((await rig.call("POST", "/machines", { token, body: { slug: "ours" } })).status).toBe(201);
  });

  test("is entered by its own keys only, whatever the header says", async () => {
    const token = await signedBy(await rig.key(allScopes, strange.id));
    const named = (orgId: string) =>
      rig.call("GET", "/machines", { token, headers: { "x-statebacked-org-id": orgId } });
    expect((await named(strange.id)).status).toBe(200);
    expect(await named(rig.orgId)).toMatchObject({ status: 403, body: { code: "missing-org" } });
  });
});

test("tokens of a key end with it, those already verified too", async () => {
  const key = await rig.key(["machines.read"]);
  const token = await signedBy(key);
  expect((await rig.call("GET", "/machines", { token })).status).toBe(200);
  await rig.store.commit([{ op: "delete", kind: "key", scope: rig.orgId, name: key.id, ifRev: 1 }]);
  expect(await rig.call("GET", "/machines", { token })).toMatchObject({ status: 403, body: { code: "missing-user" } });
});

describe("acting as somebody else", () => {
  const as = (token: string, act: string) =>
    rig.call("GET", "/machines", { token, headers: { "x-statebacked-act": act } });

  test("takes a key that may make keys", async () => {
    const mayNot = await signedBy(await rig.key(allScopes.filter((scope) => scope !== "org.keys.write")));
    expect(await as(mayNot, '{"sub":"eve"}')).toMatchObject({ status: 403, body: { code: "missing-scope" } });
    const may = await signedBy(await rig.key(["machines.read", "org.keys.write"]));
    expect((await as(may, '{"sub":"eve"}')).status).toBe(200);
  });

  test("is refused before anybody looks at what it says", async () => {
    const mayNot = await signedBy(await rig.key(["machines.read"]));
    expect(await as(mayNot, "nonsense")).toMatchObject({ status: 403, body: { code: "missing-scope" } });
  });
});

describe("the order of the checks", () => {
  test("a token that is no good comes before its scope, the scope before the organization, that before the body", async () => {
    const none = await signedBy(await rig.key([]));
    const some = await signedBy(await rig.key(["machines.write"]));
    const elsewhere = { "x-statebacked-org-id": "org_other" };
    const codeOf = async (token: string, headers = {}) =>
      (await rig.call("POST", "/machines", { token, headers, body: "{" })).body.code;
    expect(await codeOf("garbage", elsewhere)).toBe("missing-user");
    expect(await codeOf(none, elsewhere)).toBe("missing-scope");
    expect(await codeOf(some, elsewhere)).toBe("missing-org");
    expect(await codeOf(some)).toBe("invalid-parameter");
  });

  test.each(["text/xml", "nonsense", "multipart/form-data; boundary=x"])(
    "a body labelled %s is judged only when the scope is there",
    async (type) => {
      const labelled = async (scopes: string[]) => {
        const token = await signedBy(await rig.key(scopes));
        return (await rig.call("POST", "/machines", { token, body: "{}", headers: { "content-type": type } })).status;
      };
      expect(await labelled([])).toBe(403);
      expect(await labelled(["machines.write"])).toBe(415);
    },
  );
});

test("nothing of all this was a defect", () => {
  expect(rig.errors).toEqual([]);
});
