// Token exchange: whose tokens are taken, whose are not and why, what becomes of their claims, and what the new token may do.

import { decodeJwt, decodeProtectedHeader, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AppRig } from "./app-rig.ts";
import { startAppRig } from "./app-rig.ts";
import type { Claims, Exchanges } from "./exchanges.ts";
import { aud, base64url, formLabel, grant, iss, nowS, refusal, secret, startExchanges, subject } from "./exchanges.ts";

let rig: AppRig;
let on: Exchanges;
beforeAll(async () => {
  rig = await startAppRig();
  on = await startExchanges(rig);
});
afterAll(() => rig.close());

describe("an exchange", () => {
  beforeAll(() => on.trust({ iss, aud }));

  test("answers with a token that its provider's key signed", async () => {
    const before = nowS();
    const { status, body, headers } = await on.exchange(await subject({ roles: ["reader"], email: "left out" }));
    expect([status, headers["cache-control"]]).toEqual([200, "no-store"]);
    expect(body).toEqual({
      access_token: expect.any(String),
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
    });
    expect(decodeProtectedHeader(body.access_token)).toEqual({ alg: "HS256", kid: on.keyId });
    const { iat = 0, ...claims } = decodeJwt(body.access_token);
    expect(claims).toEqual({
      act: { sub: "ada", roles: ["reader"], via: "app" },
      aud: "https://api.statebacked.dev/",
      iss: `https://${on.keyId}.client.statebacked.dev/`,
      exp: expect.any(Number),
    });
    expect([before, before + 1, before + 2]).toContain(iat);
  });

  test("yields what its key may do, and no more", async () => {
    const { body } = await on.exchange(await subject());
    expect((await rig.call("GET", "/machines", { token: body.access_token })).status).toBe(200);
    for (const path of ["/keys", "/orgs", "/idps", "/machines/x/v"]) {
      expect(await rig.call("GET", path, { token: body.access_token })).toMatchObject({
        body: { code: "missing-scope" },
      });
    }
  });

  test("yields a token that ends with the key", async () => {
    const doomed = await rig.key(["machines.read"]);
    await on.provide({ service: "doomed", keyId: doomed.id });
    const { body } = await on.exchange(await subject(), "doomed");
    expect((await rig.call("GET", "/machines", { token: body.access_token })).status).toBe(200);
    expect((await rig.call("DELETE", `/keys/${doomed.id}`)).status).toBe(204);
    expect(await rig.call("GET", "/machines", { token: body.access_token })).toMatchObject({
      body: { code: "missing-user" },
    });
    const answer = await on.exchange(await subject(), "doomed");
    expect([answer.status, answer.body]).toEqual([400, refusal("invalid_target", "audience", "was deleted")]);
  });

  test.each([
    ["an hour, when the subject token lasts longer", 86_400, 3_600],
    ["an hour, when the subject token has no end", null, 3_600],
    ["as long as the subject token", 100, 100],
  ])("yields a token that lasts %s", async (_what, exp, expected) => {
    const { body } = await on.exchange(await subject({}, { exp }));
    const claims = decodeJwt(body.access_token);
    const lifetime = (claims.exp ?? 0) - (claims.iat ?? 0);
    expect(Math.abs(lifetime - expected)).toBeLessThan(3);
  });

  test("yields a payload that atob can read, whatever the claims", async () => {
    for (const sub of ["??>>~~", "ÿÿÿ", "日本語😀", "a~b?c>d", "\u007f\ud800"]) {
      const { body } = await on.exchange(await subject({ sub }));
      const [, payload = ""] = String(body.access_token).split(".");
      expect(payload).toMatch(/^[A-Za-z0-9]+$/);
      expect(JSON.parse(atob(payload)).act.sub).toBe(sub);
      expect((await rig.call("GET", "/machines", { token: body.access_token })).status).toBe(200);
    }
  });

  test("takes a token that just expired or is about to begin, as clocks differ", async () => {
    expect((await on.exchange(await subject({}, { exp: -2 }))).status).toBe(200);
    expect((await on.exchange(await subject({ nbf: nowS() + 2 }))).status).toBe(200);
  });

  test("needs no authorization, and no organization header counts", async () => {
    const body = { ...grant, audience: on.audienceOf("app"), subject_token: await subject() };
    const headers = { ...formLabel, "x-statebacked-org-id": "org_elsewhere", "x-statebacked-act": "not even JSON" };
    expect((await on.post(body, headers)).status).toBe(200);
  });

  test("may say that the subject token is a JWT, an access token or an id token", async () => {
    for (const type of ["jwt", "access_token", "id_token"]) {
      const subject_token_type = `urn:ietf:params:oauth:token-type:${type}`;
      const body = { ...grant, audience: on.audienceOf("app"), subject_token: await subject(), subject_token_type };
      expect((await on.post(body)).status).toBe(200);
    }
  });
});

describe("a subject token is refused", () => {
  beforeAll(() => on.trust({ iss, aud }));

  test("when it was signed with another key", async () => {
    await on.expectRefused(await subject({}, { key: "another secret" }), "not by a key");
  });
  test("when somebody changed it", async () => {
    const [header, , signature] = (await subject()).split(".");
    const payload = base64url(JSON.stringify({ iss, aud, sub: "eve", exp: nowS() + 60 }));
    await on.expectRefused(`${header}.${payload}.${signature}`, "not by a key");
  });
  test("when it isn't signed at all", async () => {
    await on.expectRefused(new UnsecuredJWT({ iss, aud, sub: "ada" }).encode(), "signed with none");
    const header = base64url(JSON.stringify({ alg: "none" }));
    await on.expectRefused(`${header}.${base64url(JSON.stringify({ iss, aud }))}.AAAA`, "signed with none");
    await on.expectRefused(`${base64url("{}")}.${base64url(JSON.stringify({ iss, aud }))}.AAAA`, "signed with none");
  });
  test("when it was signed with an algorithm that its provider doesn't use", async () => {
    await on.expectRefused(await subject({}, { alg: "HS512" }), "signed with HS512");
  });
  test("when it has expired", async () => {
    await on.expectRefused(await subject({}, { exp: -60 }), "expired");
  });
  test("when it isn't valid yet", async () => {
    await on.expectRefused(await subject({ nbf: nowS() + 60 }), "it is not valid before 2");
  });
  test("when its end is no time", async () => {
    await on.expectRefused(await subject({ exp: "tomorrow" }), "not valid");
  });
  test.each<[string, Claims]>([
    ["another issuer", { iss: "https://other.example.org/" }],
    ["no issuer", { iss: undefined }],
    ["another audience", { aud: "blog" }],
    ["no audience", { aud: undefined }],
    ["other audiences", { aud: ["blog", "shop "] }],
    ["an issuer that differs in case", { iss: "https://LOGIN.example.org/" }],
    ["an issuer without its slash", { iss: "https://login.example.org" }],
    ["claims that are no text", { iss: 7, aud: { shop: true } }],
  ])("when it has %s", async (_what, claims) => {
    await on.expectRefused(await subject(claims), "No trusted identity provider");
  });
  test.each([
    ["no JWT", "x"],
    ["an empty text", ""],
    ["dots", ".."],
    ["a JWT of one part", base64url("{}")],
    ["claims that are no object", `${base64url('{"alg":"HS256"}')}.${base64url("[]")}.AAAA`],
    ["claims that are no JSON", `${base64url('{"alg":"HS256"}')}.${base64url("{")}.AAAA`],
    ["five parts, as if encrypted", `${base64url('{"alg":"dir","enc":"A128GCM"}')}.a.b.c.d`],
    [
      "deeply nested claims",
      `${base64url('{"alg":"HS256"}')}.${base64url(`${'{"a":'.repeat(5_000)}1${"}".repeat(5_000)}`)}.AA`,
    ],
    ["more than any token needs", "x".repeat(64_001)],
  ])("when it is %s", async (_what, token) => {
    await on.expectRefused(token, "subject token");
  });
  test("when its claims nest deeper than a request may, though it is signed", async () => {
    const nest = (levels: number) => JSON.parse(`${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`) as object;
    expect((await on.exchange(await subject({ nest: nest(250) }))).status).toBe(200);
    await on.expectRefused(await subject({ nest: nest(260) }), "can be read");
  });
  test("when what becomes of its claims doesn't fit into a token", async () => {
    await on.expectRefused(await subject({ sub: "x".repeat(9_000) }), "too large");
    await on.expectRefused(await subject({ sub: "é".repeat(1_600) }), "too large");
    expect((await on.exchange(await subject({ sub: "x".repeat(8_000) }))).status).toBe(200);
  });
});

describe("the identity provider is found", () => {
  const by = (name: string) => ({ mapping: { sub: name, roles: [] } });
  const who = async (claims: Claims, key = secret) => {
    const answer = await on.exchange(await subject(claims, { key }));
    return answer.status === 200 ? (decodeJwt(answer.body.access_token).act as { sub: string }).sub : answer.status;
  };

  test("by both claims, by the audience alone or by the issuer alone, the most specific first", async () => {
    await on.trust({ iss: "i", aud: "a", ...by("both") });
    await on.trust({ aud: "a", ...by("audience") });
    await on.trust({ iss: "i", ...by("issuer") });
    expect(await who({ iss: "i", aud: "a" })).toBe("both");
    expect(await who({ iss: "other", aud: "a" })).toBe("audience");
    expect(await who({ iss: undefined, aud: "a" })).toBe("audience");
    expect(await who({ iss: "i", aud: "other" })).toBe("issuer");
    expect(await who({ iss: "i", aud: undefined })).toBe("issuer");
    expect(await who({ iss: "other", aud: "other" })).toBe(400);
    expect(await on.distrust({ iss: "i", aud: "a" })).toBe(204);
    expect(await who({ iss: "i", aud: "a" })).toBe("audience");
    expect([await on.distrust({ aud: "a" }), await on.distrust({ iss: "i" })]).toEqual([204, 204]);
    expect(await who({ iss: "i", aud: "a" })).toBe(400);
  });

  test("and the one for both claims is not stood in for by a laxer one", async () => {
    await on.trust({ iss: "i", aud: "a", ...by("both") });
    await on.trust({ aud: "a", key: base64url("lax"), ...by("audience") });
    expect(await who({ iss: "i", aud: "a" }, "lax")).toBe(400);
    expect(await who({ iss: "j", aud: "a" }, "lax")).toBe("audience");
  });

  test("by any member of an audience that is a list, whoever of them signed it", async () => {
    await on.trust({ iss: "list", aud: "first", key: base64url("first key"), ...by("first") });
    await on.trust({ iss: "list", aud: "second", key: base64url("second key"), ...by("second") });
    const claims = { iss: "list", aud: ["nobody", "first", "second"] };
    expect(await who(claims, "first key")).toBe("first");
    expect(await who(claims, "second key")).toBe("second");
    expect(await who(claims, "third key")).toBe(400);
    expect(await who({ ...claims, aud: ["second"] }, "first key")).toBe(400);
  });
});

describe("organizations", () => {
  test("don't take each other's tokens", async () => {
    await on.trust({ iss, aud });
    const org = (await rig.call("POST", "/orgs", { body: { name: "other" } })).body.id as string;
    const headers = { "x-statebacked-org-id": org };
    const key = await rig.key([], org);
    await rig.call("POST", "/token-providers", { body: { service: "app", keyId: key.id, mapping: {} }, headers });
    const token = await subject();
    expect((await on.exchange(token, "app")).status).toBe(200);
    const answer = await on.exchange(token, "app", org);
    expect([answer.status, answer.body]).toEqual([400, refusal("invalid_request", "subject_token", "No trusted")]);
    const theirs = { iss, aud, algs: ["HS256"], key: base64url("theirs"), mapping: {} };
    expect((await rig.call("POST", "/idps", { body: theirs, headers })).status).toBe(204);
    expect((await on.exchange(token, "app", org)).status).toBe(400);
    expect((await on.exchange(await subject({}, { key: "theirs" }), "app", org)).status).toBe(200);
    expect((await on.exchange(await subject({}, { key: "theirs" }), "app")).status).toBe(400);
  });
});

describe("an anonymous session", () => {
  const anonymous = (org: string, claims: Claims = {}, key = org) => {
    const issuer = `https://${org}.anonymous.auth.statebacked.dev`;
    return subject({ iss: issuer, aud: issuer, sub: undefined, sid: "s", did: "d", ...claims }, { key });
  };

  test("is had in every organization that has not refused it", async () => {
    const open = (await rig.call("POST", "/orgs", { body: { name: "open" } })).body.id as string;
    const shut = (await rig.call("POST", "/orgs", { body: { name: "shut", allowAnonymousAccess: false } })).body.id;
    for (const org of [rig.orgId, open]) {
      const { status, body } = await on.exchange(await anonymous(org), "anonymous-statebacked-dev", org);
      expect(status).toBe(200);
      expect(decodeJwt(body.access_token).act).toEqual({ sid: "s", did: "d", auth: "anonymous" });
    }
    expect((await on.exchange(await anonymous(shut), "anonymous-statebacked-dev", shut)).status).toBe(400);
  });

  test("may do what the use production may, and can't say who it is", async () => {
    const claims = { sub: "admin", auth: "password", act: { sub: "admin" } };
    const token = await anonymous(rig.orgId, claims);
    const { body } = await on.exchange(token, "anonymous-statebacked-dev");
    expect(decodeJwt(body.access_token).act).toEqual({ sid: "s", did: "d", auth: "anonymous" });
    expect((await rig.call("GET", "/machines/x/i/y", { token: body.access_token })).status).toBe(404);
    expect((await rig.call("GET", "/machines", { token: body.access_token })).status).toBe(403);
  });

  test("is none with another organization's key", async () => {
    expect((await on.exchange(await anonymous(rig.orgId, {}, "org_other"), "anonymous-statebacked-dev")).status).toBe(
      400,
    );
  });
});

describe("a request that is no exchange is refused in OAuth's words", () => {
  const whole = () => ({ ...grant, audience: on.audienceOf("app"), subject_token: "x" });
  test.each<[string, () => string | { [name: string]: string }, string, string]>([
    ["no body", () => "", "invalid_request", "body"],
    ["nothing in it", () => "a=b", "invalid_request", "grant_type"],
    ["another grant", () => ({ ...whole(), grant_type: "password" }), "unsupported_grant_type", "grant_type"],
    ["an empty grant", () => ({ ...whole(), grant_type: "" }), "unsupported_grant_type", "grant_type"],
    ["the grant twice", () => `grant_type=a&${new URLSearchParams(whole())}`, "invalid_request", "grant_type"],
    [
      "another type of token",
      () => ({ ...whole(), requested_token_type: "jwt" }),
      "invalid_request",
      "requested_token_type",
    ],
    [
      "another type of subject",
      () => ({ ...whole(), subject_token_type: "saml2" }),
      "invalid_request",
      "subject_token_type",
    ],
    [
      "an audience elsewhere",
      () => ({ ...whole(), audience: "https://api.statebacked.dev/" }),
      "invalid_target",
      "audience",
    ],
    [
      "an audience with more behind it",
      () => ({ ...whole(), audience: `${on.audienceOf("app")}/x` }),
      "invalid_target",
      "audience",
    ],
    ["an unknown service", () => ({ ...whole(), audience: on.audienceOf("nobody") }), "invalid_target", "audience"],
    [
      "an unknown organization",
      () => ({ ...whole(), audience: on.audienceOf("app", "org_x") }),
      "invalid_target",
      "audience",
    ],
    ["two audiences", () => `${new URLSearchParams(whole())}&audience=x`, "invalid_target", "audience"],
  ])("with %s", async (_what, body, error, parameter) => {
    const answer = await on.post(body());
    expect([answer.status, answer.body]).toEqual([400, refusal(error, parameter)]);
  });

  test.each(Object.keys({ ...grant, audience: "", subject_token: "" }))("without its %s", async (name) => {
    const { [name]: _, ...rest } = whole() as { [name: string]: string };
    const answer = await on.post(rest);
    expect([answer.status, answer.body]).toEqual([400, refusal("invalid_request", name, `${name} is missing`)]);
  });

  test("with a description in the characters that OAuth allows", async () => {
    const { body } = await on.post({ ...whole(), requested_token_type: '"é\\' });
    expect(body.error_description).toMatch(/^[ !#-[\]-~]+$/);
  });

  test("but too large a body and another label are told as everywhere", async () => {
    const large = await on.post(`subject_token=${"x".repeat(2_000_001)}`);
    expect([large.status, large.body.code]).toEqual([413, "body-too-large"]);
    const json = await on.post(JSON.stringify(whole()), { "content-type": "application/json" });
    expect([json.status, json.body.code]).toEqual([415, "unsupported-media-type"]);
  });

  test("and a million parameters are read in no time", async () => {
    const started = performance.now();
    const many = Array.from({ length: 250_000 }, (_, i) => i.toString(36)).join("&");
    expect((await on.post(many)).status).toBe(400);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

test("nothing of all this was a defect, and no secret was told to anybody", () => {
  expect(rig.errors).toEqual([]);
  for (const hidden of ["sbsec_", secret, base64url(secret)]) expect(JSON.stringify(rig.notices)).not.toContain(hidden);
});
