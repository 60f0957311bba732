// How soon a server is ready: with an empty store each time, and with a store as a clean stop left it.

import { join } from "node:path";
import type { StartFigures } from "./figures.ts";
import { machine, type Plan } from "./plan.ts";
import { startSettle } from "./programs.ts";
import type { Stocks } from "./stock.ts";

export async function measureStart(folder: string, stocks: Stocks, plan: Plan): Promise<StartFigures> {
  const stores: StartFigures["stores"] = [];
  const measure = async (instances: number, start: (n: number) => ReturnType<typeof startSettle>) => {
    const ms: number[] = [];
    for (let n = 0; n < plan.starts; n++) {
      const settle = await start(n);
      ms.push(settle.startMs);
      await settle.stop();
    }
    stores.push({ instances, ms });
  };
  await measure(0, (n) => startSettle(join(folder, `empty-${n}`, "db.json")));
  for (const instances of [plan.instances, plan.recovery.instances]) {
    const store = await stocks.stored(instances, `start-${instances}`);
    await measure(instances, () => startSettle(store, [machine]));
  }
  return { stores };
}
