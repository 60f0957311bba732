// How soon a server with many instances is ready again: after a clean stop, and after kill -9 under its journal.

import type { RecoveryFigures } from "./figures.ts";
import { event } from "./hot-operations.ts";
import { sendAll } from "./load.ts";
import type { Plan } from "./plan.ts";
import { startSettle } from "./programs.ts";
import type { Stocks } from "./stock.ts";

export async function measureRecovery(stocks: Stocks, { recovery, connections }: Plan): Promise<RecoveryFigures> {
  const { instances, rounds, eventsBeforeKill } = recovery;
  const store = await stocks.stored(instances, "recovery");
  const afterStop: number[] = [];
  const afterKill: number[] = [];
  let turn = 0;
  for (let round = 0; round < rounds; round++) {
    const killed = await startSettle(store);
    afterStop.push(killed.startMs);
    try {
      await sendAll(killed, connections, eventsBeforeKill, () => {
        const path = `/machines/machine/i/stored-${turn++ % instances}/events`;
        return { method: "POST", path, body: event };
      });
    } finally {
      await killed.kill();
    }
    const recovered = await startSettle(store);
    afterKill.push(recovered.startMs);
    await recovered.stop();
  }
  return { instances, eventsBeforeKill, afterStop, afterKill };
}
