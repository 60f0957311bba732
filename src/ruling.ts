// What rules over a server as a whole: over its time, and over its state, which is written out, put in, emptied and kept under names.

import type { Dispatcher } from "./operations/dispatcher.ts";
import type { Services } from "./operations/services.ts";
import { createStateControl, type StateControl } from "./operations/state/control.ts";
import type { PutIn } from "./operations/state/import.ts";
import { createQuiet, type Quiet } from "./operations/state/quiet.ts";
import type { Snapshots } from "./operations/state/snapshots.ts";
import { createTimeKeeping } from "./operations/time-keeping.ts";
import { createTimeTravel, type TimeTravel } from "./operations/time-travel.ts";
import { systemEntropy, type Times, wallClock } from "./outside.ts";
import type { Published } from "./publisher.ts";
import type { Store } from "./store/port.ts";
import type { Shelf, Shelved } from "./store/shelf.ts";

export type { PutIn, Shelved };

/** The whole store as one document. @see docs/state.md */
export interface ServerState {
  /** As it is at this moment. Secrets are left out unless asked for. */
  export(options?: { withCredentials?: boolean }): Promise<string>;
  /** Puts a document in the place of everything, all of it or nothing. @throws an Error that says where it is wrong */
  import(document: string | AsyncIterable<Uint8Array>): Promise<PutIn>;
}

/** What whoever started a server may do with its state. */
export interface StateOfServer {
  state: ServerState;
  /** States that are kept under names beside the store, secrets included; `savedAt` is epoch milliseconds. */
  snapshots: Snapshots;
  /** Empty again, but for its credentials and the machines that come from sources. */
  reset(): Promise<void>;
}

export interface Ruling {
  quiet: Quiet;
  timeKeeping: Dispatcher;
  timeTravel: TimeTravel | undefined;
  state: StateControl;
}

/**
 * @param published what came from sources, once all is loaded; nothing is replaced before
 * @param isShortOfMemory whether there is no room for more of what is stored
 */
export async function createRuling(
  services: Services,
  { alarm, manualClock }: Times,
  retryDelayMs: number,
  published: () => Published | undefined,
  isShortOfMemory: () => boolean,
): Promise<Ruling> {
  const { store } = services;
  const quiet = createQuiet();
  const isStrict = manualClock !== undefined;
  const timeKeeping = createTimeKeeping(services, { alarm, retryDelayMs, isStrict, quiet });
  const timeTravel = manualClock && createTimeTravel(manualClock, store, timeKeeping);
  const shelf = await openShelf(store);
  const state = createStateControl({
    services,
    quiet,
    timeTravel,
    shelf,
    sources: published,
    isShortOfMemory,
  });
  return { quiet, timeKeeping, timeTravel, state };
}

function serverStateOf(state: StateControl): ServerState {
  return {
    async export({ withCredentials = false } = {}) {
      const pieces: string[] = [];
      for await (const piece of await state.export({ withCredentials })) pieces.push(piece);
      return pieces.join("");
    },
    import: (document) => state.import(typeof document === "string" ? piecesOf(document) : document),
  };
}

async function* piecesOf(text: string): AsyncGenerator<Uint8Array, void> {
  yield Buffer.from(text);
}

/** Named snapshots are kept beside the store. */
async function openShelf({ location }: Store): Promise<Shelf> {
  if (location === "memory:") {
    const { createMemoryShelf } = await import("./store/memory-shelf.ts");
    return createMemoryShelf(wallClock);
  }
  const { createFileShelf } = await import("./store/lowdb/shelf.ts");
  // Names of files that are gone in a moment: nothing that a seeded run should repeat.
  return createFileShelf(location, systemEntropy);
}

export function stateOf(state: StateControl): StateOfServer {
  return { state: serverStateOf(state), snapshots: state.snapshots, reset: () => state.reset() };
}
