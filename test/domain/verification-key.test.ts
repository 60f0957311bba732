// Keys of identity providers: every kind and form that is read, what each is good for, and what is refused.

import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "vitest";
import { fits, readVerificationKey } from "../../src/domain/verification-key.ts";

const encode = (key: string | Buffer) => Buffer.from(key).toString("base64url");
const algs = ["HS256", "HS512", "RS256", "RS512", "PS256", "PS384", "ES256", "ES384", "ES512", "EdDSA"];

/** Each kind of key pair, and what tokens its public key can verify. */
const kinds = {
  "RSA of 2048 bits": [generateKeyPairSync("rsa", { modulusLength: 2048 }), ["RS256", "RS512", "PS256", "PS384"]],
  "RSA of 1024 bits": [generateKeyPairSync("rsa", { modulusLength: 1024 }), []],
  "P-256": [generateKeyPairSync("ec", { namedCurve: "P-256" }), ["ES256"]],
  "P-384": [generateKeyPairSync("ec", { namedCurve: "P-384" }), ["ES384"]],
  "P-521": [generateKeyPairSync("ec", { namedCurve: "P-521" }), ["ES512"]],
  secp256k1: [generateKeyPairSync("ec", { namedCurve: "secp256k1" }), []],
  Ed25519: [generateKeyPairSync("ed25519"), ["EdDSA"]],
  Ed448: [generateKeyPairSync("ed448"), []],
} as const;

describe.each(Object.entries(kinds))("%s", (_kind, [{ publicKey, privateKey }, good]) => {
  test.each([
    ["DER", publicKey.export({ format: "der", type: "spki" })],
    ["PEM", publicKey.export({ format: "pem", type: "spki" })],
    ["a JSON Web Key", JSON.stringify(publicKey.export({ format: "jwk" }))],
  ])("as %s is read, and fits what it should", (_form, key) => {
    const read = readVerificationKey(encode(key), "public");
    expect(algs.filter((alg) => fits(read, alg))).toEqual(good);
  });

  test.each([
    ["DER", privateKey.export({ format: "der", type: "pkcs8" })],
    ["PEM", privateKey.export({ format: "pem", type: "pkcs8" })],
    ["a JSON Web Key", JSON.stringify(privateKey.export({ format: "jwk" }))],
  ])("is refused as its private half, in %s", (_form, key) => {
    expect(() => readVerificationKey(encode(key), "public")).toThrow("must be");
  });
});

test("a secret is its bytes, and fits the HS algorithms alone", () => {
  const secret = readVerificationKey("AAECA_-", "secret");
  expect([...(secret as Uint8Array)]).toEqual([0, 1, 2, 3, 255]);
  expect(algs.filter((alg) => fits(secret, alg))).toEqual(["HS256", "HS512"]);
});

test.each([
  ["empty", ""],
  ["plain base64", "ab+/"],
  ["with a space", "ab cd"],
  ["half a byte", "a"],
  ["only padding", "=="],
])("a secret that is %s is refused", (_what, text) => {
  expect(() => readVerificationKey(text, "secret")).toThrow("must");
});

test.each([
  ["random bytes", encode(Buffer.alloc(64, 7))],
  ["text", encode("not a key")],
  ["half a JSON Web Key", encode('{"kty":"RSA"')],
  ["a symmetric JSON Web Key", encode('{"kty":"oct","k":"AAAA"}')],
  ["a PEM of something else", encode("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")],
])("%s are no public key", (_what, text) => {
  expect(() => readVerificationKey(text, "public")).toThrow("must be a public key");
});
