// The published client, unmodified, over a real socket: the whole journey for a bundle of either XState, and the same after a restart.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { errors, StateBackedClient } from "@statebacked/client";
import { signToken } from "@statebacked/token";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SettleServer } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";

const bundles = {
  5: `import { setup, assign, fromPromise } from "npm:xstate@5";
    export const allowRead = ({ authContext, context }) => authContext.sub === context.owner;
    export const allowWrite = ({ authContext, context }) => authContext.sub === context.owner;
    export default setup({ actors: { charge: fromPromise(async ({ input }) => "receipt for " + input) } }).createMachine({
      initial: "open", context: { owner: "", public: { total: 0 } },
      states: {
        open: { tags: ["open"], on: {
          ADD: { actions: assign({ public: ({ context, event }) => ({ total: context.public.total + event.price }) }) },
          PAY: "paying" } },
        paying: { invoke: { src: "charge", input: ({ context }) => context.public.total,
          onDone: { target: "paid", actions: assign({ public: ({ context, event }) => ({ ...context.public, receipt: event.output }) }) } } },
        paid: { type: "final" } } });`,
  4: `import { createMachine, assign } from "npm:xstate";
    export const allowRead = ({ authContext, context }) => authContext.sub === context.owner;
    export const allowWrite = ({ authContext, context }) => authContext.sub === context.owner;
    export default createMachine({ predictableActionArguments: true,
      initial: "open", context: { owner: "", public: { total: 0 } },
      states: {
        open: { tags: ["open"], on: {
          ADD: { actions: assign({ public: (context, event) => ({ total: context.public.total + event.price }) }) },
          PAY: "paying" } },
        paying: { invoke: { src: async (context) => "receipt for " + context.public.total,
          onDone: { target: "paid", actions: assign({ public: (context, event) => ({ ...context.public, receipt: event.data }) }) } } },
        paid: { type: "final" } } });`,
};

let folder: string;
let server: SettleServer;
const start = async () => {
  server = await startServer({ port: 0, store: join(folder, "db.json") });
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-client-"));
  await start();
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

function clientFor(sub: string): StateBackedClient {
  const key = { stateBackedKeyId: server.keyId, stateBackedSecretKey: server.secretKey };
  const token = () => signToken(key, { sub }, { expires: { in: "1h" } });
  return new StateBackedClient(token, { apiHost: server.url });
}

describe.each([5, 4] as const)("a bundle of XState %i", (major) => {
  test.each(["plain", "gzipped"])("goes the whole journey, uploaded %s", async (how) => {
    const ann = clientFor("ann");
    const code = bundles[major];
    await ann.machines.create("cart");
    const upload = how === "plain" ? { code } : { gzippedCode: gzipSync(code) };
    const { machineVersionId } = await ann.machineVersions.create("cart", {
      ...upload,
      clientInfo: "v1",
      makeCurrent: true,
    });
    expect(await ann.machines.get("cart")).toMatchObject({
      machine: { currentVersion: { id: machineVersionId, clientInfo: "v1" } },
    });

    const created = await ann.machineInstances.create("cart", {
      slug: "c1",
      context: { owner: "ann", note: "private" },
    });
    expect(created).toMatchObject({ state: "open", tags: ["open"], done: false, publicContext: { total: 0 } });
    expect(created.publicContext).not.toHaveProperty("note");
    await ann.machineInstances.sendEvent("cart", "c1", { event: { type: "ADD", price: 5 } });
    const paid = await ann.machineInstances.sendEvent("cart", "c1", { event: "PAY" });
    expect(paid).toMatchObject({ state: "paid", done: true, publicContext: { total: 5, receipt: "receipt for 5" } });
    expect(paid.ts).toBeGreaterThanOrEqual(created.ts);
    await expectTheSame();

    await server.close();
    await start();
    await expectTheSame();
    const third = await clientFor("ann").machineInstances.sendEvent("cart", "c1", { event: "ADD" });
    expect(third).toMatchObject({ state: "paid", done: true });

    async function expectTheSame(): Promise<void> {
      const client = clientFor("ann");
      const read = await client.machineInstances.get("cart", "c1");
      expect({ ...read }).toEqual({ ...paid });
      const { transitions } = await client.machineInstances.listTransitions("cart", "c1");
      expect(transitions.map(({ event, state }) => [(event as { type: string }).type, state])).toEqual([
        ["ADD", "open"],
        ["PAY", "paying"],
        [expect.stringMatching(/done/), "paid"],
      ]);
      expect(await client.machineInstances.list("cart")).toMatchObject({
        instances: [{ slug: "c1", status: "running" }],
      });
      expect(await client.machineVersions.list("cart")).toMatchObject({ versions: [{ id: machineVersionId }] });
    }
  });
});

test("the client's own errors come out as it documents them", async () => {
  const ann = clientFor("ann");
  await ann.machines.create("cart");
  await expect(ann.machines.create("cart")).rejects.toBeInstanceOf(errors.ConflictError);
  await expect(ann.machineInstances.get("cart", "none")).rejects.toBeInstanceOf(errors.NotFoundError);
  await expect(ann.machineInstances.create("cart", { slug: "c1" })).rejects.toBeInstanceOf(errors.NotFoundError);
  await ann.machineVersions.create("cart", { code: bundles[5], makeCurrent: true });
  await expect(ann.machineInstances.create("cart", { slug: "c 1" })).rejects.toBeInstanceOf(errors.ClientError);
  await ann.machineInstances.create("cart", { slug: "c1", context: { owner: "ann" } });
  await expect(ann.machineInstances.create("cart", { slug: "c1", context: { owner: "ann" } })).rejects.toBeInstanceOf(
    errors.ConflictError,
  );
  const bob = clientFor("bob");
  await expect(bob.machineInstances.get("cart", "c1")).rejects.toBeInstanceOf(errors.RejectedByMachineAuthorizerError);
  await expect(bob.machineInstances.create("cart", { slug: "c2", context: { owner: "ann" } })).rejects.toBeInstanceOf(
    errors.RejectedByMachineAuthorizerError,
  );
  await expect(ann.machineInstances.get("cart", "c2")).rejects.toBeInstanceOf(errors.NotFoundError);
});

test("getOrCreate creates once and reads ever after", async () => {
  const ann = clientFor("ann");
  await ann.machines.create("cart");
  await ann.machineVersions.create("cart", { code: bundles[5], makeCurrent: true });
  const first = await ann.machineInstances.getOrCreate("cart", "c1", { context: { owner: "ann" } });
  await ann.machineInstances.sendEvent("cart", "c1", { event: { type: "ADD", price: 2 } });
  const second = await ann.machineInstances.getOrCreate("cart", "c1", { context: { owner: "ann" } });
  expect([first.publicContext, second.publicContext]).toEqual([{ total: 0 }, { total: 2 }]);
});

test("an API host with a slash at its end and an act-as context work", async () => {
  const admin = new StateBackedClient(server.adminToken, {
    apiHost: `${server.url}/`,
    actAs: { sub: "ann" },
    orgId: server.orgId,
  });
  await admin.machines.create("cart");
  await admin.machineVersions.create("cart", { code: bundles[5], makeCurrent: true });
  expect(await admin.machineInstances.create("cart", { slug: "c1", context: { owner: "ann" } })).toMatchObject({
    state: "open",
  });
  expect((await admin.machines.list()).machines.map(({ slug }) => slug)).toEqual(["cart"]);
});
