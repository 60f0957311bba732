// Organizations: create, and list those that the caller belongs to.

import { decodeCursor } from "../domain/cursor.ts";
import { newId } from "../domain/ids.ts";
import { isoTime } from "../domain/iso-time.ts";
import { belongsTo, roleOf } from "../domain/membership.ts";
import { Problem } from "../domain/problem.ts";
import type { Key, Org } from "../domain/records.ts";
import type { CreateOrgRequest, CreateOrgResponse, OrgPage } from "../spec/generated/types.ts";
import type { Page, Store, Stored } from "../store/port.ts";
import { anonymousAccess } from "./anonymous.ts";
import { nextCursor } from "./lookup.ts";
import type { Operation } from "./services.ts";

/** The organization and what gives anonymous access to it come into being together. */
export const createOrg: Operation = async ({ store, clock, entropy }, { keyId }, request) => {
  const { name, allowAnonymousAccess = true } = request.body as CreateOrgRequest;
  const id = newId("org", entropy);
  const rec: Org = { id, name, createdAt: clock.now(), createdByKeyId: keyId };
  await store.commit([
    { op: "put", kind: "org", scope: "", name: id, rec, ifRev: 0 },
    ...(allowAnonymousAccess ? anonymousAccess(id, clock, entropy) : []),
  ]);
  const body: CreateOrgResponse = { id };
  return { status: 200, body };
};

/** Settle limits nothing, and the document wants numbers. */
const limits = { monthlyEventsLimit: Number.MAX_SAFE_INTEGER, monthlyReadsLimit: Number.MAX_SAFE_INTEGER };

export const listOrgs: Operation = async ({ store, settings }, { keyId }, request) => {
  const key = await store.keyById(keyId);
  if (!key) throw new Problem("missing-user", `The key ${keyId} was deleted.`);
  const list = `orgs of ${keyId}`;
  const after = decodeCursor(list, request.query.cursor);
  const page = await listOwn(store, key.rec, after, settings.pageSize);
  const role = roleOf(key.rec);
  const orgs = page.items.map(({ rec: { id, name, createdAt } }) => {
    return { id, name, role, createdAt: isoTime(createdAt), limits };
  });
  const body: OrgPage = { orgs, ...nextCursor(list, page) };
  return { status: 200, body };
};

/** The organizations after a position that the key belongs to. */
async function listOwn(store: Store, key: Key, after: number, limit: number): Promise<Page<Stored<Org>>> {
  const items: Stored<Org>[] = [];
  for (let position: number | undefined = after; position !== undefined; ) {
    const page: Page<Stored<Org>> = await store.list("org", "", position, 100);
    for (const org of page.items) {
      if (!belongsTo(org.rec, key)) continue;
      const last = items.at(-1);
      if (items.length === limit && last) return { items, next: last.order };
      items.push(org);
    }
    position = page.next;
  }
  return { items };
}
