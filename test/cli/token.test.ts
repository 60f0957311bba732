// `settle token`: what it signs is what the published library signs, and the server takes it; what it can't sign it says.

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signToken } from "@statebacked/token";
import { jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type SettleServer, startServer } from "../../src/index.ts";
import { openLowdbStore } from "../../src/store/lowdb/open.ts";
import { clock, entropy } from "../store/support.ts";
import { type Finished, settle } from "./process.ts";

vi.setConfig({ testTimeout: 60_000 });

/** Takes whoever is called ada. */
const adas = `import { createMachine } from "npm:xstate@5"; export const allowRead = ({ authContext }) => authContext.sub === "ada";
  export const allowWrite = allowRead; export default createMachine({ initial: "a", states: { a: {} } });`;
const own = { SETTLE_KEY_ID: "sbk_AAAAAAAAAAAAAAAAAAAAAA", SETTLE_SECRET_KEY: "sbsec_own" };
const ada = ["--act", '{"sub":"ada"}'];

let folder: string;
let store: string;
let server: SettleServer | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-token-"));
  store = join(folder, ".settle", "db.json");
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  await rm(folder, { recursive: true, force: true });
});

function token(args: string[], env?: { [name: string]: string }): Promise<Finished> {
  return settle(["token", ...args], env, folder).ended;
}
async function start(): Promise<SettleServer> {
  await writeFile(join(folder, "adas.js"), adas);
  server = await startServer({ port: 0, store, machines: [join(folder, "adas.js")] });
  return server;
}
function verified(jwt: string, secret: string): ReturnType<typeof jwtVerify> {
  return jwtVerify(jwt, new TextEncoder().encode(secret), { audience: "https://api.statebacked.dev/" });
}

describe("the token", () => {
  test("is the one that the published library signs", async () => {
    const { code, stdout, stderr } = await token([...ada, "--expires", "10m"], own);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    const key = { stateBackedKeyId: own.SETTLE_KEY_ID, stateBackedSecretKey: own.SETTLE_SECRET_KEY };
    const theirs = await verified(await signToken(key, { sub: "ada" }, { expires: { in: "10m" } }), "sbsec_own");
    const { payload, protectedHeader } = await verified(stdout, "sbsec_own");
    expect(protectedHeader).toEqual(theirs.protectedHeader);
    expect({ ...payload, iat: 0, exp: 0 }).toEqual({ ...theirs.payload, iat: 0, exp: 0 });
    expect(Number(payload.exp) - Number(payload.iat)).toBeGreaterThanOrEqual(600);
    expect(Number(payload.exp) - Number(payload.iat)).toBeLessThanOrEqual(601);
  });

  test("lasts a day unless told otherwise", async () => {
    const { payload } = await verified((await token(ada, own)).stdout, "sbsec_own");
    expect(Math.round((Number(payload.exp) - Number(payload.iat)) / 3600)).toBe(24);
  });

  test("says what `act` says, whatever is in it, in a payload that `atob` can read", async () => {
    const text = String.fromCodePoint(...Array.from({ length: 0x180 }, (_, i) => i), 0x20ac, 0xfffe, 0x1f6aa);
    const act = { sub: text, [text]: ["?", "~~", ">>>", "\u007f"], deep: { n: 1.5, no: null } };
    for (const shift of ["", "x", "xx"]) {
      const { stdout } = await token(["--act", JSON.stringify({ shift, ...act })], own);
      const { payload } = await verified(stdout, "sbsec_own");
      expect(payload.act).toEqual({ shift, ...act });
      expect(JSON.parse(atob(stdout.split(".")[1] ?? ""))).toEqual(payload);
    }
  });
});

describe("signed with the first key of a store, it is taken by the store's server", () => {
  /** The status of the answer to a request that only ada may send. */
  async function statusFor(jwt: string, { url }: SettleServer): Promise<number> {
    const headers = { authorization: `Bearer ${jwt}`, "content-type": "application/json" };
    const body = JSON.stringify({ slug: crypto.randomUUID() });
    return (await fetch(`${url}/machines/adas`, { method: "POST", headers, body })).status;
  }

  test("that runs, and is not disturbed", async () => {
    const running = await start();
    const { code, stdout, stderr } = await token([...ada, "--store", store]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(await statusFor(stdout, running)).toBe(200);
    const eve = await token(["--act", '{"sub":"eve"}', "--store", store]);
    expect(await statusFor(eve.stdout, running)).toBe(403);
    const { payload } = await verified(stdout, running.secretKey);
    expect(payload.act).toEqual({ sub: "ada" });
    expect((await readdir(join(folder, ".settle"))).sort()).toContain("db.lock");
  });

  test("that does not run; the default store is the default server's", async () => {
    const { secretKey } = await start();
    await server?.close();
    const before = await readdir(join(folder, ".settle"));
    const { stdout } = await token(ada);
    expect((await verified(stdout, secretKey)).payload.act).toEqual({ sub: "ada" });
    expect(await readdir(join(folder, ".settle"))).toEqual(before);
    expect(await statusFor(stdout, await start())).toBe(200);
  });

  test("a store that was typed means more than keys in the environment, and these more than a store that was not", async () => {
    const { secretKey } = await start();
    const env = { ...own, SETTLE_STORE: store };
    expect((await verified((await token([...ada, "--store", store], env)).stdout, secretKey)).payload.act).toBeTruthy();
    expect((await verified((await token(ada, env)).stdout, "sbsec_own")).payload.act).toBeTruthy();
    expect((await verified((await token(ada, { SETTLE_STORE: store })).stdout, secretKey)).payload.act).toBeTruthy();
  });
});

describe("what it can't sign it says, with exit code 2 and no secret", () => {
  const { SETTLE_KEY_ID, SETTLE_SECRET_KEY } = own;
  const cases: [string, string[], { [name: string]: string }, RegExp][] = [
    ["for nobody", [], own, /required option '--act <json>'/],
    ["act that is not JSON", ["--act", "ada"], own, /Write a JSON object such as '\{"sub":"ada"\}'/],
    ["act that is a list", ["--act", "[1]"], own, /Write a JSON object/],
    ["act that is null", ["--act", "null"], own, /Write a JSON object/],
    ["a lifetime that is none", [...ada, "--expires", "soon"], own, /250ms, 10s or 2m/],
    ["a lifetime of nothing", [...ada, "--expires", "0s"], own, /above zero/],
    ["a word too many", [...ada, "ada"], own, /too many arguments/],
    ["a key without its secret", ada, { SETTLE_KEY_ID }, /^settle: SETTLE_KEY_ID is set and SETTLE_SECRET_KEY is not;/],
    [
      "a secret without its key",
      ada,
      { SETTLE_SECRET_KEY },
      /^settle: SETTLE_SECRET_KEY is set and SETTLE_KEY_ID is not;/,
    ],
    [
      "no key and no store",
      ada,
      {},
      /^settle: there is no store at \.settle\/db\.json; start a server on it, .*SETTLE_KEY_ID/,
    ],
    [
      "a store in memory",
      [...ada, "--store", "memory:"],
      own,
      /^settle: only a store in a file .* not memory:; set SETTLE_KEY_ID/,
    ],
    [
      "a store of another kind",
      ada,
      { SETTLE_STORE: "postgres://x/y" },
      /^settle: only a store in a file .* postgres:/,
    ],
    ["a damaged store", [...ada, "--store", "plain"], {}, /^settle: .*plain is no Settle store/],
  ];
  test.each(cases)("%s", async (_, args, env, message) => {
    await writeFile(join(folder, "plain"), "plain");
    const { code, stdout, stderr } = await token(args, env);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain("sbsec_");
  });

  test("the first key of a store that has lost it", async () => {
    const { orgId, keyId } = await start();
    await server?.close();
    const opened = await openLowdbStore(store, { durability: "process", clock, entropy });
    await opened.commit([{ op: "delete", kind: "key", scope: orgId, name: keyId, ifRev: 1 }]);
    await opened.close();
    const { code, stderr } = await token(ada);
    expect(code).toBe(2);
    expect(stderr).toMatch(
      new RegExp(`^settle: the first key of .*db\\.json \\(${keyId}\\) was deleted; set SETTLE_KEY_ID`),
    );
  });
});
