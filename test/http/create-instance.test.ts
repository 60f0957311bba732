// POST /machines/{machineSlug}, the one request that everything else is for.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { light, machineCode } from "../support/charts.ts";
import type { TestServer } from "../support/server.ts";
import { startTestServer } from "../support/server.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ settleTimeoutMs: 150 });
  await server.publish("light", light);
});
afterAll(() => server.close());

const idle = `{ id: "door", initial: "shut", states: { shut: {} } }`;

/** Nothing of the instance is stored: not its state, not its place in the list, not its name. */
async function expectNothingStored(machine: string, slug: string): Promise<void> {
  for (const path of ["", "/admin", "/events"]) {
    const { status, body } = await server.get(`/machines/${machine}/i/${slug}${path}`);
    expect([status, body.code]).toEqual([404, "not-found"]);
  }
  const { body } = await server.get(`/machines/${machine}/i`);
  expect(body.instances.map((instance: { slug: string }) => instance.slug)).not.toContain(slug);
}

describe("the answer", () => {
  test("is 200 with the State and nothing else", async () => {
    const before = Date.now();
    const { status, body, headers } = await server.post("/machines/light", { slug: "plain" });
    expect(status).toBe(200);
    expect(headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(body).toEqual({
      ts: expect.any(Number),
      state: "off",
      publicContext: { flips: 0 },
      tags: ["dark"],
      done: false,
    });
    expect(body.ts).toBeGreaterThanOrEqual(before);
    expect((await server.get("/machines/light/i/plain")).body).toEqual(body);
  });

  test("has no publicContext when the context has nothing public, or no object there", async () => {
    await server.publish("private", machineCode(`{ initial: "a", context: { secret: 1 }, states: { a: {} } }`));
    const shown = async (slug: string, context: object) =>
      Object.keys((await server.post("/machines/private", { slug, context })).body).sort();
    const without = ["done", "state", "tags", "ts"];
    expect(await shown("none", {})).toEqual(without);
    expect(await shown("text", { public: "text" })).toEqual(without);
    expect(await shown("list", { public: [1] })).toEqual(without);
    expect(await shown("object", { public: {} })).toEqual(["done", "publicContext", "state", "tags", "ts"]);
  });

  test("nests states as XState does, and says when it is done", async () => {
    const config = `{ type: "parallel", states: { a: { initial: "x", states: { x: { tags: "deep" } } }, b: {} } }`;
    await server.publish("parallel", machineCode(config));
    const parallel = await server.post("/machines/parallel", { slug: "one" });
    expect(parallel.body).toMatchObject({ state: { a: "x", b: {} }, tags: ["deep"], done: false });
    await server.publish("over", machineCode(`{ initial: "end", states: { end: { type: "final" } } }`));
    expect((await server.post("/machines/over", { slug: "one" })).body).toMatchObject({ state: "end", done: true });
  });
});

describe("the context", () => {
  const contextOf = async (slug: string) => (await server.get(`/machines/light/i/${slug}/admin`)).body.context;

  test("is the machine's own by default", async () => {
    await server.post("/machines/light", { slug: "own" });
    expect(await contextOf("own")).toEqual({ public: { flips: 0 }, wires: "hidden" });
    await server.post("/machines/light", { slug: "empty", context: {} });
    expect(await contextOf("empty")).toEqual(await contextOf("own"));
  });

  test("is laid over the machine's own, key by key at the top level", async () => {
    const context = { public: { colour: "red" }, extra: [1, { two: null }] };
    const { body } = await server.post("/machines/light", { slug: "given", context });
    expect(body.publicContext).toEqual({ colour: "red" });
    expect(await contextOf("given")).toEqual({ ...context, wires: "hidden" });
  });

  test("is the input of a context function, and laid over what that returns", async () => {
    const computed = `({ input }) => ({ public: { greeting: "hello " + (input?.name ?? "nobody") }, name: "x" })`;
    await server.publish("greeter", machineCode(`{ initial: "a", context: ${computed}, states: { a: {} } }`));
    const nobody = await server.post("/machines/greeter", { slug: "nobody" });
    expect(nobody.body.publicContext).toEqual({ greeting: "hello nobody" });
    const ada = await server.post("/machines/greeter", { slug: "ada", context: { name: "Ada" } });
    expect(ada.body.publicContext).toEqual({ greeting: "hello Ada" });
    expect((await server.get("/machines/greeter/i/ada/admin")).body.context.name).toBe("Ada");
  });

  test("above 400,000 bytes is a 400, and nothing is stored", async () => {
    const { status, body } = await server.post("/machines/light", { slug: "fat", context: { a: "é".repeat(200_000) } });
    expect([status, body.code]).toEqual([400, "context-too-large"]);
    await expectNothingStored("light", "fat");
    const fits = await server.post("/machines/light", { slug: "fat", context: { a: "é".repeat(199_000) } });
    expect(fits.status).toBe(200);
  });
});

describe("the version", () => {
  const named = (name: string) => machineCode(`{ initial: "${name}", states: { ${name}: {} } }`);

  test("is the current one, or the one that machineVersionId names", async () => {
    const first = await server.publish("versioned", named("first"));
    const { body: begun } = await server.post("/machines/versioned/v");
    const { upload } = await import("../support/publish.ts");
    await upload(server, begun, named("second"));
    const { body } = await server.put(`/machines/versioned/v/${begun.machineVersionId}`, { makeCurrent: true });
    expect((await server.post("/machines/versioned", { slug: "a" })).body.state).toBe("second");
    const old = await server.post("/machines/versioned", { slug: "b", machineVersionId: first });
    expect(old.body.state).toBe("first");
    const { machineVersionId } = body;
    const same = await server.post("/machines/versioned", { slug: "c", machineVersionId });
    expect(same.body.state).toBe("second");
    expect((await server.get("/machines/versioned/i/b/admin")).body.machineVersion.id).toBe(first);
  });

  test.each([
    ["of no machine", "ver_nobody", "light"],
    ["with characters that no id has", "../../x\n", "light"],
  ])("%s is a 404, and nothing is stored", async (_what, machineVersionId, machine) => {
    const { status, body } = await server.post(`/machines/${machine}`, { slug: "unversioned", machineVersionId });
    expect([status, body.code]).toEqual([404, "not-found"]);
    await expectNothingStored(machine, "unversioned");
  });

  test("of another machine is a 404", async () => {
    const machineVersionId = await server.publish("other", named("other"));
    const { status } = await server.post("/machines/light", { slug: "unversioned", machineVersionId });
    expect(status).toBe(404);
  });

  test("that is missing altogether is a 404 that says so", async () => {
    await server.post("/machines", { slug: "bare" });
    const { status, body } = await server.post("/machines/bare", { slug: "one" });
    expect([status, body.code]).toEqual([404, "not-found"]);
    expect(body.error).toMatch(/version/);
  });

  test("of a machine that does not exist is a 404 that names the machine", async () => {
    const { status, body } = await server.post("/machines/nowhere", { slug: "one" });
    expect([status, body.code]).toEqual([404, "not-found"]);
    expect(body.error).toMatch(/nowhere/);
  });
});

describe("a name that is taken", () => {
  test("is a 409 for any valid body, and the instance stays what it was", async () => {
    const { body: first } = await server.post("/machines/light", { slug: "taken" });
    for (const more of [{}, { context: { public: { flips: 9 } } }]) {
      const { status, body } = await server.post("/machines/light", { slug: "taken", ...more });
      expect([status, body.code]).toEqual([409, "invalid-state"]);
    }
    expect((await server.get("/machines/light/i/taken")).body).toEqual(first);
    expect((await server.get("/machines/light/i/taken/events")).body.transitions).toHaveLength(1);
  });

  test("is won by exactly one of many who ask at once", async () => {
    const tries = await Promise.all(Array.from({ length: 10 }, () => server.post("/machines/light", { slug: "race" })));
    const statuses = tries.map(({ status }) => status).sort();
    expect(statuses).toEqual([200, ...Array(9).fill(409)]);
  });

  test("is free in another machine", async () => {
    await server.publish("second-light", light);
    expect((await server.post("/machines/second-light", { slug: "taken" })).status).toBe(200);
  });
});

describe("a slug that is none", () => {
  test.each(["", "two words", "a/b", "a.b", "ä", "a\n", "a".repeat(129), 7, null, ["a"]])("%j: 400", async (slug) => {
    const { status, body } = await server.post("/machines/light", { slug });
    expect([status, body.code, body.parameter]).toEqual([400, "invalid-parameter", "slug"]);
    expect(body.error).toMatch(/slug/);
  });

  test("missing: 400 that names it", async () => {
    const { status, body } = await server.post("/machines/light", {});
    expect([status, body.code, body.parameter]).toEqual([400, "invalid-parameter", "slug"]);
  });

  test.each(["-", "_", "0", "a".repeat(128), "__proto__", "constructor", "hasOwnProperty"])("%s is one", async (slug) => {
    expect((await server.post("/machines/light", { slug })).status).toBe(200);
    expect((await server.get(`/machines/light/i/${slug}`)).body.state).toBe("off");
  });
});

describe("allowWrite", () => {
  /** What a creation is answered with under this authorizer, its machine being made for it. */
  async function answerUnder(machine: string, allowWrite: string, body: object = { slug: "one" }) {
    await server.publish(machine, machineCode(idle, { allowWrite }));
    return server.post(`/machines/${machine}`, body);
  }

  test.each([
    ["says no", "() => false"],
    ["says nothing", "() => {}"],
    ["promises no", "async () => false"],
    ["promises nothing", "async () => {}"],
    ["throws", "() => { throw new Error('no opinion'); }"],
    ["throws null", "() => { throw null; }"],
    ["rejects", "async () => { throw new Error('no opinion'); }"],
  ])("that %s: 403, and nothing is stored", async (what, allowWrite) => {
    const machine = what.replaceAll(" ", "-");
    const { status, body } = await answerUnder(machine, allowWrite);
    expect([status, body.code]).toEqual([403, "rejected-by-machine-authorizer"]);
    await expectNothingStored(machine, "one");
  });

  test("that promises yes: 200", async () => {
    const { status } = await answerUnder("promised-yes", "async () => true");
    expect(status).toBe(200);
  });

  test("that never answers: 504 after the settle timeout, and nothing is stored", async () => {
    const { status, body } = await answerUnder("never", "() => new Promise(() => {})");
    expect([status, body.code]).toEqual([504, "settle-timeout"]);
    await expectNothingStored("never", "one");
  });

  test("is asked about an initialization, with the given context and no state", async () => {
    const asked = `(request) => { throw new Error(JSON.stringify(request)); }`;
    const act = { sub: "ada", role: "reader" };
    await server.publish("asked", machineCode(`{ initial: "a", context: { own: 1 }, states: { a: {} } }`, { allowWrite: asked }));
    const { body } = await (await server.as({ act })).post("/machines/asked", { slug: "one", context: { given: true } });
    const request = JSON.parse(body.error.slice(body.error.indexOf("{"), body.error.lastIndexOf("}") + 1));
    expect(request).toEqual({
      type: "initialization",
      machineInstanceName: "one",
      context: { given: true },
      authContext: act,
    });
  });

  test("can do nothing to the context that it is shown", async () => {
    const allowWrite = "({ context }) => { context.planted = true; return true; }";
    await answerUnder("planting", allowWrite);
    expect((await server.get("/machines/planting/i/one/admin")).body.context).toEqual({});
  });
});

describe("a machine that goes on by itself", () => {
  const waiting = (promise: string) =>
    machineCode(`{ initial: "busy", context: { public: {} }, states: {
      busy: { entry: assign({ public: { began: true } }), invoke: { id: "work", src: fromPromise(${promise}), onDone: "ready", onError: "failed" } },
      ready: {}, failed: {} } }`);

  test("is answered for when it has settled", async () => {
    await server.publish("quick", waiting("async () => 1"));
    expect((await server.post("/machines/quick", { slug: "one" })).body.state).toBe("ready");
    await server.publish("failing", waiting("async () => { throw new Error('no'); }"));
    expect((await server.post("/machines/failing", { slug: "one" })).body.state).toBe("failed");
  });

  test("and is slower than the settle timeout: 200 with the state reached", async () => {
    await server.publish("slow", waiting("() => new Promise(() => {})"));
    const { status, body } = await server.post("/machines/slow", { slug: "one" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ state: "busy", publicContext: { began: true }, done: false });
    expect((await server.get("/machines/slow/i/one")).body).toEqual(body);
  });

  test("and throws while its first state is computed: 400, and nothing is stored", async () => {
    await server.publish("throwing", machineCode(`{ initial: "a", context: () => { throw new Error("no luck"); }, states: { a: {} } }`));
    const { status, body } = await server.post("/machines/throwing", { slug: "one" });
    expect([status, body.code]).toEqual([400, "machine-error"]);
    expect(body.error).toMatch(/no luck/);
    await expectNothingStored("throwing", "one");
  });
});

test("nothing of all this was a trouble of the server's own", () => {
  expect(server.logged).toEqual([]);
});
