// The published client's `identityProviders`, `tokenProviders` and `tokens`, and the sessions that it makes of them by itself.

import { errors } from "@statebacked/client";
import { SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openMachine } from "../http/rig.ts";
import type { Clients } from "./clients.ts";
import { startWithClients } from "./clients.ts";

let on: Clients;
beforeAll(async () => {
  on = await startWithClients();
  const code = openMachine.replace(
    'export const allowRead = ({ authContext }) => authContext.sub !== "blind";',
    "export const allowRead = ({ authContext, context }) => (authContext.sub ?? authContext.sid) === context.owner;",
  );
  await on.client().machines.create("notes");
  await on.client().machineVersions.create("notes", { code, makeCurrent: true });
});
afterAll(async () => {
  expect(on.logged.join("\n")).not.toMatch(/sbsec_|login secret/);
  await on.server.close();
});

const iss = "https://login.example.org/";
const provider = {
  iss,
  aud: "notes",
  algs: ["HS256" as const],
  key: Buffer.from("login secret").toString("base64url"),
  mapping: { "sub.$": "$.sub", "team.$": "$.teams[0].name" },
};

function login(sub: string, lifetimeS = 60): Promise<string> {
  const exp = Math.floor(Date.now() / 1_000) + lifetimeS;
  return new SignJWT({ iss, aud: "notes", sub, teams: [{ name: "blue" }], exp })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode("login secret"));
}

/** What the client found out about its token; it keeps that to itself. */
const expiryOf = (client: object) => (client as { tokenExpiration?: number }).tokenExpiration;

test("identityProviders and tokenProviders: upsert, list, delete", async () => {
  const client = on.client();
  const { id: keyId } = await client.keys.create({ name: "signer", use: "production" });
  expect(await client.identityProviders.upsert({ ...provider, iss: "https://other.example.org/" })).toBeUndefined();
  const { idps } = await client.identityProviders.list();
  const { key: _, ...shown } = { ...provider, iss: "https://other.example.org/" };
  expect(idps).toContainEqual(shown);
  expect(
    await client.tokenProviders.upsert({ service: "other", keyId, mapping: { "sub.$": "$.sub" } }),
  ).toBeUndefined();
  expect((await client.tokenProviders.list()).tokenProviders).toContainEqual({
    service: "other",
    keyId,
    mapping: { "sub.$": "$.sub" },
  });
  const both = { iss: "https://other.example.org/", aud: "notes" };
  expect(await client.identityProviders.delete(both)).toBeUndefined();
  expect(await client.tokenProviders.delete("other")).toBeUndefined();
  await expect(client.identityProviders.delete(both)).rejects.toBeInstanceOf(errors.NotFoundError);
  await expect(client.tokenProviders.delete("other")).rejects.toBeInstanceOf(errors.NotFoundError);
  const unknown = client.tokenProviders.upsert({ service: "other", keyId: "sbk_none", mapping: {} });
  await expect(unknown).rejects.toBeInstanceOf(errors.NotFoundError);
});

describe("a token of an identity provider", () => {
  beforeAll(async () => {
    const { id: keyId } = await on.client().keys.create({ name: "notes app", use: "production" });
    await on.client().identityProviders.upsert(provider);
    await on
      .client()
      .tokenProviders.upsert({ service: "notes", keyId, mapping: { "sub.$": "$.sub", "team.$": "$.team" } });
  });
  const session = (identityProviderToken: string | (() => Promise<string>)) =>
    on.clientWith({ identityProviderToken, tokenProviderService: "notes", orgId: on.server.orgId });

  test("opens a session, exchanged by the client itself", async () => {
    const ada = session(() => login("ada"));
    expect(await ada.machineInstances.create("notes", { slug: "ada", context: { owner: "ada" } })).toMatchObject({
      state: "a",
    });
    expect(await ada.machineInstances.get("notes", "ada")).toMatchObject({ publicContext: { n: 0 } });
    const bob = session(await login("bob"));
    const refused = bob.machineInstances.get("notes", "ada");
    await expect(refused).rejects.toBeInstanceOf(errors.RejectedByMachineAuthorizerError);
    await expect(bob.machines.list()).rejects.toBeInstanceOf(errors.MissingScopeError);
  });

  test("is exchanged for a token that any client takes", async () => {
    const { orgId } = on.server;
    const token = await on.clientWith("none").tokens.exchange({ orgId, service: "notes", token: await login("ada") });
    const client = on.clientWith({ token });
    await client.machineInstances.create("notes", { slug: "by-hand", context: { owner: "ada" } });
    expect(await client.machineInstances.get("notes", "by-hand")).toMatchObject({ state: "a" });
  });

  test("opens a session that the client refreshes when it ends", async () => {
    let logins = 0;
    const ada = session(() => login("ada", ++logins === 1 ? 1 : 60));
    await ada.machineInstances.getOrCreate("notes", "fresh", { context: { owner: "ada" } });
    expect([logins, Number.isInteger(expiryOf(ada))]).toEqual([1, true]);
    const read = async () => {
      await ada.machineInstances.get("notes", "fresh");
      return logins;
    };
    await expect.poll(read, { timeout: 10_000 }).toBe(2);
    expect(expiryOf(ada) ?? 0).toBeGreaterThan(Date.now() + 30_000);
  });

  test("tells the client its expiry whatever the user is called", async () => {
    for (const sub of ["ada", "Žofie?>~", "日本語", "ÿÿÿ"]) {
      const client = session(await login(sub));
      await client.machineInstances.getOrCreate("notes", "shared", { context: { owner: "ada" } }).catch(() => {});
      expect(expiryOf(client)).toBeGreaterThan(Date.now());
    }
  });

  test("is a ClientError at the first call when it is no good", async () => {
    const client = session("not a token");
    const refused = client.machineInstances.get("notes", "ada");
    await expect(refused).rejects.toBeInstanceOf(errors.ClientError);
    await expect(refused).rejects.toMatchObject({ status: 400, code: "invalid-parameter", message: "invalid_request" });
  });

  test("is refused from the moment its provider is no longer trusted", async () => {
    const token = await login("ada");
    const { orgId } = on.server;
    await session(token).machineInstances.get("notes", "ada");
    await on.client().identityProviders.delete({ iss, aud: "notes" });
    const client = on.clientWith({ identityProviderToken: token, tokenProviderService: "notes", orgId });
    await expect(client.machineInstances.get("notes", "ada")).rejects.toBeInstanceOf(errors.ClientError);
    await on.client().identityProviders.upsert(provider);
  });
});

describe("an anonymous session", () => {
  test("is had with nothing but the organization's id", async () => {
    const client = on.clientWith({ anonymous: { orgId: on.server.orgId } });
    const created = await client.machineInstances.getOrCreate("notes", "anonymous", {});
    expect(created.state).toBe("a");
    expect(expiryOf(client)).toBeGreaterThan(Date.now());
    await expect(client.machines.list()).rejects.toBeInstanceOf(errors.MissingScopeError);
  });

  test("is known by its session, and by no other", async () => {
    const visitor = (sid: string) =>
      on.clientWith({ anonymous: { orgId: on.server.orgId, getSessionId: async () => sid, getDeviceId: () => "d" } });
    await visitor("one").machineInstances.create("notes", { slug: "visit", context: { owner: "one" } });
    expect(await visitor("one").machineInstances.get("notes", "visit")).toMatchObject({ state: "a" });
    const refused = visitor("two").machineInstances.get("notes", "visit");
    await expect(refused).rejects.toBeInstanceOf(errors.RejectedByMachineAuthorizerError);
  });

  test("is none in an organization that doesn't want any", async () => {
    const { id: orgId } = await on.client().orgs.create({ name: "closed", allowAnonymousAccess: false });
    const client = on.clientWith({ anonymous: { orgId } });
    await expect(client.machineInstances.get("notes", "x")).rejects.toBeInstanceOf(errors.ClientError);
  });
});
