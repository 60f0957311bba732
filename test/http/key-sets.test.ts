// Identity providers that publish their keys: a rotation in the middle, keys of every kind, and an address that fails.

import { generateKeyPairSync, sign } from "node:crypto";
import { decodeJwt, SignJWT } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Issuer, IssuerKey } from "../jwks/issuer.ts";
import { makeKey, startIssuer } from "../jwks/issuer.ts";
import type { AppRig, AppRigOptions } from "./app-rig.ts";
import { startAppRig } from "./app-rig.ts";
import type { Exchanges } from "./exchanges.ts";
import { base64url, iss, startExchanges } from "./exchanges.ts";

let rig: AppRig;
let on: Exchanges;
let issuer: Issuer;
beforeEach(async () => {
  issuer = await startIssuer();
});
afterEach(async () => {
  expect(rig.errors).toEqual([]);
  await rig.close();
  await issuer.close();
});

/** A server that trusts the issuer's tokens. */
async function trust(algs: string[], more: object = {}, keySets: AppRigOptions["keySets"] = {}): Promise<void> {
  rig = await startAppRig({ keySets });
  on = await startExchanges(rig);
  await on.trust({ iss, algs, key: undefined, jwksUrl: issuer.jwksUrl, ...more });
}

const subjectOf = async (token: string) => {
  const { status, body } = await on.exchange(token);
  return status === 200 ? (decodeJwt(body.access_token).act as { sub: string }).sub : `${status} ${body.error}`;
};
const refused = "400 invalid_request";

test("a rotation of the RS256 key: the old token is refused, the new one accepted", async () => {
  const [first, second] = [await makeKey("RS256", "2025"), await makeKey("RS256", "2026")];
  issuer.publish(first);
  await trust(["RS256"]);
  const [before, after] = [await first.sign({ iss, sub: "before" }), await second.sign({ iss, sub: "after" })];
  expect([await subjectOf(before), await subjectOf(after)]).toEqual(["before", refused]);
  issuer.publish(second);
  expect([await subjectOf(after), await subjectOf(before)]).toEqual(["after", refused]);
  expect(await subjectOf(after)).toBe("after");
});

test("a key that is taken out of its set is refused once the set has aged, without anything else happening", async () => {
  const [kept, removed] = [await makeKey("RS256", "kept"), await makeKey("RS256", "removed")];
  issuer.publish(kept, removed);
  await trust(["RS256"], {}, { cacheMs: 200 });
  const token = await removed.sign({ iss, sub: "u" });
  expect(await subjectOf(token)).toBe("u");
  issuer.publish(kept);
  await expect.poll(() => subjectOf(token), { timeout: 5_000 }).toBe(refused);
});

describe("a key set", () => {
  test.each(["RS512", "PS256", "ES384", "EdDSA"])("may hold keys for %s", async (alg) => {
    const [key, stranger]: [IssuerKey, IssuerKey] = [await makeKey(alg, "k"), await makeKey(alg, "k")];
    issuer.publish(key);
    await trust([alg]);
    expect(await subjectOf(await key.sign({ iss, sub: "ada" }))).toBe("ada");
    expect(await subjectOf(await stranger.sign({ iss, sub: "ada" }))).toBe(refused);
  });

  test("lends no key to an algorithm that its provider doesn't use", async () => {
    const [rsa, ec] = [await makeKey("RS256", "rsa"), await makeKey("ES256", "ec")];
    issuer.publish(rsa, ec);
    await trust(["ES256"]);
    expect(await subjectOf(await ec.sign({ iss, sub: "ada" }))).toBe("ada");
    expect(await subjectOf(await rsa.sign({ iss, sub: "ada" }))).toBe(refused);
  });

  test("beside a secret serves all algorithms but the secret's", async () => {
    const rsa = await makeKey("RS256", "rsa");
    issuer.publish(rsa);
    await trust(["HS256", "RS256"], { key: base64url("a secret") });
    const shared = await new SignJWT({ iss, sub: "bob" })
      .setProtectedHeader({ alg: "HS256", kid: "rsa" })
      .sign(new TextEncoder().encode("a secret"));
    const confused = await new SignJWT({ iss, sub: "eve" })
      .setProtectedHeader({ alg: "HS256", kid: "rsa" })
      .sign(new TextEncoder().encode(JSON.stringify(rsa.jwk)));
    expect([await subjectOf(confused), await subjectOf(shared), issuer.reads()]).toEqual([refused, "bob", 0]);
    expect([await subjectOf(await rsa.sign({ iss, sub: "ada" })), issuer.reads()]).toEqual(["ada", 1]);
  });

  test("beside a public key is asked when that one didn't sign", async () => {
    const [published, known] = [await makeKey("ES256", "published"), await makeKey("ES256")];
    issuer.publish(published);
    await trust(["ES256"], { key: base64url(JSON.stringify(known.jwk)) });
    expect(await subjectOf(await known.sign({ iss, sub: "known" }))).toBe("known");
    expect(issuer.reads()).toBe(0);
    expect(await subjectOf(await published.sign({ iss, sub: "published" }))).toBe("published");
  });

  test("whose keys are too weak verifies nothing, and is no defect", async () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 1024 });
    issuer.answer((_, response) => response.end(JSON.stringify({ keys: [publicKey.export({ format: "jwk" })] })));
    await trust(["RS256"]);
    const payload = [{ alg: "RS256" }, { iss }].map((part) => base64url(JSON.stringify(part)));
    const signature = sign("sha256", Buffer.from(payload.join(".")), privateKey).toString("base64url");
    expect(await subjectOf(`${payload.join(".")}.${signature}`)).toBe(refused);
  });
});

test("that can't be read is a 503 without its address, which whoever runs the server is told", async () => {
  const key = await makeKey("RS256", "k");
  issuer.answer((_, response) => response.writeHead(404).end());
  await trust(["RS256"]);
  const { status, body } = await on.exchange(await key.sign({ iss, sub: "ada" }));
  expect([status, body]).toEqual([503, { error: expect.stringContaining("at the moment"), code: "unavailable" }]);
  expect(JSON.stringify(body)).not.toContain("127.0.0.1");
  expect(rig.notices.at(-1)).toContain(`${issuer.jwksUrl} can't be used: it answers 404`);
});
