// Tokens that scenarios make up are what they say, and the shell of a repro makes the same ones.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { shellPrelude } from "../../src/oracle/caller.ts";
import type { MadeToken } from "../../src/oracle/contracts.ts";
import { madeTokenPrelude, makeToken, makeTokenInShell } from "../../src/oracle/subject-token.ts";

async function fromShell(made: MadeToken): Promise<string> {
  const script = [...shellPrelude, ...madeTokenPrelude, `printf %s "${makeTokenInShell(made)}"`].join("\n");
  return (await promisify(execFile)("bash", ["-c", script])).stdout;
}

const tokens: MadeToken["$jwt"][] = [
  { secret: "plain", claims: { iss: "i", sub: "ada" } },
  {
    alg: "HS384",
    secret: "it's a 'secret'",
    claims: { sub: "O'Neill", aud: ["a b", '"'], deep: { n: 1.5 } },
    expS: -60,
  },
  { alg: "HS512", secret: "s", claims: { sub: "日本語", percent: "100%d %s \\n" } },
  { alg: "none", claims: { sub: "ada" } },
];

describe("a token", () => {
  it.each(tokens)("%j is the same in the shell", async ($jwt) => {
    const { alg = "HS256", secret = "", claims, expS = 300 } = $jwt;
    const [ours, theirs] = [makeToken({ $jwt }, Date.now()), await fromShell({ $jwt })];
    for (const token of [ours, theirs]) {
      const { exp = 0, ...said } = decodeJwt(token);
      expect([decodeProtectedHeader(token), said]).toEqual([{ alg }, claims]);
      expect(Math.abs(exp - (Date.now() / 1_000 + expS))).toBeLessThan(5);
      if (alg === "none") expect(token).toMatch(/^[\w-]+\.[\w-]+\.$/);
      else {
        const currentDate = new Date(Date.now() - 120_000);
        await jwtVerify(token, new TextEncoder().encode(secret), { algorithms: [alg], currentDate });
      }
    }
  });
});
