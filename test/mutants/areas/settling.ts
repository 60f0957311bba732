// Replies that come too early or with the wrong status, and children that go on when they should be stopped.

import type { Outcome, Reached } from "../../../src/engine/port.ts";
import type { Fault, Mutant } from "../fault.ts";
import { keyOf, withEngine, withOutcomes } from "../ports.ts";

export const settlingMutants: Mutant[] = [
  {
    id: "TI-01",
    title: "reply sent before an invoked promise resolves",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: answeringEarly,
  },
  {
    id: "TI-03",
    title: "settle timeout answers 5xx instead of 200 current state",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: () => ({
      services: (services) =>
        withOutcomes(services, (outcome) =>
          outcome.kind === "interrupted"
            ? { kind: "failed", reason: "settle-timeout", message: "the instance has not settled in time" }
            : outcome,
        ),
    }),
  },
  {
    id: "TI-04",
    title: "stopped service still completes later",
    operation: "POST /machines/{machineSlug}/i/{instanceSlug}/events",
    fault: lettingGoOn,
  },
];

/** With the state of the first commit, whatever runs then. */
function answeringEarly(): Fault {
  return {
    services: (services) =>
      withEngine(services, (sound) => ({
        deliver(delivery) {
          if (delivery.what.kind === "create") return sound.deliver(delivery);
          const early = Promise.withResolvers<Outcome>();
          const { turn, outcome } = sound.deliver({
            ...delivery,
            async commit(step, works) {
              const state = await delivery.commit(step, works);
              const { context, output } = step;
              early.resolve({ kind: "settled", state, context, ...(output === undefined ? {} : { output }) });
              return state;
            },
          });
          return { turn, outcome: Promise.race([outcome, early.promise]) };
        },
      })),
  };
}

const longMs = 600_000;

/** Answers when the settle timeout has passed, and stops nothing. */
function lettingGoOn(): Fault {
  const deadlines = new Map<string, number>();
  const reached = new Map<string, Reached>();

  async function deadlineOf(key: string): Promise<void> {
    for (let left = leftUntil(key); left > 0; left = leftUntil(key))
      await new Promise((resolve) => setTimeout(resolve, left).unref());
  }
  const leftUntil = (key: string) => (deadlines.get(key) ?? 0) - performance.now();

  return {
    services: (services) =>
      withEngine(services, (sound) => ({
        deliver(delivery) {
          const { instance, settleTimeoutMs } = delivery;
          const key = keyOf(instance);
          deadlines.set(key, performance.now() + settleTimeoutMs);
          if (!sound.isLive(instance)) reached.delete(key);
          const { turn, outcome } = sound.deliver({
            ...delivery,
            settleTimeoutMs: longMs,
            async commit(step, works) {
              const state = await delivery.commit(step, works);
              reached.set(key, {
                state,
                context: step.context,
                ...(step.output === undefined ? {} : { output: step.output }),
              });
              return state;
            },
          });
          const late = deadlineOf(key).then((): Outcome => {
            const last = reached.get(key);
            if (last) return { kind: "interrupted", ...last };
            return { kind: "failed", reason: "settle-timeout", message: "no transition was completed in time" };
          });
          return { turn: Promise.race([turn, late.then(() => true)]), outcome: Promise.race([outcome, late]) };
        },
      })),
  };
}
