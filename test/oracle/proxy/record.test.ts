// The published client's traffic, recorded as a scenario: it fits the schema, holds no secret, runs green against Settle and red against a server that changed.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { StateBackedClient } from "@statebacked/client";
import { signToken } from "@statebacked/token";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type SettleServer, startServer } from "../../../src/index.ts";
import { loadScenarios } from "../../../src/oracle/contracts.ts";
import { Recorder } from "../../../src/oracle/proxy/record/recorder.ts";
import { toScenario } from "../../../src/oracle/proxy/record/scenario.ts";
import type { Report } from "../../../src/oracle/report.ts";
import { verify } from "../../../src/oracle/verify.ts";
import { fakeCredentials, startFake } from "../fake-server.ts";
import { contracts, type Through, through } from "./through.ts";

const code = `import { assign, setup } from "npm:xstate@5";
  export const allowRead = ({ authContext, context }) => context.members.includes(authContext.sub);
  export const allowWrite = ({ type, authContext, context }) => type === "initialization" || context.members.includes(authContext.sub);
  export default setup({}).createMachine({
    context: { members: [], public: { total: 0 } }, initial: "open",
    states: {
      open: { tags: ["open"], on: {
        ADD: { actions: assign({ public: ({ context, event }) => ({ total: context.public.total + (event.price ?? 1) }) }) }, PAY: "paid" } },
      paid: { type: "final" } } });`;
const confirmed = { dangerDataWillBeDeletedForever: true } as const;
const given = { context: { members: ["ann"] } };

let folder: string;
let server: SettleServer;
let proxy: Through;
let recorder: Recorder;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-record-"));
  server = await startServer({ port: 0, store: "memory:" });
  recorder = new Recorder();
  proxy = await through(server.url, {
    onExchange: (exchange) => recorder.exchange(exchange),
    onMessage: (message) => recorder.message(message),
  });
});
afterEach(async () => {
  await proxy.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function clientFor(sub: string, key = { id: server.keyId, key: server.secretKey }): StateBackedClient {
  const keys = { stateBackedKeyId: key.id, stateBackedSecretKey: key.key };
  return new StateBackedClient(() => signToken(keys, { sub }, { expires: { in: "1h" } }), { apiHost: proxy.url });
}

async function journey(): Promise<void> {
  const [ann, eve] = [clientFor("ann"), clientFor("eve")];
  await ann.machines.create("cart");
  await ann.machineVersions.create("cart", { code, makeCurrent: true });
  const created = await ann.machineInstances.create("cart", { slug: "c1", ...given });
  expect(created.state).toBe("open");
  await ann.machineInstances.sendEvent("cart", "c1", { event: { type: "ADD", price: 5 } });
  await expect(eve.machineInstances.get("cart", "c1")).rejects.toThrow();
  await expect(ann.machineInstances.create("cart", { slug: "c1", ...given })).rejects.toThrow();
  await ann.machineInstances.sendEvent("cart", "c1", { event: "PAY" });
  await ann.machineInstances.get("cart", "c1");
  await ann.machineInstances.listTransitions("cart", "c1");
  const { machine } = await ann.machines.get("cart");
  await ann.machineInstances.create("cart", {
    slug: "c2",
    machineVersionId: machine.currentVersion?.id ?? "",
    ...given,
  });
  await ann.machineInstances.dangerously.delete("cart", "c2", confirmed);
  await expect(ann.machineInstances.get("cart", "c2")).rejects.toThrow();
}

async function record(): Promise<string> {
  const { yaml, leftOut } = await toScenario(recorder.list(), contracts, "recorded");
  expect(leftOut).toEqual([]);
  const file = join(folder, "recorded.yaml");
  await writeFile(file, yaml);
  return file;
}

let runs = 0;
function replay(
  file: string,
  target: { url: string; orgId: string; keyId: string; secretKey: string },
): Promise<Report> {
  return verify({
    target,
    contracts: { ...contracts, scenarios: loadScenarios(file, contracts) },
    profile: {
      title: "any",
      capabilities: ["admin", "keys", "orgs", "tokens", "ws", "upload", "xstate5"],
      settleTimeoutMs: 1_000,
      pageSize: 100,
    },
    prefix: `again${++runs}`,
    now: () => Date.now(),
    only: ["recorded"],
  });
}
const broken = ({ rules }: Report) =>
  rules
    .filter(({ status }) => ["failed", "flaky", "oracle-error"].includes(status))
    .map(({ id, message }) => `${id}: ${message}`);
const passed = ({ rules }: Report) => rules.filter(({ status }) => status === "passed").map(({ id }) => id);

describe("a recorded traffic", () => {
  it("runs green against the same server and against a fresh one, and holds no secret", async () => {
    await journey();
    const file = await record();
    const text = await readFile(file, "utf8");
    expect(text).not.toContain(server.secretKey);
    expect(text).not.toMatch(/eyJ[\w-]+\.|sbsec_/);
    const other = await startServer({ port: 0, store: "memory:" });
    for (const target of [server, other]) {
      const report = await replay(file, target);
      expect(broken(report)).toEqual([]);
      expect(
        report.rules
          .filter(({ status }) => status === "not-exercised")
          .map(({ id }) => id)
          .filter((id) => text.includes(id)),
      ).toEqual([]);
      expect(passed(report)).toEqual(
        expect.arrayContaining([
          "SB-INST-CREATE-200-STATE",
          "SB-EVENT-SEND-200-STATE",
          "SB-INST-CREATE-409-DUPLICATE",
          "SB-DELETE-INST-204",
        ]),
      );
    }
    await other.close();
  });

  it.each(["never-done", "reads-unguarded", "duplicate-accepted"] as const)(
    "runs red against a server that changed (%s)",
    async (fault) => {
      await journey();
      const file = await record();
      const [right, wrong] = [await startFake(), await startFake(fault)];
      try {
        expect(broken(await replay(file, { url: right.url, ...fakeCredentials }))).toEqual([]);
        expect(broken(await replay(file, { url: wrong.url, ...fakeCredentials }))).not.toEqual([]);
      } finally {
        await right.close();
        await wrong.close();
      }
    },
  );

  it("has the realtime sockets of actors, and the keys that were made", async () => {
    await journey();
    const key = await clientFor("ann").keys.create({ name: "more", use: "production" });
    const ann = clientFor("ann", key);
    await expect(ann.machines.list()).rejects.toThrow(); // a scope that this key lacks
    const actor = await ann.machineInstances.getOrCreateActor("cart", "c3", given);
    const { unsubscribe } = actor.subscribe(() => {});
    await expect.poll(() => proxy.report().traffic.messages).toBeGreaterThan(1);
    await actor.send({ type: "ADD", price: 3 });
    await expect.poll(() => actor.getSnapshot().context.public?.total).toBe(3);
    await expect.poll(() => proxy.report().traffic.messages).toBeGreaterThan(2);
    unsubscribe();
    const file = await record();
    const report = await replay(file, server);
    expect(broken(report)).toEqual([]);
    expect(passed(report)).toEqual(expect.arrayContaining(["SB-RT-SUBSCRIBE-CURRENT", "SB-KEY-CREATE-200-SECRET"]));
    expect(await readFile(file, "utf8")).not.toContain(key.key);
  });

  it("leaves out what holds a secret, and says so", async () => {
    const secret = "c2VjcmV0LW9mLWEtcHJvdmlkZXI";
    const ann = clientFor("ann");
    await ann.identityProviders.upsert({ aud: "shop", algs: ["HS256"], key: secret, mapping: { sub: "u" } });
    await ann.machines.create("cart");
    const { yaml, leftOut } = await toScenario(recorder.list(), contracts, "recorded");
    expect(leftOut).toEqual(["POST /idps: its body holds the key of an identity provider"]);
    expect(yaml).not.toContain(secret);
    expect(yaml).toContain("#   POST /idps: its body holds the key of an identity provider");
    expect(JSON.stringify(proxy.report())).not.toContain(secret);
  });
});
