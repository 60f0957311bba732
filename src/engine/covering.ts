// An engine whose deliveries are told of: which states were active, which transitions an event took, and what their guards said.

import type { StateValue } from "../domain/records.ts";
import type { Candidate, ChartParts, CodeRef, Delivery, Engine, InstanceRef, Resting } from "./port.ts";

/** Hears what happens to the versions of machines. */
export interface StepWatcher {
  /** What a version is made of: once, before anything else of it. */
  chart(version: WatchedVersion, parts: ChartParts): void;
  /** A stored state. */
  state(version: WatchedVersion, state: StateValue): void;
  /** An event that was processed: the transitions that could take it. */
  event(version: WatchedVersion, candidates: Candidate[]): void;
}

export interface WatchedVersion {
  machine: string;
  versionId: string;
}

export interface CoveringEngine extends Engine {
  /** Everything that was delivered has been told. */
  told(): Promise<void>;
}

/** An event's candidates are asked for beside its delivery, so guards and authorizers are called once more than they would be. */
export function coveringEngine<E extends Engine>(engine: E, watcher: StepWatcher): E & CoveringEngine {
  const charts = new Map<string, Promise<void>>();
  const open = new Set<Promise<unknown>>();
  const follow = (work: Promise<unknown>) => {
    const done = work.catch(() => {}).finally(() => open.delete(done));
    open.add(done);
  };

  function ask(instance: InstanceRef, code: CodeRef, resting: Resting, event: { type: string }, withChart: boolean) {
    return engine.explain({ instance, code, resting, event, authContext: {}, timeoutMs, withChart });
  }

  /** Once for each version. */
  function chartOf(version: WatchedVersion, instance: InstanceRef, code: CodeRef, resting: Resting): Promise<void> {
    const known = charts.get(version.versionId);
    if (known !== undefined) return known;
    const asked = ask(instance, code, resting, { type: "settle.chart" }, true).then((answer) => {
      if (answer.kind === "explained" && answer.chart) watcher.chart(version, answer.chart);
      else charts.delete(version.versionId);
    });
    charts.set(version.versionId, asked);
    return asked;
  }

  function deliver(delivery: Delivery): ReturnType<Engine["deliver"]> {
    const { instance, code, what, commit } = delivery;
    const version = { machine: instance.machine, versionId: code.versionId };
    const candidates =
      what.kind === "event" ? ask(instance, code, what.resting, what.event as { type: string }, false) : undefined;
    candidates?.catch(() => {});
    const delivered = engine.deliver({
      ...delivery,
      async commit(step, works) {
        const state = await commit(step, works);
        const resting = { state: step.state, context: step.context, snapshot: step.snapshot, running: [] };
        const tell = async () => {
          await chartOf(version, instance, code, resting);
          for (const value of [...step.rows.map((row) => row.state), step.state]) watcher.state(version, value);
        };
        follow(tell());
        return state;
      },
    });
    if (candidates !== undefined) {
      follow(
        delivered.outcome.then(async ({ kind }) => {
          const answer = await candidates;
          await charts.get(version.versionId);
          if (answer.kind === "explained" && (kind === "settled" || kind === "interrupted"))
            watcher.event(version, answer.candidates);
        }),
      );
    }
    return delivered;
  }

  const told = async () => {
    while (open.size > 0) await Promise.all(open);
  };
  const own: { [name: string | symbol]: unknown } = { deliver, told };
  return new Proxy(engine, {
    get(target, name) {
      const value: unknown = own[name] ?? Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  }) as E & CoveringEngine;
}

const timeoutMs = 1_000;
