// A server whose heap is nearly full says so in time, goes on reading, and takes more again when something was deleted.

import { createHmac } from "node:crypto";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test, vi } from "vitest";
import { type Running, settle } from "../cli/process.ts";
import { callerOf } from "../crash/lives.ts";

vi.setConfig({ testTimeout: 120_000 });

const tally = fileURLToPath(new URL("../kills/machines/tally.js", import.meta.url));
let running: Running | undefined;
afterEach(() => running?.stop("SIGKILL"));

test("creating is refused before memory ends, until there is room again", async () => {
  const args = ["serve", "--json", "--port", "0", "--store", "memory:", "--machines", tally];
  running = settle(args, { NODE_OPTIONS: "--max-old-space-size=150" });
  const { url, adminToken } = JSON.parse(await running.line(/"ready"/));
  const call = callerOf(url, adminToken);
  /** Of many small values, which take more room parsed than written. */
  const notes = Array.from({ length: 20_000 }, (_, n) => `note ${n}`);
  const create = (n: number) =>
    call("POST", "/machines/tally", { slug: `i-${n}`, context: { public: { seen: [] }, notes } });
  let made = 0;
  let last = await create(made);
  for (; last?.status === 200 && made < 1_000; last = await create(made)) made++;
  expect(last).toMatchObject({
    status: 503,
    body: { code: "unavailable", error: expect.stringMatching(/short of memory/) },
  });
  expect(made).toBeGreaterThan(20);
  expect((await call("GET", "/machines/tally/i/i-1"))?.status).toBe(200);
  for (let n = 0; n < made; n++) {
    const answer = await call("DELETE", `/machines/tally/i/i-${n}`, {
      dangerDataWillBeDeletedForever: true,
      hmacSha256OfMachineInstanceNameWithMachineNameKey: createHmac("sha256", "tally")
        .update(`i-${n}`)
        .digest("base64url"),
    });
    expect(answer?.status).toBe(204);
  }
  await expect.poll(async () => (await create(made))?.status, { timeout: 60_000, interval: 200 }).toBe(200);
});
