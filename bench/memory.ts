// Resident memory of the server and its runner: at rest, after a fixed load, and with many instances stored.

import type { MemoryFigures } from "./figures.ts";
import { creation, event } from "./hot-operations.ts";
import type { Request } from "./load.ts";
import { sendAll } from "./load.ts";
import { machine, type Plan } from "./plan.ts";
import type { Resident, Settle } from "./programs.ts";
import { residentMemory, startSettle } from "./programs.ts";
import type { Stocks } from "./stock.ts";

/** For what is still being started or swept when the last request is answered. */
const quietMs = 1_000;

export async function measureMemory(folder: string, stocks: Stocks, plan: Plan): Promise<MemoryFigures> {
  const { instances, requests } = plan.memory;
  // The very first start compiles all code and keeps it; the ones after it, which are measured, need a quarter less.
  await (await startSettle(`${folder}/first/db.json`)).stop();
  const [atRest] = await look(await startSettle(`${folder}/memory/db.json`), []);
  const [, afterLoad] = await look(await startSettle(`${folder}/memory/db.json`, [machine]), loads(plan));
  const [stored, storedAfterLoad] = await look(
    await startSettle(await stocks.stored(instances, "memory-stored")),
    loads(plan),
  );
  return { instances, requests, atRest, afterLoad, stored, storedAfterLoad };
}

/** @returns the memory before the loads and after them */
async function look(settle: Settle, all: ((settle: Settle) => Promise<unknown>)[]): Promise<[Resident, Resident]> {
  try {
    await quiet();
    const before = residentMemory(settle);
    for (const load of all) await load(settle);
    await quiet();
    return [before, residentMemory(settle)];
  } finally {
    await settle.stop();
  }
}

/** As many creations, then as many events to what was created, then as many reads. */
function loads({ memory: { requests }, connections }: Plan): ((settle: Settle) => Promise<unknown>)[] {
  const kinds: ((slug: string) => Request)[] = [
    (slug) => creation(slug),
    (slug) => ({ method: "POST", path: `/machines/machine/i/${slug}/events`, body: event }),
    (slug) => ({ method: "GET", path: `/machines/machine/i/${slug}` }),
  ];
  return kinds.map((request) => (settle) => {
    let n = 0;
    return sendAll(settle, connections, requests, () => request(`loaded-${n++}`));
  });
}

function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, quietMs));
}
