// Each fault shows: what a probe sees at the mutant is what the fault is about, and at Settle as it is it sees nothing of it.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { benignVariants } from "./benign.ts";
import { everyThird, mutants, partOf } from "./catalogue.ts";
import { createClient } from "./client.ts";
import type { BenignVariant, Fault, Mutant } from "./fault.ts";
import { probes } from "./probes/all.ts";
import { type BrokenServer, startBroken } from "./start.ts";

const timeouts = { settleTimeoutMs: 1_500, retryDelayMs: 100 };
let folder = "";
let sound: BrokenServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-mutants-"));
  sound = await startBroken({}, timeouts);
});
afterAll(async () => {
  await sound.close();
  await rm(folder, { recursive: true });
});

/** What is restarted must be stored somewhere. */
function start(id: string, fault: Fault, isRestarted: boolean): Promise<BrokenServer> {
  return startBroken(fault, {
    ...timeouts,
    ...fault.options,
    ...(isRestarted ? { store: join(folder, `${id}.json`) } : {}),
  });
}

const all: readonly (Mutant | BenignVariant)[] = [...mutants, ...benignVariants];

test("every mutant and benign variant has a probe, and every probe is one's", () => {
  expect(probes.map(({ id }) => id).sort()).toEqual(all.map(({ id }) => id).sort());
});

test("every third mutant is kept aside, by its hash and nobody's choice", () => {
  const ids = mutants.map(({ id }) => id);
  expect(ids.filter((id) => partOf(id) === "held-out").sort()).toEqual(everyThird(ids).sort());
});

describe.concurrent("what is seen", () => {
  for (const { id, title, fault, ...more } of all) {
    const probe = probes.find((one) => one.id === id);
    if (!probe) continue;
    test(`${id}: ${title}`, { timeout: 60_000 }, async () => {
      const isRestarted = "needs" in more && more.needs === "restart";
      const broken = await start(id, fault(), isRestarted);
      const whole = isRestarted ? await start(`${id}-sound`, {}, true) : sound;
      try {
        const seen = {
          sound: await probe.observe(createClient(whole, id)),
          faulty: await probe.observe(createClient(broken, id)),
        };
        expect(seen).toEqual({ sound: probe.sound, faulty: probe.faulty });
      } finally {
        await broken.close();
        if (whole !== sound) await whole.close();
      }
    });
  }
});
