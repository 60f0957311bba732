// Timers: a thousand instances, each with one delayed transition of its own, and how late it comes.

import { fileURLToPath } from "node:url";
import { inTurns, send } from "./load.ts";
import type { Settle } from "./programs.ts";
import { startSettle } from "./programs.ts";
import { quantile } from "./statistics.ts";

/** So many timers, their times spread evenly over so long. */
interface Alarms {
  timers: number;
  spreadMs: number;
}

export interface AlarmFigures extends Alarms {
  /** Milliseconds from when a timer was due to the time of the state it led to, both of the server's clock. */
  lateMs: { p50: number; p99: number; longest: number };
}

interface State {
  ts: number;
  state: string;
}

/** Before the first is due, all instances are there. */
const leadMs = 3_000;
/** How long timers are waited for that don't come. */
const patienceMs = 10_000;
/** Coprime to the number of timers, so that they are not set in the order of their times. */
const stride = 617;

const alarms: Alarms = { timers: 1_000, spreadMs: 5_000 };
const machine = fileURLToPath(new URL("alarm.ts", import.meta.url));

export async function measureTimers(store: string): Promise<AlarmFigures> {
  const settle = await startSettle(store, [machine]);
  try {
    return await measureAlarms(settle, alarms);
  } finally {
    await settle.stop();
  }
}

async function measureAlarms(settle: Settle, { timers, spreadMs }: Alarms): Promise<AlarmFigures> {
  const alarms = Array.from({ length: timers }, (_, n) => ({
    slug: `alarm-${n}`,
    delayMs: leadMs + Math.floor((((n * stride) % timers) * spreadMs) / timers),
    dueAt: 0,
  }));
  await inTurns(alarms, async (alarm) => {
    const { slug, delayMs } = alarm;
    const { ts, state } = await call(settle, "POST", "/machines/alarm", { slug, context: { delayMs } });
    if (state !== "waiting") throw new Error(`the instance ${slug} begins in ${state}`);
    alarm.dueAt = ts + delayMs;
  });
  const lastDueAt = Math.max(...alarms.map(({ dueAt }) => dueAt));
  await sleepUntil(lastDueAt + 100);
  const lateMs: number[] = [];
  await inTurns(alarms, async ({ slug, dueAt }) => {
    for (;;) {
      const { ts, state } = await call(settle, "GET", `/machines/alarm/i/${slug}`);
      if (state === "rung") return void lateMs.push(ts - dueAt);
      if (Date.now() > lastDueAt + patienceMs) throw new Error(`the timer of ${slug} has not come`);
      await sleepUntil(Date.now() + 50);
    }
  });
  return {
    timers,
    spreadMs,
    lateMs: { p50: quantile(lateMs, 0.5), p99: quantile(lateMs, 0.99), longest: quantile(lateMs, 1) },
  };
}

async function call(settle: Settle, method: "GET" | "POST", path: string, body?: object): Promise<State> {
  return JSON.parse(await send(settle, { method, path, ...(body ? { body: JSON.stringify(body) } : {}) })) as State;
}

function sleepUntil(timeMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeMs - Date.now()));
}
