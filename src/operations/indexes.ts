// Queries of a machine's indexes.

import { decodeEntryCursor, encodeEntryCursor } from "../domain/entry-cursor.ts";
import { Problem } from "../domain/problem.ts";
import type { IndexMatchPage } from "../spec/generated/types.ts";
import type { IndexOperator, IndexQuery } from "../store/port.ts";
import { findMachine, machineScope, param } from "./lookup.ts";
import type { Operation } from "./services.ts";

/** Asks no authorizer: whoever may query sees the slugs and values of all instances. @see docs/semantics.md, Indexes */
export const queryMachineInstances: Operation = async (services, caller, request) => {
  const { rec: machine } = await findMachine(services, caller.orgId, param(request, "machineSlug"));
  const index = param(request, "index");
  if (!machine.indexes.includes(index)) {
    throw new Problem("not-found", `The machine ${machine.slug} has no index ${index}.`);
  }
  const { op = "eq", value, dir = "asc", limit, cursor } = request.query;
  const filter = value === undefined ? undefined : { op: op as IndexOperator, value };
  const scope = machineScope(caller.orgId, machine.slug);
  const list = JSON.stringify([scope, index, dir, filter ?? null]);
  const page = await services.store.query(scope, {
    index,
    dir: dir as IndexQuery["dir"],
    limit: Number(limit ?? services.settings.pageSize),
    ...(filter ? { filter } : {}),
    ...(cursor === undefined ? {} : { after: decodeEntryCursor(list, cursor) }),
  });
  const body: IndexMatchPage = {
    instances: page.items.map((entry) => ({ slug: entry.name, indexValue: entry.value })),
    ...(page.next ? { cursor: encodeEntryCursor(list, page.next) } : {}),
  };
  return { status: 200, body };
};
