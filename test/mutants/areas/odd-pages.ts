// Pages that look unusual and hold what they should.

import type { JsonObject } from "../../../src/domain/json.ts";
import { bodyOf, handling, listOf, queryOf, wholeList, withBody, withQuery } from "../edits.ts";
import type { Fault } from "../fault.ts";

/** The lists in order of creation. */
const lists = [
  "listMachines",
  "listMachineInstances",
  "listMachineVersions",
  "listKeys",
  "listOrgs",
  "listIdentityProviders",
  "listTokenProviders",
];
const pagedLists = [...lists, "listMachineInstanceTransitions", "queryMachineInstances"];
/** Settle's own. */
const pageSize = 100;

export function wrappingCursors(): Fault {
  const wrap = (cursor: string) => Buffer.from(`page after ${cursor}?`).toString("base64");
  const unwrap = (cursor: string) =>
    /^page after (.*)\?$/.exec(Buffer.from(cursor, "base64").toString())?.[1] ?? `odd ${cursor}`;
  return handling(pagedLists, async (request, forward) => {
    const cursor = queryOf(request, "cursor");
    const unwrapped = cursor === null ? request : withQuery(request, (query) => query.set("cursor", unwrap(cursor)));
    const reply = await forward(unwrapped);
    const body = bodyOf(reply);
    return typeof body.cursor === "string" ? withBody(reply, { ...body, cursor: wrap(body.cursor) }) : reply;
  });
}

/** Its cursors say when the last entry of a page was seen first, so that what comes and goes meanwhile moves nothing. */
export function listingNewestFirst(): Fault {
  const orders = new Map<string, number>();
  const orderOf = (list: string, item: JsonObject) => {
    const key = `${list} ${JSON.stringify([item.slug, item.id, item.service, item.aud, item.iss, item.createdAt])}`;
    if (!orders.has(key)) orders.set(key, orders.size + 1);
    return orders.get(key) ?? 0;
  };
  return handling(lists, async (request, forward) => {
    const cursor = queryOf(request, "cursor");
    const before = cursor === null ? Number.POSITIVE_INFINITY : Number(/^before-(\d+)$/.exec(cursor)?.[1]);
    if (Number.isNaN(before)) return forward(request);
    const reply = await wholeList(request, forward);
    if (reply.status !== 200) return reply;
    const { name, items } = listOf(bodyOf(reply));
    const list = request.target.split("?")[0] ?? "";
    const ordered = items.map((item) => ({ item, order: orderOf(list, item) })).toReversed();
    const left = ordered.filter(({ order }) => order < before);
    const page = left.slice(0, pageSize);
    const next = left.length > pageSize ? { cursor: `before-${page.at(-1)?.order}` } : {};
    return withBody(reply, { [name]: page.map(({ item }) => item), ...next });
  });
}

export function endingWithNothing(): Fault {
  const last = "nothing-comes-after";
  return handling(pagedLists, async (request, forward) => {
    const isAfterLast = queryOf(request, "cursor") === last;
    const reply = await forward(isAfterLast ? withQuery(request, (query) => query.delete("cursor")) : request);
    if (reply.status !== 200) return reply;
    const body = bodyOf(reply);
    const { name, items } = listOf(body);
    if (isAfterLast) return withBody(reply, { [name]: [] });
    return items.length === 0 || body.cursor !== undefined ? reply : withBody(reply, { ...body, cursor: last });
  });
}
