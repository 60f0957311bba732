// A server whose JSON file is checked out anew while it runs: it says so when it stops, and its way back works as it says.

import { copyFile, cp, mkdtemp, readdir, readFile, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Running } from "./process.ts";
import { settle } from "./process.ts";

const counter = fileURLToPath(new URL("../../fixtures/machines/counter.ts", import.meta.url));

// Starts a server several times.
vi.setConfig({ testTimeout: 120_000 });

let folder: string;
const running: Running[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-replaced-"));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop("SIGKILL")));
  await rm(folder, { recursive: true, force: true });
});

async function serve(store: string) {
  const process = settle(["serve", "--json", "--port", "0", "--store", store, "--machines", counter], {}, folder);
  running.push(process);
  const { url, adminToken } = JSON.parse(await process.line(/"ready"/)) as { url: string; adminToken: string };
  const authorization = `Bearer ${adminToken}`;
  const headers = { authorization, "content-type": "application/json" };
  return {
    process,
    create: (slug: string) =>
      fetch(`${url}/machines/counter`, { method: "POST", headers, body: JSON.stringify({ slug }) }),
    add: (slug: string) =>
      fetch(`${url}/machines/counter/i/${slug}/events`, {
        method: "POST",
        headers,
        body: JSON.stringify({ event: { type: "increment", by: 1 } }),
      }),
  };
}

test("what it has is kept in a store beside it, which can be served, copied, or put back", async () => {
  const store = join(folder, "db.json");
  const empty = await serve("db.json");
  expect((await empty.process.stop()).code).toBe(0);
  await copyFile(store, join(folder, "committed.json"));
  const first = await serve("db.json");
  await first.create("early");
  expect((await first.process.stop()).code).toBe(0);

  const second = await serve("db.json");
  expect((await second.create("late")).status).toBe(200);
  await rename(join(folder, "committed.json"), store);
  const committed = await readFile(store, "utf8");
  expect((await second.add("late")).status).toBe(200);
  const stopped = await second.process.stop();
  expect(stopped.code).toBe(2);
  const [, kept = ""] = /is in (\S+\.json):/.exec(stopped.stderr) ?? [];
  expect(stopped.stderr).toMatch(/^settle: [^\n]*db\.json was changed by someone else while it was open[^\n]*\n$/);
  expect(stopped.stdout).not.toContain("changed by someone else");
  expect(await readFile(store, "utf8")).toBe(committed);
  const refused = settle(["serve", "--port", "0", "--store", "db.json"], {}, folder);
  running.push(refused);
  expect(await refused.ended).toMatchObject({ code: 2, stderr: expect.stringContaining("continue another state of") });

  const copied = await settle(["store", "copy", kept, "copy.json"], {}, folder).ended;
  expect(copied).toMatchObject({ code: 0, stdout: expect.stringMatching(/2 instance, 1 transition/) });
  await cp(kept, join(folder, "aside.json"));
  await cp(kept.replace(/json$/, "blobs"), join(folder, "aside.blobs"), { recursive: true });
  const beside = await serve("aside.json");
  expect((await beside.add("late")).status).toBe(200);
  expect((await beside.process.stop()).code).toBe(0);

  await rename(kept, store);
  const third = await serve("db.json");
  for (const slug of ["early", "late"]) expect((await third.add(slug)).status).toBe(200);
  expect((await third.process.stop()).code).toBe(0);
  expect(await readdir(folder)).not.toContain("db.journal");
});
