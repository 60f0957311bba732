// Identity providers and token providers: trusted, replaced, listed without their keys, deleted, refused for what is wrong with them.

import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allScopes } from "../../src/domain/scopes.ts";
import { makeKey } from "../jwks/issuer.ts";
import type { AppRig } from "./app-rig.ts";
import { startAppRig } from "./app-rig.ts";
import type { Exchanges } from "./exchanges.ts";
import { aud, base64url, iss, refusal, secret, startExchanges, subject } from "./exchanges.ts";
import { namesInPages } from "./pages.ts";

let rig: AppRig;
let on: Exchanges;
beforeAll(async () => {
  rig = await startAppRig();
  on = await startExchanges(rig);
});
afterAll(() => rig.close());

describe("an identity provider", () => {
  test("is replaced as a whole when it is trusted again", async () => {
    const provider = { iss: "replaced", aud: "x" };
    const token = (key: string, alg = "HS256") => subject({ iss: "replaced", aud: "x" }, { key, alg });
    await on.trust({ ...provider, mapping: { sub: "before" } });
    expect(await on.actOf(await token(secret))).toMatchObject({ sub: "before" });
    const before = (await rig.call("GET", "/idps")).body.idps.length;
    await on.trust({ ...provider, key: base64url("new"), algs: ["HS384", "HS384"], mapping: { sub: "after" } });
    const { idps } = (await rig.call("GET", "/idps")).body;
    expect(idps).toHaveLength(before);
    expect(idps).toContainEqual({ ...provider, algs: ["HS384"], mapping: { sub: "after" } });
    expect(await on.actOf(await token("new", "HS384"))).toMatchObject({ sub: "after" });
    await on.expectRefused(await token(secret), "signed with HS256");
    await on.expectRefused(await token(secret, "HS384"), "not by a key");
  });

  test("is listed without its key", async () => {
    await on.trust({
      iss: "listed",
      key: base64url("hidden"),
      jwksUrl: "https://login.example.org/jwks.json",
      algs: ["HS256", "RS256"],
    });
    const { body } = await rig.call("GET", "/idps");
    expect(body.idps).toContainEqual({
      iss: "listed",
      algs: ["HS256", "RS256"],
      jwksUrl: "https://login.example.org/jwks.json",
      mapping: { "sub.$": "$.sub", "roles.$": "$.roles" },
    });
    expect(JSON.stringify(body)).not.toContain(base64url("hidden"));
  });

  test("is gone when deleted, by exactly the claims it has", async () => {
    await on.trust({ iss: "gone", aud: "x" });
    for (const other of [{ iss: "gone" }, { aud: "x" }, { iss: "gone", aud: "y" }, { iss: "x", aud: "gone" }]) {
      expect(await on.distrust(other)).toBe(404);
    }
    const token = await subject({ iss: "gone", aud: "x" });
    expect((await on.exchange(token)).status).toBe(200);
    expect(await on.distrust({ iss: "gone", aud: "x" })).toBe(204);
    await on.expectRefused(token, "No trusted identity provider");
    expect(await on.distrust({ iss: "gone", aud: "x" })).toBe(404);
  });

  test.each(["RS256", "PS384", "ES256", "ES384", "ES512", "EdDSA"])("may sign with %s", async (alg) => {
    const key = await makeKey(alg);
    await on.trust({ iss: alg, algs: [alg], key: base64url(JSON.stringify(key.jwk)) });
    expect(await on.actOf(await key.sign({ iss: alg, sub: "ada" }))).toMatchObject({ sub: "ada" });
    const stranger = await makeKey(alg);
    await on.expectRefused(await stranger.sign({ iss: alg, sub: "ada" }), "not by a key");
    // Whoever knows the public key must not pass for its owner.
    await on.expectRefused(await subject({ iss: alg }, { key: JSON.stringify(key.jwk) }), "signed with HS256");
  });

  test.each(["HS256", "HS384", "HS512"])("may share a secret and sign with %s", async (alg) => {
    await on.trust({ iss: alg, algs: [alg], key: base64url("s") });
    expect(await on.actOf(await subject({ iss: alg }, { alg, key: "s" }))).toMatchObject({ sub: "ada" });
  });

  const rsa = makeKey("RS256");
  const ec = makeKey("ES256");
  const jwkOf = async (key: typeof rsa) => base64url(JSON.stringify((await key).jwk));
  const url = "https://login.example.org/jwks.json";
  test.each<[string, () => Promise<object> | object, string]>([
    ["neither aud nor iss", () => ({ iss: undefined }), "aud"],
    ["neither key nor key set", () => ({ key: undefined }), "key"],
    ["an empty issuer", () => ({ iss: "" }), "iss"],
    ["an empty audience", () => ({ aud: "" }), "aud"],
    ["an issuer that is no text", () => ({ iss: 7 }), "iss"],
    ["no algorithm", () => ({ algs: [] }), "algs"],
    ["no list of algorithms", () => ({ algs: undefined }), "algs"],
    ["no signature as its algorithm", () => ({ algs: ["none"] }), "algs.0"],
    ["an unknown algorithm", () => ({ algs: ["HS256", "hs256"] }), "algs.1"],
    ["a key in plain base64", () => ({ key: "+/+/" }), "key"],
    ["an empty key", () => ({ key: "" }), "key"],
    ["a secret where a public key is needed", () => ({ algs: ["RS256"] }), "key"],
    ["a key of another kind", async () => ({ algs: ["RS256"], key: await jwkOf(ec) }), "key"],
    ["a key for but one of its algorithms", async () => ({ algs: ["RS256", "ES256"], key: await jwkOf(rsa) }), "key"],
    ["a secret that is a public key, too", async () => ({ algs: ["HS256", "RS256"], key: await jwkOf(rsa) }), "algs"],
    ["a key set for a secret", () => ({ key: undefined, jwksUrl: url }), "algs"],
    [
      "a key beside its key set that fits nothing",
      async () => ({ algs: ["EdDSA"], key: await jwkOf(rsa), jwksUrl: url }),
      "key",
    ],
    ["a relative key set", () => ({ jwksUrl: "/jwks.json" }), "jwksUrl"],
    ["a key set in a file", () => ({ jwksUrl: "file:///etc/passwd" }), "jwksUrl"],
    ["a key set behind a password", () => ({ jwksUrl: "https://u:p@example.org/" }), "jwksUrl"],
    ["no mapping", () => ({ mapping: undefined }), "mapping"],
    ["a mapping that is a path", () => ({ mapping: "$.sub" }), "mapping"],
    ["a mapping with a bad path", () => ({ mapping: { user: { "sub.$": "sub" } } }), "mapping.user.sub.$"],
  ])("with %s is a 400 that says so, and isn't trusted", async (_what, change, parameter) => {
    const body = { iss: "bad", algs: ["HS256"], key: base64url(secret), mapping: {}, ...(await change()) };
    const answer = await rig.call("POST", "/idps", { body });
    const told = { error: expect.any(String), code: "invalid-parameter", parameter };
    expect([answer.status, answer.body]).toEqual([400, told]);
    expect(JSON.stringify((await rig.call("GET", "/idps")).body)).not.toContain('"bad"');
  });

  test.each<[string, object, string]>([
    ["nothing", {}, "aud"],
    ["an empty issuer", { iss: "" }, "iss"],
    ["an audience that is no text", { aud: [] }, "aud"],
  ])("deleted by %s is a 400", async (_what, body, parameter) => {
    const answer = await rig.call("DELETE", "/idps", { body });
    expect([answer.status, answer.body]).toMatchObject([400, { code: "invalid-parameter", parameter }]);
  });
});

describe("a token provider", () => {
  beforeAll(() => on.trust({ iss, aud }));

  test("is replaced as a whole, listed, and gone when deleted", async () => {
    const other = await rig.key(["state.read"]);
    await on.provide({ service: "swap", mapping: { "a.$": "$.sub" } });
    expect(await on.actOf(await subject(), "swap")).toEqual({ a: "ada" });
    await on.provide({ service: "swap", keyId: other.id, mapping: { "b.$": "$.sub" } });
    const { body } = await on.exchange(await subject(), "swap");
    expect(decodeJwt(body.access_token).act).toEqual({ b: "ada" });
    expect(decodeProtectedHeader(body.access_token).kid).toBe(other.id);
    const listed = (await rig.call("GET", "/token-providers")).body.tokenProviders as { service: string }[];
    expect(listed.filter(({ service }) => service === "swap")).toEqual([
      { service: "swap", keyId: other.id, mapping: { "b.$": "$.sub" } },
    ]);
    expect((await rig.call("DELETE", "/token-providers/swap")).status).toBe(204);
    expect((await rig.call("DELETE", "/token-providers/swap")).status).toBe(404);
    const gone = await on.exchange(await subject(), "swap");
    expect([gone.status, gone.body]).toEqual([400, refusal("invalid_target", "audience")]);
  });

  test("sees what the identity provider's mapping yields, not the token", async () => {
    await on.trust({ iss: "narrow", mapping: { "who.$": "$.sub", from: "narrow" } });
    await on.provide({ service: "wide", mapping: { "all.$": "$", "sub.$": "$.sub" } });
    expect(await on.actOf(await subject({ iss: "narrow", email: "x" }), "wide")).toEqual({
      all: { who: "ada", from: "narrow" },
    });
  });

  test("needs a key of its own organization", async () => {
    const org = (await rig.call("POST", "/orgs", { body: { name: "other" } })).body.id;
    const foreign = await rig.key(allScopes, org);
    for (const id of ["sbk_none", foreign.id]) {
      const answer = await rig.call("POST", "/token-providers", { body: { service: "x", keyId: id, mapping: {} } });
      expect([answer.status, answer.body.code]).toEqual([404, "not-found"]);
    }
  });

  test.each<[string, object, string]>([
    ["no service", { service: undefined }, "service"],
    ["a service that is no name", { service: "two words" }, "service"],
    ["no key", { keyId: undefined }, "keyId"],
    ["no mapping", { mapping: undefined }, "mapping"],
    ["a bad path", { mapping: { "sub.$": "$." } }, "mapping.sub.$"],
    ["a name twice", { mapping: { "sub.$": "$.sub", sub: 1 } }, "mapping.sub"],
  ])("with %s is a 400", async (_what, change, parameter) => {
    const body = { service: "bad", keyId: on.keyId, mapping: {}, ...change };
    const answer = await rig.call("POST", "/token-providers", { body });
    const told = { error: expect.any(String), code: "invalid-parameter", parameter };
    expect([answer.status, answer.body]).toEqual([400, told]);
  });
});

test.each([
  ["/idps", "idps", "iss"],
  ["/token-providers", "tokenProviders", "service"],
])("the list %s comes in pages with each once, also while more are made", async (path, items, name) => {
  const other = await startAppRig();
  try {
    const theirs = await startExchanges(other);
    const make = async (i: number) => {
      if (path === "/idps") await theirs.trust({ iss: `n${i}` });
      else await theirs.provide({ service: `n${i}` });
    };
    for (let i = 0; i < 250; i++) await make(i);
    const { all, pages } = await namesInPages(other, path, items, name, () => make(250));
    expect(pages).toBe(3);
    expect(all.filter((one) => /^n\d+$/.test(one))).toEqual(Array.from({ length: 251 }, (_, i) => `n${i}`));
    const answer = await other.call("GET", `${path}?cursor=nonsense`);
    expect([answer.status, answer.body]).toMatchObject([400, { parameter: "cursor" }]);
  } finally {
    await other.close();
  }
});

test("nothing of all this was a defect, and no secret was told to anybody", () => {
  expect(rig.errors).toEqual([]);
  for (const hidden of ["sbsec_", secret, base64url(secret)]) expect(JSON.stringify(rig.notices)).not.toContain(hidden);
});
