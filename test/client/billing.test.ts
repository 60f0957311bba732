// The published client's `billing`: the address of a page that is there.

import { errors } from "@statebacked/client";
import { expect, test } from "vitest";
import { startWithClients } from "./clients.ts";

test("billing.get leads to a page that a person can read", async () => {
  const { server, client } = await startWithClients();
  try {
    const { url } = await client().billing.get();
    expect(url).toBe(`${server.url}/_settle/billing`);
    const page = await fetch(url);
    expect([page.status, page.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
    expect(await page.text()).toContain("Nothing to pay");
    const reader = await client().keys.create({ name: "reader", scopes: ["org.read"] });
    await expect(client(reader).billing.get()).rejects.toBeInstanceOf(errors.MissingScopeError);
  } finally {
    await server.close();
  }
});
