// A steady load of everything for a long time, and what the server's processes held in memory meanwhile.

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createDice } from "../kills/dice.ts";
import { type Client, createClient, publish } from "./client.ts";
import { at, Instances, machine } from "./instances.ts";
import { act, scratch } from "./mix.ts";
import { atRate } from "./pace.ts";
import { startSoakServer } from "./server.ts";
import { Subscribers } from "./subscribers.ts";
import { isFlat, type Sample, type Trend, trendsOf } from "./verdict.ts";

export interface SoakOptions {
  /** For the store. */
  folder: string;
  durationMs: number;
  /** Requests a second. */
  rate: number;
  seed: number;
  /** Instances that live at a time. */
  instances: number;
  /** Used once before it begins, one after another: a server keeps their idle workers, up to a number that it should have reached. */
  versions: number;
  sampleMs: number;
  /** Of `settle serve`, beside the store. */
  serveOptions: string[];
  onSample?(sample: Sample, state: { client: Client; instances: number; sockets: number }): void;
}

export interface Soaked {
  samples: Sample[];
  trends: Trend[];
  client: Client;
  /** Requests that were due and left out, since too many were under way. */
  leftOut: number;
  /** What realtime sockets were told. */
  updates: number;
  isFine: boolean;
}

/** Requests under way at a time. */
const atOnce = 64;
/** Entries that a server keeps of an organization's log; with all of them it starts, so that they are no growth. */
const logEntries = 10_000;

export async function soak(options: SoakOptions): Promise<Soaked> {
  const server = await startSoakServer(join(options.folder, "db.json"), options.serveOptions);
  const client = await createClient(server);
  const dice = createDice(`soak ${options.seed}`);
  const instances = new Instances(client, options.instances);
  const subscribers = new Subscribers(server.url, client);
  const samples: Sample[] = [];
  try {
    const code = await readFile(new URL("machines/steady.js", import.meta.url), "utf8");
    await setUp(client, instances, code, options);
    const begun = performance.now();
    const sample = async () => {
      const last = { atMs: Math.round(performance.now() - begun), ...(await server.memory()) };
      samples.push(last);
      options.onSample?.(last, { client, instances: instances.count, sockets: subscribers.count });
    };
    const sampler = repeated(options.sampleMs, sample);
    const leftOut = await atRate(options.rate, atOnce, options.durationMs, () =>
      sampler.isBroken() ? Promise.resolve() : act({ client, dice, instances, subscribers, code }),
    );
    await sampler.stop();
    const trends = trendsOf(samples, options.durationMs);
    const isFine = isFlat(trends) && client.oddities.size === 0;
    return { samples, trends, client, leftOut, updates: subscribers.updates, isFine };
  } finally {
    subscribers.end();
    await server.stop();
  }
}

/** Does it again and again; `stop` rejects with what made it impossible, which `isBroken` tells before. */
function repeated(everyMs: number, act: () => Promise<void>): { isBroken(): boolean; stop(): Promise<void> } {
  let last = Promise.resolve();
  let broken: unknown;
  const timer = setInterval(() => {
    last = act().catch((error) => {
      broken ??= error;
    });
  }, everyMs);
  return {
    isBroken: () => broken !== undefined,
    async stop() {
      clearInterval(timer);
      await last;
      if (broken !== undefined) throw broken;
    },
  };
}

/** Everything that is to be there from the beginning. */
async function setUp(client: Client, instances: Instances, code: string, options: SoakOptions): Promise<void> {
  await client.ask("create machine", [201], {
    method: "POST",
    path: "/machines",
    json: { slug: machine, indexes: ["color"] },
  });
  if (!(await publish(client, machine, code, { color: "$.color" }))) throw new Error("the machine can't be published");
  for (let n = 0; n < options.versions; n++) await scratch({ client, code });
  for (let n = 0; n < options.instances; n++) await instances.create();
  const lines = 500;
  for (let n = 0; n < logEntries / lines; n++) {
    const json = { event: { type: "PRINT", lines } };
    await client.ask("print", [200], { method: "POST", path: `${at}/i/${instances.any(n)}/events`, json });
    await client.ask("logs", [200], { path: `/logs?from=${new Date().toISOString()}` });
  }
}
