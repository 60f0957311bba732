// The contracts' own journeys through Prism: two judges that share nothing but the document, and what can't be compared is listed with its reason.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SettleServer, startServer } from "../../src/index.ts";
import { loadContracts } from "../../src/oracle/contracts.ts";
import { type Answer, type Call, createExchange } from "../../src/oracle/exchange.ts";
import { loadProfile, profileFile, profileSchema } from "../../src/oracle/profile.ts";
import { verify } from "../../src/oracle/verify.ts";
import { createResponseCheck } from "../../src/spec/response-check.ts";
import { type Prism, startPrism, violationsOf } from "./prism.ts";

const folder = fileURLToPath(new URL("../../contracts", import.meta.url));
const contracts = loadContracts(folder);
const profile = loadProfile(profileFile(folder, "short"), profileSchema(folder));

/** Journeys that Prism can't carry, by the start of their names: what comes out at its other side is not what went in. */
const beyondPrism: [scenario: string, reason: string][] = [
  ["slash-is-doubled", "Prism takes //machines for the host `machines`, and asks its upstream for /."],
  ["machine-request-is-malformed", "Prism never answers a body that is no JSON."],
  ["instance-request-is-malformed", "Prism never answers a body that is no JSON."],
  ["body-is-no-json", "Prism never answers a body that is no JSON."],
  [
    "mapper-reads-every-request",
    "Prism answers every HEAD with a 500 of its own: it parses the body that there isn't.",
  ],
];

let server: SettleServer;
let prism: Prism;
beforeAll(async () => {
  const { settleTimeoutMs } = profile;
  server = await startServer({ port: 0, store: "memory:", settleTimeoutMs, retryDelayMs: 500, log: () => {} });
  prism = await startPrism(server.url, { isStrict: false });
}, 60_000);
afterAll(async () => {
  await prism?.close();
  await server?.close();
});

test("agrees with ours about every exchange", { timeout: 300_000 }, async () => {
  const disagreements = new Set<string>();
  const statuses = new Set<string>();
  let exchanges = 0;
  const onExchange = (call: Call, answer: Answer) => {
    if (call.operationId === undefined) return;
    exchanges++;
    statuses.add(`${call.operationId} ${answer.status}`);
    const theirs = violationsOf(answer);
    const ours = answer.violations.map(({ message }) => message);
    if (theirs.length > 0 === ours.length > 0) return;
    disagreements.add(
      `${call.operationId} ${answer.status}: Prism ${JSON.stringify(theirs)}, we ${JSON.stringify(ours)}`,
    );
  };
  const report = await verify({
    target: { ...server, url: prism.url },
    contracts: { ...contracts, scenarios: contracts.scenarios.filter(({ name }) => !isBeyondPrism(name)) },
    // Sockets don't go through Prism.
    profile: { ...profile, capabilities: profile.capabilities.filter((capability) => capability !== "ws") },
    prefix: "prism",
    now: () => Date.now(),
    only: ["scenario"],
    onExchange,
  });
  expect([...disagreements]).toEqual([]);
  expect(report.rules.filter(({ status }) => !["passed", "skipped", "not-exercised"].includes(status))).toEqual([]);
  expect(exchanges).toBeGreaterThan(2_000);
  expect(statuses.size).toBeGreaterThan(120);
});

test("minds what ours minds, when there is something to mind", async () => {
  const spoilt = createServer((_, response) => {
    response.setHeader("content-type", "application/json").end('{"machines":7}');
  }).listen(0, "127.0.0.1");
  await once(spoilt, "listening");
  const another = await startPrism(`http://127.0.0.1:${(spoilt.address() as AddressInfo).port}`, { isStrict: false });
  try {
    const target = { ...server, url: another.url };
    const exchange = createExchange({ target, check: createResponseCheck(), now: () => Date.now(), timeoutMs: 10_000 });
    const call = { operationId: "listMachines", method: "GET", path: "/machines", headers: {}, caller: {} };
    const answer = await exchange.send(call);
    expect(violationsOf(answer)).toEqual([expect.stringMatching(/^response\.body\.machines: .*array/)]);
    expect(answer.violations).toEqual([expect.objectContaining({ rule: "body" })]);
  } finally {
    await another.close();
    spoilt.close();
  }
});

test.each(beyondPrism)("%s is a journey of the contracts", (start) => {
  expect(contracts.scenarios.some(({ name }) => name.startsWith(start))).toBe(true);
});

function isBeyondPrism(name: string): boolean {
  return beyondPrism.some(([start]) => name.startsWith(start));
}
