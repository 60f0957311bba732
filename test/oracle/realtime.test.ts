// The contracts of realtime against sockets that are spoilt in one way at a time: each is called by its rule's name, and what is merely odd is not.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SettleServer, startServer } from "../../src/index.ts";
import { loadContracts } from "../../src/oracle/contracts.ts";
import type { Report } from "../../src/oracle/report.ts";
import { verify } from "../../src/oracle/verify.ts";
import { type Relay, type Spoilt, startRelay } from "./spoilt-realtime.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const contracts = loadContracts(`${root}contracts`);

let server: SettleServer;
const relays: Relay[] = [];
beforeAll(async () => {
  server = await startServer({ port: 0, store: "memory:" });
});
afterAll(async () => {
  await Promise.all(relays.map((relay) => relay.close()));
  await server.close();
});

function goodToken(sub: string): Promise<string> {
  return new SignJWT({ act: { sub } })
    .setProtectedHeader({ alg: "HS256", kid: server.keyId })
    .setAudience("https://api.statebacked.dev/")
    .sign(new TextEncoder().encode(server.secretKey));
}

let runs = 0;
async function judge(only: string[], fault?: Spoilt): Promise<Report> {
  const relay = await startRelay(server.url, fault, goodToken);
  relays.push(relay);
  return verify({
    target: { ...server, url: relay.url },
    contracts,
    profile: { title: "a relay", capabilities: ["ws", "admin", "upload"], settleTimeoutMs: 1_000, pageSize: 100 },
    prefix: `spoilt${++runs}`,
    now: () => Date.now(),
    only,
  });
}

const withStatus = ({ rules }: Report, ...statuses: string[]) =>
  rules.filter(({ status }) => statuses.includes(status)).map(({ id }) => id);

describe("sockets that are as they should be", () => {
  it("pass every rule, through a relay too", { timeout: 60_000 }, async () => {
    const report = await judge(["realtime-"]);
    expect(withStatus(report, "failed", "warned", "oracle-error")).toEqual([]);
    expect(withStatus(report, "not-exercised").filter((id) => id.startsWith("SB-RT-"))).toEqual([]);
    expect(withStatus(report, "passed").filter((id) => id.startsWith("SB-RT-")).length).toBeGreaterThan(20);
    expect(
      report.coverage.operations.find(({ operationId }) => operationId === "openRealtime")?.statuses,
    ).toMatchObject({
      101: expect.any(Number),
      400: 1,
    });
  });

  it.each<[Spoilt, string[]]>([
    ["latest-only", ["SB-RT-UPDATE-EACH", "SB-RT-UPDATE-UNHANDLED"]],
    ["bad-token-refused", ["SB-RT-TOKEN-ERROR-EACH"]],
  ])("are only warned of when they are odd (%s)", { timeout: 60_000 }, async (fault, warned) => {
    const report = await judge(["realtime-"], fault);
    expect(withStatus(report, "failed", "oracle-error")).toEqual([]);
    expect(withStatus(report, "warned").filter((id) => !warned.includes(id))).toEqual([]);
    expect(withStatus(report, "warned").length).toBeGreaterThan(0);
    expect(report.verdict).toBe("conforms");
  });
});

// Most of the time they wait for what will not come.
describe.concurrent("sockets that are spoilt are called out", () => {
  it.each<[Spoilt, string, string]>([
    ["current-state-missing", "realtime-tells-every-state", "SB-RT-SUBSCRIBE-CURRENT"],
    ["updates-missing", "realtime-tells-every-state", "SB-RT-UPDATE-FOLLOWS"],
    ["private-context-shown", "realtime-tells-every-state", "SB-RT-UPDATE-PUBLIC-ONLY"],
    ["never-done", "realtime-tells-every-state", "SB-RT-UPDATE-DONE-FINAL"],
    ["order-reversed", "realtime-tells-every-state", "SB-RT-UPDATE-TS-MONOTONIC"],
    ["neighbour-told", "realtime-keeps-instances-apart", "SB-RT-UPDATE-OWN-INSTANCE"],
    ["refusals-told", "realtime-is-silent-about-what-failed", "SB-RT-UPDATE-REFUSED-NONE"],
    ["everybody-reads", "realtime-asks-allow-read", "SB-RT-READ-403"],
    ["every-token-good", "realtime-token-is-bad", "SB-RT-TOKEN-UNTOLD"],
    ["end-ignored", "realtime-tells-subscriptions-apart", "SB-RT-UNSUBSCRIBE-ENDS"],
    ["end-of-all", "realtime-tells-subscriptions-apart", "SB-RT-UNSUBSCRIBE-ONE"],
    ["ping-answered", "realtime-tells-subscriptions-apart", "SB-RT-PING-SILENT"],
    ["ping-answered", "realtime-tells-subscriptions-apart", "SB-SPEC-REALTIME-CONFORMS"],
    ["mishap-closes-all", "realtime-message-is-malformed", "SB-RT-MALFORMED-OTHERS"],
    ["bytes-sent", "realtime-tells-every-state", "SB-SPEC-REALTIME-CONFORMS"],
  ])("%s (%s)", { timeout: 60_000 }, async (fault, scenario, rule) => {
    const report = await judge([scenario], fault);
    expect(withStatus(report, "failed")).toContain(rule);
    expect(report.verdict).toBe("violates");
  });

  it("with lines that show it again", { timeout: 60_000 }, async () => {
    const report = await judge(["realtime-keeps-instances-apart"], "neighbour-told");
    const result = report.rules.find(({ id }) => id === "SB-RT-UPDATE-OWN-INSTANCE");
    expect(result?.message).toMatch(/the socket watcher: the body has \{"state":"broken"\}/);
    const script = result?.repro.join("\n") ?? "";
    expect(script).not.toContain(server.secretKey);
    const environment = {
      PATH: process.env.PATH,
      SETTLE_URL: report.target,
      SETTLE_KEY_ID: server.keyId,
      SETTLE_SECRET_KEY: server.secretKey,
    };
    const { stdout } = await promisify(execFile)("bash", ["-c", script], { cwd: root, env: environment });
    const told = stdout.split("\n").filter((line) => line.startsWith("watcher got"));
    // The machine is made, the instances are not: what the socket is told is the instances' last state, the neighbour's included.
    expect(told.length).toBeGreaterThan(1);
    expect(told.join("\n")).toMatch(/"machineInstanceName":"[^"]*-light1"/);
  });
});
