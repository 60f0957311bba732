// What XState 5's history states remember, as it is kept and as it is given back.

import type { Json, JsonObject } from "../../domain/json.ts";
import type { Machine5, Remembered } from "./internals5.ts";

/** As newer versions of XState do it themselves; the older ones would write whole states down. */
export function persistHistory(remembered: Remembered = {}): JsonObject {
  return Object.fromEntries(Object.entries(remembered).map(([key, states]) => [key, states.map(({ id }) => ({ id }))]));
}

/** XState takes a dot in an id for the end of it and forgets what it can't find; it also takes the remembered states themselves. */
export function reviveHistory({ idMap }: Machine5, persisted: Json | undefined): Remembered {
  const remembered = Object.entries((persisted ?? {}) as Remembered);
  return Object.fromEntries(remembered.map(([key, states]) => [key, states.flatMap(({ id }) => idMap.get(id) ?? [])]));
}
