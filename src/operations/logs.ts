// Logs: what machine code printed, and where to go on reading.

import { isoTime } from "../domain/iso-time.ts";
import { logName, logsPerMillisecond } from "../domain/log-name.ts";
import { Problem } from "../domain/problem.ts";
import type { LogEntry } from "../domain/records.ts";
import type { LogPage } from "../spec/generated/types.ts";
import type { Page, Store, Stored } from "../store/port.ts";
import type { Operation, OperationRequest } from "./services.ts";

/** A page has room for all entries of one millisecond. */
const pageSize = logsPerMillisecond;
/** How many entries are looked at in one go. */
const scanSize = 500;

/** @see docs/semantics.md, Logs, for what `maxTimestamp` has to be for the published client */
export const getLogs: Operation = async (services, { orgId }, request) => {
  const from = timeOf(request, "from") ?? 0;
  const to = timeOf(request, "to");
  const asked = services.clock.now();
  const isComplete = await services.logs.flush(orgId, from);
  const { entries, isAll } = await entriesOf(services.store, orgId, from, to, wantedBy(request));
  const last = entries.at(-1)?.ts ?? from;
  // Whatever comes is later than `to` now. The client's watch ends when a page with entries says so.
  const isOver = entries.length > 0 && isAll && isComplete && to !== undefined && to < asked;
  const body: LogPage = { maxTimestamp: isoTime(isOver ? to : last), logs: entries.map(toWire) };
  return { status: 200, body };
};

/** The first entries later than `from` and not later than `to`; `isAll` when there are no more. */
async function entriesOf(
  store: Store,
  orgId: string,
  from: number,
  to: number | undefined,
  isWanted: (entry: LogEntry) => boolean,
): Promise<{ entries: LogEntry[]; isAll: boolean }> {
  const entries: LogEntry[] = [];
  let after: number | undefined = await store.seek("log", orgId, logName({ ts: from + 1, nr: 0 }));
  while (after !== undefined) {
    const page: Page<Stored<LogEntry>> = await store.list("log", orgId, after, scanSize);
    for (const { rec } of page.items) {
      if (to !== undefined && rec.ts > to) return { entries, isAll: true };
      if (!isWanted(rec)) continue;
      // A page ends between two timestamps: what is not on it has to be later than what is.
      if (entries.length === pageSize) return { entries: entries.filter(({ ts }) => ts < rec.ts), isAll: false };
      entries.push(rec);
    }
    after = page.next;
  }
  return { entries, isAll: true };
}

function wantedBy({ query: { machine, instance, version } }: OperationRequest): (entry: LogEntry) => boolean {
  return (entry) =>
    (machine === undefined || entry.machine === machine) &&
    (instance === undefined || entry.instance === instance) &&
    (version === undefined || entry.versionId === version);
}

function toWire(entry: LogEntry): LogPage["logs"][number] {
  return {
    timestamp: isoTime(entry.ts),
    orgId: entry.orgId,
    machineName: entry.machine,
    instanceName: entry.instance,
    machineVersionId: entry.versionId,
    outputType: entry.outputType,
    log: entry.log,
  };
}

/** The document's `date-time` allows a leap second, which JavaScript's dates don't have. */
function timeOf({ query }: OperationRequest, parameter: "from" | "to"): number | undefined {
  const text = query[parameter];
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw new Problem("invalid-parameter", `${parameter} is no moment: ${text}. Write it as 2026-01-05T10:00:00.000Z.`, {
    parameter,
  });
}
