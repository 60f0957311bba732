// The model-based stages: Settle keeps their rules with every seed, and each rule is broken by a service that lies in just that way.

import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type SettleServer, startServer } from "../../src/index.ts";
import { loadContracts } from "../../src/oracle/contracts.ts";
import type { Target } from "../../src/oracle/exchange.ts";
import type { Profile } from "../../src/oracle/profile.ts";
import type { Report, RuleResult } from "../../src/oracle/report.ts";
import { type VerifyOptions, verify } from "../../src/oracle/verify.ts";
import { type Fault, fakeCredentials, startFake } from "./fake-server.ts";
import { startRelay, type Twist } from "./relay.ts";
import { commandTwists, concurrentTwists, fakeFaults, pathTwists } from "./twists.ts";

const contracts = loadContracts(fileURLToPath(new URL("../../contracts", import.meta.url)));
/** Enough to break every rule with, for one XState. */
const few = {
  ...contracts,
  machines: new Map(
    [...contracts.machines].map(([name, variants]) => [name, new Map([...variants].filter(([v]) => v === 5))]),
  ),
  plans: contracts.plans.filter(({ machine }) => ["locker", "toggle", "faulty"].includes(machine)),
};
const stageNames = ["paths", "commands", "concurrent"] as const;
const rulesOf = (stage: string) => contracts.rules.filter((rule) => rule.stage === stage).map(({ id }) => id);

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

let runs = 0;
function judge(
  target: Target,
  options: Partial<VerifyOptions> & { capabilities?: Profile["capabilities"] },
): Promise<Report> {
  const { capabilities = ["admin", "xstate5", "upload"], ...rest } = options;
  const profile = { title: "a test's", capabilities, settleTimeoutMs: 1_000, pageSize: 100 };
  return verify({ target, contracts, profile, prefix: `m${++runs}`, now: () => Date.now(), ...rest });
}

async function lying(twist: (() => Twist) | undefined, fault?: Fault): Promise<Target> {
  const fake = await startFake(fault);
  closers.push(fake.close);
  if (twist === undefined) return { url: fake.url, ...fakeCredentials };
  const relay = await startRelay(fake.url, twist());
  closers.push(relay.close);
  return { url: relay.url, ...fakeCredentials };
}

const verdictOf = ({ rules }: Report, id: string): RuleResult | undefined => rules.find((rule) => rule.id === id);
const brokenIn = ({ rules }: Report) =>
  rules.filter(({ status }) => ["failed", "flaky", "warned", "oracle-error"].includes(status));

describe("Settle", () => {
  let server: SettleServer;
  beforeAll(async () => {
    server = await startServer({ port: 0, store: "memory:" });
  });
  afterAll(async () => {
    await server.close();
  });
  it.each([1, 2, 3])("keeps every rule with seed %d", { timeout: 120_000 }, async (seed) => {
    const report = await judge(server, { only: [...stageNames], seed, runs: 30 });
    expect(brokenIn(report)).toEqual([]);
    const passed = report.rules.filter(({ status }) => status === "passed").map(({ id }) => id);
    expect(passed).toEqual(expect.arrayContaining(stageNames.flatMap(rulesOf)));
    expect(report.verdict).toBe("conforms");
  });
});

describe("a run of paths", () => {
  it("reports which parts of each statechart it saw at work, guards both ways", { timeout: 60_000 }, async () => {
    const report = await judge(await lying(undefined), { only: ["paths"], contracts: few });
    expect(report.coverage.statecharts?.map(({ machine, xstate }) => [machine, xstate])).toEqual([
      ["faulty", 5],
      ["locker", 5],
      ["toggle", 5],
    ]);
    const locker = report.coverage.statecharts?.find(({ machine }) => machine === "locker");
    const counts = [...Object.values(locker?.states ?? {}), ...Object.values(locker?.transitions ?? {})];
    expect(counts).toHaveLength(12);
    expect(counts.filter((count) => count === 0)).toEqual([]);
    expect(Object.keys(locker?.guards ?? {})).toEqual(["codeFits", "isLastTry", "hasRoom", "hasThings"]);
    expect(Object.values(locker?.guards ?? {}).filter((both) => both.true === 0 || both.false === 0)).toEqual([]);
  });
});

describe("a target that lacks something", () => {
  it("has the rules about it skipped, with the reason", { timeout: 60_000 }, async () => {
    const report = await judge(await lying(undefined), {
      only: [...stageNames],
      contracts: few,
      runs: 30,
      capabilities: ["xstate5", "upload"],
    });
    const skipped = report.rules.filter(({ status }) => status === "skipped");
    expect(skipped.map(({ id }) => id)).toEqual(
      expect.arrayContaining(["SB-PATH-HISTORY-COMPLETE", "SB-MODEL-PAUSED-409", "SB-LIN-DELETE-FINAL"]),
    );
    expect([...new Set(skipped.map(({ message }) => message))]).toEqual([
      "needs admin, which the target is not said to have",
    ]);
    expect(brokenIn(report)).toEqual([]);
    const ofStages = report.rules.filter(({ id }) => stageNames.flatMap(rulesOf).includes(id));
    expect(ofStages.filter(({ status }) => status === "not-exercised")).toEqual([]);
  });
  it("has all of them skipped without machines", { timeout: 60_000 }, async () => {
    const report = await judge(await lying(undefined), {
      only: [...stageNames],
      contracts: few,
      capabilities: ["xstate5"],
    });
    const statuses = report.rules.filter(({ id }) => !id.startsWith("SB-SPEC-")).map(({ status }) => status);
    expect([...new Set(statuses)]).toEqual(["skipped"]);
  });
});

describe("paths", () => {
  it.each(pathTwists)("call a lie by its name: %s", { timeout: 60_000 }, async (rule, twist) => {
    const report = await judge(await lying(twist), { only: ["paths"], contracts: few });
    expect(verdictOf(report, rule)?.status).toBe("failed");
  });
  it("have a lie for each rule", () => {
    expect(pathTwists.map(([rule]) => rule).toSorted()).toEqual(rulesOf("paths").toSorted());
  });
});

describe("commands", () => {
  const size = { contracts: few, runs: 60, seed: 5 };
  it.each(commandTwists)("call a lie by its name: %s", { timeout: 90_000 }, async (rule, twist) => {
    const report = await judge(await lying(twist), { ...size, only: [rule] });
    expect(verdictOf(report, rule)).toMatchObject({ status: "failed" });
  });
  it.each(fakeFaults)("call a fault by its name: %s", { timeout: 90_000 }, async (rule, fault) => {
    const report = await judge(await lying(undefined, fault), { ...size, only: [rule] });
    expect(verdictOf(report, rule)).toMatchObject({ status: "failed" });
  });
  it("go on behind a failure, so that each broken rule is told, and each is found again by its replay", {
    timeout: 90_000,
  }, async () => {
    const lie = commandTwists.find(([rule]) => rule === "SB-MODEL-REFUSED-UNSTORED")?.[1];
    const target = await lying(lie);
    const report = await judge(target, { ...size, only: ["commands"] });
    const broken = brokenIn(report);
    expect(broken.map(({ id }) => id)).toEqual(["SB-MODEL-REFUSED-UNSTORED", "SB-MODEL-HISTORY-REFUSED-ABSENT"]);
    for (const { id, replay = [], repro } of broken) {
      expect(replay.slice(0, 3)).toEqual(["--only", "commands", "--seed"]);
      const again = await judge(target, {
        ...size,
        only: ["commands"],
        seed: Number(replay[3]),
        replay: `${replay[5]}`,
      });
      expect(brokenIn(again).map((result) => result.id)).toEqual([id]);
      // What is left of some thirty calls: a creation, the refused event, and what shows it.
      const about = repro.filter((line) => line.startsWith("curl") && line.includes("-model"));
      expect(about.length).toBeLessThan(9);
      expect(about.join()).toMatch(/"sub":"(reader|stranger)"/);
    }
  });
  it("send far more events that move something than others, and do everything else, too", {
    timeout: 60_000,
  }, async () => {
    const counts: { [what: string]: number } = {};
    const count = (what: string) => {
      counts[what] = (counts[what] ?? 0) + 1;
    };
    const onExchange: VerifyOptions["onExchange"] = ({ operationId }, { status }) => count(`${operationId} ${status}`);
    const { coverage } = await judge(await lying(undefined), { ...size, only: ["commands"], onExchange });
    const of = (operation: string) =>
      Object.entries(counts).reduce((sum, [what, n]) => (what.startsWith(operation) ? sum + n : sum), 0);
    const taken = (coverage.statecharts ?? []).flatMap(({ transitions }) => Object.values(transitions));
    const moving = taken.reduce((sum, n) => sum + n, 0);
    expect(moving).toBeGreaterThan(0.5 * of("sendMachineInstanceEvent"));
    expect(of("sendMachineInstanceEvent")).toBeGreaterThan(of("get") / 2);
    const rare = [400, 403, 404, 409].map((status) => `sendMachineInstanceEvent ${status}`);
    const others = [
      "createMachineInstance 409",
      "createMachineInstance 403",
      "getMachineInstance 403",
      "getMachineInstance 404",
    ];
    const admin = [
      "setMachineInstanceStatus",
      "deleteMachineInstance",
      "listMachineInstances",
      "getMachineInstanceAdmin",
    ];
    expect([...rare, ...others, ...admin].filter((what) => of(what) < 4)).toEqual([]);
  });
  it("have a lie for each rule", () => {
    const rules = [...commandTwists, ...fakeFaults].map(([rule]) => rule);
    expect(rules.toSorted()).toEqual(rulesOf("commands").toSorted());
  });
});

describe("simultaneous clients", () => {
  it.each(concurrentTwists)("see through a lie: %s", { timeout: 90_000 }, async (rule, twist) => {
    const report = await judge(await lying(twist), { only: ["concurrent"], contracts: few, seed: 5, runs: 40 });
    expect(brokenIn(report).map(({ id }) => id)).toContain(rule);
  });
  it("have a lie for each rule", () => {
    expect(concurrentTwists.map(([rule]) => rule).toSorted()).toEqual(rulesOf("concurrent").toSorted());
  });
});
