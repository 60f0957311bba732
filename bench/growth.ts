// What a creation and an event cost by how much is stored, and an event by how many transitions are behind it: all sizes at once, turn and turn about.

import { createHmac } from "node:crypto";
import type { Growing, GrowthFigures } from "./figures.ts";
import { creation, event } from "./hot-operations.ts";
import type { Request, Target } from "./load.ts";
import { sendAll } from "./load.ts";
import type { Plan } from "./plan.ts";
import type { Settle } from "./programs.ts";
import { startSettle } from "./programs.ts";
import { median } from "./statistics.ts";
import type { Stocks } from "./stock.ts";

/** Instances that take turns with the events of one length of history, so that it grows little. */
const histories = 20;
/** No size is a multiple of it: the events of a round go to instances far from each other. */
const stride = 7_919;

/** Sends so many requests to the place with the amount over so many connections. @returns the milliseconds of each */
type Work = (connections: number, requests: number) => Promise<number[]>;

export async function measureGrowth(stocks: Stocks, { growth, connections }: Plan): Promise<GrowthFigures> {
  const running: Settle[] = [];
  const start = async (store: string) => {
    const settle = await startSettle(store);
    running.push(settle);
    return settle;
  };
  try {
    const bySize: { [operation: string]: Map<number, Work> } = { create: new Map(), event: new Map() };
    for (const size of growth.sizes) {
      const settle = await start(await stocks.stored(size, `growth-${size}`));
      bySize.create?.set(size, creations(settle, connections));
      bySize.event?.set(size, events(settle, "stored", size));
    }
    const byHistory: { [operation: string]: Map<number, Work> } = { event: new Map() };
    const settle = await start(await stocks.withHistories(growth.histories, histories, "growth-histories"));
    for (const length of growth.histories) byHistory.event?.set(length, events(settle, `behind-${length}`, histories));
    const plan = { ...growth, connections };
    return {
      requests: growth.requests,
      connections,
      bySize: await compare(bySize, plan),
      byHistory: await compare(byHistory, plan),
    };
  } finally {
    await Promise.all(running.map((settle) => settle.stop()));
  }
}

/** The first rounds, a fifth of all, are there to be compiled. */
async function compare(
  operations: { [operation: string]: Map<number, Work> },
  { rounds, requests, connections }: { rounds: number; requests: number; connections: number },
): Promise<{ [operation: string]: Growing[] }> {
  const figures: { [operation: string]: Growing[] } = {};
  for (let round = -Math.ceil(rounds / 5); round < rounds; round++) {
    for (const [operation, works] of Object.entries(operations)) {
      for (const atOnce of [1, connections]) {
        const name = `${operation}, ${atOnce} ${atOnce === 1 ? "connection" : "connections"}`;
        const growing = figures[name] ?? [...works.keys()].map((amount) => ({ amount, medianMs: [] }));
        figures[name] = growing;
        for (const { amount, medianMs } of growing) {
          const took = median((await works.get(amount)?.(atOnce, requests)) ?? []);
          if (round >= 0) medianMs.push(took);
        }
      }
    }
  }
  return figures;
}

/** What was created is deleted before the next is measured, so that the store stays as large as it is said to be. */
function creations(settle: Target, deleteAtOnce: number): Work {
  let made = 0;
  return async (connections, requests) => {
    const from = made;
    const took = await sendAll(settle, connections, requests, () => creation(`made-${made++}`));
    let deleted = from;
    await sendAll(settle, deleteAtOnce, requests, () => deletion(`made-${deleted++}`));
    return took;
  };
}

function events(settle: Target, prefix: string, instances: number): Work {
  let turn = 0;
  const next = (): Request => {
    const slug = `${prefix}-${(turn++ * stride) % instances}`;
    return { method: "POST", path: `/machines/machine/i/${slug}/events`, body: event };
  };
  return (connections, requests) => sendAll(settle, connections, requests, next);
}

function deletion(slug: string): Request {
  const confirmation = {
    dangerDataWillBeDeletedForever: true,
    hmacSha256OfMachineInstanceNameWithMachineNameKey: createHmac("sha256", "machine").update(slug).digest("base64url"),
  };
  return { method: "DELETE", path: `/machines/machine/i/${slug}`, body: JSON.stringify(confirmation) };
}
