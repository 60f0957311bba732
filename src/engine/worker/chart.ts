// Loads a version's module and recognises what it exports: an XState 4 or 5 machine, its two authorizers, its HTTP API mapper.

import type { Candidate, ChartParts } from "../port.ts";
import type { ActorOptions, EventLike, MachineActor } from "./actor.ts";
import { describeThrown } from "./console.ts";
import type { Machine4, State4, StateNode4 } from "./internals4.ts";
import type { Machine5, Snapshot } from "./internals5.ts";
import { loaded } from "./load.ts";
import type { HttpApiMapper } from "./mapper.ts";
import { readMapper } from "./mapper.ts";
import type { Positions } from "./paths.ts";
import { noteNamesDrawn } from "./persistent.ts";
import { adaptSources } from "./persistent5.ts";

export type Authorizer = (request: { [key: string]: unknown }) => unknown;

/** What a module exports beside its machine. */
interface Companions {
  allowRead: Authorizer;
  allowWrite: Authorizer;
  httpApiMapper: HttpApiMapper;
}

export interface Chart extends Companions {
  xstate: 4 | 5;
  createActor(receive: (event: EventLike) => void, options: ActorOptions): MachineActor;
  /** The transitions that could take an event from a native snapshot; for explanations, loaded only then. */
  candidates(native: unknown, event: EventLike): Promise<Candidate[]>;
  /** For whoever counts what was at work; loaded only then. */
  parts(): Promise<ChartParts>;
  /** For upgrades from and to this version; loaded only then. */
  positions(): Promise<Positions>;
}
export type Loaded = { chart: Chart } | { reason: "invalid"; message: string };

type Exports = { [name: string]: unknown };
type Fields = { [name: string]: unknown };

/** Never rejects: code that can't be used is an answer, with the reason a person needs to mend it. */
export function loadChart(): Promise<Loaded> {
  return loaded(noteNamesDrawn(() => load().catch(unreadable)));
}

/** What it exports can be anything, accessors that throw included. */
function unreadable(error: unknown): Loaded {
  return { reason: "invalid", message: `what the code exports can't be read: ${describeThrown(error)}` };
}

async function load(): Promise<Loaded> {
  let exports: Exports;
  try {
    exports = await importMachine();
  } catch (error) {
    return { reason: "invalid", message: `the code does not load: ${describeThrown(error)}` };
  }
  const { default: machine, allowRead, allowWrite } = exports;
  const xstate = machineVersion(machine);
  if (xstate === null) {
    return { reason: "invalid", message: "the code must export an XState machine (4 or 5) as its default export" };
  }
  if (typeof allowRead !== "function")
    return { reason: "invalid", message: "the code must export a function allowRead" };
  if (typeof allowWrite !== "function")
    return { reason: "invalid", message: "the code must export a function allowWrite" };
  const httpApiMapper = readMapper(exports.httpApiMapper);
  if (typeof httpApiMapper === "string") return { reason: "invalid", message: httpApiMapper };
  const companions = { allowRead: allowRead as Authorizer, allowWrite: allowWrite as Authorizer, httpApiMapper };
  return xstate === 5 ? chart5(machine as Machine5, companions) : chart4(machine as Machine4, companions);
}

async function chart5(machine: Machine5, companions: Companions): Promise<Loaded> {
  const { createActor5, recordsActions } = await import("./v5.ts");
  if (!recordsActions(machine)) {
    const message =
      "the bundle carries a copy of XState 5 older than 5.19, whose effects can't be held back until they are stored: update xstate, or import npm:xstate@5";
    return { reason: "invalid", message };
  }
  adaptSources(machine.config, machine.implementations.actors);
  const createActor: Chart["createActor"] = (receive, options) => createActor5(machine, receive, options);
  const positions = async () => (await import("./position5.ts")).positions5(machine);
  const candidates: Chart["candidates"] = async (native, event) =>
    (await import("./candidates.ts")).candidates5(machine, native as Snapshot, event);
  const parts = async () => (await import("./parts.ts")).parts5(machine.root);
  return { chart: { xstate: 5, ...companions, createActor, candidates, parts, positions } };
}

async function chart4(machine: Machine4, companions: Companions): Promise<Loaded> {
  if (usesGuardKey(machine as unknown as Fields)) {
    return {
      reason: "invalid",
      message:
        "the bundle carries XState 4, which ignores `guard:` and would leave those transitions unguarded: write `cond:`, or use XState 5",
    };
  }
  const { createActor4 } = await import("./v4.ts");
  const createActor: Chart["createActor"] = (receive, options) => createActor4(machine, receive, options);
  const positions = async () => (await import("./position4.ts")).positions4(machine);
  const candidates: Chart["candidates"] = async (native, event) =>
    (await import("./candidates.ts")).candidates4(machine, native as State4, event);
  const parts = async () => (await import("./parts.ts")).parts4(machine as unknown as StateNode4);
  return { chart: { xstate: 4, ...companions, createActor, candidates, parts, positions } };
}

/**
 * Imports the module; a second time with the other XState when the first guess was wrong: an export was missing, or a machine made
 * with XState 4 has XState 5's `guard:`, which 4 silently ignores (the transition would be left unguarded).
 */
async function importMachine(): Promise<Exports> {
  const first = "settle:machine";
  let failure: unknown;
  try {
    const exports: Exports = await import(first);
    if (machineVersion(exports.default) !== 4 || !usesGuardKey(exports.default as Fields)) return exports;
  } catch (error) {
    if (!(error instanceof SyntaxError) || !/does not provide an export named/.test(error.message)) throw error;
    failure = error;
  }
  for (const prefer of [5, 4]) {
    try {
      const other = `settle:machine?prefer=${prefer}`;
      const exports: Exports = await import(other);
      return exports;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** 4 or 5 for a machine of that XState, whichever copy made it; null for anything else. */
function machineVersion(value: unknown): 4 | 5 | null {
  if (typeof value !== "object" || value === null) return null;
  const machine = value as Fields;
  if (machine.__xstatenode !== true) return null;
  if (typeof machine.getPersistedSnapshot === "function" && "root" in machine && "implementations" in machine) return 5;
  if (typeof machine.withContext === "function" && "options" in machine) return 4;
  return null;
}

function usesGuardKey(machine: Fields): boolean {
  // A transition object, not a map of events or states in which one happens to be called "guard".
  return some(
    machine.config,
    (node) => "guard" in node && !("cond" in node) && ("target" in node || "actions" in node),
  );
}

/** Whether any object in a config tree satisfies `test`. Functions and class instances are not entered. */
function some(value: unknown, test: (node: Fields) => boolean, seen = new Set<unknown>()): boolean {
  if (typeof value !== "object" || value === null || seen.has(value)) return false;
  seen.add(value);
  if (Array.isArray(value)) return value.some((item) => some(item, test, seen));
  const node = value as Fields;
  return test(node) || Object.entries(node).some(([key, item]) => key !== "context" && some(item, test, seen));
}
