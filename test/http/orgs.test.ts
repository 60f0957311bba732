// Organizations: who belongs to them, what they come with, how they are kept apart; invitations to them, and their bill.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allScopes } from "../../src/domain/scopes.ts";
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
const inOrg = (orgId: string) => ({ headers: { "x-statebacked-org-id": orgId } });

async function create(body: object = {}, token?: string): Promise<string> {
  const answer = await rig.call("POST", "/orgs", { body: { name: "made", ...body }, ...(token ? { token } : {}) });
  expect([answer.status, answer.body]).toEqual([200, { id: expect.stringMatching(/^org_[\w-]{22}$/) }]);
  return answer.body.id;
}
async function orgIds(token?: string): Promise<string[]> {
  const { body } = await rig.call("GET", "/orgs", token ? { token } : {});
  return (body.orgs as { id: string }[]).map(({ id }) => id);
}

describe("who creates an organization", () => {
  test("acts in it with the header, and in its own without", async () => {
    const org = await create();
    expect((await rig.call("POST", "/machines", { body: { slug: "theirs" }, ...inOrg(org) })).status).toBe(201);
    expect((await rig.call("GET", "/machines/theirs", inOrg(org))).status).toBe(200);
    expect((await rig.call("GET", "/machines/theirs")).status).toBe(404);
    expect((await rig.call("GET", "/machines", inOrg(rig.orgId))).body).toEqual({ machines: [] });
  });

  test("makes keys in it, which act in it alone", async () => {
    const org = await create();
    const made = await rig.call("POST", "/keys", { body: { name: "k", scopes: ["machines.write"] }, ...inOrg(org) });
    const token = await signedBy({ id: made.body.id, secret: made.body.key });
    expect((await rig.call("POST", "/machines", { token, body: { slug: "by-its-key" } })).status).toBe(201);
    expect((await rig.call("GET", "/machines/by-its-key", inOrg(org))).status).toBe(200);
    const elsewhere = await rig.call("POST", "/machines", { token, body: { slug: "no" }, ...inOrg(rig.orgId) });
    expect([elsewhere.status, elsewhere.body]).toEqual([403, refusal("missing-org")]);
  });

  test("brings along its own scopes, no more", async () => {
    const founder = await signedBy(await rig.key(["org.write", "machines.read"]));
    const org = await create({}, founder);
    expect((await rig.call("GET", "/machines", { token: founder, ...inOrg(org) })).status).toBe(200);
    const answer = await rig.call("POST", "/machines", { token: founder, body: { slug: "x" }, ...inOrg(org) });
    expect([answer.status, answer.body]).toEqual([403, refusal("missing-scope")]);
  });

  test("is alone with it: whoever else names it, or one that isn't there, is refused", async () => {
    const founder = await signedBy(await rig.key(allScopes));
    const org = await create({}, founder);
    for (const named of [org, "org_AAAAAAAAAAAAAAAAAAAAAA", "", "__proto__", rig.orgId.toLowerCase()]) {
      const answer = await rig.call("GET", "/machines", inOrg(named));
      expect([named, answer.status, answer.body]).toEqual([named, 403, refusal("missing-org")]);
    }
  });

  test("leaves it to its own keys when it is deleted", async () => {
    const founder = await rig.key(["org.write", "org.keys.write"]);
    const org = await create({}, await signedBy(founder));
    const heir = await rig.key(["machines.read"], org);
    expect((await rig.call("DELETE", `/keys/${founder.id}`)).status).toBe(204);
    expect((await rig.call("GET", "/machines", { token: await signedBy(heir) })).status).toBe(200);
  });
});

describe("a new organization", () => {
  const listsOf = async (org: string) => {
    const [keys, idps, providers] = await Promise.all(
      ["/keys", "/idps", "/token-providers"].map(async (path) => (await rig.call("GET", path, inOrg(org))).body),
    );
    return { keys: keys.keys, idps: idps.idps, providers: providers.tokenProviders };
  };

  test.each([{}, { allowAnonymousAccess: true }])("asked for with %j has anonymous access", async (body) => {
    const org = await create(body);
    const { keys, idps, providers } = await listsOf(org);
    const issuer = `https://${org}.anonymous.auth.statebacked.dev`;
    const scopes = ["events.write", "state.read", "instances.write", "indexes.read"];
    expect(keys).toEqual([expect.objectContaining({ scopes })]);
    expect(idps).toEqual([
      { aud: issuer, iss: issuer, algs: ["HS256"], mapping: { "sid.$": "$.sid", "did.$": "$.did" } },
    ]);
    const mapping = { "sid.$": "$.sid", "did.$": "$.did", auth: "anonymous" };
    expect(providers).toEqual([{ service: "anonymous-statebacked-dev", keyId: keys[0].id, mapping }]);
  });

  test("has none of it when that isn't wanted", async () => {
    const org = await create({ allowAnonymousAccess: false });
    expect(await listsOf(org)).toEqual({ keys: [], idps: [], providers: [] });
  });

  test.each<[string, object, string]>([
    ["no name", { name: undefined }, "name"],
    ["a name that is no text", { name: {} }, "name"],
    ["a wish that is neither yes nor no", { allowAnonymousAccess: "no" }, "allowAnonymousAccess"],
  ])("with %s is a 400, and isn't made", async (_what, body, parameter) => {
    const before = await orgIds();
    const answer = await rig.call("POST", "/orgs", { body: { name: "made", ...body } });
    expect([answer.status, answer.body]).toEqual([400, refusal("invalid-parameter", parameter)]);
    expect(await orgIds()).toEqual(before);
  });
});

describe("the list of organizations", () => {
  test("has the caller's own and those it created, with role and limits", async () => {
    const founder = await signedBy(await rig.key(["org.write", "org.read"]));
    const org = await create({ name: "shop" }, founder);
    expect((await orgIds()).includes(org)).toBe(false);
    const { body } = await rig.call("GET", "/orgs", { token: founder });
    const limits = { monthlyEventsLimit: expect.any(Number), monthlyReadsLimit: expect.any(Number) };
    const more = { role: "admin", createdAt: "2026-01-01T00:00:00.000Z", limits };
    expect(body).toEqual({
      orgs: [
        { id: rig.orgId, name: "local", ...more },
        { id: org, name: "shop", ...more },
      ],
    });
  });

  test.each([
    [["org.read", "org.keys.write"], "admin"],
    [["org.read", "machines.write"], "write"],
    [["org.read", "instances.admin"], "write"],
    [["org.read", "state.read"], "read"],
  ])("calls a key with %j %s", async (scopes, role) => {
    const { body } = await rig.call("GET", "/orgs", { token: await signedBy(await rig.key(scopes)) });
    expect(body.orgs).toMatchObject([{ id: rig.orgId, role }]);
  });

  test("comes in pages with each once, among those of others and while more are made", async () => {
    const founders = await Promise.all([rig.key(["org.write", "org.read"]), rig.key(["org.write", "org.read"])]);
    const [mine = "", theirs = ""] = await Promise.all(founders.map((key) => signedBy(key)));
    const own: string[] = [];
    for (let i = 0; i < 250; i++) {
      own.push(await create({ allowAnonymousAccess: false }, mine));
      if (i % 3 === 0) await create({ allowAnonymousAccess: false }, theirs);
    }
    const late: string[] = [];
    const make = async () => late.push(await create({}, mine));
    const { all, pages } = await namesInPages(rig, "/orgs", "orgs", "id", make, { token: mine });
    expect(all).toEqual([rig.orgId, ...own, ...late]);
    expect(pages).toBe(3);
  });

  test("has no cursor when exactly one page is full, and takes none that isn't its own", async () => {
    const [founder, other] = [await rig.key(["org.write", "org.read"]), await rig.key(["org.read"])];
    const token = await signedBy(founder);
    for (let i = 0; i < 99; i++) await create({ allowAnonymousAccess: false }, token);
    const full = await rig.call("GET", "/orgs", { token });
    expect([full.body.orgs.length, full.body.cursor]).toEqual([100, undefined]);
    await create({ allowAnonymousAccess: false }, token);
    const { cursor } = (await rig.call("GET", "/orgs", { token })).body;
    for (const strange of [cursor, "garbage"]) {
      const asked = { token: await signedBy(other) };
      const answer = await rig.call("GET", `/orgs?cursor=${strange}`, asked);
      expect([answer.status, answer.body]).toEqual([400, refusal("invalid-parameter", "cursor")]);
    }
  });
});

describe("an invitation", () => {
  /** Sent, and its code read from what whoever runs the server was told. */
  async function invite(email: string, headers: { [name: string]: string } = {}): Promise<string> {
    const body = JSON.stringify({ email, role: "read" });
    expect((await rig.call("POST", "/org-members", { body, headers })).status).toBe(201);
    const [, code = ""] = /accept --invitation (inv_[\w-]{22})$/.exec(rig.notices.at(-1) ?? "") ?? [];
    expect(code).not.toBe("");
    return code;
  }
  const accept = async (code: string, sub = "ada") =>
    rig.call("PUT", `/${code}`, { token: await signedBy(await rig.key([]), { sub }) });

  test.each(["application/json", "text/plain;charset=UTF-8", "text/plain"])(
    "is sent as %s, and its code is told to whoever runs the server",
    async (type) => {
      const code = await invite("ada@example.org", { "content-type": type });
      expect(rig.notices.at(-1)).toContain(`"ada@example.org" to ${rig.orgId}`);
      expect(await rig.store.get("invitation", "", code)).toMatchObject({
        rec: { code, orgId: rig.orgId, email: "ada@example.org", role: "read" },
      });
    },
  );

  test("is accepted by its code with any token, again by the same person, by nobody else", async () => {
    const code = await invite("ada@example.org");
    expect([(await accept(code)).status, (await accept(code)).status]).toEqual([204, 204]);
    const late = await accept(code, "eve");
    expect([late.status, late.body]).toEqual([404, refusal("not-found")]);
    expect(await rig.store.get("invitation", "", code)).toMatchObject({ rec: { acceptedBy: "ada" }, rev: 2 });
  });

  test("is accepted once when several do at the same time", async () => {
    const code = await invite("all@example.org");
    const answers = await Promise.all(["a", "b", "c", "d"].map((sub) => accept(code, sub)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([204, 404, 404, 404]);
  });

  test("that nobody sent is a 404", async () => {
    for (const code of ["inv_AAAAAAAAAAAAAAAAAAAAAA", "inv_x", "inv___proto__"]) {
      expect((await accept(code)).body).toEqual(refusal("not-found"));
    }
  });

  test("can't write into the log what it likes", async () => {
    await invite('ada@example.org"\nsettle: error: forged\u001b[2J');
    expect(rig.notices.at(-1)).toContain(String.raw`"ada@example.org\"\nsettle: error: forged\u001b[2J"`);
  });

  test.each<[string, string, string]>([
    ["no address", '{"role":"read"}', "email"],
    ["an empty address", '{"email":"","role":"read"}', "email"],
    ["a role that isn't one", '{"email":"ada@example.org","role":"owner"}', "role"],
    ["a text", '"ada@example.org"', "body"],
    ["no JSON", "email=ada@example.org", "body"],
  ])("with %s is a 400, under either label", async (_what, body, parameter) => {
    for (const type of ["application/json", "text/plain"]) {
      const answer = await rig.call("POST", "/org-members", { body, headers: { "content-type": type } });
      expect([answer.status, answer.body]).toEqual([400, refusal("invalid-parameter", parameter)]);
    }
  });
});

describe("the bill", () => {
  test("is at an address of ours", async () => {
    const { status, body } = await rig.call("GET", "/billing");
    expect([status, body]).toEqual([
      200,
      { url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/_settle\/billing$/) },
    ]);
  });

  test("is a page for everybody that loads nothing and keeps to itself", async () => {
    const { status, headers, text } = await rig.call("GET", "/_settle/billing", { token: "none" });
    expect([status, headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
    expect(headers["content-security-policy"]).toContain("frame-ancestors 'none'");
    expect(text).toContain("bills nobody");
    expect(text).not.toMatch(/(?:src|href|url)\s*[=(]|<script|<form|https?:/i);
  });
});

test("nothing of all this was a defect, and no secret was told to anybody", () => {
  expect(rig.errors).toEqual([]);
  expect(JSON.stringify(rig.notices)).not.toContain("sbsec_");
});
