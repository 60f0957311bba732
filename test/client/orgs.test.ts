// The published client's `orgs`: create, list, act in one by its id.

import { errors } from "@statebacked/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Clients } from "./clients.ts";
import { startWithClients } from "./clients.ts";

let on: Clients;
beforeAll(async () => {
  on = await startWithClients();
});
afterAll(() => on.server.close());

test("orgs.create makes an organization, orgs.list shows it beside the first one", async () => {
  const { id } = await on.client().orgs.create({ name: "shop" });
  expect(id).toMatch(/^org_[\w-]{22}$/);
  const { orgs, cursor } = await on.client().orgs.list();
  expect(orgs.map((org) => [org.id, org.name, org.role])).toEqual([
    [on.server.orgId, "local", "admin"],
    [id, "shop", "admin"],
  ]);
  expect(Date.parse(orgs[1]?.createdAt ?? "")).toBeGreaterThan(0);
  expect(orgs[1]?.limits.monthlyEventsLimit).toBeGreaterThan(0);
  expect(cursor).toBeUndefined();
});

test("a client with an orgId acts in that organization, one without in the first", async () => {
  const { id } = await on.client().orgs.create({ name: "apart", allowAnonymousAccess: false });
  const apart = on.client(undefined, { orgId: id });
  await apart.machines.create("only-there");
  expect((await apart.machines.list()).machines.map(({ slug }) => slug)).toEqual(["only-there"]);
  await expect(on.client().machines.get("only-there")).rejects.toBeInstanceOf(errors.NotFoundError);
  expect(await apart.keys.list()).toEqual({ keys: [] });
});

test("somebody else's organization is a MissingOrgError", async () => {
  const { id } = await on.client().orgs.create({ name: "private" });
  const stranger = await on.client().keys.create({ name: "stranger", use: "ci" });
  for (const orgId of [id, "org_AAAAAAAAAAAAAAAAAAAAAA"]) {
    const refused = on.client(stranger, { orgId }).machines.list();
    await expect(refused).rejects.toBeInstanceOf(errors.MissingOrgError);
  }
});

test("following cursors shows each organization once", async () => {
  const client = on.client();
  const before = (await client.orgs.list()).orgs.length;
  for (let i = 0; i < 205; i++) await client.orgs.create({ name: `many-${i}`, allowAnonymousAccess: false });
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await client.orgs.list(cursor === undefined ? {} : { cursor });
    names.push(...page.orgs.map(({ name }) => name));
    cursor = page.cursor;
  } while (cursor !== undefined);
  expect(names.slice(before)).toEqual(Array.from({ length: 205 }, (_, i) => `many-${i}`));
});
