// Timers that fire too early, too late, in the wrong order, or though they were cancelled.

import type { Delivery, Resting } from "../../../src/engine/port.ts";
import type { DueWork, Store } from "../../../src/store/port.ts";
import type { Fault, Mutant } from "../fault.ts";
import { keyOf, over, withEngine, withSteps } from "../ports.ts";

export const timerMutants: Mutant[] = [
  { id: "TI-06", title: "delay fires only on the next request", operation: "after", fault: ringingWhenAsked },
  { id: "TI-08", title: "delay fires after its state was exited", operation: "after", fault: neverCancelling },
  {
    id: "TI-09",
    title: "delay > 2^31-1 ms fires at once",
    operation: "after",
    fault: () => ({
      services: (services) =>
        withSteps(services, (step) => ({
          ...step,
          timers: step.timers.map(({ id, set }) => ({
            id,
            set: set && { ...set, delayMs: set.delayMs > 2 ** 31 - 1 ? 1 : set.delayMs },
          })),
        })),
    }),
  },
  { id: "TI-11", title: "two due timers delivered in reverse order", operation: "after", fault: ringingBackwards },
];

/** A store's works, held back and let go by whoever made it. */
interface Gate {
  store: Store;
  letGo(works: readonly DueWork[]): void;
}

/** `sort` gets what falls due, and returns what is delivered now. */
function gateOver(sound: Store, sort: (works: DueWork[]) => Promise<DueWork[]> | DueWork[]): Gate {
  const listeners = new Set<() => void>();
  const free: DueWork[] = [];
  const store = over(sound, {
    onWork(listener) {
      listeners.add(listener);
      return sound.onWork(listener);
    },
    async claimDue(now, limit) {
      for (;;) {
        const due = await sound.claimDue(now, limit);
        const works = [...free.splice(0), ...(await sort(due))];
        if (works.length > 0 || due.length === 0) return works;
      }
    },
  });
  return {
    store,
    letGo(works) {
      free.push(...works);
      for (const listener of listeners) listener();
    },
  };
}

function isTimer({ rec }: DueWork): boolean {
  return rec.task.kind === "timer";
}

/** Timers are only looked at when somebody asks for their instance. */
function ringingWhenAsked(): Fault {
  const held = new Map<string, DueWork[]>();
  let gate: Gate | undefined;
  return {
    services(services) {
      gate = gateOver(services.store, (works) => {
        for (const work of works.filter(isTimer)) held.set(work.scope, [...(held.get(work.scope) ?? []), work]);
        return works.filter((work) => !isTimer(work));
      });
      return { ...services, store: gate.store };
    },
    async http(request, forward, { server, services }) {
      const { machineSlug, instanceSlug } = request.params;
      const scope = `${server.orgId}/${machineSlug}/${instanceSlug}`;
      const due = instanceSlug === undefined ? [] : (held.get(scope) ?? []);
      held.delete(scope);
      gate?.letGo(due);
      for (const { name, rev } of due) await gone(services.store, scope, name, rev);
      return forward(request);
    },
  };
}

/** Waits until a work was delivered, cancelled or put off, for a moment at most. */
async function gone(store: Store, scope: string, name: string, rev: number): Promise<void> {
  for (let tries = 0; tries < 50; tries++) {
    if ((await store.get("work", scope, name))?.rev !== rev) return;
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
}

/** A timer that was to be cancelled fires in the state in which it was set. */
function neverCancelling(): Fault {
  const set = new Map<string, Pick<Resting, "state" | "snapshot">>();
  const cancelled = new Set<string>();
  const keyOfTimer = ({ instance }: Delivery, id: string) => `${keyOf(instance)} ${id}`;

  function asItWas(delivery: Delivery): Delivery {
    const { what, timer } = delivery;
    if (what.kind !== "event" || !timer) return delivery;
    const key = keyOfTimer(delivery, timer.id);
    const then = set.get(key);
    return cancelled.delete(key) && then
      ? { ...delivery, what: { ...what, resting: { ...what.resting, ...then } } }
      : delivery;
  }

  return {
    services: (services) => {
      const keeping = withSteps(services, (step, delivery) => {
        for (const change of step.timers) {
          const key = keyOfTimer(delivery, change.id);
          if (change.set) set.set(key, { state: step.state, snapshot: step.snapshot });
          else cancelled.add(key);
          if (change.set) cancelled.delete(key);
        }
        return { ...step, timers: step.timers.filter((change) => change.set !== null) };
      });
      return withEngine(keeping, (sound) => ({ deliver: (delivery) => sound.deliver(asItWas(delivery)) }));
    },
  };
}

/** How long a timer is kept back when another one of its instance is about to fall due. */
const windowMs = 500;

function ringingBackwards(): Fault {
  const held = new Map<string, DueWork[]>();
  return {
    services(services, { closing }) {
      const { store, clock } = services;
      const gate = gateOver(store, async (works) => {
        const now = clock.now();
        const ready: DueWork[] = works.filter((work) => !isTimer(work));
        for (const work of works.filter(isTimer)) {
          const line = [work, ...(held.get(work.scope) ?? [])];
          held.set(work.scope, line);
          if (await isFollowed(store, work, now)) setTimeout(release, windowMs + 100, work.scope).unref();
        }
        for (const [scope, line] of held) {
          const [last] = line;
          if (last && (await isFollowed(store, last, now))) continue;
          held.delete(scope);
          ready.push(...line);
        }
        return ready;
      });
      /** The one that was waited for may have been cancelled. */
      const release = (scope: string) => {
        const line = held.get(scope) ?? [];
        held.delete(scope);
        if (!closing.aborted) gate.letGo(line);
      };
      return { ...services, store: gate.store };
    },
  };
}

/** Whether another timer of the instance falls due soon. */
async function isFollowed(store: Store, { scope, name }: DueWork, now: number): Promise<boolean> {
  const { items } = await store.list("work", scope, 0, 1_000);
  return items.some(({ rec }) => {
    const isSoon = rec.dueAt > now && rec.dueAt <= now + windowMs;
    return rec.task.kind === "timer" && rec.name !== name && isSoon;
  });
}
