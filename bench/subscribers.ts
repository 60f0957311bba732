// Subscribers: a thousand of one instance, and a thousand instances with one each; whether every update arrives, how soon, and in what memory.

import { SignJWT } from "jose";
import { WebSocket } from "ws";
import { creation, event } from "./hot-operations.ts";
import { inTurns, send, sendAll } from "./load.ts";
import { machine, type Plan } from "./plan.ts";
import type { Resident, Settle } from "./programs.ts";
import { residentMemory, startSettle } from "./programs.ts";
import { quantile } from "./statistics.ts";

interface Crowd {
  instances: number;
  subscribersOfEach: number;
  /** Events sent to each instance, one after another. */
  eventsOfEach: number;
}

export interface CrowdFigures extends Crowd {
  /** The state at the beginning counts as an update. */
  updates: { expected: number; arrived: number };
  /** Milliseconds from an event's answer until all its updates are there; 0 when they came before the answer. */
  delayMs: { p50: number; p99: number; longest: number };
  /** From the first event to the last update. */
  totalMs: number;
  /** Bytes resident: before a socket was opened, with all subscribed, after the last update. */
  memory: { before: Resident; subscribed: Resident; after: Resident };
}

const crowds: Crowd[] = [
  { instances: 1, subscribersOfEach: 1_000, eventsOfEach: 20 },
  { instances: 1_000, subscribersOfEach: 1, eventsOfEach: 5 },
];

/** On a server of their own, so that its memory is theirs. */
export async function measureSubscribers(store: string, { connections }: Plan): Promise<{ crowds: CrowdFigures[] }> {
  const settle = await startSettle(store, [machine]);
  try {
    const measured: CrowdFigures[] = [];
    for (const [nr, crowd] of crowds.entries()) {
      const slugs = Array.from({ length: crowd.instances }, (_, n) => `followed-${nr}-${n}`);
      let n = 0;
      await sendAll(settle, Math.min(connections, slugs.length), slugs.length, () => creation(slugs[n++] ?? ""));
      measured.push(await measureCrowd(settle, crowd, slugs));
    }
    return { crowds: measured };
  } finally {
    await settle.stop();
  }
}

/** How long updates are waited for that don't come. */
const patienceMs = 10_000;

/** Each subscriber has a socket and a token of its own, and is asked about by itself. The machine counts its events in public. */
async function measureCrowd(settle: Settle, crowd: Crowd, slugs: string[]): Promise<CrowdFigures> {
  const { subscribersOfEach, eventsOfEach } = crowd;
  const arrivals = new Arrivals(subscribersOfEach);
  const before = residentMemory(settle);
  const sockets: WebSocket[] = [];
  const subscribers = slugs.flatMap((slug) => Array.from({ length: subscribersOfEach }, () => slug));
  await inTurns(subscribers, async (slug) => {
    sockets.push(await subscribe(settle, slug, sockets.length, arrivals));
  });
  await Promise.all(slugs.map((slug) => arrivals.all(slug, 0)));
  const subscribed = residentMemory(settle);
  const delaysMs: number[] = [];
  const begun = performance.now();
  await inTurns(slugs, async (slug) => {
    for (let count = 1; count <= eventsOfEach; count++) {
      await send(settle, { method: "POST", path: `/machines/machine/i/${slug}/events`, body: event });
      const answered = performance.now();
      const lastAt = await arrivals.all(slug, count);
      delaysMs.push(Math.max(0, lastAt - answered));
    }
  });
  const totalMs = performance.now() - begun;
  const memory = { before, subscribed, after: residentMemory(settle) };
  for (const socket of sockets) socket.terminate();
  const expected = subscribers.length * (eventsOfEach + 1);
  const delayMs = { p50: quantile(delaysMs, 0.5), p99: quantile(delaysMs, 0.99), longest: quantile(delaysMs, 1) };
  return { ...crowd, updates: { expected, arrived: arrivals.total }, delayMs, totalMs, memory };
}

/** Counts the updates of each instance's each state. */
class Arrivals {
  total = 0;
  readonly #ofEach: number;
  readonly #states = new Map<string, { missing: number; lastAt: number; complete: PromiseWithResolvers<void> }>();

  constructor(ofEach: number) {
    this.#ofEach = ofEach;
  }

  note(slug: string, count: number): void {
    this.total++;
    const state = this.#state(slug, count);
    state.lastAt = performance.now();
    if (--state.missing === 0) state.complete.resolve();
  }

  /** @returns when the last of a state's updates came */
  async all(slug: string, count: number): Promise<number> {
    const state = this.#state(slug, count);
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, patienceMs);
    await Promise.race([state.complete.promise, late]);
    clearTimeout(timer);
    return state.lastAt;
  }

  #state(slug: string, count: number) {
    const key = `${slug} ${count}`;
    const known = this.#states.get(key);
    if (known) return known;
    const state = { missing: this.#ofEach, lastAt: 0, complete: Promise.withResolvers<void>() };
    this.#states.set(key, state);
    return state;
  }
}

async function subscribe(settle: Settle, slug: string, n: number, arrivals: Arrivals): Promise<WebSocket> {
  const token = await new SignJWT({ act: { sub: owner, device: n } })
    .setProtectedHeader({ alg: "HS256", kid: settle.keyId })
    .setAudience("https://api.statebacked.dev/")
    .sign(new TextEncoder().encode(settle.secretKey));
  const socket = new WebSocket(`${settle.url.replace("http", "ws")}/rt?token=${token}`);
  socket.on("message", (data) => {
    const { publicContext, machineInstanceName, ...rest } = JSON.parse(String(data));
    if (publicContext === undefined) throw new Error(`no update but ${JSON.stringify(rest)}`);
    arrivals.note(machineInstanceName, publicContext.count);
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  const names = { machineName: "machine", machineInstanceName: slug };
  socket.send(JSON.stringify({ type: "subscribe-to-instance", requestId: String(n), ...names }));
  return socket;
}

/** Whoever the bench's instances belong to. */
const owner = "settle-admin";
