// What a restart loses, repeats or changes: the fault remembers what was stored in one life, and falsifies it at the start of the next.

import type { Instance, Work } from "../../../src/domain/records.ts";
import type { Services } from "../../../src/operations/services.ts";
import type { Change, Store, Stored } from "../../../src/store/port.ts";
import type { Fault, Mutant } from "../fault.ts";
import { withCommits } from "../ports.ts";

export const durabilityMutants: Mutant[] = [
  {
    id: "DU-01",
    title: "acknowledged event missing after SIGKILL+restart",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    needs: "restart",
    fault: () =>
      restarting(async ({ store }, { instances }) => {
        // The last event may not have been acknowledged yet; the one before it was.
        for (const last of instances.values())
          if (last.rows > 0) await undo(store, { ...last, before: last.earlier ?? last.before });
      }),
  },
  {
    id: "DU-03",
    title: "pending delay forgotten by a restart",
    operation: "after",
    needs: "restart",
    fault: () =>
      restarting(async ({ store }, { timers }) => {
        for (const { scope, rec } of timers.values()) await forget(store, scope, rec.name);
      }),
  },
  {
    id: "DU-04",
    title: "same delay delivered twice around a restart",
    operation: "after",
    needs: "restart",
    fault: () =>
      restarting(async ({ store }, { delivered }) => {
        const puts = delivered.map(
          ({ scope, rec }): Change => ({ op: "put", kind: "work", scope, name: rec.name, rec, ifRev: 0 }),
        );
        // One that was set again since is as good as delivered twice.
        for (const put of puts) await store.commit([put]).catch(() => {});
      }),
  },
  {
    id: "DU-06",
    title: "effect seen by a sink, transition missing after SIGKILL",
    operation: "invoke",
    needs: "restart",
    fault: () =>
      restarting(async ({ store }, { instances }) => {
        for (const last of instances.values()) if (last.isRunning) await undo(store, last);
      }),
  },
  {
    id: "DU-08",
    title: "ts smaller after a restart",
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}",
    needs: "restart",
    fault: () =>
      restarting((services, { instances }) =>
        eachStored(services, instances, (rec) => ({ ...rec, state: { ...rec.state, ts: rec.state.ts - 60_000 } })),
      ),
  },
  {
    id: "DU-09",
    title: "paused becomes running after a restart",
    operation: "PUT /machines/{machineSlug}/i/{instanceSlug}/status",
    needs: "restart",
    fault: () =>
      restarting((services, { instances }) =>
        eachStored(services, instances, (rec) => ({ ...rec, status: "running" as const })),
      ),
  },
];

/** The last write of an instance that a machine made: what the instance was before, and how many events it recorded. */
interface LastStep {
  scope: string;
  name: string;
  before: Stored<Instance> | null;
  /** What it was before the step before that. */
  earlier: Stored<Instance> | null;
  rows: number;
  isRunning: boolean;
}

interface Life {
  instances: Map<string, LastStep>;
  /** Set, and neither delivered nor cancelled. */
  timers: Map<string, { scope: string; rec: Work }>;
  delivered: { scope: string; rec: Work }[];
}

function restarting(falsify: (services: Services, life: Life) => Promise<void>): Fault {
  const life: Life = { instances: new Map(), timers: new Map(), delivered: [] };
  return {
    async services(services, _world, number) {
      if (number > 1) await falsify(services, life);
      life.delivered.length = 0;
      return withCommits(services, async (changes, sound) => {
        await note(changes, sound, life);
        return changes;
      });
    },
  };
}

async function note(changes: readonly Change[], store: Store, { instances, timers, delivered }: Life): Promise<void> {
  const appended = new Map(
    changes.flatMap((change) => (change.op === "append" ? [[change.name, change.rows] as const] : [])),
  );
  for (const change of changes) {
    if (change.op === "put" && change.kind === "instance") {
      const { scope, name, rec } = change;
      const before = await store.get("instance", scope, name);
      const rows = appended.get(name)?.length ?? 0;
      const key = `${scope}/${name}`;
      const earlier = instances.get(key)?.before ?? null;
      if (rows > 0 || !before)
        instances.set(key, { scope, name, before, earlier, rows, isRunning: rec.running.length > 0 });
    } else if (change.op === "put" && change.kind === "work" && change.rec.task.kind === "timer") {
      timers.set(`${change.scope} ${change.name}`, change);
    } else if (change.op === "delete" && change.kind === "work") {
      const key = `${change.scope} ${change.name}`;
      const timer = timers.get(key);
      timers.delete(key);
      const { task } = timer?.rec ?? {};
      const isDelivered = (type: unknown) => task?.kind === "timer" && task.event.type === type;
      if (timer && [...appended.values()].flat().some(({ event }) => isDelivered(event.type))) delivered.push(timer);
    }
  }
}

/** The instance as it was before its last step, its history included. */
async function undo(store: Store, { scope, name, before }: LastStep): Promise<void> {
  const now = await store.get("instance", scope, name);
  if (!before || !now || now.order !== before.order) return;
  const { items } = await store.history(scope, name, 0, 10_000);
  const rows = items.filter(({ seq }) => seq <= before.rec.transitionCount);
  await store.commit([
    { op: "delete", kind: "instance", scope, name, ifRev: now.rev },
    { op: "put", kind: "instance", scope, name, rec: before.rec, ifRev: 0 },
    ...(rows.length > 0 ? [{ op: "append" as const, scope, name, rows }] : []),
  ]);
}

async function forget(store: Store, scope: string, name: string): Promise<void> {
  const stored = await store.get("work", scope, name);
  if (stored) await store.commit([{ op: "delete", kind: "work", scope, name, ifRev: stored.rev }]);
}

async function eachStored(
  { store }: Services,
  instances: Life["instances"],
  change: (rec: Instance) => Instance,
): Promise<void> {
  for (const { scope, name } of instances.values()) {
    const stored = await store.get("instance", scope, name);
    if (!stored) continue;
    await store.commit([{ op: "put", kind: "instance", scope, name, rec: change(stored.rec), ifRev: stored.rev }]);
  }
}
