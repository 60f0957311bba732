// The published client creates migrations, plain and gzipped, and moves instances along them; a pending upgrade outlives a restart.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { errors, StateBackedClient } from "@statebacked/client";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { SettleServer } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";

const head = `export const allowRead = () => true; export const allowWrite = () => true;`;
const versions = {
  first: `import { createMachine } from "npm:xstate"; ${head}
    export default createMachine({ initial: "draft", context: { public: { title: "x" } }, states: { draft: { on: { SEND: "sent" } }, sent: {} } });`,
  second: `import { createMachine, assign } from "npm:xstate"; ${head}
    export default createMachine({ predictableActionArguments: true, initial: "open", context: { public: { name: "", edits: 0 } }, states: {
      open: { initial: "draft", states: { draft: { tags: ["new"], on: { EDIT: { actions: assign({ public: (c) => ({ ...c.public, edits: c.public.edits + 1 }) }) } } } } },
      closed: {} } });`,
};
const migration = `export const upgradeState = ([state]) => (state === "draft" ? ["open", "draft"] : ["closed"]);
  export const upgradeContext = (oldStates, newStates, { public: { title } }) => ({ public: { name: title, edits: 0 } });`;

let folder: string;
let server: SettleServer;
let client: StateBackedClient;
let first: string;
let second: string;
const start = async () => {
  server = await startServer({ port: 0, store: join(folder, "db.json") });
  client = new StateBackedClient(server.adminToken, { apiHost: server.url });
};
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-client-"));
  await start();
  await client.machines.create("letter");
  const publish = (code: string) => client.machineVersions.create("letter", { code, makeCurrent: true });
  first = (await publish(versions.first)).machineVersionId;
  await client.machineInstances.create("letter", { slug: "one", context: { public: { title: "Dear" } } });
  second = (await publish(versions.second)).machineVersionId;
});
afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const desire = (targetMachineVersionId: string) =>
  client.machineInstances.admin.updateDesiredVersion("letter", "one", { targetMachineVersionId });
const ends = () => ({ fromMachineVersionId: first, toMachineVersionId: second });

describe.each(["plain", "gzipped"])("a migration uploaded %s", (how) => {
  test("takes an instance to its new version with the next event", async () => {
    // The client leaks the code into the body that begins the migration, gzipped code byte by byte: this one is large.
    const large = `${migration}\n// ${Array.from({ length: 20_000 }, (_, n) => (n * 7919) % 99_991).join(" ")}`;
    const upload = how === "plain" ? { code: large } : { gzippedCode: gzipSync(large) };
    const created = await client.machineVersionMigrations.create("letter", {
      ...ends(),
      ...upload,
    });
    expect(created).toMatchObject({ machineVersionMigrationId: expect.stringMatching(/^mig_[\w-]{22}$/) });
    expect(await desire(second)).toBeUndefined();
    await server.close();
    await start();
    expect(await client.machineInstances.admin.get("letter", "one")).toMatchObject({
      machineVersion: { id: first },
      desiredMachineVersion: { id: second },
    });
    const state = await client.machineInstances.sendEvent("letter", "one", { event: "EDIT" });
    expect(state).toMatchObject({ state: { open: "draft" }, tags: ["new"], publicContext: { name: "Dear", edits: 1 } });
    const { transitions } = await client.machineInstances.listTransitions("letter", "one");
    expect(transitions.map(({ event }) => event)).toEqual([{ type: "statebacked.upgrade" }, { type: "EDIT" }]);
    await server.close();
    await start();
    expect(await client.machineInstances.admin.get("letter", "one")).toMatchObject({ machineVersion: { id: second } });
  });
});

test("without a chain of migrations the client says so in its own words", async () => {
  await expect(desire(second)).rejects.toBeInstanceOf(errors.NoMigrationPathError);
  await expect(desire("ver_unknown")).rejects.toBeInstanceOf(errors.NotFoundError);
  await client.machineVersionMigrations.create("letter", {
    fromMachineVersionId: second,
    toMachineVersionId: first,
    code: migration,
  });
  await expect(desire(second)).rejects.toBeInstanceOf(errors.NoMigrationPathError);
  expect(await client.machineInstances.admin.get("letter", "one")).not.toHaveProperty("desiredMachineVersion");
});

test("step by step: begun, uploaded and finalized; again it is a conflict", async () => {
  const begun = await client.machineVersionMigrations.provisionallyCreate("letter", ends());
  const signed = begun.machineVersionMigrationId;
  await expect(client.machineVersionMigrations.finalize("letter", signed)).rejects.toBeInstanceOf(errors.ConflictError);
  const form = new FormData();
  for (const [name, value] of Object.entries(begun.codeUploadFields)) form.append(name, String(value));
  form.set("content-type", "application/javascript");
  form.append("file", new Blob([migration], { type: "application/javascript" }), "migration.js");
  expect((await fetch(begun.codeUploadUrl, { method: "POST", body: form })).ok).toBe(true);
  const finalized = await client.machineVersionMigrations.finalize("letter", signed);
  expect(finalized).toMatchObject({ machineVersionMigrationId: signed.split(".")[0] });
  await expect(client.machineVersionMigrations.finalize("letter", signed)).rejects.toBeInstanceOf(errors.ConflictError);
});

test("code that throws fails its event alone, and code that is no migration is told at once", async () => {
  const create = (code: string) => client.machineVersionMigrations.create("letter", { ...ends(), code });
  await expect(create("export const upgradeState = () => [];")).rejects.toBeInstanceOf(errors.ClientError);
  await create(migration.replace('["closed"]', '["nowhere"]').replace('state === "draft"', "false"));
  await desire(second);
  await expect(client.machineInstances.sendEvent("letter", "one", { event: "EDIT" })).rejects.toThrow('["nowhere"]');
  expect(await client.machineInstances.get("letter", "one")).toMatchObject({ state: "draft" });
  await create(migration);
  expect(await client.machineInstances.sendEvent("letter", "one", { event: "EDIT" })).toMatchObject({ tags: ["new"] });
});
