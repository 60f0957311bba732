// "Why not?": the transitions that could take an event, their guards' verdicts, the authorizer's answer, and nothing changed by asking.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Rig } from "./rig.ts";
import { startRig } from "./rig.ts";

const authorizers = `export const allowRead = () => true;
  export const allowWrite = ({ authContext, event }) => {
    if (authContext.sub === "broken") throw new Error("no such user");
    return authContext.sub !== "stranger" && event?.type !== "FORBIDDEN"; };`;

/** The same statechart in both: nested, parallel, guarded by name, inline, and by a guard that throws; an action that is heard outside. */
const door = {
  5: (url: string) => `import { assign, fromPromise, setup } from "npm:xstate@5"; ${authorizers}
    const ring = () => { console.log("rang"); fetch("${url}"); };
    export default setup({
      guards: { hasKey: ({ context }) => (console.log("looked"), context.keys > 0), isBroken: () => { throw new Error("jammed"); } },
      actions: { ring }, actors: { wait: fromPromise(() => new Promise(() => {})) },
    }).createMachine({ id: "door", context: { keys: 0, public: { opened: 0 } }, initial: "shut", on: { KICK: "#door.broken", "*": { actions: "ring" } }, states: {
      shut: { initial: "locked", on: { OPEN: { guard: function isNight() { return false; }, target: "open" }, FORBIDDEN: {} },
        states: { locked: { on: { OPEN: [
            { guard: "hasKey", target: "#door.open", actions: ["ring", assign({ public: ({ context }) => ({ opened: context.public.opened + 1 }) })] },
            { guard: ({ event }) => event.force > 9, target: "#door.broken" }, { actions: "ring" }] } } } },
      open: { type: "parallel", on: { JAM: { guard: "isBroken", target: "broken" } }, states: {
        light: { initial: "on", states: { on: { on: { CLOSE: "off" } }, off: {} } }, hinge: { initial: "wide", states: { wide: { on: { CLOSE: "#door.shut" } } } } } },
      broken: { type: "final" } } });`,
  4: (url: string) => `import { assign, createMachine } from "npm:xstate"; ${authorizers}
    const ring = () => { console.log("rang"); fetch("${url}"); };
    export default createMachine({ predictableActionArguments: true, id: "door", context: { keys: 0, public: { opened: 0 } }, initial: "shut", on: { KICK: "#door.broken", "*": { actions: "ring" } }, states: {
      shut: { initial: "locked", on: { OPEN: { cond: function isNight() { return false; }, target: "open" }, FORBIDDEN: {} },
        states: { locked: { on: { OPEN: [
            { cond: "hasKey", target: "#door.open", actions: ["ring", assign({ public: (c) => ({ opened: c.public.opened + 1 }) })] },
            { cond: (c, event) => event.force > 9, target: "#door.broken" }, { actions: "ring" }] } } } },
      open: { type: "parallel", on: { JAM: { cond: "isBroken", target: "broken" } }, states: {
        light: { initial: "on", states: { on: { on: { CLOSE: "off" } }, off: {} } }, hinge: { initial: "wide", states: { wide: { on: { CLOSE: "#door.shut" } } } } } },
      broken: { type: "final" } } },
      { guards: { hasKey: (c) => (console.log("looked"), c.keys > 0), isBroken: () => { throw new Error("jammed"); } }, actions: { ring } });`,
};

let rig: Rig;
let rings = 0;
const bell = createServer((_, response) => {
  rings++;
  response.end();
});
afterEach(async () => {
  await rig.server.close();
  bell.close();
});

type Body = { [name: string]: unknown };
const explain = async (body: Body) => rig.call("POST", "/_settle/explain", { json: { machine: "door", ...body } });
const ask = async (instance: string, event: unknown, sub = "ada") =>
  (await explain({ instance, event, authContext: { sub } })).body as Body & { candidates: Body[] };

async function everything(): Promise<unknown> {
  const paths = [
    "/machines/door/i",
    "/machines/door/i/a/admin",
    "/machines/door/i/a/events",
    "/machines/door/i/b/admin",
  ];
  const logs = "/logs?from=2020-01-01T00:00:00.000Z";
  return Promise.all([...paths, logs].map(async (path) => (await rig.call("GET", path)).body));
}

describe.each([5, 4] as const)("XState %i", (major) => {
  async function start(): Promise<void> {
    rings = 0;
    await new Promise<void>((resolve) => bell.listen(0, "127.0.0.1", resolve));
    rig = await startRig();
    await rig.publish("door", door[major](`http://127.0.0.1:${(bell.address() as AddressInfo).port}/`));
    await rig.call("POST", "/machines/door", { json: { slug: "a" } });
    await rig.call("POST", "/machines/door", { json: { slug: "b", context: { keys: 1 } } });
  }

  test("says which transitions there are, what each guard says, and which one is taken", async () => {
    await start();
    const before = await everything();
    const { instance, candidates, authorizer, outcome, notes } = await ask("a", "OPEN");
    expect(instance).toMatchObject({ status: "running", state: { shut: "locked" }, done: false });
    expect(authorizer).toEqual({ allows: true });
    const from = { state: "door.shut.locked", event: "OPEN", isTaken: false };
    expect(candidates).toEqual([
      { ...from, guard: { name: "hasKey", passes: false }, targets: ["door.open"], actions: ["ring", "xstate.assign"] },
      {
        ...from,
        guard: { name: "(inline)", passes: false },
        targets: ["door.broken"],
        actions: [],
      },
      { ...from, targets: [], actions: ["ring"], isTaken: true },
      { ...from, state: "door.shut", guard: { name: "isNight", passes: false }, targets: ["door.open"], actions: [] },
      { state: "door", event: "*", targets: [], actions: ["ring"], isTaken: false },
    ]);
    expect(outcome).toEqual({ state: { shut: "locked" }, context: { keys: 0, public: { opened: 0 } }, done: false });
    expect(notes).toEqual([]);
    expect(await everything()).toEqual(before);
    expect(rings).toBe(0);
  });

  test("asks guards about this very event and instance, and computes where it leads, without going there", async () => {
    await start();
    const before = await everything();
    const forced = await ask("a", { type: "OPEN", force: 10 });
    expect(forced.candidates.map(({ isTaken }) => isTaken)).toEqual([false, true, false, false, false]);
    expect(forced.outcome).toMatchObject({ state: "broken", done: true });
    const opened = await ask("b", "OPEN");
    expect(opened.candidates[0]).toMatchObject({ guard: { name: "hasKey", passes: true }, isTaken: true });
    const open = { open: { light: "on", hinge: "wide" } };
    expect(opened.outcome).toEqual({ state: open, context: { keys: 1, public: { opened: 1 } }, done: false });
    expect(await everything()).toEqual(before);
    expect(rings).toBe(0);
    // It is what then happens.
    const sent = await rig.call("POST", "/machines/door/i/b/events", { json: { event: "OPEN" } });
    expect(sent.body).toMatchObject({ state: open, publicContext: { opened: 1 } });
  });

  test("of parallel states each answers for itself; a guard that throws is a verdict, and fails the event", async () => {
    await start();
    await rig.call("POST", "/machines/door/i/b/events", { json: { event: "OPEN" } });
    const { candidates } = await ask("b", "CLOSE");
    expect(candidates.map(({ state, isTaken }) => [state, isTaken])).toEqual([
      ["door.open.light.on", true],
      ["door.open.hinge.wide", true],
      ["door", false],
    ]);
    const jammed = await ask("b", "JAM");
    expect(jammed.candidates[0]).toMatchObject({
      guard: { name: "isBroken", passes: false, error: expect.stringMatching(/jammed/) },
      isTaken: false,
    });
    expect(jammed.outcome).toEqual({ error: expect.stringMatching(/jammed/) });
    expect((await rig.call("POST", "/machines/door/i/b/events", { json: { event: "JAM" } })).status).toBe(400);
  });

  test("the authorizer is asked in the name that is given", async () => {
    await start();
    expect((await ask("a", "OPEN", "stranger")).authorizer).toEqual({ allows: false });
    expect((await ask("a", "FORBIDDEN")).authorizer).toEqual({ allows: false });
    const { authorizer, outcome } = await ask("a", "OPEN", "broken");
    expect(authorizer).toEqual({ allows: false, error: expect.stringMatching(/no such user/) });
    expect(outcome).toMatchObject({ state: { shut: "locked" } });
  });

  test("notes say what is in the event's way", async () => {
    await start();
    await rig.call("PUT", "/machines/door/i/a/status", { json: { status: "paused" } });
    expect((await ask("a", "OPEN")).notes).toEqual([expect.stringMatching(/paused.*409/)]);
    await rig.call("POST", "/machines/door/i/b/events", { json: { event: "KICK" } });
    const done = await ask("b", "OPEN");
    expect(done.notes).toEqual([expect.stringMatching(/is done/)]);
    expect(done).toMatchObject({ outcome: { state: "broken", done: true }, instance: { done: true } });
    expect(done.candidates).toEqual([]);
  });
});

test("what can't be explained is refused in the API's shape", async () => {
  rig = await startRig();
  const whole = { machine: "open", instance: "x", event: "GO", authContext: {} };
  await rig.publish(
    "open",
    `import { createMachine } from "npm:xstate@5"; ${authorizers} export default createMachine({});`,
  );
  await rig.call("POST", "/machines/open", { json: { slug: "x" } });
  const answer = async (changes: Body, headers = {}) => {
    const { status, body } = await rig.call("POST", "/_settle/explain", { json: { ...whole, ...changes }, headers });
    return [status, body.code, body.parameter];
  };
  expect((await answer({}))[0]).toBe(200);
  expect(await answer({ machine: "nothing" })).toEqual([404, "not-found", undefined]);
  expect(await answer({ instance: "nothing" })).toEqual([404, "not-found", undefined]);
  expect(await answer({}, { "x-statebacked-org-id": "org_other" })).toEqual([404, "not-found", undefined]);
  expect(await answer({ event: "xstate.init" })).toEqual([400, "invalid-parameter", "event"]);
  for (const event of [undefined, 7, {}, { type: 7 }, []]) {
    expect(await answer({ event })).toEqual([400, "invalid-parameter", "event"]);
  }
  for (const name of ["machine", "instance", "authContext"]) {
    for (const value of [undefined, null, 7, ""]) {
      expect(await answer({ [name]: value })).toEqual([400, "invalid-parameter", name]);
    }
  }
  expect(await answer({ slug: "x" })).toEqual([400, "invalid-parameter", "slug"]);
  expect((await rig.call("POST", "/_settle/explain", { json: whole, token: null })).status).toBe(401);
});

test("code that never comes back ends the question, and nothing else", async () => {
  rig = await startRig({ cpuTimeoutMs: 200, settleTimeoutMs: 300 });
  await rig.publish(
    "loop",
    `import { createMachine } from "npm:xstate@5"; export const allowRead = () => true;
     export const allowWrite = ({ event }) => event?.type === "LATE" ? new Promise(() => {}) : true;
     export default createMachine({ on: { LOOP: { guard: () => { for (;;); } } } });`,
  );
  await rig.call("POST", "/machines/loop", { json: { slug: "x" } });
  const asked = (event: string) =>
    rig.call("POST", "/_settle/explain", { json: { machine: "loop", instance: "x", event, authContext: {} } });
  expect(await asked("LOOP")).toMatchObject({ status: 500, body: { code: "cpu-limit" } });
  expect(await asked("LATE")).toMatchObject({
    status: 200,
    body: { authorizer: { allows: false, error: expect.stringMatching(/settle timeout/) } },
  });
  expect((await asked("OTHER")).body).toMatchObject({ candidates: [], outcome: { done: false } });
});
