// `--coverage` and `--fail-under`: what a test suite met of the API and of its machines' statecharts, for either XState.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { WrittenCoverage } from "../../src/cli/covered/collector.ts";
import { settle } from "./process.ts";

const machines = {
  5: `import { assign, setup } from "xstate";
    export const allowRead = () => true; export const allowWrite = () => true;
    export default setup({ guards: { isRich: ({ context }) => context.coins >= 2 } }).createMachine({
      context: { coins: 0 }, initial: "locked",
      states: {
        locked: { on: {
          COIN: { actions: assign({ coins: ({ context }) => context.coins + 1 }) },
          PUSH: [{ guard: "isRich", target: "open" }, { target: "stuck" }] } },
        open: { initial: "wide", states: { wide: { on: { PULL: "narrow" } }, narrow: {} }, on: { SHUT: "locked" } },
        stuck: {} } });`,
  4: `import { assign, createMachine } from "npm:xstate";
    export const allowRead = () => true; export const allowWrite = () => true;
    export default createMachine({ predictableActionArguments: true,
      context: { coins: 0 }, initial: "locked",
      states: {
        locked: { on: {
          COIN: { actions: assign({ coins: (context) => context.coins + 1 }) },
          PUSH: [{ cond: "isRich", target: "open" }, { target: "stuck" }] } },
        open: { initial: "wide", states: { wide: { on: { PULL: "narrow" } }, narrow: {} }, on: { SHUT: "locked" } },
        stuck: {} } }, { guards: { isRich: (context) => context.coins >= 2 } });`,
};

const suite = (names: string[]) => `
const send = async (path, body) => {
  const response = await fetch(process.env.SETTLE_URL + path, { method: "POST", body: JSON.stringify(body),
    headers: { authorization: "Bearer " + process.env.SETTLE_ADMIN_TOKEN, "content-type": "application/json" } });
  if (!response.ok) throw new Error(await response.text());
};
await send("/machines/gate", { slug: "one" });
for (const event of ${JSON.stringify(names)}) await send("/machines/gate/i/one/events", { event });`;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-coverage-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function covered(
  names: string[],
  options: string[] = [],
  env = {},
  major: 4 | 5 = 5,
): Promise<{ code: number | null; stderr: string; written: WrittenCoverage }> {
  const file = join(folder, "coverage.json");
  const script = join(folder, "suite.mjs");
  await writeFile(join(folder, "gate.mjs"), machines[major]);
  await writeFile(script, suite(names));
  const { code, stderr } = await settle(
    ["exec", "--machines", join(folder, "gate.mjs"), "--coverage", file, ...options, "--", process.execPath, script],
    env,
  ).ended;
  return { code, stderr, written: JSON.parse(await readFile(file, "utf8")) as WrittenCoverage };
}

test.each([5, 4] as const)(
  "states, transitions and guards of XState %i, and the statuses that operations answered",
  { timeout: 60_000 },
  async (major) => {
    const { code, written } = await covered(["COIN", "COIN", "PUSH", "SHUT"], [], {}, major);
    expect(code).toBe(0);
    const { coverage, percent } = written;
    expect(coverage.operations).toEqual([
      { operationId: "createMachineInstance", statuses: { 200: 1 } },
      { operationId: "sendMachineInstanceEvent", statuses: { 200: 4 } },
    ]);
    const [chart] = coverage.statecharts ?? [];
    expect(chart).toMatchObject({
      machine: expect.stringMatching(/^gate ver_/),
      xstate: major,
      transitions: {
        "locked COIN": 2,
        "locked PUSH [isRich] → open": 1,
        "locked PUSH → stuck": 0,
        "open SHUT → locked": 1,
        "open.wide PULL → open.narrow": 0,
      },
      guards: { isRich: { true: 1, false: 0 } },
    });
    expect(
      Object.entries(chart?.states ?? {})
        .filter(([, count]) => count === 0)
        .map(([state]) => state),
    ).toEqual(["open.narrow", "stuck"]);
    // 3 of 5 states, 3 of 5 transitions, 1 of 2 ways of the guard.
    expect(percent).toBe(58.3);
  },
);

describe("--fail-under", () => {
  test("makes the answer no when less was met, and says how much", { timeout: 60_000 }, async () => {
    const { code, stderr } = await covered(["PUSH"], ["--fail-under", "80"]);
    expect(stderr).toMatch(/settle: 33.3 % of the statecharts was met, under the 80 % of --fail-under/);
    expect(code).toBe(1);
  });
  test("is content with enough, and may stand in the environment", { timeout: 60_000 }, async () => {
    const { code, written } = await covered(["COIN", "COIN", "PUSH", "PULL", "SHUT"], [], { SETTLE_FAIL_UNDER: "60" });
    expect(code).toBe(0);
    expect(written.percent).toBe(75);
  });
  test("leaves the command's own exit code", { timeout: 60_000 }, async () => {
    const { code, stderr } = await settle([
      "exec",
      "--fail-under",
      "1",
      "--",
      process.execPath,
      "-e",
      "process.exit(7)",
    ]).ended;
    expect(stderr).toMatch(/0 % of the statecharts/);
    expect(code).toBe(7);
  });
});

test("serve writes at its end, and exits with 1 under the threshold", { timeout: 60_000 }, async () => {
  const file = join(folder, "made", "coverage.json");
  const serve = settle(["serve", "--port", "0", "--store", "memory:", "--json", "--fail-under", "50"], {
    SETTLE_COVERAGE: file,
  });
  const { url, adminToken } = JSON.parse(await serve.line(/"event":"ready"/)) as { url: string; adminToken: string };
  await fetch(`${url}/machines`, { headers: { authorization: `Bearer ${adminToken}` } });
  await fetch(`${url}/machines`);
  const { code } = await serve.stop();
  expect(code).toBe(1);
  const { coverage } = JSON.parse(await readFile(file, "utf8")) as WrittenCoverage;
  expect(coverage.operations).toEqual([{ operationId: "listMachines", statuses: { 200: 1, 403: 1 } }]);
});
