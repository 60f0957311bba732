// The published client's `keys`: create, list, delete, and its error classes for what keys may not do.

import { errors } from "@statebacked/client";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Clients } from "./clients.ts";
import { startWithClients } from "./clients.ts";

let on: Clients;
beforeAll(async () => {
  on = await startWithClients();
});
afterAll(async () => {
  expect(on.logged.join("\n")).not.toContain("sbsec_");
  await on.server.close();
});

describe("keys.create", () => {
  test.each([
    ["production", ["events.write", "indexes.read", "instances.write", "state.read"]],
    ["ci", ["machine-versions.read", "machine-versions.write", "machines.read", "machines.write"]],
  ] as const)("by the use %s makes a key with its scopes", async (use, scopes) => {
    const { id, key } = await on.client().keys.create({ name: use, use });
    expect([id, key]).toEqual([expect.stringMatching(/^sbk_/), expect.stringMatching(/^sbsec_/)]);
    const listed = (await on.client().keys.list()).keys.find((one) => one.id === id);
    expect(listed).toEqual({ id, name: use, scopes: expect.any(Array), createdAt: expect.any(String) });
    expect(listed?.scopes.toSorted()).toEqual(scopes);
  });

  test("by scopes makes a key that may do that and nothing else", async () => {
    const key = await on.client().keys.create({ name: "reader", scopes: ["machines.read"] });
    const reader = on.client(key);
    expect(await reader.machines.list()).toEqual({ machines: expect.any(Array) });
    await expect(reader.machines.create("x")).rejects.toBeInstanceOf(errors.MissingScopeError);
    await expect(reader.keys.list()).rejects.toBeInstanceOf(errors.MissingScopeError);
  });

  test("by both, as the command line does, goes by the scopes", async () => {
    const both = { name: "both", use: "production", scopes: ["logs.read"] } as const;
    const { id } = await on.client().keys.create(both as unknown as { name: string; use: "production" });
    const listed = (await on.client().keys.list()).keys.find((one) => one.id === id);
    expect(listed?.scopes).toEqual(["logs.read"]);
  });

  test("by neither is a ClientError", async () => {
    const refused = on.client().keys.create({ name: "neither" } as unknown as { name: string; use: "production" });
    await expect(refused).rejects.toBeInstanceOf(errors.ClientError);
    await expect(refused).rejects.toMatchObject({ code: "invalid-parameter" });
  });
});

describe("keys.delete", () => {
  test("ends a key that is in use: MissingUserError from then on", async () => {
    const key = await on.client().keys.create({ name: "short", scopes: ["machines.read"] });
    const client = on.client(key);
    await client.machines.list();
    expect(await on.client().keys.delete(key.id)).toBeUndefined();
    await expect(client.machines.list()).rejects.toBeInstanceOf(errors.MissingUserError);
    await expect(on.client().keys.delete(key.id)).rejects.toBeInstanceOf(errors.NotFoundError);
  });

  test("refuses the last key that may manage keys: ConflictError", async () => {
    const refused = on.client().keys.delete(on.server.keyId);
    await expect(refused).rejects.toBeInstanceOf(errors.ConflictError);
    await expect(refused).rejects.toMatchObject({ status: 409, code: "invalid-state" });
    await on.client().machines.list();
  });
});

test("a token that nobody here signed is a MissingUserError", async () => {
  const forged = on.client({ id: on.server.keyId, key: "sbsec_of_somebody_else" });
  await expect(forged.machines.list()).rejects.toBeInstanceOf(errors.MissingUserError);
});
