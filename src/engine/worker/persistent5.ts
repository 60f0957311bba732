// What stands for other instances inside XState 5: actors that do nothing, since the service carries what is sent to them.

import { isJsonObject } from "../../domain/json.ts";
import { isPersistentSource } from "./persistent.ts";

/** Logic of an actor that is in this status and stays there. */
export function stubOf(status: "active" | "stopped"): object {
  const snapshot = { status, output: undefined, error: undefined };
  return {
    getInitialSnapshot: () => snapshot,
    getPersistedSnapshot: () => snapshot,
    transition: () => snapshot,
  };
}

/** What a child that is an instance runs, as far as its parent's XState is concerned. */
export const persistentLogic = stubOf("active");

/**
 * Makes the sources of a machine's invocations that are instances into actor logic, in place: XState 5 takes nothing else.
 * @param config the machine's, or one of its states'
 */
export function adaptSources(config: unknown, actors: unknown): void {
  if (isJsonObject(actors)) for (const source of Object.values(actors)) adapt(source);
  if (typeof config !== "object" || config === null) return;
  const { invoke, states } = config as { invoke?: unknown; states?: unknown };
  for (const one of [invoke].flat()) if (typeof one === "object" && one !== null && "src" in one) adapt(one.src);
  for (const state of Object.values((states ?? {}) as object)) adaptSources(state, undefined);
}

function adapt(source: unknown): void {
  if (isPersistentSource(source)) Object.assign(source, persistentLogic);
}
