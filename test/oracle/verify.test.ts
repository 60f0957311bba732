// A whole run of the contracts: a conforming server passes, and each way of being wrong is called by its rule's name.

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { loadContracts, rulesOf } from "../../src/oracle/contracts.ts";
import type { Profile } from "../../src/oracle/profile.ts";
import { exitCodeOf, type Report } from "../../src/oracle/report.ts";
import { TargetUnreachable, verify } from "../../src/oracle/verify.ts";
import { type Fault, fakeCredentials, startFake } from "./fake-server.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const contracts = loadContracts(`${root}contracts`);
/** The fake runs no invoked promises and no mappers, has neither indexes nor logs nor timers nor children, awaits nothing in order, and migrates nothing. */
const beyondTheFake = ["settling-", "mapper-", "index-", "logs-", "timer-", "child-", "message-", "effect-"];
const tooMuch = ["slow", "hesitant", "parcel"];
const known = contracts.scenarios.filter(
  ({ name, tags = [], machines = [] }) =>
    !tags.includes("refusals") && // which ask for every operation that there is
    !beyondTheFake.some((start) => name.startsWith(start)) &&
    !machines.some((machine) => tooMuch.includes(machine)),
);
const scenarios = known.map(({ name }) => name);
const scenariosOf = (rules: string[]) =>
  known.filter(({ steps }) => rulesOf(steps).some((rule) => rules.includes(rule))).map(({ name }) => name);

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function fake(fault?: Fault): Promise<string> {
  const { url, close } = await startFake(fault);
  closers.push(close);
  return url;
}

function judge(
  url: string,
  only: readonly string[],
  capabilities: Profile["capabilities"] = ["admin", "xstate5"],
): Promise<Report> {
  return verify({
    target: { url, ...fakeCredentials },
    contracts,
    profile: { title: "a fake", capabilities: [...capabilities, "upload"], settleTimeoutMs: 1_000, pageSize: 100 },
    prefix: "test",
    now: () => Date.now(),
    only,
  });
}

const withStatus = ({ rules }: Report, ...statuses: string[]) =>
  rules.filter(({ status }) => statuses.includes(status)).map(({ id }) => id);

describe("a conforming server", () => {
  it("passes every rule that applies to it", { timeout: 60_000 }, async () => {
    const report = await judge(await fake(), scenarios);
    expect(withStatus(report, "failed", "warned", "not-exercised", "oracle-error", "flaky")).toEqual([]);
    expect(withStatus(report, "passed").length).toBeGreaterThan(90);
    expect(report.verdict).toBe("conforms");
    expect(exitCodeOf(report)).toBe(0);
    const create = report.coverage.operations.find(({ operationId }) => operationId === "createMachineInstance");
    expect(Object.keys(create?.statuses ?? {})).toEqual(["200", "400", "403", "404", "409", "415"]);
  });
});

/** Each fault with rules that must call it out; what else they call out is their business. */
const verdicts: [Fault, ...string[]][] = [
  ["duplicate-accepted", "SB-INST-CREATE-409-DUPLICATE"],
  ["duplicate-race", "SB-INST-CREATE-ONCE-CONCURRENT"],
  ["private-context-shown", "SB-INST-STATE-PUBLIC-ONLY"],
  ["context-replaced", "SB-INST-CREATE-CONTEXT-OVERLAID", "SB-INST-CREATE-CONTEXT-IS-INPUT"],
  ["ts-as-text", "SB-SPEC-SUCCESS-CONFORMS", "SB-INST-CREATE-200-STATE"],
  ["ts-backwards", "SB-STATE-TS-MONOTONIC"],
  ["wrong-content-type", "SB-SPEC-SUCCESS-CONFORMS"],
  ["redirects", "SB-SPEC-SUCCESS-STATUS-DECLARED", "SB-MACHINE-GET-200"],
  ["unknown-is-400", "SB-INST-GET-404-UNKNOWN", "SB-MACHINE-GET-404-UNKNOWN"],
  ["lost-update", "SB-EVENT-SERIAL"],
  ["any-signature", "SB-AUTH-SIGNATURE-REFUSED", "SB-AUTH-AUDIENCE-REFUSED"],
  ["expired-accepted", "SB-AUTH-EXPIRED-REFUSED"],
  ["reads-unguarded", "SB-ACCESS-READ-403"],
  ["refusal-stored", "SB-ACCESS-WRITE-UNSTORED", "SB-HIST-REFUSED-ABSENT"],
  ["page-repeats", "SB-PAGE-EACH-ONCE"],
  ["page-shifts", "SB-PAGE-STABLE-UNDER-WRITES"],
  ["never-done", "SB-STATE-DONE-FINAL"],
  ["history-incomplete", "SB-HIST-LIST-COMPLETE"],
  ["current-ignored", "SB-VERSION-CURRENT-KEPT"],
  ["hangs-up", "SB-EVENT-SEND-200-STATE"],
  ["body-unchecked", "SB-EDGE-BODY-400-MISFIT"],
  ["extra-refused", "SB-EDGE-BODY-EXTRA-IGNORED"],
  ["codes-of-its-own", "SB-SPEC-ERROR-CONFORMS"],
  ["pause-ignored", "SB-STATUS-PAUSED-409"],
  ["hmac-ignored", "SB-DELETE-400-UNCONFIRMED"],
  ["deleted-with-instances", "SB-DELETE-MACHINE-409-INSTANCES"],
  ["deleted-readable", "SB-DELETE-INST-GONE"],
  ["remade-remembers", "SB-DELETE-INST-NOTHING-LEFT"],
];

describe("a broken server", () => {
  it.each(verdicts)("that has the fault %s is called out", { timeout: 30_000 }, async (fault, ...rules) => {
    const always = ["instance-is-created-and-read", "machine-name-is-taken"];
    const report = await judge(await fake(fault), [...always, ...scenariosOf(rules)]);
    expect(withStatus(report, "failed")).toEqual(expect.arrayContaining(rules));
    expect(report.verdict).toBe("violates");
    expect(exitCodeOf(report)).toBe(1);
  });

  it("is only warned of what we decided alone", async () => {
    const report = await judge(await fake("created-with-body"), ["machine-"]);
    expect(withStatus(report, "warned")).toEqual(["SB-SPEC-EMPTY-IS-EMPTY"]);
    expect(report.verdict).toBe("conforms");
  });

  it("is told what was seen, what was expected, and how to see it again", { timeout: 30_000 }, async () => {
    const url = await fake("duplicate-accepted");
    const report = await judge(url, ["instance-name-is-taken"]);
    const result = report.rules.find(({ id }) => id === "SB-INST-CREATE-409-DUPLICATE");
    expect(result?.message).toMatch(/createMachineInstance: the status is 200, not 409/);
    expect(result?.source).toContain("is a 409, for any valid body");
    const script = result?.repro.join("\n") ?? "";
    expect(script).not.toContain(fakeCredentials.secretKey);
    const environment = {
      SETTLE_URL: url,
      SETTLE_KEY_ID: fakeCredentials.keyId,
      SETTLE_SECRET_KEY: fakeCredentials.secretKey,
    };
    const options = { cwd: root, env: { ...process.env, ...environment } };
    const { stdout } = await promisify(execFile)("bash", ["-c", script], options);
    const statuses = [...stdout.matchAll(/^HTTP\/1.1 (\d+)/gm)].map(([, status]) => status);
    // The machine exists already, so making it again is a 409; the second creation of the instance is the fault.
    expect(statuses.at(-1)).toBe("200");
    expect(stdout).not.toContain("missing-user");
  });
});

describe("a run that can't judge", () => {
  it("says that nothing answers", async () => {
    await expect(judge("http://127.0.0.1:9", ["machine-"])).rejects.toThrow(TargetUnreachable);
  });
  it("skips what the target can't do, with a reason", async () => {
    const report = await judge(await fake(), ["event-history"], ["xstate5"]);
    expect(withStatus(report, "skipped")).toContain("SB-HIST-LIST-COMPLETE");
    expect(report.rules.find(({ status }) => status === "skipped")?.message).toContain("needs admin");
  });
  it("is no pass when nothing was exercised", async () => {
    const report = await judge(await fake(), ["scope-is-lacking"]);
    expect(withStatus(report, "passed")).toEqual([]);
    expect(report.verdict).toBe("violates");
    expect(exitCodeOf(report)).toBe(2);
  });
  it("says so when the contract itself is at fault", async () => {
    const step = { send: "getTea", expect: [{ rule: "SB-MACHINE-GET-200", status: 200 }] };
    const broken = { ...contracts, scenarios: [{ name: "tea", steps: [step] }] };
    const profile = { title: "nobody", capabilities: [], settleTimeoutMs: 1_000, pageSize: 100 };
    const options = { profile, prefix: "t", now: () => Date.now() };
    const target = { url: await fake(), ...fakeCredentials };
    const report = await verify({ target, contracts: broken, ...options, only: ["tea"] });
    const result = report.rules.find(({ id }) => id === "SB-MACHINE-GET-200");
    expect(result).toMatchObject({ status: "oracle-error", message: "tea: There is no operation getTea." });
    expect(exitCodeOf(report)).toBe(2);
  });
});
