// What a version's authorizers are asked, as whom, and which of their answers is a yes.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import type { Rig } from "./rig.ts";
import { startRig } from "./rig.ts";

/** A door whose authorizers are given as source text. */
const door = (authorizers: { allowRead?: string; allowWrite?: string }) => {
  const { allowRead = "() => true", allowWrite = "() => true" } = authorizers;
  return `import { createMachine } from "npm:xstate@5";
export const allowRead = ${allowRead};
export const allowWrite = ${allowWrite};
export default createMachine({ initial: "shut", context: { public: { knocks: 0 }, own: { key: 1 } },
  states: { shut: { on: { OPEN: "open" } }, open: {} } });`;
};

let rig: Rig;
const printed: JsonObject[] = [];
beforeAll(async () => {
  rig = await startRig({
    settleTimeoutMs: 200,
    onMachineLog: ({ log }) => void (log.startsWith("{") && printed.push(JSON.parse(log) as JsonObject)),
  });
  const tell = "(request) => { console.log(JSON.stringify(request)); return true; }";
  await rig.publish("telling", door({ allowRead: tell, allowWrite: tell }));
});
afterAll(() => rig.server.close());

const ada = { sub: "ada", roles: ["keeper"] };

/** What the authorizer was shown for this request, by whoever the claims and the header say. */
async function shownFor(
  method: string,
  path: string,
  json?: object,
  { claims = { act: ada }, headers = {} }: { claims?: { act?: unknown; sub?: string }; headers?: Headers } = {},
): Promise<JsonObject | undefined> {
  printed.length = 0;
  const token = await rig.token(claims);
  const { status } = await rig.call(method, path, { token, headers, ...(json ? { json } : {}) });
  expect(status).toBe(200);
  // What a worker prints may come a moment after its answer.
  await expect.poll(() => printed.length).toBe(1);
  return printed[0];
}
type Headers = { [name: string]: string };

describe("are asked", () => {
  test("about an initialization: the given context, and no state", async () => {
    const context = { given: [1, { two: null }] };
    const shown = await shownFor("POST", "/machines/telling", { slug: "front", context });
    expect(shown).toEqual({ type: "initialization", machineInstanceName: "front", context, authContext: ada });
    const bare = await shownFor("POST", "/machines/telling", { slug: "back" });
    expect(bare).toEqual({ type: "initialization", machineInstanceName: "back", context: {}, authContext: ada });
  });

  test("about an event: as an object always, with state and context as they are before it", async () => {
    await shownFor("POST", "/machines/telling", { slug: "side" });
    const at = { machineInstanceName: "side", authContext: ada, context: { public: { knocks: 0 }, own: { key: 1 } } };
    const path = "/machines/telling/i/side/events";
    const first = await shownFor("POST", path, { event: "OPEN" });
    expect(first).toEqual({ ...at, type: "event", state: "shut", event: { type: "OPEN" } });
    const second = await shownFor("POST", path, { event: { type: "SLAM", by: "wind" } });
    expect(second).toEqual({ ...at, type: "event", state: "open", event: { type: "SLAM", by: "wind" } });
  });

  test("about a read: state and the whole context", async () => {
    await shownFor("POST", "/machines/telling", { slug: "cellar" });
    expect(await shownFor("GET", "/machines/telling/i/cellar")).toEqual({
      machineInstanceName: "cellar",
      authContext: ada,
      state: "shut",
      context: { public: { knocks: 0 }, own: { key: 1 } },
    });
  });
});

describe("the auth context", () => {
  beforeAll(() => rig.call("POST", "/machines/telling", { json: { slug: "who" } }));
  const seen = async (claims: { act?: unknown; sub?: string }, headers?: Headers) =>
    (await shownFor("GET", "/machines/telling/i/who", undefined, { claims, ...(headers ? { headers } : {}) }))
      ?.authContext;

  test.each([
    ["is the act claim, whole", { act: { sub: "ada", deep: { a: [1] } } }, { sub: "ada", deep: { a: [1] } }],
    ["has the token's subject where act names none", { act: { role: "x" }, sub: "ada" }, { role: "x", sub: "ada" }],
    ["keeps act's own subject", { act: { sub: "ada" }, sub: "eve" }, { sub: "ada" }],
    ["is the subject alone without act", { sub: "ada" }, { sub: "ada" }],
    ["is empty when the token says nothing", {}, {}],
    ["is empty when act is no object", { act: "ada" }, {}],
    [
      "never says that a machine sent the event",
      { act: { sub: "a", stateBackedSender: { machineName: "m" } } },
      { sub: "a" },
    ],
  ])("%s", async (_what, claims, authContext) => {
    expect(await seen(claims)).toEqual(authContext);
  });

  test("is replaced as a whole by the act-as header", async () => {
    const header = (act: object) => ({ "x-statebacked-act": JSON.stringify(act) });
    expect(await seen({ act: ada, sub: "token" }, header({ sub: "eve" }))).toEqual({ sub: "eve" });
    expect(await seen({ act: ada, sub: "token" }, header({}))).toEqual({});
    expect(await seen({ act: ada }, header({ sub: "eve", stateBackedSender: { machineName: "m" } }))).toEqual({
      sub: "eve",
    });
  });

  test("takes the header's bytes as Latin-1", async () => {
    expect(await seen({}, { "x-statebacked-act": '{"sub":"J\u00fcrgen"}' })).toEqual({ sub: "J\u00fcrgen" });
  });
});

describe("a write is refused, and leaves no trace, when allowWrite", () => {
  test.each([
    ["says no", "() => false"],
    ["says nothing", "() => {}"],
    ["says zero", "() => 0"],
    ["promises nothing", "async () => {}"],
    ["throws nothing", "() => { throw null; }"],
    ["breaks its promise", "async () => { throw new Error('no opinion'); }"],
    ["has a broken answer", "() => ({ get then() { throw new Error('no opinion'); } })"],
  ])("%s", async (what, refusal) => {
    const slug = what.replaceAll(" ", "-");
    const allowWrite = `(request) => request.type === "event" || request.context.sure ? true : (${refusal})(request)`;
    await rig.publish(slug, door({ allowWrite }));
    const refused = await rig.call("POST", `/machines/${slug}`, { json: { slug: "one" } });
    expect(refused).toMatchObject({ status: 403, body: { code: "rejected-by-machine-authorizer" } });
    for (const rest of ["", "/admin", "/events"]) {
      expect((await rig.call("GET", `/machines/${slug}/i/one${rest}`)).status).toBe(404);
    }
    expect((await rig.call("GET", `/machines/${slug}/i`)).body).toEqual({ instances: [] });
    // The name stays free.
    expect((await rig.call("POST", `/machines/${slug}`, { json: { slug: "one", context: { sure: 1 } } })).status).toBe(
      200,
    );
  });
});

describe("a read is refused when allowRead", () => {
  test.each([
    ["says no", "() => false", 403, "rejected-by-machine-authorizer"],
    ["promises no", "async () => false", 403, "rejected-by-machine-authorizer"],
    ["throws", "() => { throw new Error('no opinion'); }", 403, "rejected-by-machine-authorizer"],
    ["never answers", "() => new Promise(() => {})", 504, "settle-timeout"],
  ])("%s", async (what, allowRead, status, code) => {
    const slug = `read-${what.replaceAll(" ", "-")}`;
    await rig.publish(slug, door({ allowRead }));
    await rig.call("POST", `/machines/${slug}`, { json: { slug: "one" } });
    expect(await rig.call("GET", `/machines/${slug}/i/one`)).toMatchObject({ status, body: { code } });
  });

  test("and not when it promises yes", async () => {
    await rig.publish("read-later", door({ allowRead: "async () => true" }));
    await rig.call("POST", "/machines/read-later", { json: { slug: "one" } });
    expect((await rig.call("GET", "/machines/read-later/i/one")).status).toBe(200);
  });
});

test("what an authorizer does to what it is shown reaches nobody", async () => {
  const meddle =
    "(request) => { request.context.planted = 1; if (request.event) request.event.type = 'OPEN'; return true; }";
  await rig.publish("meddled", door({ allowRead: meddle, allowWrite: meddle }));
  await rig.call("POST", "/machines/meddled", { json: { slug: "one" } });
  await rig.call("GET", "/machines/meddled/i/one");
  const sent = await rig.call("POST", "/machines/meddled/i/one/events", { json: { event: "KNOCK" } });
  expect(sent.body.state).toBe("shut");
  const { body } = await rig.call("GET", "/machines/meddled/i/one/admin");
  expect(body.context).toEqual({ public: { knocks: 0 }, own: { key: 1 } });
});
