// Pages that lose, repeat or reorder what is on them.

import { bodyOf, editing, handling, listOf, queryOf, wholeList, withBody, withQuery } from "../edits.ts";
import type { Mutant } from "../fault.ts";

const instances = "GET /machines/{machineSlug}/i";
const transitions = "GET /machines/{machineSlug}/i/{instanceSlug}/events";

export const paginationMutants: Mutant[] = [
  {
    id: "PG-01",
    title: "item lost between pages",
    operation: instances,
    fault: () =>
      editing("listMachineInstances", (body, request) =>
        queryOf(request, "cursor") === null ? body : { ...body, instances: listOf(body).items.slice(1) },
      ),
  },
  {
    id: "PG-02",
    title: "last item of a non-final page lost",
    operation: transitions,
    fault: () =>
      editing("listMachineInstanceTransitions", (body) =>
        body.cursor === undefined ? body : { ...body, transitions: listOf(body).items.slice(0, -1) },
      ),
  },
  {
    id: "PG-04",
    title: "every page is page 1 with a cursor (endless)",
    operation: instances,
    fault: () =>
      handling("listMachineInstances", (request, forward) =>
        forward(withQuery(request, (query) => query.delete("cursor"))),
      ),
  },
  {
    id: "PG-06",
    title: "offset cursor: deleting an earlier item skips a live one",
    operation: instances,
    fault: () =>
      handling("listMachineInstances", async (request, forward) => {
        const cursor = queryOf(request, "cursor");
        const start = Number(/^offset-(\d+)$/.exec(cursor ?? "offset-0")?.[1]);
        // One that it has not given out is refused as ever.
        if (!Number.isSafeInteger(start)) return forward(request);
        const reply = await wholeList(request, forward);
        if (reply.status !== 200) return reply;
        const all = bodyOf(reply).instances as object[];
        const end = start + pageSize;
        const next = all.length > end ? { cursor: `offset-${end}` } : {};
        return withBody(reply, { instances: all.slice(start, end), ...next });
      }),
  },
  {
    id: "PG-07",
    title: "page 2 ordered differently from page 1",
    operation: transitions,
    fault: () =>
      editing("listMachineInstanceTransitions", (body, request) =>
        queryOf(request, "cursor") === null ? body : { ...body, transitions: listOf(body).items.toReversed() },
      ),
  },
  {
    id: "PG-09",
    title: "maxTimestamp below the last log: resuming loses or repeats",
    operation: "GET /logs",
    fault: () =>
      editing("getLogs", (body) => {
        const last = listOf(body).items.at(-1)?.timestamp;
        return last === undefined
          ? body
          : { ...body, maxTimestamp: new Date(Date.parse(String(last)) - 1).toISOString() };
      }),
  },
];

/** Settle's own. */
const pageSize = 100;
