// Some seconds of what `npm run soak` does for an hour: every kind of request is sent and answered as it should be.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { startServer } from "../../src/index.ts";
import { createClient } from "./client.ts";
import { type SoakOptions, soak } from "./soak.ts";

vi.setConfig({ testTimeout: 180_000 });

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-soak-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const some: Omit<SoakOptions, "folder"> = {
  ...{ durationMs: 5_000, rate: 100, seed: 3, instances: 20, versions: 1, sampleMs: 250, serveOptions: [] },
};

test("every answer is a right one, and memory is measured", async () => {
  const { client, samples, trends, updates } = await soak({ ...some, folder });
  expect([...client.oddities]).toEqual([]);
  expect(Object.keys(client.counts)).toEqual(
    expect.arrayContaining(["create", "delete", "count", "query", "subscribe"]),
  );
  expect(updates).toBeGreaterThan(0);
  expect(samples.length).toBeGreaterThan(0);
  for (const { early, late } of trends) expect(Math.min(early, late)).toBeGreaterThan(0);
});

test("an answer that was not expected is told with the first of its kind, and so is none", async () => {
  const server = await startServer({ port: 0, store: "memory:" });
  const client = await createClient({ ...server, memory: () => Promise.reject(), stop: () => server.close() });
  for (let n = 0; n < 2; n++) expect(await client.ask("odd", [200], { path: `/nowhere-${n}` })).toBeNull();
  await server.close();
  expect(await client.ask("odd", [200], { path: "/machines" })).toBeNull();
  expect(client.counts).toEqual({ odd: { 404: 2, 0: 1 } });
  expect([...client.oddities]).toEqual([
    ["odd: 404", { count: 2, first: expect.stringContaining("nowhere-0") }],
    ["odd: 0", { count: 1, first: expect.stringContaining("fetch failed") }],
  ]);
});
