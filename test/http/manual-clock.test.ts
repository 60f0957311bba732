// The manual clock, as a library and over HTTP: time moves only when told, everything due on the way happens in order, and a run can be repeated.

import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { LogLine, ServerOptions } from "../../src/index.ts";
import type { Rig } from "./rig.ts";
import { startRig } from "./rig.ts";

const start = Date.UTC(2030, 0, 1);
const authorizers = "export const allowRead = () => true; export const allowWrite = () => true;";

/** Asks to be woken after the delays that an event lists, and says what time it thinks it is when it is. */
const sleeper = {
  5: `import { enqueueActions, setup } from "npm:xstate@5"; ${authorizers}
    export default setup({}).createMachine({ context: { public: { at: [] } }, on: {
      ALARMS: { actions: enqueueActions(({ event, enqueue, self }) => {
        event.delays.forEach((delay, n) => enqueue.sendTo(self, { type: "RING", n }, { id: "t" + n, delay })); }) },
      RING: { actions: [({ event }) => console.log(String(event.n)),
        enqueueActions(({ context, enqueue }) => enqueue.assign({ public: { at: [...context.public.at, Date.now()] } }))] } } });`,
  4: `import { actions, assign, createMachine, send } from "npm:xstate"; ${authorizers}
    export default createMachine({ predictableActionArguments: true, context: { public: { at: [] } }, on: {
      ALARMS: { actions: actions.pure((_, { delays }) => delays.map((delay, n) => send({ type: "RING", n }, { id: "t" + n, delay }))) },
      RING: { actions: [(_, event) => console.log(String(event.n)),
        assign({ public: ({ public: { at } }) => ({ at: [...at, new Date().getTime()] }) })] } } });`,
};

let rig: Rig | undefined;
const clean: (() => unknown)[] = [];
afterEach(async () => {
  await rig?.server.close();
  rig = undefined;
  for (const undo of clean.splice(0)) await undo();
});

async function manual(options: Partial<ServerOptions> = {}): Promise<Rig> {
  rig = await startRig({ clock: "manual", clockStartMs: start, ...options });
  return rig;
}

async function create(on: Rig, machine: string, slug: string): Promise<void> {
  expect((await on.call("POST", `/machines/${machine}`, { json: { slug } })).status).toBe(200);
}
const send = (on: Rig, machine: string, slug: string, event: unknown) =>
  on.call("POST", `/machines/${machine}/i/${slug}/events`, { json: { event } });
const read = async (on: Rig, machine: string, slug: string) =>
  (await on.call("GET", `/machines/${machine}/i/${slug}`)).body;
const history = async (on: Rig, machine: string, slug: string) =>
  (await on.call("GET", `/machines/${machine}/i/${slug}/events`)).body.transitions as {
    createdAt: string;
    event: { type: string };
  }[];

describe.each([5, 4] as const)("XState %i", (major) => {
  test("what falls due on the way happens at its own time, by every clock there is", async () => {
    const on = await manual();
    await on.publish("m", sleeper[major]);
    await create(on, "m", "a");
    await send(on, "m", "a", { type: "ALARMS", delays: [5_000, 86_400_000 * 40, 60_000, 5_000] });
    expect(await on.server.clock.advance(4_999)).toEqual({ now: start + 4_999, fired: 0 });
    expect(await on.server.clock.advance(1)).toEqual({ now: start + 5_000, fired: 2 });
    expect(await on.server.clock.advance(100_000)).toEqual({ now: start + 105_000, fired: 1 });
    const times = [start + 5_000, start + 5_000, start + 60_000];
    expect(await read(on, "m", "a")).toMatchObject({ ts: start + 60_000, publicContext: { at: times } });
    expect((await history(on, "m", "a")).map(({ createdAt }) => Date.parse(createdAt))).toEqual([start, ...times]);
    expect(await on.server.clock.advance(86_400_000 * 40)).toMatchObject({ fired: 1 });
    await vi.waitFor(async () => {
      const { body } = await on.call("GET", "/logs?from=2030-01-01T00:00:00.000Z");
      const logs = body.logs as { timestamp: string; log: string }[];
      expect(logs.map(({ log, timestamp }) => [log, Date.parse(timestamp) - start])).toEqual([
        ["0", 5_000],
        // A line that is stored in a later batch than the one before is later in the log, by a millisecond.
        ["3", expect.toSatisfy((ms: number) => ms === 5_000 || ms === 5_001)],
        ["2", 60_000],
        ["1", 86_400_000 * 40],
      ]);
    });
  });

  test("ten thousand timers spread over a minute fire in due order, each exactly once", async () => {
    const heard: { instance: string; n: number }[] = [];
    const onMachineLog = ({ instance, log }: LogLine) =>
      void heard.push({ instance: instance?.slug ?? "", n: Number(log) });
    const on = await manual({ onMachineLog });
    await on.publish("m", sleeper[major]);
    // Spread so that neighbours in time are never of one instance, and some share a millisecond.
    const delayOf = (instance: number, n: number) => 1 + (((n * 100 + ((instance * 37) % 100)) * 7919) % 60_000);
    const slugs = Array.from({ length: 100 }, (_, i) => `i${i}`);
    for (const [i, slug] of slugs.entries()) {
      await create(on, "m", slug);
      const delays = Array.from({ length: 100 }, (_, n) => delayOf(i, n));
      expect((await send(on, "m", slug, { type: "ALARMS", delays })).status).toBe(200);
    }
    expect(await on.server.clock.advance(60_000)).toEqual({ now: start + 60_000, fired: 10_000 });
    expect(heard).toHaveLength(10_000);
    const dues = heard.map(({ instance, n }) => delayOf(Number(instance.slice(1)), n));
    expect(dues).toEqual([...dues].sort((a, b) => a - b));
    expect(new Set(heard.map(({ instance, n }) => `${instance} ${n}`)).size).toBe(10_000);
    expect(await on.server.clock.preview(86_400_000)).toMatchObject({ due: [] });
  }, 120_000);
});

test("a preview lists what an advance would fire, and does nothing", async () => {
  const on = await manual();
  await on.publish("m", sleeper[5]);
  await create(on, "m", "a");
  await create(on, "m", "b");
  await send(on, "m", "a", { type: "ALARMS", delays: [3_000, 1_000] });
  await send(on, "m", "b", { type: "ALARMS", delays: [2_000, 9_000] });
  const due = [
    { dueAt: start + 1_000, instance: "a" },
    { dueAt: start + 2_000, instance: "b" },
    { dueAt: start + 3_000, instance: "a" },
  ].map((work) => ({ ...work, orgId: on.server.orgId, machine: "m", kind: "timer", event: "RING" }));
  const preview = () => on.call("POST", "/_settle/clock/advance?preview", { json: { ms: 8_000 } });
  expect(await preview()).toMatchObject({ status: 200, body: { now: start, due, more: false } });
  expect((await preview()).body).toEqual({ now: start, due, more: false });
  expect((await history(on, "m", "a")).map(({ event }) => event.type)).toEqual(["ALARMS"]);
  const { body } = await on.call("POST", "/_settle/clock/advance", { json: { ms: 8_000 } });
  expect(body).toEqual({ now: start + 8_000, fired: 3 });
});

test("an advance waits for what a timer set off, however long that takes in real time", async () => {
  const release = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const listener = createServer(async (_, response) => {
    asked.resolve();
    await release.promise;
    response.end("done");
  }).listen(0, "127.0.0.1");
  clean.push(() => listener.close());
  await vi.waitFor(() => expect(listener.listening).toBe(true));
  const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
  const on = await manual();
  await on.publish(
    "m",
    `import { fromPromise, setup } from "npm:xstate@5"; ${authorizers}
     export default setup({ actors: { ask: fromPromise(async () => (await fetch("${url}")).text()) } }).createMachine({
       initial: "idle", states: { idle: { after: { 1000: "asking" } },
         asking: { invoke: { src: "ask", onDone: "answered" } }, answered: {} } });`,
  );
  await create(on, "m", "a");
  let isOver = false;
  const advanced = on.server.clock.advance(1_000).then((result) => {
    isOver = true;
    return result;
  });
  await asked.promise;
  expect((await read(on, "m", "a")).state).toBe("asking");
  expect(isOver).toBe(false);
  release.resolve();
  expect(await advanced).toEqual({ now: start + 1_000, fired: 1 });
  expect((await read(on, "m", "a")).state).toBe("answered");
});

test("what a timer set off may itself send events to the server", async () => {
  const on = await manual();
  await on.publish("m", sleeper[5]);
  await create(on, "m", "a");
  await on.publish(
    "caller",
    `import { fromPromise, setup } from "npm:xstate@5"; ${authorizers}
     const call = fromPromise(({ input: { url, token } }) => fetch(url, { method: "POST",
       headers: { authorization: "Bearer " + token, "content-type": "application/json" },
       body: JSON.stringify({ event: { type: "RING", n: 1 } }) }).then((answer) => answer.status));
     export default setup({ actors: { call } }).createMachine({ initial: "idle", states: { idle: { after: { 1000: "calling" } },
       calling: { invoke: { src: "call", input: ({ context }) => context, onDone: { target: "over", guard: ({ event }) => event.output === 200 } } },
       over: {} } });`,
  );
  const context = { url: `${on.server.url}/machines/m/i/a/events`, token: on.server.adminToken };
  for (const slug of ["one", "two"]) await on.call("POST", "/machines/caller", { json: { slug, context } });
  expect(await on.server.clock.advance(1_000)).toMatchObject({ fired: 2 });
  expect((await read(on, "caller", "two")).state).toBe("over");
  expect((await read(on, "m", "a")).publicContext).toEqual({ at: [start + 1_000, start + 1_000] });
});

test("a timer whose handling throws is tried again by the manual clock, and given up", async () => {
  const on = await manual();
  await on.publish(
    "m",
    `import { createMachine } from "npm:xstate@5"; ${authorizers}
     export default createMachine({ initial: "idle", states: { over: {},
       idle: { after: { 1000: { guard: () => { console.log("tried", Date.now()); throw new Error("broken"); }, target: "over" } } } } });`,
  );
  await create(on, "m", "a");
  expect(await on.server.clock.advance(1_000 + 4 * 30_000 - 1)).toMatchObject({ fired: 0 });
  expect(await on.server.clock.preview(1)).toMatchObject({ due: [{ dueAt: start + 121_000 }] });
  await on.server.clock.advance(3_600_000);
  await vi.waitFor(async () => {
    const logs = (await on.call("GET", "/logs?from=2030-01-01T00:00:00.000Z")).body.logs as { log: string }[];
    const tries = logs.map(({ log }) => log).filter((log) => log.startsWith("tried"));
    expect(tries).toEqual([1, 31, 61, 91, 121].map((seconds) => `tried ${start + seconds * 1_000}`));
    expect(logs.at(-1)?.log).toContain("gave up");
  });
  expect((await read(on, "m", "a")).state).toBe("idle");
});

/** A boss hires workers under names that the service draws; both set timers, and talk. */
const crew = {
  worker: `import { setup, sendParent } from "npm:xstate@5"; ${authorizers}
    export default setup({}).createMachine({ initial: "busy", states: {
      busy: { after: { 700: { target: "over", actions: sendParent({ type: "DONE_WITH_IT" }) } } }, over: { type: "final" } } });`,
  boss: `import { assign, setup } from "npm:xstate@5"; ${authorizers}
    const hire = () => globalThis.__statebacked_rt.spawn({ machineName: "worker" });
    export default setup({}).createMachine({ context: { public: { crew: [] } }, on: {
      HIRE: { actions: assign({ crew: ({ context }) => [...(context.crew ?? []), hire()],
        public: ({ context }) => ({ crew: [...context.public.crew, String(Date.now())] }) }) },
      DONE_WITH_IT: {} }, after: { 500: { actions: () => {} } } });`,
};

test("the same run twice gives the same history, ids and all, and a different seed of secrets", async () => {
  async function run() {
    const on = await manual();
    await on.publish("worker", crew.worker);
    await on.publish("boss", crew.boss);
    for (const slug of ["a", "b"]) await create(on, "boss", slug);
    for (const slug of ["a", "b", "a"]) await send(on, "boss", slug, { type: "HIRE" });
    const { server } = on;
    await server.clock.advance(10_000);
    const told: unknown[] = [server.orgId, server.keyId, (await on.call("GET", "/machines")).body];
    for (const machine of ["boss", "worker"]) {
      const { instances } = (await on.call("GET", `/machines/${machine}/i`)).body as { instances: { slug: string }[] };
      for (const { slug } of instances) {
        told.push(slug, (await on.call("GET", `/machines/${machine}/i/${slug}/admin`)).body);
        told.push(await history(on, machine, slug));
      }
    }
    await server.close();
    return { told, secret: server.secretKey };
  }
  const [one, two] = [await run(), await run()];
  expect(one.told).toHaveLength(3 + 2 * (2 + 3) + 5);
  expect(two.told).toEqual(one.told);
  expect(two.secret).not.toBe(one.secret);
});

async function draw(on: Rig): Promise<string[]> {
  const ids: string[] = [];
  for (const name of ["a", "b", "c"]) {
    ids.push(String((await on.call("POST", "/keys", { json: { name, use: "ci" } })).body.id));
  }
  return ids;
}

test("an instance whose timers take no time can be stopped", async () => {
  const on = await manual();
  await on.publish(
    "restless",
    `import { createMachine } from "npm:xstate@5"; ${authorizers}
     export default createMachine({ initial: "a", states: { a: { after: { 0: "b" } }, b: { after: { 0: "a" } } } });`,
  );
  await create(on, "restless", "x");
  const paused = await on.call("PUT", "/machines/restless/i/x/status", { json: { status: "paused" } });
  expect(paused.status).toBe(204);
  expect(await on.server.clock.advance(3_600_000)).toMatchObject({ now: start + 3_600_000 });
}, 60_000);

test("a restart goes on with what is stored, and draws other names", async () => {
  const folder = await mkdtemp(join(tmpdir(), "settle-clock-"));
  clean.push(() => rm(folder, { recursive: true, force: true }));
  const store = join(folder, "db.json");
  const first = await manual({ store });
  await first.publish("m", sleeper[5]);
  await create(first, "m", "a");
  await send(first, "m", "a", { type: "ALARMS", delays: [1_000, 5_000, 9_000] });
  await first.server.clock.advance(2_000);
  const drawn = await draw(first);
  await first.server.close();
  const second = await manual({ store, clockStartMs: start + 2_000 });
  drawn.push(...(await draw(second)), second.server.orgId, second.server.keyId);
  expect(new Set(drawn.map((id) => id.slice(id.indexOf("_")))).size).toBe(8);
  expect(await second.server.clock.advance(4_000)).toEqual({ now: start + 6_000, fired: 1 });
  expect((await read(second, "m", "a")).publicContext).toEqual({ at: [start + 1_000, start + 5_000] });
  await second.server.close();
  // Behind what is stored, time stands still for the instance until the clock has caught up.
  const third = await manual({ store });
  expect((await send(third, "m", "a", { type: "RING", n: 7 })).body.ts).toBe(start + 5_000);
  expect(await third.server.clock.advance(9_000)).toMatchObject({ fired: 1 });
});

test("real time is what counts for tokens", async () => {
  const on = await manual();
  const token = await on.token({ act: { sub: "a" }, exp: 60 });
  await on.server.clock.advance(86_400_000);
  expect((await on.call("GET", "/machines", { token })).status).toBe(200);
  expect((await on.call("GET", "/machines", { token: await on.token({ act: {}, exp: -60 }) })).status).toBe(403);
});

describe("what can't be is refused", () => {
  test.each<[string, unknown, string]>([
    ["nothing", undefined, "body"],
    ["no JSON", "{", "body"],
    ["a list", [1], "body"],
    ["no ms", {}, "ms"],
    ["another name", { ms: 1, to: 2 }, "to"],
    ["a text", { ms: "1" }, "ms"],
    ["the past", { ms: -1 }, "ms"],
    ["a fraction", { ms: 0.5 }, "ms"],
    ["more than a hundred years", { ms: 3_155_760_000_001 }, "ms"],
  ])("%s: 400", async (_, body, parameter) => {
    const on = await manual();
    const text = typeof body === "string" ? { text: body } : body === undefined ? {} : { json: body };
    for (const query of ["", "?preview"]) {
      const answer = await on.call("POST", `/_settle/clock/advance${query}`, text);
      expect(answer).toMatchObject({ status: 400, body: { code: "invalid-parameter", parameter } });
    }
    expect(on.server.clock.now()).toBe(start);
  });

  test("past the year 9999", async () => {
    const on = await manual({ clockStartMs: Date.UTC(9999, 11, 31) });
    expect(await on.server.clock.advance(3_600_000)).toMatchObject({ fired: 0 });
    await expect(on.server.clock.advance(86_400_000)).rejects.toThrow(/year 9999/);
    await expect(startRig({ clock: "manual", clockStartMs: Date.UTC(10_000, 0) })).rejects.toThrow(/clockStartMs/);
    await expect(startRig({ clockStartMs: start })).rejects.toThrow(/needs clock: manual/);
  });

  test("the real clock can't be moved: 409, and the library says the same", async () => {
    rig = await startRig();
    const answer = await rig.call("POST", "/_settle/clock/advance", { json: { ms: 1 } });
    expect(answer).toMatchObject({
      status: 409,
      body: { code: "invalid-state", error: expect.stringMatching(/--clock manual/) },
    });
    await expect(rig.server.clock.advance(1)).rejects.toThrow(/manual/);
    expect(() => rig?.server.clock.preview(1)).toThrow(/manual/);
    expect(Math.abs(rig.server.clock.now() - Date.now())).toBeLessThan(60_000);
  });

  test("without the admin token nothing but the open routes answers", async () => {
    const on = await manual();
    const other = await on.token({ act: { sub: "somebody" } });
    for (const token of [null, other, `${on.server.adminToken}x`]) {
      for (const path of ["/_settle/clock/advance", "/_settle/nothing", "/_settle/state"]) {
        const answer = await on.call("POST", path, { token, json: { ms: 1 } });
        expect(answer).toMatchObject({ status: 401, body: { code: "missing-user" } });
        expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      }
    }
    expect(on.server.clock.now()).toBe(start);
    expect((await on.call("GET", "/_settle/nothing")).status).toBe(404);
    const wrong = await on.call("GET", "/_settle/clock/advance");
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
  });

  test("an advance that is under way when the server stops is told so", async () => {
    const on = await manual();
    await on.publish("m", sleeper[5]);
    await create(on, "m", "a");
    await send(on, "m", "a", { type: "ALARMS", delays: Array.from({ length: 2_000 }, (_, n) => n + 1) });
    const advancing = on.server.clock.advance(2_000).then(
      () => "all",
      (error: Error) => error.name,
    );
    await vi.waitFor(async () => expect((await history(on, "m", "a")).length).toBeGreaterThan(3));
    await on.server.close();
    expect(await advancing).toBe("EngineClosed");
  });
});
