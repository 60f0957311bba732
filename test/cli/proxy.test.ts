// The command `settle proxy` as a process of its own: the CLI's traffic through it, what it prints and writes, how it ends.

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SettleServer, startServer } from "../../src/index.ts";
import { fakeCredentials, startFake } from "../oracle/fake-server.ts";
import { type Running, settle } from "./process.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
let server: SettleServer;
let folder: string;
beforeAll(async () => {
  server = await startServer({ port: 0, store: "memory:", machines: [join(root, "fixtures/machines")] });
  folder = await mkdtemp(join(tmpdir(), "settle-proxy-"));
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

async function ready(proxy: Running): Promise<string> {
  return (JSON.parse(await proxy.line(/"event":"ready"/)) as { url: string }).url;
}
const events = (proxy: Running) => proxy.stdout.map((line) => JSON.parse(line) as { [name: string]: unknown });
const authorization = () => ({ authorization: `Bearer ${server.adminToken}`, "content-type": "application/json" });

test("smply's traffic shows no violation; it is recorded, and the recording runs green", {
  timeout: 120_000,
}, async () => {
  const [report, recorded] = [join(folder, "report.json"), join(folder, "smply.yaml")];
  const second = await startServer({ port: 0, store: "memory:", machines: [join(root, "fixtures/machines")] });
  const { keyId, secretKey, orgId } = second;
  const against = { SETTLE_AGAINST_ORG: orgId, SETTLE_AGAINST_KEY: keyId, SETTLE_AGAINST_SECRET: secretKey };
  const proxy = settle(
    [
      "proxy",
      server.url,
      "--port",
      "0",
      "--json",
      "--report-json",
      report,
      "--record",
      recorded,
      "--against",
      second.url,
    ],
    against,
  );
  const url = await ready(proxy);
  expect(proxy.stdout).toHaveLength(1);
  for (const args of [
    ["machines", "list"],
    ["machines", "get", "-m", "counter"],
    ["instances", "create", "-m", "counter", "-i", "cli", "-a", '{"sub":"ada"}'],
    ["instances", "send-event", "-m", "counter", "-i", "cli", "-a", '{"sub":"ada"}', "-e", '{"type":"increment"}'],
    ["instances", "get", "-m", "counter", "-i", "cli"],
    ["instances", "list", "-m", "counter"],
    ["keys", "list"],
  ]) {
    const smply = settle(["smply", "--", ...args], { SETTLE_URL: url, SETTLE_ADMIN_TOKEN: server.adminToken });
    const { stderr } = await smply.ended;
    expect(stderr).not.toMatch(/error/i);
  }
  const { code, stdout, stderr } = await proxy.stop("SIGINT");
  expect(stderr).toMatch(/recorded in .*smply.yaml: \d+ steps/);
  expect(events(proxy).map(({ event }) => event)).toEqual(["ready", "report"]);
  expect(code).toBe(0);
  const written = JSON.parse(await readFile(report, "utf8"));
  expect(written).toMatchObject({
    verdict: "conforms",
    faults: [],
    comparison: { url: second.url, same: written.traffic.exchanges },
  });
  expect(written.traffic.exchanges).toBeGreaterThan(6);
  for (const secret of [server.secretKey, secretKey, server.adminToken])
    expect(`${stdout}${JSON.stringify(written)}`).not.toContain(secret);

  const target = { SETTLE_ORG_ID: server.orgId, SETTLE_KEY_ID: server.keyId, SETTLE_SECRET_KEY: server.secretKey };
  const again = await settle(["verify", server.url, "--scenarios", recorded], target).ended;
  expect(again.stdout).toMatch(/conforms/);
  expect(again.code).toBe(0);
  await second.close();
});

describe("what went wrong", () => {
  test("is a line when it is first seen, a summary at the end, and exit code 1", { timeout: 60_000 }, async () => {
    const fake = await startFake("ts-as-text");
    const proxy = settle(["proxy", fake.url, "--port", "0"]);
    const [, url = ""] = /judges what passes (\S+)/.exec(await proxy.line(/judges/)) ?? [];
    const headers = { "content-type": "application/json" };
    for (let i = 0; i < 3; i++) await fetch(`${url}/machines`, { method: "POST", headers, body: "{}" });
    await proxy.line(/^client +createMachine \(exchange 1\): The body is wrong/);
    const { code, stdout } = await proxy.stop();
    expect(stdout.match(/^client /gm)).toHaveLength(1);
    expect(stdout).toMatch(/3 exchanges \(0 unjudged\)/);
    expect(stdout).not.toContain(fakeCredentials.secretKey);
    expect(code).toBe(0);
    await fake.close();
  });

  test("of the upstream's makes the answer no", { timeout: 60_000 }, async () => {
    const second = await startFake("duplicate-accepted");
    const proxy = settle(["proxy", server.url, "--port", "0", "--json", "--against", second.url]);
    const url = await ready(proxy);
    await fetch(`${url}/machines`, { headers: authorization() });
    await proxy.line(/"event":"divergence"/);
    const { code } = await proxy.stop();
    expect(code).toBe(1);
    const [, divergence] = events(proxy);
    expect(divergence).toMatchObject({ request: "GET /machines", first: { status: 200 }, second: { status: 403 } });
    await second.close();
  });

  test.each([
    [["proxy"], /missing required argument/],
    [["proxy", "ftp://x"], /Write a base URL/],
    [["proxy", "http://127.0.0.1:9", "--port", "70000"], /Write a port/],
    [["proxy", "http://127.0.0.1:9", "--port", "0", "--record", "/dev/null/all.yaml"], /--record .* can't be written/],
    [
      ["proxy", "http://127.0.0.1:9", "--port", "0", "--against", "http://127.0.0.1:9", "--against-key", "sbk_x"],
      /belong together/,
    ],
    [["verify", "http://127.0.0.1:9", "--scenarios", "/nowhere.yaml"], /--scenarios .*ENOENT/],
  ])("in %j is told in a line, with exit code 2", async (args, message) => {
    const env = { SETTLE_ORG_ID: "org_x", SETTLE_KEY_ID: "sbk_x", SETTLE_SECRET_KEY: "sbsec_x" };
    const { code, stderr } = await settle(args, env).ended;
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test("with the port is told, too", async () => {
    const taken = new URL(server.url).port;
    const { code, stderr } = await settle(["proxy", server.url, "--port", taken]).ended;
    expect(stderr).toMatch(/is taken; choose another with --port/);
    expect(code).toBe(2);
  });
});
