// Key sets over HTTP: kept, read anew when keys change, spared when somebody makes keys up, and told apart when they fail.

import type { RequestListener } from "node:http";
import { errors, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KeySetUnavailable } from "../../src/jwks/port.ts";
import { createRemoteKeySets, type RemoteKeySetOptions } from "../../src/jwks/remote.ts";
import type { Issuer, IssuerKey } from "./issuer.ts";
import { makeKey, startIssuer } from "./issuer.ts";

let issuer: Issuer;
let nowMs: number;
let troubles: string[];
let [one, two]: [IssuerKey, IssuerKey] = [await makeKey("ES256", "one"), await makeKey("ES256", "two")];
beforeEach(async () => {
  issuer = await startIssuer();
  nowMs = 1_000_000;
  troubles = [];
});
afterEach(() => issuer.close());

/** Verifies tokens by the issuer's keys. */
function verifier(options: Partial<RemoteKeySetOptions> = {}): (token: string) => Promise<string> {
  const onTrouble = (message: string) => void troubles.push(message);
  const keySets = createRemoteKeySets({ clock: { now: () => nowMs }, onTrouble, cacheMs: 60_000, ...options });
  return async (token) => {
    const { payload } = await keySets.use(issuer.jwksUrl, (keys) => jwtVerify(token, keys, { algorithms: ["ES256"] }));
    return String(payload.sub);
  };
}

describe("a key set", () => {
  test("is read once for many tokens, also when they come together", async () => {
    issuer.publish(one, two);
    const verify = verifier();
    const tokens = await Promise.all([one, two, one, two].map((key, i) => key.sign({ sub: `u${i}` })));
    expect(await Promise.all(tokens.map(verify))).toEqual(["u0", "u1", "u2", "u3"]);
    for (const token of tokens) await verify(token);
    expect(issuer.reads()).toBe(1);
  });

  test("that rotated its key serves the new one at once, and the old one no more", async () => {
    issuer.publish(one);
    const verify = verifier();
    const [before, after] = [await one.sign({ sub: "before" }), await two.sign({ sub: "after" })];
    expect(await verify(before)).toBe("before");
    issuer.publish(two);
    expect(await verify(after)).toBe("after");
    await expect(verify(before)).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
  });

  test("that lost a key refuses its tokens when the set has aged", async () => {
    issuer.publish(one, two);
    const verify = verifier({ cacheMs: 150 });
    const token = await one.sign({ sub: "u" });
    expect(await verify(token)).toBe("u");
    issuer.publish(two);
    const outcome = () => verify(token).then(String, (error: Error) => error.constructor.name);
    await expect.poll(outcome, { timeout: 5_000 }).toBe("JWKSNoMatchingKey");
  });

  test("whose key changed under its old name is read anew", async () => {
    issuer.publish(one);
    const verify = verifier();
    expect(await verify(await one.sign({ sub: "old" }))).toBe("old");
    const renamed = await makeKey("ES256", "one");
    issuer.publish(renamed);
    expect(await verify(await renamed.sign({ sub: "new" }))).toBe("new");
    await expect(verify(await one.sign({ sub: "old" }))).rejects.toBeInstanceOf(errors.JWSSignatureVerificationFailed);
  });

  test("of several keys that have no name is tried key by key", async () => {
    const nameless = [await makeKey("ES256"), await makeKey("ES256"), await makeKey("ES256")];
    issuer.publish(...nameless.slice(0, 2));
    const verify = verifier();
    for (const key of nameless) {
      if (key === nameless[2]) issuer.publish(...nameless);
      expect(await verify(await key.sign({ sub: "u" }))).toBe("u");
    }
    const stranger = await makeKey("ES256");
    await expect(verify(await stranger.sign({ sub: "u" }))).rejects.toBeInstanceOf(
      errors.JWSSignatureVerificationFailed,
    );
  });

  test("passes on what else is wrong with a token, key by key too", async () => {
    const nameless = [await makeKey("ES256"), await makeKey("ES256")];
    issuer.publish(...nameless);
    const verify = verifier();
    for (const key of nameless) {
      await expect(verify(await key.sign({ sub: "u" }, { expiresInS: -60 }))).rejects.toBeInstanceOf(errors.JWTExpired);
    }
    expect(issuer.reads()).toBe(1);
  });
});

describe("made-up keys", () => {
  test("cost one read when nothing is known yet", async () => {
    issuer.publish(one);
    await expect(verifier()(await two.sign({}))).rejects.toBeInstanceOf(errors.JWKSNoMatchingKey);
    expect(issuer.reads()).toBe(1);
  });

  test("cost ten reads a minute at most, and real ones work meanwhile", async () => {
    issuer.publish(one);
    const verify = verifier();
    const real = await one.sign({ sub: "u" });
    expect(await verify(real)).toBe("u");
    for (let i = 0; i < 30; i++) {
      await expect(verify(await two.sign({}, { kid: `made-up-${i}` }))).rejects.toThrow();
      expect(await verify(real)).toBe("u");
    }
    expect(issuer.reads()).toBe(11);
    nowMs += 60_001;
    issuer.publish(two);
    expect(await verify(await two.sign({ sub: "v" }))).toBe("v");
    expect(issuer.reads()).toBe(12);
  });
});

describe("a key set can't be used", () => {
  const failures: [string, RequestListener, string][] = [
    ["an error", (_, response) => response.writeHead(500).end("{}"), "answers 500"],
    ["not found", (_, response) => response.writeHead(404).end("{}"), "answers 404"],
    ["a redirect", (_, response) => response.writeHead(302, { location: "/other" }).end(), "answers 302"],
    ["no JSON", (_, response) => response.end("<html>"), "not a JSON Web Key Set"],
    ["another document", (_, response) => response.end('{"issuer":"x"}'), "not a JSON Web Key Set"],
    ["keys that are none", (_, response) => response.end('{"keys":[7]}'), "not a JSON Web Key Set"],
    ["more than it should", (_, response) => response.end(`{"keys":[],"x":"${"x".repeat(1_000_000)}"}`), "larger than"],
    ["nothing, and hangs up", (request) => request.socket.destroy(), "the key set at http"],
    ["nothing at all", () => {}, "no answer within 200 ms"],
    ["half an answer", (_, response) => response.writeHead(200).write('{"keys":'), "no answer within 200 ms"],
  ];
  test.each(failures)("when it answers with %s", async (_what, listener, words) => {
    issuer.answer(listener);
    const started = performance.now();
    const outcome = await verifier({ timeoutMs: 200 })(await one.sign({})).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(KeySetUnavailable);
    expect(String(outcome)).toContain(words);
    expect(String(outcome)).toContain(issuer.jwksUrl);
    expect(troubles).toEqual([(outcome as Error).message]);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test("when nobody is there", async () => {
    const verify = verifier();
    await issuer.close();
    await expect(verify(await one.sign({}))).rejects.toThrow("ECONNREFUSED");
  });

  test("for a moment, in which nobody is asked again", async () => {
    issuer.answer((_, response) => response.writeHead(503).end());
    const verify = verifier({ retryMs: 500 });
    const token = await one.sign({ sub: "u" });
    for (let i = 0; i < 5; i++) await expect(verify(token)).rejects.toBeInstanceOf(KeySetUnavailable);
    expect([issuer.reads(), troubles.length]).toEqual([1, 1]);
    issuer.publish(one);
    await expect(verify(token)).rejects.toBeInstanceOf(KeySetUnavailable);
    nowMs += 500;
    expect(await verify(token)).toBe("u");
  });
});

test("sets are told apart by their URL", async () => {
  const other = await startIssuer();
  const keySets = createRemoteKeySets({ clock: { now: () => nowMs }, onTrouble: () => {} });
  [one, two] = [await makeKey("ES256", "same"), await makeKey("ES256", "same")];
  issuer.publish(one);
  other.publish(two);
  const sub = async (url: string, token: string) =>
    (await keySets.use(url, (keys) => jwtVerify(token, keys))).payload.sub;
  expect(await sub(issuer.jwksUrl, await one.sign({ sub: "a" }))).toBe("a");
  expect(await sub(other.jwksUrl, await two.sign({ sub: "b" }))).toBe("b");
  await expect(sub(issuer.jwksUrl, await two.sign({ sub: "b" }))).rejects.toThrow();
  await other.close();
});
