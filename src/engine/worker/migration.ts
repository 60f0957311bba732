// Loads a migration's module, and runs it on the position of an instance.

import type { JsonObject } from "../../domain/json.ts";
import type { Memory, Position, StatePath } from "../port.ts";
import { describeThrown } from "./console.ts";
import type { ContextRules } from "./context-limit.ts";
import { checkContext } from "./context-limit.ts";
import { loaded } from "./load.ts";
import { shownPath } from "./paths.ts";
import { plainJson } from "./plain-json.ts";

type Code = (...args: unknown[]) => unknown;

/** What a migration exports. @see docs/semantics.md, Migrations */
export interface Migration {
  upgradeState: Code;
  upgradeContext: Code;
}
export type LoadedMigration = { migration: Migration } | { reason: "invalid"; message: string };

/** Never rejects: code that can't be used is an answer, with the reason a person needs to mend it. */
export function loadMigration(): Promise<LoadedMigration> {
  return loaded(load());
}

async function load(): Promise<LoadedMigration> {
  let exports: { [name: string]: unknown };
  try {
    const code = "settle:machine";
    exports = await import(code);
  } catch (error) {
    return { reason: "invalid", message: `the code does not load: ${describeThrown(error)}` };
  }
  const { upgradeState, upgradeContext } = exports;
  if (typeof upgradeState !== "function") return lacks("upgradeState");
  if (typeof upgradeContext !== "function") return lacks("upgradeContext");
  return { migration: { upgradeState: upgradeState as Code, upgradeContext: upgradeContext as Code } };
}

function lacks(name: string): LoadedMigration {
  return { reason: "invalid", message: `the code must export a function ${name}` };
}

/**
 * Every leaf state, active or remembered, is mapped once, with a copy of the context each time.
 * @throws what says which call threw, or returned what is no path and no context
 */
export async function migrate(
  { upgradeState, upgradeContext }: Migration,
  { active, remembered, context }: Position,
  rules: ContextRules,
): Promise<Position> {
  const mapped = new Map<string, StatePath>();
  const upgraded = async (path: StatePath): Promise<StatePath> => {
    const call = `upgradeState(${shownPath(path)})`;
    const known = mapped.get(call);
    if (known) return known;
    const answer = await attempt(call, () => upgradeState([...path], structuredClone(context)));
    if (!isPath(answer)) throw new Error(`${call} returned ${describeThrown(answer)}, and a path is an array of keys`);
    mapped.set(call, answer);
    return answer;
  };
  const newActive: StatePath[] = [];
  for (const path of active) newActive.push(await upgraded(path));
  const newRemembered: Memory[] = [];
  for (const { leaves, ...memory } of remembered) {
    const newLeaves: StatePath[] = [];
    for (const path of leaves) newLeaves.push(await upgraded(path));
    newRemembered.push({ ...memory, leaves: newLeaves });
  }
  const copy = structuredClone({ active, newActive, context });
  const answer = await attempt("upgradeContext", () => upgradeContext(copy.active, copy.newActive, copy.context));
  checkContext(answer, rules);
  const unique = new Map(newActive.map((path) => [shownPath(path), path]));
  return { active: [...unique.values()], remembered: newRemembered, context: plainJson(answer) as JsonObject };
}

async function attempt(call: string, run: () => unknown): Promise<unknown> {
  try {
    return await run();
  } catch (cause) {
    throw new Error(`${call} threw: ${describeThrown(cause)}`, { cause });
  }
}

function isPath(value: unknown): value is StatePath {
  return Array.isArray(value) && value.every((key) => typeof key === "string");
}
