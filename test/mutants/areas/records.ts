// Lists, indexes, logs, deletions and mapped responses that don't say what happened.

import type { Instance, State } from "../../../src/domain/records.ts";
import type { Services } from "../../../src/operations/services.ts";
import type { Change } from "../../../src/store/port.ts";
import {
  bodyOf,
  editing,
  handling,
  instancePath,
  insteadOf,
  listOf,
  queryOf,
  stateReply,
  storedInstance,
  wholeList,
  withBody,
  withQuery,
} from "../edits.ts";
import type { Fault, Mutant } from "../fault.ts";
import { withCommits, withEngine } from "../ports.ts";

export const recordsMutants: Mutant[] = [
  {
    id: "SM-21",
    title: "comparison operator off by one",
    operation: "GET /machines/{machineSlug}/indexes/{index}/query",
    fault: () =>
      handling("queryMachineInstances", (request, forward) => {
        const op = queryOf(request, "op");
        if (op !== "gt" && op !== "lt") return forward(request);
        return forward(withQuery(request, (query) => query.set("op", `${op}e`)));
      }),
  },
  {
    id: "SM-23",
    title: "index not updated within seconds of a transition",
    operation: "GET /machines/{machineSlug}/indexes/{index}/query",
    fault: () => ({ services: (services, { closing }) => indexingLate(services, 30_000, closing, "transitions") }),
  },
  {
    id: "SM-25",
    title: "deleted instance still readable",
    operation: "DELETE /machines/{machineSlug}/i/{instanceSlug}",
    fault: keepingDeleted,
  },
  {
    id: "SM-26",
    title: "re-created slug shows old context or history",
    operation: "POST /machines/{machineSlug}",
    fault: rememberingDeleted,
  },
  {
    id: "SM-30",
    title: "throwing responseMapper -> 500 instead of 200 {ok:true}",
    operation: "POST /http-api/{org}/machines/{m}/{slug}",
    fault: () => ({
      services: (services) =>
        withEngine(services, (sound) => ({
          async mapResponse(call) {
            const answer = await sound.mapResponse(call);
            if (answer.kind === "unmapped") throw new Error("the response mapper threw");
            return answer;
          },
        })),
    }),
  },
  {
    id: "SM-31",
    title: "`to`/`instance` filter ignored or >100 entries",
    operation: "GET /logs",
    fault: () =>
      handling("getLogs", (request, forward) =>
        forward(
          withQuery(request, (query) => {
            query.delete("to");
            query.delete("instance");
          }),
        ),
      ),
  },
  {
    id: "SM-33",
    title: "history not in application order",
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () =>
      editing("listMachineInstanceTransitions", ({ transitions, ...rest }) => ({
        ...rest,
        transitions: inPairsSwapped(transitions as object[]) as never,
      })),
  },
];

function inPairsSwapped<T>(items: readonly T[]): T[] {
  return items.flatMap((item, index) => {
    const other = items[index + 1];
    if (index % 2 === 0) return other === undefined ? [item] : [other];
    return items[index - 1] ?? [];
  });
}

/** Index values of instances come that much later than their states; of `transitions`, or of every write. */
export function indexingLate(
  services: Services,
  delayMs: number,
  closing: AbortSignal,
  of: "transitions" | "everything",
): Services {
  const { store } = services;
  return withCommits(services, (changes) =>
    Promise.all(
      changes.map(async (change): Promise<Change> => {
        if (change.op !== "put" || change.kind !== "instance" || !change.rec.indexValues) return change;
        if (of === "transitions" && change.ifRev === 0) return change;
        const { scope, name } = change;
        const before = await store.get("instance", scope, name);
        const { indexValues, ...rest } = change.rec;
        const timer = setTimeout(() => void indexNow(services, scope, name, indexValues), delayMs);
        closing.addEventListener("abort", () => clearTimeout(timer));
        return {
          ...change,
          rec: { ...rest, ...(before?.rec.indexValues ? { indexValues: before.rec.indexValues } : {}) },
        };
      }),
    ),
  );
}

async function indexNow(
  { store }: Services,
  scope: string,
  name: string,
  indexValues: NonNullable<Instance["indexValues"]>,
): Promise<void> {
  const stored = await store.get("instance", scope, name);
  if (!stored) return;
  const { rec, rev: ifRev } = stored;
  const change: Change = { op: "put", kind: "instance", scope, name, rec: { ...rec, indexValues }, ifRev };
  // Whoever was quicker makes it necessary once more.
  await store.commit([change]).catch(() => indexNow({ store } as Services, scope, name, indexValues));
}

function keepingDeleted(): Fault {
  const kept = new Map<string, State>();
  return handling(["getMachineInstance", "deleteMachineInstance"], async (request, forward, world) => {
    const path = instancePath(request);
    const before = await storedInstance(request, world);
    const reply = await forward(request);
    if (reply.status === 204 && before) kept.set(path, before.rec.state);
    const old = kept.get(path);
    return reply.status === 404 && old && request.operationId === "getMachineInstance" ? stateReply(reply, old) : reply;
  });
}

function rememberingDeleted(): Fault {
  const remembered = new Map<string, object[]>();
  return handling(["listMachineInstanceTransitions", "deleteMachineInstance"], async (request, forward) => {
    const path = instancePath(request);
    if (request.operationId === "deleteMachineInstance") {
      const before = await wholeList(insteadOf(request, "GET", `${path}/events`), forward);
      const reply = await forward(request);
      if (reply.status === 204) remembered.set(path, listOf(bodyOf(before)).items);
      return reply;
    }
    const reply = await forward(request);
    const old = remembered.get(path);
    if (reply.status !== 200 || !old || queryOf(request, "cursor") !== null) return reply;
    const { transitions, ...rest } = bodyOf(reply);
    return withBody(reply, { ...rest, transitions: [...old, ...(transitions as object[])] });
  });
}
