// Children that are instances of their own: what the helper package makes of them, its hook, and the names they go by.

import type { Address } from "../../domain/records.ts";
import type { Names } from "./names.ts";
import type { Outbox } from "./outbox.ts";

/** What `persistentInvocableSource` returns, the source of an invocation. */
export interface PersistentSource {
  type: "statebacked.invoke";
  machineName: string;
  machineInstanceName?: string;
  machineVersionId?: string;
}

/** What `spawnPersistentInstance` returns, and machines keep in their context. */
export interface PersistentRef {
  type: "statebacked.instance";
  id: string;
  machineName: string;
  machineInstanceName: string;
}

export type Descriptor = Pick<PersistentSource, "machineName" | "machineInstanceName" | "machineVersionId">;
type SpawnOptions = { context?: unknown; name?: string };

/** Names that machine code drew while it loaded: the module is loaded once, so they would be shared by all its instances. */
const drawnAtLoad = new Set<string>();

/** Notes every UUID that is drawn until `load` has settled. */
export async function noteNamesDrawn<T>(load: () => Promise<T>): Promise<T> {
  const native = crypto.randomUUID;
  crypto.randomUUID = () => {
    const name = native.call(crypto);
    drawnAtLoad.add(name);
    return name;
  };
  try {
    return await load();
  } finally {
    crypto.randomUUID = native;
  }
}

/** The step that is being computed, if one is. */
let current: Outbox | undefined;

/** Runs `compute`, which is synchronous, with `spawnPersistentInstance` recording into this outbox. */
export function whileComputing<T>(outbox: Outbox, compute: () => T): T {
  const before = current;
  current = outbox;
  try {
    return compute();
  } finally {
    current = before;
  }
}

/** The helper package looks for the first name; one version of it for the second. */
export function installHook(): void {
  const hook = Object.freeze({ spawn });
  for (const name of ["__statebacked_rt", "__statebaked_rt"]) {
    Object.defineProperty(globalThis, name, { value: hook, enumerable: false });
  }
}

function spawn(descriptor: Descriptor, options: SpawnOptions = {}): PersistentRef {
  const { id, machine, instance } =
    current?.spawn(descriptor, options.context, options.name) ?? startedByNobody(descriptor, options);
  return { type: "statebacked.instance", id, machineName: machine, machineInstanceName: instance };
}

/** Outside of a step nothing is started, and nobody will look for it. */
function startedByNobody(descriptor: Descriptor, options: SpawnOptions): { id: string } & Address {
  return { id: options.name ?? "none", ...addressOf(descriptor, () => "none") };
}

/** Where the child of an invocation is to be. A name that was drawn once for all is drawn anew. */
export function addressOf({ machineName, machineInstanceName: name }: Descriptor, names: Names): Address {
  const given = name !== undefined && !drawnAtLoad.has(name) ? name : undefined;
  return { machine: String(machineName), instance: given ?? names() };
}

/** Where a reference that the machine kept leads. */
export function addressOfRef({ machineName, machineInstanceName }: PersistentRef): Address {
  return { machine: machineName, instance: machineInstanceName };
}

export function isPersistentSource(value: unknown): value is PersistentSource {
  return isMarked(value, "statebacked.invoke");
}

export function isPersistentRef(value: unknown): value is PersistentRef {
  return isMarked(value, "statebacked.instance") && "machineInstanceName" in value;
}

function isMarked(value: unknown, type: string): value is { type: string; machineName: string } {
  return (
    typeof value === "object" && value !== null && "type" in value && value.type === type && "machineName" in value
  );
}
