// Logs over the wire: what is kept of what is printed where, filters, and the protocol of `from` and `maxTimestamp`.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Rig } from "./rig.ts";
import { startRig } from "./rig.ts";

const code = `import { setup, fromPromise, log } from "npm:xstate@5";
console.log("loading");
export const allowRead = ({ machineInstanceName }) => { console.log("allowRead of " + machineInstanceName); return true; };
export const allowWrite = ({ type, event }) => {
  console.error("allowWrite of " + (event?.type ?? type));
  if (event?.type === "REFUSED") throw new Error("not you");
  return true;
};
export default setup({ actors: { work: fromPromise(async () => { console.info("service"); }) } }).createMachine({
  initial: "a", context: {}, states: {
    a: { on: {
      PRINT: { guard: () => { console.debug("guard"); return true; }, actions: [() => console.log("action", { n: 1 }), log("by xstate")] },
      MANY: { actions: ({ event }) => { for (let n = 0; n < event.count; n++) console.log(event.text + " " + n); } },
      WORK: "b", THROW: { actions: () => { throw new Error("action broke"); } },
      BREAK: { guard: () => { throw new Error("guard broke"); }, target: "b" },
      LATE: { actions: () => { setTimeout(() => console.log("late"), 50); } } } },
    b: { invoke: { src: "work", onDone: "a" } } } });`;

interface Entry {
  timestamp: string;
  log: string;
  outputType: string;
  instanceName: string;
  machineName: string;
  machineVersionId: string;
}
let rig: Rig;
let names = 0;
beforeAll(async () => {
  rig = await startRig();
  await rig.publish("printer", code);
});
afterAll(() => rig.server.close());

const ask = (params: { [name: string]: string }, on = rig) => on.call("GET", `/logs?${new URLSearchParams(params)}`);
async function page(params: { [name: string]: string }, on = rig) {
  const { status, body } = await ask(params, on);
  expect({ status, error: body.error }).toEqual({ status: 200, error: undefined });
  return body as unknown as { maxTimestamp: string; logs: Entry[] };
}
async function create(machine = "printer"): Promise<string> {
  const slug = `i-${++names}`;
  expect((await rig.call("POST", `/machines/${machine}`, { json: { slug } })).status).toBe(200);
  return slug;
}
const send = (slug: string, event: string | object, machine = "printer") =>
  rig.call("POST", `/machines/${machine}/i/${slug}/events`, { json: { event } });
const printed = async (instance: string) =>
  (await page({ from: "2020-01-01T00:00:00.000Z", instance })).logs.map(
    ({ outputType, log }) => `${outputType} ${log}`,
  );

describe("what is printed", () => {
  test("by authorizers, guards, actions, services and the service itself is there right after the response, in order", async () => {
    const from = new Date(Date.now() - 1).toISOString();
    const one = await create();
    await send(one, "PRINT");
    await send(one, "WORK");
    await rig.call("GET", `/machines/printer/i/${one}`);
    expect(await printed(one)).toEqual([
      "stderr allowWrite of initialization",
      "stderr allowWrite of PRINT",
      "stdout guard",
      "stdout action { n: 1 }",
      "stdout by xstate",
      "stderr allowWrite of WORK",
      "stdout service",
      `stdout allowRead of ${one}`,
    ]);
    const [first] = (await page({ from, instance: one })).logs;
    const { machine } = (await rig.call("GET", "/machines/printer")).body as {
      machine: { currentVersion: { id: string } };
    };
    expect(first).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      orgId: rig.server.orgId,
      machineName: "printer",
      instanceName: one,
      machineVersionId: machine.currentVersion.id,
      outputType: "stderr",
      log: "allowWrite of initialization",
    });
    expect(Date.parse(first?.timestamp ?? "")).toBeLessThanOrEqual(Date.now());
  });

  test("of a failure, and of an event that was refused, is there too", async () => {
    const one = await create();
    expect((await send(one, "REFUSED")).status).toBe(403);
    expect((await send(one, "THROW")).status).toBe(200);
    expect((await send(one, "BREAK")).status).toBe(400);
    const lines = await printed(one);
    expect(lines).toContainEqual(expect.stringMatching(/^stderr allowWrite threw: Error: not you/));
    expect(lines).toContainEqual(expect.stringMatching(/^stderr an action threw: Error: action broke/));
    expect(lines).toContainEqual(expect.stringMatching(/^stderr .*guard broke/s));
  });

  test("late is still the instance's; while loading, nobody's", async () => {
    const one = await create();
    await send(one, "LATE");
    await vi.waitFor(async () => expect(await printed(one)).toContain("stdout late"));
    const { logs } = await page({ from: "2020-01-01T00:00:00.000Z" });
    expect(logs.filter(({ log }) => log === "loading")).toEqual([]);
  });

  test("survives a restart, and what comes after it is later", async () => {
    const folder = await mkdtemp(join(tmpdir(), "settle-logs-"));
    let own = await startRig({ store: join(folder, "db.json") });
    await own.publish("printer", code);
    await own.call("POST", "/machines/printer", { json: { slug: "one" } });
    await own.server.close();
    own = await startRig({ store: join(folder, "db.json") });
    const before = await page({ from: "2020-01-01T00:00:00.000Z" }, own);
    expect(before.logs.map(({ log }) => log)).toEqual(["allowWrite of initialization"]);
    await own.call("POST", "/machines/printer/i/one/events", { json: { event: "PRINT" } });
    const after = await page({ from: before.maxTimestamp }, own);
    expect(after.logs.map(({ log }) => log)).toEqual(["allowWrite of PRINT", "guard", "action { n: 1 }", "by xstate"]);
    await own.server.close();
    await rm(folder, { recursive: true, force: true });
  });

  test("in a flood holds nobody else up, and the log says that it was cut", async () => {
    const flooder = await create();
    const other = await create();
    const flood = send(flooder, { type: "MANY", count: 200_000, text: "x".repeat(100) });
    const began = performance.now();
    for (let n = 0; n < 20; n++) expect((await send(other, "PRINT")).status).toBe(200);
    expect((performance.now() - began) / 20).toBeLessThan(200);
    expect((await flood).status).toBe(200);
    const last = await vi.waitFor(async () => {
      const { body } = await ask({ from: "2020-01-01T00:00:00.000Z", instance: flooder });
      let current = body as unknown as { maxTimestamp: string; logs: Entry[] };
      let all = current.logs;
      while (current.logs.length > 0) {
        current = await page({ from: current.maxTimestamp, instance: flooder });
        all = [...all, ...current.logs];
      }
      expect(all.at(-1)?.log).toMatch(/dropped|too fast/);
      return all;
    });
    expect(last.length).toBeGreaterThan(900);
  });
});

describe("filters", () => {
  test("leave out what is another machine's, instance's or version's, and combine", async () => {
    await rig.publish("printer2", code);
    const [mine, other] = [await create(), await create()];
    const from = "2020-01-01T00:00:00.000Z";
    expect((await rig.call("POST", "/machines/printer2", { json: { slug: mine } })).status).toBe(200);
    const both = (await page({ from, instance: mine })).logs;
    expect(new Set(both.map(({ machineName }) => machineName))).toEqual(new Set(["printer", "printer2"]));
    const [version = "", second = ""] = [...new Set(both.map(({ machineVersionId }) => machineVersionId))];
    expect((await page({ from, machine: "printer", instance: mine })).logs).toHaveLength(1);
    expect((await page({ from, machine: "printer2" })).logs.map(({ instanceName }) => instanceName)).toEqual([mine]);
    expect((await page({ from, version: second })).logs).toEqual((await page({ from, machine: "printer2" })).logs);
    expect((await page({ from, version, instance: other })).logs).toHaveLength(1);
    for (const none of [
      { machine: "nobody" },
      { instance: "nobody" },
      { version: "ver_nobody" },
      { machine: "printer2", version },
    ]) {
      expect(await page({ from, ...none })).toEqual({ logs: [], maxTimestamp: from });
    }
  });

  test.each([
    [{}, "from"],
    [{ from: "" }, "from"],
    [{ from: "yesterday" }, "from"],
    [{ from: "2026-01-05" }, "from"],
    [{ from: "2016-12-31T23:59:60Z" }, "from"],
    [{ from: "2026-01-05T10:00:00Z", to: "later" }, "to"],
    [{ from: "2026-01-05T10:00:00Z", machine: "no spaces" }, "machine"],
    [{ from: "2026-01-05T10:00:00Z", instance: "" }, "instance"],
  ])("%j is a 400 that names %s", async (params, parameter) => {
    const { status, body } = await ask(params);
    expect([status, body.code, body.parameter]).toEqual([400, "invalid-parameter", parameter]);
  });

  test.each([
    ["2026-01-05T11:00:00+01:00", "2026-01-05T10:00:00.000Z"],
    ["2026-01-05T10:00:00Z", "2026-01-05T10:00:00.000Z"],
    ["2026-01-05T10:00:00.123456Z", "2026-01-05T10:00:00.123Z"],
    ["1969-12-31T00:00:00Z", "1969-12-31T00:00:00.000Z"],
    ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"],
  ])("a from of %s comes back as %s when there is nothing", async (from, maxTimestamp) => {
    expect(await page({ from, machine: "nobody" })).toEqual({ logs: [], maxTimestamp });
  });
});

describe("following", () => {
  test("yields 250 entries once each, at most 100 at a time, with more printed meanwhile", async () => {
    const one = await create();
    let from = new Date(Date.now() - 1).toISOString();
    await send(one, { type: "MANY", count: 250, text: "a" });
    const seen: string[] = [];
    for (let calls = 0; calls < 20; calls++) {
      const { logs, maxTimestamp } = await page({ from, instance: one });
      expect(logs.length).toBeLessThanOrEqual(100);
      if (logs.length === 0) expect(maxTimestamp).toBe(from);
      for (const { timestamp } of logs) {
        expect(timestamp > from).toBe(true);
        expect(timestamp <= maxTimestamp).toBe(true);
      }
      seen.push(...logs.map(({ log }) => log));
      from = maxTimestamp;
      if (calls === 0) await send(one, { type: "MANY", count: 3, text: "b" });
    }
    const lines = seen.filter((log) => /^[ab] /.test(log));
    expect(lines).toEqual([...Array.from({ length: 250 }, (_, n) => `a ${n}`), "b 0", "b 1", "b 2"]);
  });

  test("what others print meanwhile is not news", async () => {
    const [mine, other] = [await create(), await create()];
    const { maxTimestamp } = await page({ from: "2020-01-01T00:00:00.000Z", instance: mine });
    await send(other, "PRINT");
    expect(await page({ from: maxTimestamp, instance: mine })).toEqual({ logs: [], maxTimestamp });
  });
});
