// The contracts of durability, on a server that is killed in the middle of its work: clean as it is, red when it comes back with an older store.

import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadContracts } from "../../src/oracle/contracts.ts";
import { loadProfile, profileFile, profileSchema } from "../../src/oracle/profile.ts";
import type { Report } from "../../src/oracle/report.ts";
import { verify } from "../../src/oracle/verify.ts";
import { settle } from "../cli/process.ts";

const contractsFolder = fileURLToPath(new URL("../../contracts", import.meta.url));
const main = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));
const contracts = loadContracts(contractsFolder);
const short = loadProfile(profileFile(contractsFolder, "short"), profileSchema(contractsFolder));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-durability-"));
});
afterEach(async () => {
  const pid = Number(await readFile(join(folder, "pid"), "utf8"));
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended
  }
  await rm(folder, { recursive: true, maxRetries: 5 });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Judges a server of its own; `meanwhile` is shell that runs while the server is down, in its folder. */
async function judge(meanwhile = ":"): Promise<Report> {
  const args = ["serve", "--port", String(await freePort()), "--store", join(folder, "store", "db.json"), "--json"];
  const first = settle(args, {}, folder);
  await writeFile(join(folder, "pid"), String(first.child.pid));
  const ready = JSON.parse(await first.line(/"ready"/));
  await cp(join(folder, "store"), join(folder, "early"), { recursive: true });
  const start = [process.execPath, main, ...args].map((word) => `'${word}'`).join(" ");
  const script = `cd '${folder}'; kill -9 $(cat pid); ${meanwhile}; ${start} > log 2>&1 & echo $! > '${folder}/pid'`;
  return verify({
    target: ready,
    contracts,
    profile: { ...short, restart: script },
    prefix: "durable",
    now: () => Date.now(),
    only: ["durability"],
  });
}

const statuses = ({ rules }: Report) =>
  Object.fromEntries(rules.filter(({ id }) => id.includes("DURABLE")).map(({ id, status }) => [id, status]));

test("what was acknowledged is there after kill -9", { timeout: 120_000 }, async () => {
  const report = await judge();
  expect(report.rules.filter(({ status }) => ["failed", "flaky", "warned", "oracle-error"].includes(status))).toEqual(
    [],
  );
  expect(new Set(Object.values(statuses(report)))).toEqual(new Set(["passed"]));
  expect(Object.keys(statuses(report)).length).toBe(11);
});

test("a server that comes back with an older store is called out, with the restart in the repro", {
  timeout: 120_000,
}, async () => {
  const report = await judge("rm -rf store; cp -r early store");
  expect(report.verdict).toBe("violates");
  expect(statuses(report)).toMatchObject({
    "SB-DURABLE-ACKNOWLEDGED-KEPT": "failed",
    "SB-DURABLE-KEY-KEPT": "failed",
    "SB-DURABLE-TIMER-FIRES": "failed",
  });
  const { repro = [] } = report.rules.find(({ id }) => id === "SB-DURABLE-ACKNOWLEDGED-KEPT") ?? {};
  expect(repro.join("\n")).toContain("kill -9 $(cat pid)");
});
