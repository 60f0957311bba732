// The shell of a repro makes the tokens that the run itself used.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { shellPrelude, tokenFor, tokenInShell } from "../../src/oracle/caller.ts";
import type { Caller } from "../../src/oracle/contracts.ts";

const credentials = { orgId: "org_x", keyId: "sbk_x", secretKey: "sbsec_of the test" };
const environment = { ...process.env, SETTLE_KEY_ID: credentials.keyId, SETTLE_SECRET_KEY: credentials.secretKey };
const secret = new TextEncoder().encode(credentials.secretKey);

async function fromShell(caller: Caller): Promise<string> {
  const script = [...shellPrelude, `printf %s "${tokenInShell(caller)}"`].join("\n");
  return (await promisify(execFile)("bash", ["-c", script], { env: environment })).stdout;
}

const callers: Caller[] = [
  {},
  { act: { sub: "O'Neill", roles: ["a b", '"'] }, sub: "it's" },
  { token: "expired" },
  { token: "just-expired" },
  { token: "early" },
  { token: "wrong-secret" },
  { token: "unknown-key" },
  { token: "wrong-audience" },
  { token: "audience-list" },
  { token: "unsigned" },
];

describe("tokens", () => {
  it.each(callers)("%j are the same in the shell", async (caller) => {
    const [ours, theirs] = [(await tokenFor(caller, credentials, Date.now())) ?? "", await fromShell(caller)];
    const near = (a: unknown, b: unknown) => Math.abs(Number(a ?? 0) - Number(b ?? 0)) <= 5;
    const { exp, nbf, ...claims } = decodeJwt(ours);
    const { exp: shellExp, nbf: shellNbf, ...shellClaims } = decodeJwt(theirs);
    expect(shellClaims).toEqual(claims);
    if (caller.token === "unsigned") return;
    expect([near(exp, shellExp), near(nbf, shellNbf)]).toEqual([true, true]);
    expect(decodeProtectedHeader(theirs)).toEqual(decodeProtectedHeader(ours));
    const isGood = async (token: string) =>
      jwtVerify(token, secret, { audience: "https://api.statebacked.dev/" }).then(Boolean, () => false);
    expect(await isGood(theirs)).toBe(await isGood(ours));
    // That the key is unknown shows in the header alone.
    expect(await isGood(ours)).toBe([undefined, "audience-list", "unknown-key"].includes(caller.token));
  });
  it("may be missing or malformed", async () => {
    expect(await tokenFor({ token: "none" }, credentials, 0)).toBe(null);
    expect(tokenInShell({ token: "none" })).toBe(null);
    expect(await tokenFor({ token: "malformed" }, credentials, 0)).toBe(tokenInShell({ token: "malformed" }));
  });
});
