// The HTTP API mapper from the request to the instance: whom it reaches, in whose name, and what each mistake is answered with.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { publishMachine } from "../../src/operations/publish.ts";
import { startAppRig } from "./app-rig.ts";
import type { MapperRig } from "./mapper-rig.ts";
import { mapperMachine, startMapperRig, targeting } from "./mapper-rig.ts";
import { exchange } from "./wire.ts";

let rig: MapperRig;
let fresh = "";
beforeAll(async () => {
  rig = await startMapperRig();
  await rig.publish("m", mapperMachine("v1"));
  await rig.call("POST", "/machines", { json: { slug: "bare" } });
});
afterAll(() => rig.server.close());
beforeEach(() => {
  fresh = rig.fresh();
});

const refusal = (status: number, code: string, error: RegExp) => ({
  status,
  json: { code, error: expect.stringMatching(error) },
});
const exists = async (slug: string) => (await rig.admin(slug)).status === 200;
const contextOf = async (slug: string) => (await rig.admin(slug)).body.context;
const historyOf = async (slug: string) => {
  const { body } = await rig.call("GET", `/machines/m/i/${slug}/events`);
  return (body.transitions as { event: unknown }[]).map(({ event }) => event);
};

describe("an instance", () => {
  test("is created with initialContext when it is missing, and gets the event either way", async () => {
    const target = targeting(fresh, `initialContext: { given: 1 }`);
    expect(await rig.free(target)).toMatchObject({
      status: 200,
      json: { state: "a", context: { own: true, given: 1, pokes: 1 }, result: null },
    });
    const again = targeting(fresh, `initialContext: { given: 2 }, event: { type: "POKE", by: 1 }`);
    expect((await rig.free(again)).json).toMatchObject({ context: { given: 1, pokes: 2 } });
    expect(await historyOf(fresh)).toEqual([{ type: "POKE" }, { type: "POKE", by: 1 }]);
  });

  test("that is missing is 404 without initialContext", async () => {
    const answer = await rig.free(targeting(fresh, "initialContext: undefined"));
    expect(answer).toMatchObject(refusal(404, "not-found", new RegExp(`no instance ${fresh}`)));
    expect(await exists(fresh)).toBe(false);
  });

  test("that exists gets the event without initialContext", async () => {
    await rig.call("POST", "/machines/m", { json: { slug: fresh } });
    expect((await rig.free(targeting(fresh, "initialContext: undefined"))).json).toMatchObject({
      context: { pokes: 1 },
    });
  });

  test("that many ask for at once is created once and gets every event", async () => {
    const asked = Array.from({ length: 20 }, () => rig.free(targeting(fresh)));
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    expect(await contextOf(fresh)).toMatchObject({ pokes: 20 });
    expect(await historyOf(fresh)).toHaveLength(20);
  });

  test("that is paused is 409", async () => {
    const { services, store, orgId, call, close } = await startAppRig();
    await publishMachine(services, orgId, "m", mapperMachine("v1"), "");
    const poke = async () => call("POST", `/http-api/${orgId}/machines/m/silent?to=held`);
    expect(await poke()).toMatchObject({ status: 200, body: { ok: true } });
    const held = await store.get("instance", `${orgId}/m`, "held");
    if (!held) throw new Error("it was not stored");
    const rec = { ...held.rec, status: "paused" as const };
    await store.commit([{ op: "put", kind: "instance", scope: `${orgId}/m`, name: "held", rec, ifRev: held.rev }]);
    expect(await poke()).toMatchObject({
      status: 409,
      body: { code: "invalid-state", error: expect.stringContaining("paused") },
    });
    expect((await store.history(`${orgId}/m`, "held", 0, 10)).items).toHaveLength(1);
    await close();
  });

  test("that is done answers with what it returned, then and later", async () => {
    const done = { state: "z", context: { own: true, pokes: 0 }, result: { pokes: 0 } };
    expect((await rig.free(targeting(fresh, `event: "END"`))).json).toEqual(done);
    expect((await rig.free(targeting(fresh))).json).toEqual(done);
  });

  test("that waits for a child answers when it has settled; past the settle timeout with the state so far", async () => {
    const wait = (ms: number) => rig.free(targeting(fresh, `event: { type: "WAIT", ms: ${ms} }`));
    expect((await wait(20)).json).toMatchObject({ state: "a" });
    expect((await wait(60_000)).json).toMatchObject({ state: "waiting" });
  });

  test("lies in the organization of the path, and its machine must have a current version", async () => {
    const { orgId, url } = rig.server;
    const post = async (path: string) => {
      const response = await fetch(`${url}/http-api/${path}`, { method: "POST" });
      return { status: response.status, json: await response.json() };
    };
    expect(await post("org_none/machines/m/echo")).toMatchObject(refusal(404, "not-found", /organization org_none/));
    expect(await post(`${orgId}/machines/none/echo`)).toMatchObject(refusal(404, "not-found", /machine none/));
    expect(await post(`${orgId}/machines/bare/echo`)).toMatchObject(refusal(404, "not-found", /no current version/));
    for (const mapper of ["none", "constructor", "__proto__", "toString", "ec%68os"]) {
      expect(await post(`${orgId}/machines/m/${mapper}`)).toMatchObject(refusal(404, "not-found", /no httpApiMapper/));
    }
    expect(await post(`${orgId}/machines/no%20name/echo`)).toMatchObject({
      status: 400,
      json: { parameter: "machineSlug" },
    });
    expect(await post(`${orgId}/machines/m`)).toMatchObject({ status: 404 });
    expect((await fetch(`${url}/http-apis/${orgId}/machines/m/echo?to=${fresh}`)).status).toBe(200);
    expect((await fetch(`${url}//http-api/${orgId}/machines/m/ech%6F?to=${fresh}`)).status).toBe(200);
  });
});

describe("allowWrite", () => {
  test.each(["initialization", "event"])("refuses the %s with a 403", async (type) => {
    const answer = await rig.free(targeting(fresh, `authContext: { refuse: "${type}" }`));
    expect(answer).toMatchObject(refusal(403, "rejected-by-machine-authorizer", /refused/));
    // A creation that was allowed stays when its event is not.
    expect(await exists(fresh)).toBe(type === "event");
    if (type === "event") expect(await historyOf(fresh)).toEqual([]);
  });

  test("is never told of a machine that sends, whatever the handler says", async () => {
    const answer = await rig.free(
      targeting(fresh, `authContext: { sub: "x", stateBackedSender: { machineName: "m" } }`),
    );
    expect(answer.status).toBe(200);
  });
});

describe("a handler that", () => {
  test.each<[string, string, RegExp]>([
    ["throws", `(() => { throw new Error("not for you"); })()`, /handler threw: not for you/],
    ["rejects", `Promise.reject(new Error("not for you"))`, /handler threw: not for you/],
    ["throws nothing", "(() => { throw undefined; })()", /handler threw: undefined/],
    ["returns nothing", "undefined", /must return an object, and it returned null/],
    ["returns a list", "[]", /must return an object/],
    ["returns what can't be JSON", "{ a: 1n }", /BigInt/],
    ["returns a circle", "(() => { const a = {}; a.a = a; return a; })()", /circular/],
    ["returns what throws when read", `({ get event() { throw new Error("trap"); } })`, /trap/],
    ["names no instance", `{ event: "A", authContext: {} }`, /wrong machineInstanceName: .* missing/],
    ["names an instance as none may be", targeting("a b"), /wrong machineInstanceName: .*"a b"/],
    ["sends no event", targeting("x", "event: undefined"), /wrong event/],
    ["sends an event without a type", targeting("x", "event: { name: 'A' }"), /wrong event/],
    ["sends an event of another type", targeting("x", "event: { type: 7 }"), /wrong event/],
    ["sends a reserved event", targeting("x", `event: "xstate.init"`), /reserve/],
    ["sends the empty event", targeting("x", `event: ""`), /reserve/],
    ["says not in whose name", targeting("x", "authContext: undefined"), /wrong authContext/],
    ["says so with a text", targeting("x", `authContext: "ann"`), /wrong authContext/],
    ["gives a list as context", targeting("x", "initialContext: []"), /wrong initialContext/],
    ["gives null as context", targeting("x", "initialContext: null"), /wrong initialContext/],
    [
      "nests too deep",
      targeting("x", `event: { type: "A", deep: JSON.parse("[".repeat(300) + "]".repeat(300)) }`),
      /deeper/,
    ],
    ["returns too much", targeting("x", `event: { type: "A", much: "x".repeat(2_000_001) }`), /limit is 2000000/],
    ["returns far too much", targeting("x", `event: { type: "A", much: "x".repeat(10_000_001) }`), /limit is 10000000/],
  ])("%s is a 400, and nothing happens", async (_what, target, message) => {
    expect(await rig.free(target)).toMatchObject(refusal(400, "machine-error", message));
    const { body } = await rig.call("GET", "/machines/m/i/x");
    expect(body).toMatchObject({ code: "not-found" });
  });

  test("returns a promise is waited for", async () => {
    expect((await rig.free(`Promise.resolve(${targeting(fresh)})`)).status).toBe(200);
  });

  test("gives a context that is too large is a 400, and there is no instance", async () => {
    const answer = await rig.free(targeting(fresh, `initialContext: { much: "x".repeat(400_001) }`));
    expect(answer).toMatchObject(refusal(400, "context-too-large", /400000/));
    expect(await exists(fresh)).toBe(false);
  });

  test("sends what the machine breaks at is a 400, and the instance is as before", async () => {
    await rig.free(targeting(fresh));
    const answer = await rig.free(targeting(fresh, `event: "BREAK"`));
    expect(answer).toMatchObject(refusal(400, "machine-error", /broken guard/));
    expect(await historyOf(fresh)).toEqual([{ type: "POKE" }]);
  });

  test("never answers is a 504", async () => {
    const answer = await rig.ask("GET", "m/never%20handles");
    expect(answer).toMatchObject(refusal(504, "settle-timeout", /handler did not answer/));
  });

  test.each([
    ["loops handling", "cpu-limit"],
    ["bombs handling", "memory-limit"],
  ])("%s is a 500 %s, and the machine is served on", async (mapper, code) => {
    expect(await rig.ask("GET", `m/${encodeURIComponent(mapper)}`)).toMatchObject(refusal(500, code, /stopped/));
    expect((await rig.ask("GET", `m/echo?to=${fresh}`)).status).toBe(200);
  });

  test("prints is heard, with no instance yet; what the response mapper prints is the instance's", async () => {
    rig.printed.length = 0;
    await rig.free(targeting(fresh));
    expect(rig.printed).toEqual(["- the handler ran", `${fresh} the mapper ran`]);
    rig.printed.length = 0;
    await rig.free(`(() => { throw new Error("told to its author"); })()`);
    expect(rig.printed).toContainEqual(
      expect.stringMatching(/^- httpApiMapper\.free\.handler threw: Error: told to its author\n/),
    );
  });
});

describe("from another origin", () => {
  const preflight = (headers: object = {}) =>
    rig.ask("OPTIONS", "m/echo", {
      headers: { origin: "https://shop.example", "access-control-request-method": "PUT", ...headers },
    });

  test("any method and header may come: a preflight is answered without the mapper", async () => {
    const { status, headers, bytes } = await preflight({ "access-control-request-headers": "x-signature" });
    expect([status, bytes.length]).toEqual([204, 0]);
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("access-control-allow-methods")).toBe("GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS");
    expect(headers.get("access-control-allow-headers")).toBe("*, authorization");
    expect(await exists("one")).toBe(false);
  });

  test("answers may be read, and errors too", async () => {
    const headers = { origin: "https://shop.example" };
    for (const path of [`m/echo?to=${fresh}`, "m/none"])
      expect((await rig.ask("GET", path, { headers })).headers.get("access-control-allow-origin")).toBe("*");
  });

  test("an OPTIONS that is no preflight is the mapper's", async () => {
    const { json } = await rig.ask("OPTIONS", `m/echo?to=${fresh}`, { headers: { origin: "https://shop.example" } });
    expect(json).toMatchObject({ method: "OPTIONS" });
  });
});

test.each(["TRACE", "QUERY"])("%s is no method of the mapper: 405 with the seven there are", async (method) => {
  const { orgId, url } = rig.server;
  // On a socket of its own, since fetch sends no TRACE.
  const line = `${method} /http-api/${orgId}/machines/m/echo HTTP/1.1`;
  const [answer] = await exchange(url, `${line}\r\nhost: x\r\nconnection: close\r\n\r\n`);
  expect(answer).toMatchObject({ status: 405, body: { code: "method-not-allowed" } });
  const allowed = answer?.headers.allow?.split(", ").sort();
  expect(allowed).toEqual(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]);
});
