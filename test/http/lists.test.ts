// Every list that is not an instance's: 250 records page exactly once each, with a record made and one taken away between the pages.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Change, Collections, Kind } from "../../src/store/port.ts";
import type { AppRig } from "./app-rig.ts";
import { startAppRig } from "./app-rig.ts";

const count = 250;
let rig: AppRig;
beforeAll(async () => {
  rig = await startAppRig();
  const machine = { orgId: rig.orgId, slug: "m", createdAt: 1, indexes: [] };
  await rig.store.commit([{ op: "put", kind: "machine", scope: rig.orgId, name: "m", rec: machine, ifRev: 0 }]);
});
afterAll(() => rig.close());

interface List<K extends Kind> {
  kind: K;
  path: string;
  /** Where the page holds its entries, and what tells one from another. */
  entries: string;
  key: string;
  scope(): string;
  /** The record's name in the store, and what the page shows of it. */
  name(n: string): string;
  shown(n: string): string;
  rec(n: string): Collections[K];
}
const list = <K extends Kind>(one: List<K>): List<Kind> => one as unknown as List<Kind>;

const lists: { [name: string]: List<Kind> } = {
  keys: list({
    kind: "key",
    path: "/keys",
    entries: "keys",
    key: "id",
    scope: () => rig.orgId,
    name: (n) => `sbk_${n}`,
    shown: (n) => `sbk_${n}`,
    rec: (n) => ({ id: `sbk_${n}`, orgId: rig.orgId, name: n, secret: `sbsec_${n}`, scopes: [], createdAt: 1 }),
  }),
  organizations: list({
    kind: "org",
    path: "/orgs",
    entries: "orgs",
    key: "id",
    scope: () => "",
    name: (n) => `org_${n}`,
    shown: (n) => `org_${n}`,
    rec: (n) => ({ id: `org_${n}`, name: n, createdAt: 1, createdByKeyId: bootstrapKey }),
  }),
  "identity providers": list({
    kind: "idp",
    path: "/idps",
    entries: "idps",
    key: "aud",
    scope: () => rig.orgId,
    name: (n) => JSON.stringify([n, null]),
    shown: (n) => n,
    rec: (n) => ({ orgId: rig.orgId, aud: n, algs: ["HS256"], key: "azE", mapping: {} }),
  }),
  "token providers": list({
    kind: "tokenProvider",
    path: "/token-providers",
    entries: "tokenProviders",
    key: "service",
    scope: () => rig.orgId,
    name: (n) => n,
    shown: (n) => n,
    rec: (n) => ({ orgId: rig.orgId, service: n, keyId: "sbk_x", mapping: {} }),
  }),
  versions: list({
    kind: "version",
    path: "/machines/m/v",
    entries: "versions",
    key: "id",
    scope: () => `${rig.orgId}/m`,
    name: (n) => `ver_${n}`,
    shown: (n) => `ver_${n}`,
    rec: (n) => ({
      id: `ver_${n}`,
      orgId: rig.orgId,
      machine: "m",
      createdAt: 1,
      clientInfo: n,
      indexSelectors: {},
      codeSha256: "",
      xstate: 5,
    }),
  }),
};

let bootstrapKey = "";
beforeAll(async () => {
  bootstrapKey = (await rig.store.get("bootstrap", "", "bootstrap"))?.rec.keyId ?? "";
});

/** Ids have 22 characters after their prefix. */
const nth = (n: number) => `n${String(n).padStart(21, "0")}`;

function put(one: List<Kind>, n: string): Change {
  return { op: "put", kind: one.kind, scope: one.scope(), name: one.name(n), rec: one.rec(n), ifRev: 0 } as Change;
}

describe.each(Object.entries(lists))("the list of %s", (_, one) => {
  test("shows each of 250 once, whatever is written between its pages", async () => {
    for (let n = 0; n < count; n++) await rig.store.commit([put(one, nth(n))]);
    const seen: string[] = [];
    let pages = 0;
    for (let cursor: unknown = ""; cursor !== undefined; ) {
      const { status, body } = await rig.call("GET", `${one.path}${cursor === "" ? "" : `?cursor=${cursor}`}`);
      expect(status).toBe(200);
      seen.push(...body[one.entries].map((entry: { [key: string]: string }) => entry[one.key]));
      cursor = body.cursor;
      pages++;
      if (pages === 1) {
        const taken = { kind: one.kind, scope: one.scope(), name: one.name(nth(0)), ifRev: 1 };
        await rig.store.commit([{ op: "delete", ...taken }, put(one, nth(count))]);
      }
    }
    expect(pages).toBeGreaterThanOrEqual(3);
    const own = seen.filter((shown) => shown?.includes("n000"));
    expect(own).toEqual(Array.from({ length: count + 1 }, (_unused, n) => one.shown(nth(n))));
  });

  test.each(["garbage", "bm90IGEgY3Vyc29y", "%00"])("refuses the cursor %s", async (cursor) => {
    expect(await rig.call("GET", `${one.path}?cursor=${cursor}`)).toMatchObject({
      status: 400,
      body: { code: "invalid-parameter", parameter: "cursor" },
    });
  });
});
