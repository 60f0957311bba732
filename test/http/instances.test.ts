// Creating instances, sending events, reading: every status that semantics.md promises, by the API's own words.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";

let rig: Rig;
let versionId: string;
let names = 0;
const fresh = () => `i-${++names}`;
beforeAll(async () => {
  rig = await startRig({ settleTimeoutMs: 200 });
  versionId = await rig.publish("open", openMachine);
  await rig.call("POST", "/machines", { json: { slug: "bare" } });
});
afterAll(() => rig.server.close());

const create = (json: object, token?: string) =>
  rig.call("POST", "/machines/open", { json, ...(token ? { token } : {}) });
const send = (slug: string, event: unknown, token?: string) =>
  rig.call("POST", `/machines/open/i/${slug}/events`, { json: { event }, ...(token ? { token } : {}) });
const admin = async (slug: string) => (await rig.call("GET", `/machines/open/i/${slug}/admin`)).body;

describe("POST /machines/{slug}", () => {
  test("answers 200 with the State, its context the machine's own by default", async () => {
    const slug = fresh();
    const { status, body } = await create({ slug });
    expect(status).toBe(200);
    expect(body).toEqual({ ts: expect.any(Number), state: "a", publicContext: { n: 0 }, tags: ["t"], done: false });
    expect(await admin(slug)).toMatchObject({
      context: { own: true, public: { n: 0 } },
      status: "running",
      machineVersion: { id: versionId },
    });
  });

  test("lays the given context over it", async () => {
    const slug = fresh();
    expect((await create({ slug, context: { public: { n: 5 }, extra: [1] } })).body).toMatchObject({
      publicContext: { n: 5 },
    });
    expect(await admin(slug)).toMatchObject({ context: { own: true, public: { n: 5 }, extra: [1] } });
  });

  test("runs the version it is told to", async () => {
    const other = await rig.publish("open", openMachine.replace('tags: ["t"]', 'tags: ["newer"]'));
    const slug = fresh();
    expect((await create({ slug, machineVersionId: versionId })).body).toMatchObject({ tags: ["t"] });
    expect((await create({ slug: fresh(), machineVersionId: other })).body).toMatchObject({ tags: ["newer"] });
    expect((await create({ slug: fresh() })).body).toMatchObject({ tags: ["newer"] });
    versionId = await rig.publish("open", openMachine);
  });

  test("a second one of that name is 409 for any valid body, and the first stays", async () => {
    const slug = fresh();
    await create({ slug, context: { public: { n: 1 } } });
    for (const json of [{ slug }, { slug, context: { other: 1 } }]) {
      expect(await create(json)).toMatchObject({
        status: 409,
        body: { code: "invalid-state", error: expect.stringContaining(slug) },
      });
    }
    expect(await admin(slug)).toMatchObject({ context: { public: { n: 1 } } });
  });

  test("twenty at once make one", async () => {
    const slug = fresh();
    const statuses = (await Promise.all(Array.from({ length: 20 }, () => create({ slug })))).map(
      ({ status }) => status,
    );
    expect(statuses.sort()).toEqual([200, ...Array<number>(19).fill(409)]);
  });

  test.each(["mute", "thrower", "later-no"])("allowWrite's refusal (%s) is 403, and nothing is stored", async (sub) => {
    const slug = fresh();
    const refused = await create({ slug }, await rig.token({ act: { sub } }));
    expect(refused).toMatchObject({ status: 403, body: { code: "rejected-by-machine-authorizer" } });
    expect((await rig.call("GET", `/machines/open/i/${slug}`)).status).toBe(404);
  });

  test("a promise of a yes is waited for; one that never comes is 504, and nothing is stored", async () => {
    const yes = fresh();
    expect((await create({ slug: yes }, await rig.token({ act: { sub: "later-yes" } }))).status).toBe(200);
    const never = fresh();
    expect(await create({ slug: never }, await rig.token({ act: { sub: "never" } }))).toMatchObject({
      status: 504,
      body: { code: "settle-timeout" },
    });
    expect((await rig.call("GET", `/machines/open/i/${never}`)).status).toBe(404);
  });

  test.each([
    ["an unknown machine", "/machines/none", {}, /machine none/],
    ["a machine without a version", "/machines/bare", {}, /no current version/],
    ["an unknown version", "/machines/open", { machineVersionId: "ver_none" }, /no version ver_none/],
  ])("%s is 404 and says so", async (_name, path, more, message) => {
    const answer = await rig.call("POST", path, { json: { slug: fresh(), ...more } });
    expect(answer).toMatchObject({ status: 404, body: { code: "not-found", error: expect.stringMatching(message) } });
  });

  test.each([
    [{}, "slug"],
    [{ slug: "" }, "slug"],
    [{ slug: "no spaces" }, "slug"],
    [{ slug: "x".repeat(129) }, "slug"],
    [{ slug: 7 }, "slug"],
    [{ slug: "ok", context: [] }, "context"],
    [{ slug: "ok", context: "text" }, "context"],
    [{ slug: "ok", context: null }, "context"],
    [{ slug: "ok", machineVersionId: 7 }, "machineVersionId"],
  ])("%j is 400 and names the field", async (json, parameter) => {
    expect(await create(json)).toMatchObject({
      status: 400,
      body: { code: "invalid-parameter", parameter, error: expect.stringContaining(parameter) },
    });
  });
});

describe("events", () => {
  test("as a string or an object lead to the next state", async () => {
    const slug = fresh();
    await create({ slug });
    expect((await send(slug, { type: "ADD", by: 4 })).body).toMatchObject({ publicContext: { n: 4 } });
    expect((await send(slug, "ADD")).body).toMatchObject({ publicContext: { n: 5 } });
    const { body } = await rig.call("GET", `/machines/open/i/${slug}/events`);
    expect(body).toEqual({
      transitions: [
        { createdAt: expect.any(String), state: "a", event: { type: "ADD", by: 4 } },
        { createdAt: expect.any(String), state: "a", event: { type: "ADD" } },
      ],
    });
  });

  test("one that nothing handles is 200 with the state as it was", async () => {
    const slug = fresh();
    const created = await create({ slug });
    expect((await send(slug, "NOTHING")).body).toEqual({ ...created.body, ts: expect.any(Number) });
  });

  test("a promise slower than the settle timeout is 200 with the state reached", async () => {
    const slug = fresh();
    await create({ slug });
    expect(await send(slug, { type: "WAIT", ms: 60_000 })).toMatchObject({
      status: 200,
      body: { state: "waiting", done: false },
    });
  });

  test("a throw while the transition is computed is 400, and the instance is as if nothing had happened", async () => {
    const slug = fresh();
    const created = await create({ slug });
    expect(await send(slug, "BREAK")).toMatchObject({
      status: 400,
      body: { code: "machine-error", error: expect.stringContaining("broken guard") },
    });
    expect((await rig.call("GET", `/machines/open/i/${slug}`)).body).toEqual(created.body);
  });

  test("a context above 400 kB is 400 and names the limit and the size", async () => {
    const slug = fresh();
    await create({ slug });
    const answer = await send(slug, { type: "FILL", size: 400_001 });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: "context-too-large", error: expect.stringMatching(/400\d{3}.*400000/) },
    });
  });

  test.each([
    "",
    "*",
    "done.state.x",
    "done.invoke.x",
    "error.platform.x",
    "xstate.init",
    "xstate.stop",
    "statebacked.upgrade",
  ])("the reserved type '%s' is 400", async (type) => {
    const slug = fresh();
    await create({ slug });
    for (const event of [type, { type }]) {
      expect(await send(slug, event)).toMatchObject({
        status: 400,
        body: { code: "invalid-parameter", parameter: "event" },
      });
    }
    expect((await send(slug, "ADD")).body).toMatchObject({ publicContext: { n: 1 } });
  });

  test.each([[7], [null], [[]], [{}], [{ type: 7 }], [true]])("%j is no event: 400", async (event) => {
    const slug = fresh();
    await create({ slug });
    const answer = await send(slug, event);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: "invalid-parameter", parameter: expect.stringMatching(/^event/) },
    });
  });

  test("a final state is done, and publicContext is left out when there is none", async () => {
    const slug = fresh();
    await create({ slug });
    const hidden = await send(slug, "HIDE");
    expect(hidden.body).not.toHaveProperty("publicContext");
    expect((await send(slug, "END")).body).toMatchObject({ state: "z", done: true, tags: [] });
  });

  test("to unknown instances and machines are 404; refused ones 403 without a trace", async () => {
    expect(await send("none", "ADD")).toMatchObject({ status: 404, body: { code: "not-found" } });
    expect((await rig.call("POST", "/machines/none/i/x/events", { json: { event: "ADD" } })).status).toBe(404);
    const slug = fresh();
    const created = await create({ slug });
    expect(await send(slug, "ADD", await rig.token({ act: { sub: "mute" } }))).toMatchObject({
      status: 403,
      body: { code: "rejected-by-machine-authorizer" },
    });
    expect((await rig.call("GET", `/machines/open/i/${slug}`)).body).toEqual(created.body);
    expect((await rig.call("GET", `/machines/open/i/${slug}/events`)).body).toEqual({ transitions: [] });
  });

  test("fifty at once to one instance are all applied, each answered by a state of its own", async () => {
    const slug = fresh();
    await create({ slug });
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(slug, "ADD")));
    const counts = answers.map(({ body }) => (body.publicContext as { n: number }).n).sort((a, b) => a - b);
    expect(counts).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });
});

test("allowRead guards reading, write authority implies the result of the write, and admin asks nobody", async () => {
  const slug = fresh();
  const blind = await rig.token({ act: { sub: "blind" } });
  expect((await create({ slug }, blind)).status).toBe(200);
  expect((await send(slug, "ADD", blind)).body).toMatchObject({ publicContext: { n: 1 } });
  expect(await rig.call("GET", `/machines/open/i/${slug}`, { token: blind })).toMatchObject({
    status: 403,
    body: { code: "rejected-by-machine-authorizer" },
  });
  expect((await rig.call("GET", `/machines/open/i/${slug}/admin`, { token: blind })).status).toBe(200);
});

test("250 instances, machines and transitions page exactly once each, with writes between the pages", async () => {
  await rig.publish("paged", openMachine);
  const slugs = Array.from({ length: 250 }, (_, i) => `p-${i}`);
  for (const slug of slugs) await rig.call("POST", "/machines/paged", { json: { slug } });
  for (let i = 0; i < 250; i++)
    await rig.call("POST", "/machines/paged/i/p-0/events", { json: { event: { type: "ADD", i } } });
  for (let i = 0; i < 250; i++) await rig.call("POST", "/machines", { json: { slug: `m-${i}` } });

  const instances = await pages("/machines/paged/i", "instances", () =>
    rig.call("POST", "/machines/paged", { json: { slug: `late-${++names}` } }),
  );
  expect(instances.map(({ slug }) => slug).slice(0, 250)).toEqual(slugs);
  const transitions = await pages("/machines/paged/i/p-0/events", "transitions", () =>
    rig.call("POST", "/machines/paged/i/p-0/events", { json: { event: "ADD" } }),
  );
  expect(transitions.slice(0, 250).map(({ event }) => (event as { i: number }).i)).toEqual(
    Array.from({ length: 250 }, (_, i) => i),
  );
  const machines = await pages("/machines", "machines", () =>
    rig.call("POST", "/machines", { json: { slug: `later-${++names}` } }),
  );
  const seen = machines.map(({ slug }) => slug);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toEqual(expect.arrayContaining(Array.from({ length: 250 }, (_, i) => `m-${i}`)));
}, 60_000);

async function pages(
  path: string,
  key: string,
  between: () => Promise<unknown>,
): Promise<{ [name: string]: unknown }[]> {
  const items: { [name: string]: unknown }[] = [];
  let cursor: unknown;
  do {
    const { status, body } = await rig.call(
      "GET",
      cursor ? `${path}?cursor=${encodeURIComponent(String(cursor))}` : path,
    );
    expect(status).toBe(200);
    items.push(...(body[key] as { [name: string]: unknown }[]));
    cursor = body.cursor;
    await between();
  } while (cursor !== undefined);
  return items;
}

test("a cursor that this list did not give out is 400", async () => {
  const machines = Array.from({ length: 101 }, (_, i) => `c-${i}`);
  for (const slug of machines) await rig.call("POST", "/machines", { json: { slug } });
  const { body } = await rig.call("GET", "/machines");
  expect(body.cursor).toEqual(expect.any(String));
  for (const cursor of ["garbage", "%00", "..", String(body.cursor).slice(1), `A${body.cursor}`]) {
    expect(await rig.call("GET", `/machines?cursor=${cursor}`)).toMatchObject({
      status: 400,
      body: { parameter: "cursor" },
    });
  }
  expect(await rig.call("GET", `/machines/open/i?cursor=${body.cursor}`)).toMatchObject({
    status: 400,
    body: { parameter: "cursor" },
  });
});

test.each([
  [5, "event must be object, or event must be string."],
  [null, "event must be object, or event must be string."],
  [{ name: "GO" }, "event.type is missing, or event must be string."],
  [{ type: 7 }, "event.type must be string, or event must be string."],
])("the event %j is refused with the forms that one may have", async (event, error) => {
  const answer = await rig.call("POST", "/machines/open/i/nobody/events", { json: { event } });
  expect(answer.body).toEqual({ code: "invalid-parameter", parameter: "event", error });
});
