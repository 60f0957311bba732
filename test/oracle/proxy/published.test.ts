// The published client's traffic through the proxy: nothing of it is a violation, and what it did was judged.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { StateBackedClient } from "@statebacked/client";
import { signToken } from "@statebacked/token";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type SettleServer, startServer } from "../../../src/index.ts";
import { type Through, through } from "./through.ts";

const code = `import { assign, setup } from "npm:xstate@5";
  export const allowRead = ({ authContext, context }) => context.members.includes(authContext.sub);
  export const allowWrite = ({ type, authContext, context }) => type === "initialization" || context.members.includes(authContext.sub);
  export default setup({}).createMachine({
    context: { members: [], public: { total: 0 } }, initial: "open",
    states: {
      open: { tags: ["open"], on: {
        ADD: { actions: assign({ public: ({ context }) => ({ total: context.public.total + 1 }) }) }, PAY: "paid" } },
      paid: { type: "final" } } });`;
const confirmed = { dangerDataWillBeDeletedForever: true } as const;
const given = { context: { members: ["ann", "bob"] } };

let folder: string;
let server: SettleServer;
let proxy: Through;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-proxy-"));
  server = await startServer({ port: 0, store: join(folder, "db.json") });
  proxy = await through(server.url);
});
afterEach(async () => {
  await proxy.close();
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function clientFor(sub: string): StateBackedClient {
  const key = { stateBackedKeyId: server.keyId, stateBackedSecretKey: server.secretKey };
  return new StateBackedClient(() => signToken(key, { sub }, { expires: { in: "1h" } }), { apiHost: proxy.url });
}
const nothing = { violations: [], client: [], errors: [] };
function seen(): object {
  const { faults, rules } = proxy.report();
  return {
    violations: faults.filter(({ of }) => of === "upstream"),
    client: faults.filter(({ of }) => of === "client"),
    errors: rules.filter(({ status }) => status === "oracle-error"),
  };
}
const passed = () =>
  proxy
    .report()
    .rules.filter(({ status }) => status === "passed")
    .map(({ id }) => id);

test("machines, versions, instances, events and deletions", async () => {
  const ann = clientFor("ann");
  await ann.machines.create("cart");
  await ann.machineVersions.create("cart", { code, makeCurrent: true });
  await ann.machineVersions.create("cart", { gzippedCode: gzipSync(code), clientInfo: "second" });
  await ann.machineInstances.create("cart", { slug: "c1", ...given });
  await expect(ann.machineInstances.create("cart", { slug: "c1", ...given })).rejects.toThrow();
  await ann.machineInstances.sendEvent("cart", "c1", { event: { type: "ADD" } });
  await ann.machineInstances.sendEvent("cart", "c1", { event: "ADD" });
  await ann.machineInstances.get("cart", "c1");
  await ann.machineInstances.listTransitions("cart", "c1");
  await ann.machineInstances.list("cart");
  await ann.machines.list();
  await ann.machineInstances.dangerously.setStatus("cart", "c1", { status: "paused" });
  await expect(ann.machineInstances.sendEvent("cart", "c1", { event: "ADD" })).rejects.toThrow();
  await ann.machineInstances.dangerously.setStatus("cart", "c1", { status: "running" });
  await ann.machineInstances.dangerously.delete("cart", "c1", confirmed);
  await expect(ann.machineInstances.get("cart", "c1")).rejects.toThrow();
  await ann.machineInstances.getOrCreate("cart", "c1", given);
  await ann.keys.list();
  expect(seen()).toEqual(nothing);
  expect(passed()).toEqual(
    expect.arrayContaining([
      "SB-SPEC-SUCCESS-CONFORMS",
      "SB-SPEC-ERROR-CONFORMS",
      "SB-VERSION-UPLOAD-2XX",
      "SB-INST-CREATE-409-DUPLICATE",
      "SB-INST-GET-200-LAST",
      "SB-STATE-TS-MONOTONIC",
      "SB-HIST-LIST-COMPLETE",
      "SB-PAGE-EACH-ONCE",
      "SB-STATUS-PAUSED-409",
      "SB-DELETE-INST-GONE",
      "SB-KEY-LIST-SECRETLESS",
    ]),
  );
});

test("actors over realtime sockets", async () => {
  const [ann, bob] = [clientFor("ann"), clientFor("bob")];
  await ann.machines.create("cart");
  await ann.machineVersions.create("cart", { code, makeCurrent: true });
  const actors = await Promise.all([ann, bob].map((one) => one.machineInstances.getOrCreateActor("cart", "c1", given)));
  const subscriptions = actors.map((actor) => actor.subscribe(() => {}));
  for (let i = 0; i < 5; i++) for (const actor of actors) actor.send({ type: "ADD" });
  await expect.poll(() => actors.map((actor) => actor.getSnapshot().context.public?.total)).toEqual([10, 10]);
  await expect.poll(passed).toContain("SB-RT-UPDATE-TS-MONOTONIC");
  for (const { unsubscribe } of subscriptions) unsubscribe();
  expect(seen()).toEqual(nothing);
  expect(passed()).toEqual(expect.arrayContaining(["SB-SPEC-REALTIME-CONFORMS", "SB-RT-UPDATE-OWN-INSTANCE"]));
  expect(proxy.report().traffic.messages).toBeGreaterThan(20);
});
