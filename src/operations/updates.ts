// Who wants to know of an instance's stored states, and the telling; what is told is durable by then.

import type { JsonObject } from "../domain/json.ts";
import type { State } from "../domain/records.ts";
import type { InstanceRef } from "../engine/port.ts";

/** What happened to an instance: a state was stored (`versionId` ran it, `rev` is the record's revision), or it is gone. */
export type InstanceUpdate =
  | { kind: "state"; rev: number; state: State; versionId: string; context: JsonObject }
  | { kind: "deleted" };

export type UpdateListener = (update: InstanceUpdate) => void;

export interface Updates {
  /** Tells everybody, in order and at once; called after the commit. A listener must not throw. */
  publish(instance: InstanceRef, update: InstanceUpdate): void;
  /** @returns how to stop listening */
  subscribe(instance: InstanceRef, listener: UpdateListener): () => void;
}

export function createUpdates(): Updates {
  const listeners = new Map<string, Set<UpdateListener>>();
  return {
    publish(instance, update) {
      for (const listener of listeners.get(keyOf(instance)) ?? []) listener(update);
    },
    subscribe(instance, listener) {
      const key = keyOf(instance);
      const mine = listeners.get(key) ?? new Set();
      listeners.set(key, mine.add(listener));
      return () => {
        mine.delete(listener);
        if (mine.size === 0 && listeners.get(key) === mine) listeners.delete(key);
      };
    },
  };
}

function keyOf({ orgId, machine, slug }: InstanceRef): string {
  return `${orgId}/${machine}/${slug}`;
}
