// Upgrades that happen too early, halfway, without a trace, or not at all.

import type { Delivery, Engine, MigrateRequest, Outcome, Position, Reached, Step } from "../../../src/engine/port.ts";
import { machineScope } from "../../../src/operations/lookup.ts";
import type { Services } from "../../../src/operations/services.ts";
import { bodyOf, handling, problem, storedInstance } from "../edits.ts";
import type { Fault, Mutant } from "../fault.ts";
import { again, keyOf, later, withEngine, withSteps, withStore } from "../ports.ts";

const events = "POST /machines/{machineSlug}/i/{instanceSlug}/events";

export const migrationMutants: Mutant[] = [
  { id: "MG-02", title: "event handled by the old version", operation: events, fault: upgradingAfterwards },
  {
    id: "MG-03",
    title: "history lacks the statebacked.upgrade transition",
    operation: "GET /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () => ({
      services: (services) =>
        withSteps(services, (step) => ({
          ...step,
          rows: step.rows.filter(({ event }) => event.type !== "statebacked.upgrade"),
        })),
    }),
  },
  {
    id: "MG-05",
    title: "A->B->C reported as no path",
    operation: "PUT /machines/{machineSlug}/i/{instanceSlug}/v",
    fault: () =>
      handling("setDesiredMachineVersion", async (request, forward, world) => {
        const stored = await storedInstance(request, world);
        const target = bodyOf(request).targetMachineVersionId;
        if (!stored || target === stored.rec.versionId) return forward(request);
        const { orgId, machine, versionId } = stored.rec;
        const { items } = await world.services.store.list("migration", machineScope(orgId, machine), 0, 10_000);
        const isDirect = items.some(({ rec }) => rec.fromVersionId === versionId && rec.toVersionId === target);
        const isKnown = await world.services.store.get("version", machineScope(orgId, machine), String(target));
        return isDirect || !isKnown ? forward(request) : problem(400, "no-migration-path");
      }),
  },
  {
    id: "MG-07",
    title: "upgradeContext skipped",
    operation: events,
    fault: () =>
      migrating(async (sound, request) => moved(await sound.migrate(request), { context: request.resting.context })),
  },
  { id: "MG-08", title: "remembered history states keep old paths", operation: events, fault: rememberingOldPaths },
  { id: "MG-10", title: "instance upgraded while not settled", operation: events, fault: upgradingUnsettled },
];

type Migrated = Awaited<ReturnType<Engine["migrate"]>>;

function migrating(migrate: (sound: Engine, request: MigrateRequest) => Promise<Migrated>): Fault {
  return {
    services: (services) => withEngine(services, (sound) => ({ migrate: (request) => migrate(sound, request) })),
  };
}

function moved(migrated: Migrated, change: Partial<Position>): Migrated {
  return migrated.kind === "moved" ? { ...migrated, position: { ...migrated.position, ...change } } : migrated;
}

/** What nothing handles, so that it changes nothing. */
const idleEvent = "settle mutant: nothing";

/** The event goes to the old version first, and what comes of it is migrated. */
function upgradingAfterwards(): Fault {
  const plans = new Map<string, MigrateRequest>();

  async function deliver(sound: Engine, delivery: Delivery): Promise<ReturnType<Engine["deliver"]>> {
    const plan = plans.get(keyOf(delivery.instance));
    if (delivery.what.kind !== "arrive" || !plan) return sound.deliver(delivery);
    const { event } = delivery.what;
    let step: Step | undefined;
    const old = sound.deliver({
      ...delivery,
      code: plan.from,
      what: { kind: "event", event, resting: { ...plan.resting, running: [] } },
      async commit(taken) {
        step = taken;
        return { ts: 0, state: taken.state, tags: taken.tags, done: taken.done };
      },
    });
    if ((await old.turn) && (await old.outcome).kind !== "settled") return old;
    const resting = step && { state: step.state, context: step.context, snapshot: step.snapshot };
    const migrated = resting && (await sound.migrate({ ...plan, resting }));
    if (migrated?.kind !== "moved") return sound.deliver(delivery);
    return sound.deliver({
      ...delivery,
      isTrusted: true,
      what: { kind: "arrive", event: { type: idleEvent }, position: migrated.position },
      commit: (arrived, works) => {
        const rows = arrived.rows.map((row) => (row.event.type === idleEvent ? { ...row, event } : row));
        return delivery.commit({ ...arrived, rows }, works);
      },
    });
  }

  return {
    services: (services) =>
      withEngine(services, (sound) => ({
        migrate(request) {
          plans.set(keyOf(request.instance), request);
          return sound.migrate(request);
        },
        deliver: (delivery) => later(deliver(sound, delivery)),
      })),
  };
}

const identity = `export const upgradeState = (path) => path; export const upgradeContext = (_old, _new, context) => context;`;

/** Where the new version has states under the old paths, they are remembered; else nothing is. */
function rememberingOldPaths(): Fault {
  return {
    services: (services) =>
      withEngine(services, (sound) => ({
        async migrate(request) {
          const [first] = request.migrations;
          if (!first) return sound.migrate(request);
          const code = { versionId: `${first.code.versionId}-identity`, fetch: async () => identity };
          const still = await sound.migrate({ ...request, migrations: [{ ...first, code }] });
          const remembered = still.kind === "moved" ? still.position.remembered : [];
          return moved(await sound.migrate(request), { remembered });
        },
        deliver: (delivery) =>
          again(
            sound,
            delivery,
            (outcome) => outcome.kind === "failed" && delivery.what.kind === "arrive",
            (first) => {
              if (first.what.kind !== "arrive") return first;
              return { ...first, what: { ...first.what, position: { ...first.what.position, remembered: [] } } };
            },
          ),
      })),
  };
}

class Overtaken extends Error {}

/** Whatever runs of the instance is stopped for the upgrade; whoever waits for it is told where it was. */
function upgradingUnsettled(): Fault {
  const reached = new Map<string, Reached>();

  function ignoringChildren(services: Services): Services {
    return withStore(services, (sound) => ({
      async get(kind, scope, name) {
        const stored = await sound.get(kind, scope, name);
        if (!stored || !("running" in stored.rec) || stored.rec.desiredVersionId === undefined) return stored;
        return { ...stored, rec: { ...stored.rec, running: [] } };
      },
    }));
  }

  return {
    services: (services) =>
      withEngine(ignoringChildren(services), (sound) => ({
        isLive: () => false,
        async migrate(request) {
          await sound.end(request.instance, new Overtaken());
          return sound.migrate(request);
        },
        deliver(delivery) {
          const key = keyOf(delivery.instance);
          const { turn, outcome } = sound.deliver({
            ...delivery,
            async commit(step, works) {
              const state = await delivery.commit(step, works);
              const { context, output } = step;
              reached.set(key, { state, context, ...(output === undefined ? {} : { output }) });
              return state;
            },
          });
          const told = outcome.catch((error: unknown): Outcome => {
            const last = reached.get(key);
            if (error instanceof Overtaken && last) return { kind: "interrupted", ...last };
            throw error;
          });
          told.catch(() => {});
          return { turn, outcome: told };
        },
      })),
  };
}
