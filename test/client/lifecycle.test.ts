// The published client pauses, resumes and deletes, and its errors come out as it documents them; all of it outlives a restart.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errors, StateBackedClient } from "@statebacked/client";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SettleServer } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";

const code = `import { createMachine, assign } from "npm:xstate";
  export const allowRead = () => true;
  export const allowWrite = () => true;
  export default createMachine({ predictableActionArguments: true, initial: "on", context: { public: { n: 0 } },
    states: { on: { on: { ADD: { actions: assign({ public: (c) => ({ n: c.public.n + 1 }) }) } } } } });`;
const confirmed = { dangerDataWillBeDeletedForever: true } as const;

let folder: string;
let server: SettleServer;
const start = async () => {
  server = await startServer({ port: 0, store: join(folder, "db.json") });
  return new StateBackedClient(server.adminToken, { apiHost: server.url });
};
let client: StateBackedClient;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-client-"));
  client = await start();
  await client.machines.create("lamp");
  await client.machineVersions.create("lamp", { code, makeCurrent: true });
  await client.machineInstances.create("lamp", { slug: "hall" });
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});
async function restart(): Promise<void> {
  await server.close();
  client = await start();
}
const add = () => client.machineInstances.sendEvent("lamp", "hall", { event: "ADD" });

test("a paused instance refuses events, before a restart and after, until it runs again", async () => {
  const { dangerously, admin } = client.machineInstances;
  expect(await dangerously.setStatus("lamp", "hall", { status: "paused" })).toBeUndefined();
  await expect(add()).rejects.toBeInstanceOf(errors.ConflictError);
  expect(await admin.get("lamp", "hall")).toMatchObject({
    status: "paused",
    state: "on",
    context: { public: { n: 0 } },
  });
  await restart();
  await expect(add()).rejects.toBeInstanceOf(errors.ConflictError);
  expect((await client.machineInstances.list("lamp")).instances).toMatchObject([{ slug: "hall", status: "paused" }]);
  await client.machineInstances.dangerously.setStatus("lamp", "hall", { status: "running" });
  expect(await add()).toMatchObject({ publicContext: { n: 1 } });
  await restart();
  expect(await add()).toMatchObject({ publicContext: { n: 2 } });
});

test("a deleted instance is gone, before a restart and after, and its name is free", async () => {
  await add();
  expect(await client.machineInstances.dangerously.delete("lamp", "hall", confirmed)).toBeUndefined();
  await expect(client.machineInstances.get("lamp", "hall")).rejects.toBeInstanceOf(errors.NotFoundError);
  await restart();
  await expect(add()).rejects.toBeInstanceOf(errors.NotFoundError);
  await expect(client.machineInstances.dangerously.delete("lamp", "hall", confirmed)).rejects.toBeInstanceOf(
    errors.NotFoundError,
  );
  expect(await client.machineInstances.getOrCreate("lamp", "hall", {})).toMatchObject({ publicContext: { n: 0 } });
  expect((await client.machineInstances.listTransitions("lamp", "hall")).transitions).toEqual([]);
  await restart();
  expect(await add()).toMatchObject({ publicContext: { n: 1 } });
});

test("a machine is deleted once it has no instances, and takes its versions along", async () => {
  await expect(client.machines.dangerously.delete("lamp", confirmed)).rejects.toBeInstanceOf(errors.ConflictError);
  await client.machineInstances.dangerously.delete("lamp", "hall", confirmed);
  expect(await client.machines.dangerously.delete("lamp", confirmed)).toBeUndefined();
  await expect(client.machines.get("lamp")).rejects.toBeInstanceOf(errors.NotFoundError);
  await restart();
  expect((await client.machines.list()).machines).toEqual([]);
  await client.machines.create("lamp");
  expect((await client.machineVersions.list("lamp")).versions).toEqual([]);
  await expect(client.machineInstances.create("lamp", { slug: "hall" })).rejects.toBeInstanceOf(errors.NotFoundError);
});

test("without the confirmation nothing is deleted", async () => {
  const unconfirmed = { dangerDataWillBeDeletedForever: false } as unknown as typeof confirmed;
  await expect(client.machines.dangerously.delete("lamp", unconfirmed)).rejects.toBeInstanceOf(errors.ClientError);
  await expect(client.machineInstances.dangerously.delete("lamp", "hall", unconfirmed)).rejects.toBeInstanceOf(
    errors.ClientError,
  );
  expect(await add()).toMatchObject({ publicContext: { n: 1 } });
});
