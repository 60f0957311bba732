// Timers: a thousand instances, each with one delayed transition of its own, and how late it comes.

import { inTurns } from "./load.ts";
import type { Program } from "./programs.ts";
import { quantile } from "./report.ts";

/** So many timers, their times spread evenly over so long. */
export interface Alarms {
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

export async function measureAlarms(settle: Program, { timers, spreadMs }: Alarms): Promise<AlarmFigures> {
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

async function call({ url, token }: Program, method: string, path: string, body?: object): Promise<State> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${await response.text()}`);
  return (await response.json()) as State;
}

function sleepUntil(timeMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, timeMs - Date.now()));
}
