// Status, deletion and what races with them: machines and instances after their creation, over HTTP.

import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";

let rig: Rig;
let names = 0;
const fresh = (lead = "i") => `${lead}-${++names}`;
const defects: string[] = [];
beforeAll(async () => {
  rig = await startRig({ log: ({ level, message }) => void (level === "error" && defects.push(message)) });
  await rig.publish("open", openMachine);
});
afterAll(async () => {
  expect(defects).toEqual([]);
  await rig.server.close();
});

const hmac = (machine: string, name: string) => createHmac("sha256", machine).update(name).digest("base64url");
const machineField = "hmacSha256OfMachineNameWithMachineNameKey";
const instanceField = "hmacSha256OfMachineInstanceNameWithMachineNameKey";
const danger = { dangerDataWillBeDeletedForever: true };
const deleteMachine = (machine: string, json: object = { ...danger, [machineField]: hmac(machine, machine) }) =>
  rig.call("DELETE", `/machines/${machine}`, { json });
const deleteInstance = (
  slug: string,
  machine = "open",
  json: object = { ...danger, [instanceField]: hmac(machine, slug) },
) => rig.call("DELETE", `/machines/${machine}/i/${slug}`, { json });
const create = (slug: string, context: object = {}, machine = "open") =>
  rig.call("POST", `/machines/${machine}`, { json: { slug, context } });
const send = (slug: string, event: unknown, machine = "open") =>
  rig.call("POST", `/machines/${machine}/i/${slug}/events`, { json: { event } });
const setStatus = (slug: string, status: string) =>
  rig.call("PUT", `/machines/open/i/${slug}/status`, { json: { status } });
const read = (slug: string, more = "", machine = "open") => rig.call("GET", `/machines/${machine}/i/${slug}${more}`);
const state = async (slug: string) => (await read(slug)).body.state;

describe("a confirmation", () => {
  const wrong: [string, (right: string) => object, string][] = [
    ["without the flag", (right) => ({ hmac: right }), "dangerDataWillBeDeletedForever"],
    [
      "with the flag false",
      (right) => ({ dangerDataWillBeDeletedForever: false, hmac: right }),
      "dangerDataWillBeDeletedForever",
    ],
    [
      "with the flag as a text",
      (right) => ({ dangerDataWillBeDeletedForever: "true", hmac: right }),
      "dangerDataWillBeDeletedForever",
    ],
    ["without the HMAC", () => danger, "hmac"],
    ["with an empty HMAC", () => ({ ...danger, hmac: "" }), "hmac"],
    ["with the HMAC cut", (right) => ({ ...danger, hmac: right.slice(0, -1) }), "hmac"],
    ["with the HMAC padded", (right) => ({ ...danger, hmac: `${right}=` }), "hmac"],
    ["with the HMAC of another name", () => ({ ...danger, hmac: hmac("open", "another") }), "hmac"],
    ["with a number for the HMAC", () => ({ ...danger, hmac: 7 }), "hmac"],
  ];
  const named = (body: object, field: string) =>
    Object.fromEntries(Object.entries(body).map(([name, value]) => [name === "hmac" ? field : name, value]));

  test.each(wrong)("%s is refused, its field named, and nothing is deleted", async (_, body, parameter) => {
    const [slug, machine] = [fresh(), fresh("m")];
    await create(slug);
    await rig.call("POST", "/machines", { json: { slug: machine } });
    const told = (field: string) => ({
      status: 400,
      body: { code: "invalid-parameter", parameter: parameter === "hmac" ? field : parameter },
    });
    expect(await deleteInstance(slug, "open", named(body(hmac("open", slug)), instanceField))).toMatchObject(
      told(instanceField),
    );
    expect(await deleteMachine(machine, named(body(hmac(machine, machine)), machineField))).toMatchObject(
      told(machineField),
    );
    expect([(await read(slug)).status, (await rig.call("GET", `/machines/${machine}`)).status]).toEqual([200, 200]);
  });
});

describe("a deleted instance", () => {
  test("is gone: neither read nor sent to nor listed, and not deleted again", async () => {
    const slug = fresh();
    await create(slug);
    expect(await deleteInstance(slug)).toMatchObject({ status: 204 });
    const answers = [
      await read(slug),
      await read(slug, "/admin"),
      await read(slug, "/events"),
      await send(slug, "ADD"),
    ];
    answers.push(await setStatus(slug, "paused"), await deleteInstance(slug));
    expect(answers.map(({ status, body }) => [status, body.code])).toEqual(Array(6).fill([404, "not-found"]));
    expect(JSON.stringify((await rig.call("GET", "/machines/open/i")).body)).not.toContain(`"${slug}"`);
  });

  test("leaves its name to one that knows nothing of it", async () => {
    const slug = fresh();
    await create(slug, { public: { n: 5 }, secret: "old" });
    await send(slug, "ADD");
    await setStatus(slug, "paused");
    await deleteInstance(slug);
    expect((await create(slug)).body).toMatchObject({ state: "a", publicContext: { n: 0 } });
    expect((await read(slug, "/admin")).body).toMatchObject({
      status: "running",
      context: { public: { n: 0 }, own: true },
    });
    expect(JSON.stringify((await read(slug, "/admin")).body)).not.toContain("old");
    expect((await read(slug, "/events")).body).toEqual({ transitions: [] });
  });

  test("that does not exist is 404, of a machine that does not either", async () => {
    expect(await deleteInstance("nobody")).toMatchObject({ status: 404, body: { code: "not-found" } });
    expect(await deleteInstance("nobody", "nothing")).toMatchObject({
      status: 404,
      body: { error: expect.stringContaining("machine nothing") },
    });
  });
});

describe("an instance deleted while its children run", () => {
  test("has whoever waits told at once", async () => {
    const [slug, clock] = [fresh(), fresh()];
    await Promise.all([create(slug), create(clock)]);
    const waiting = send(slug, { type: "WAIT", ms: 60_000 });
    await vi.waitUntil(async () => (await state(slug)) === "waiting");
    const later = send(clock, { type: "WAIT", ms: 600 });
    expect((await deleteInstance(slug)).status).toBe(204);
    const told = { status: 409, body: { code: "invalid-state", error: expect.stringContaining(slug) } };
    expect(await Promise.race([waiting, later])).toMatchObject(told);
    await later;
  });

  test("is not written back when they end", async () => {
    const [slug, clock] = [fresh(), fresh()];
    await Promise.all([create(slug), create(clock)]);
    const waiting = send(slug, { type: "WAIT", ms: 200 });
    await vi.waitUntil(async () => (await state(slug)) === "waiting");
    expect((await deleteInstance(slug)).status).toBe(204);
    await send(clock, { type: "WAIT", ms: 400 });
    expect((await waiting).status).toBe(409);
    expect((await read(slug)).status).toBe(404);
  });

  test("and made again under its name is not touched by them", async () => {
    const [slug, clock] = [fresh(), fresh()];
    await Promise.all([create(slug), create(clock)]);
    const waiting = send(slug, { type: "WAIT", ms: 300 });
    await vi.waitUntil(async () => (await state(slug)) === "waiting");
    await deleteInstance(slug);
    await create(slug, { public: { n: 40 } });
    expect((await send(slug, "ADD")).body).toMatchObject({ state: "a", publicContext: { n: 41 } });
    await send(clock, { type: "WAIT", ms: 600 });
    expect((await waiting).status).toBe(409);
    expect((await read(slug, "/admin")).body).toMatchObject({ state: "a", context: { public: { n: 41 } } });
    expect((await read(slug, "/events")).body.transitions).toHaveLength(1);
  });
});

describe("a paused instance", () => {
  const refused = { status: 409, body: { code: "invalid-state", error: expect.stringContaining("paused") } };

  test("refuses events until it is set running again; it is read as ever", async () => {
    const slug = fresh();
    await create(slug);
    expect(await setStatus(slug, "paused")).toMatchObject({ status: 204 });
    expect((await setStatus(slug, "paused")).status).toBe(204);
    expect(await send(slug, "ADD")).toMatchObject(refused);
    expect((await read(slug)).body).toMatchObject({ state: "a", publicContext: { n: 0 } });
    expect((await read(slug, "/admin")).body).toMatchObject({ status: "paused" });
    expect((await rig.call("GET", "/machines/open/i")).body).toMatchObject({
      instances: expect.arrayContaining([expect.objectContaining({ slug, status: "paused" })]),
    });
    expect((await setStatus(slug, "running")).status).toBe(204);
    expect((await send(slug, "ADD")).body).toMatchObject({ publicContext: { n: 1 } });
    expect((await read(slug, "/events")).body.transitions).toHaveLength(1);
  });

  test("has its children go on, refuses events meanwhile, and is paused still when they have ended", async () => {
    const slug = fresh();
    await create(slug);
    const waiting = send(slug, { type: "WAIT", ms: 300 });
    await vi.waitUntil(async () => (await state(slug)) === "waiting");
    expect((await setStatus(slug, "paused")).status).toBe(204);
    expect(await send(slug, "ADD")).toMatchObject(refused);
    expect(await waiting).toMatchObject({ status: 200, body: { state: "a" } });
    expect((await read(slug, "/admin")).body).toMatchObject({ status: "paused", state: "a" });
    expect(await send(slug, "ADD")).toMatchObject(refused);
  });

  test("refuses every event that is sent once the answer is there, however many are on their way", async () => {
    const slug = fresh();
    await create(slug);
    let isPaused = false;
    const late: number[] = [];
    const sending = Array.from({ length: 40 }, async () => {
      for (let n = 0; n < 5; n++) {
        const isLate = isPaused;
        const { status } = await send(slug, "ADD");
        if (isLate) late.push(status);
      }
    });
    expect((await setStatus(slug, "paused")).status).toBe(204);
    const { transitions } = (await read(slug, "/events")).body as { transitions: unknown[] };
    isPaused = true;
    await Promise.all(sending);
    expect(late.filter((status) => status !== 409)).toEqual([]);
    expect(late.length).toBeGreaterThan(40);
    expect((await read(slug, "/events")).body.transitions).toHaveLength(transitions.length);
  });

  test("and no other status is one", async () => {
    const slug = fresh();
    await create(slug);
    expect(await setStatus(slug, "stopped")).toMatchObject({
      status: 400,
      body: { code: "invalid-parameter", parameter: "status" },
    });
  });
});

describe("a deleted machine", () => {
  test("takes its versions, migrations and uploads along; its name is free for one that starts afresh", async () => {
    const machine = fresh("m");
    const first = await rig.publish(machine, openMachine);
    const second = await rig.publish(machine, openMachine);
    const begun = await rig.begin(machine);
    await rig.upload(begun.codeUploadFields, openMachine);
    const ends = { fromMachineVersionId: first, toMachineVersionId: second };
    await rig.call("POST", `/machines/${machine}/migrations`, { json: ends });
    expect(await deleteMachine(machine)).toMatchObject({ status: 204 });
    expect((await rig.call("GET", `/machines/${machine}`)).status).toBe(404);
    expect((await rig.call("GET", `/machines/${machine}/v`)).status).toBe(404);
    expect((await deleteMachine(machine)).status).toBe(404);
    await rig.call("POST", "/machines", { json: { slug: machine } });
    expect((await rig.call("GET", `/machines/${machine}`)).body).not.toHaveProperty("machine.currentVersion");
    expect((await rig.call("GET", `/machines/${machine}/v`)).body).toEqual({ versions: [] });
    expect((await create("x", {}, machine)).status).toBe(404);
    // What was begun for the old one is nothing to the new one.
    const finalize = () => rig.call("PUT", `/machines/${machine}/v/${begun.machineVersionId}`, { json: {} });
    expect(await finalize()).toMatchObject({ status: 404 });
    expect(await rig.upload(begun.codeUploadFields, openMachine)).toMatchObject({
      status: 404,
      body: { code: "not-found" },
    });
  });

  test("has no instances: with one left it is 409, without it goes", async () => {
    const machine = fresh("m");
    await rig.publish(machine, openMachine);
    await create("last", {}, machine);
    expect(await deleteMachine(machine)).toMatchObject({
      status: 409,
      body: { code: "invalid-state", error: expect.stringContaining("instances") },
    });
    expect((await read("last", "", machine)).status).toBe(200);
    expect((await deleteInstance("last", machine)).status).toBe(204);
    expect((await deleteMachine(machine)).status).toBe(204);
  });

  test("never has an instance, a version or an upload, whichever came first", { timeout: 30_000 }, async () => {
    for (let round = 0; round < 12; round++) {
      const machine = fresh("m");
      await rig.publish(machine, openMachine);
      const begun = await rig.begin(machine);
      await rig.upload(begun.codeUploadFields, openMachine);
      const creations = [1, 2, 3].map((n) => create(`i${n}`, {}, machine));
      const racing = [
        ...creations,
        rig.call("PUT", `/machines/${machine}/v/${begun.machineVersionId}`, { json: { makeCurrent: true } }),
        rig.upload((await rig.begin(machine)).codeUploadFields, openMachine),
      ];
      const deleted = await deleteMachine(machine);
      const created = (await Promise.all(creations)).map(({ status }) => status);
      for (const { status } of await Promise.all(racing)) expect(status).toBeLessThan(500);
      if (deleted.status === 409) {
        expect(created).toContain(200);
        continue;
      }
      expect(deleted.status).toBe(204);
      expect(created).toEqual([404, 404, 404]);
      expect((await rig.call("POST", "/machines", { json: { slug: machine } })).status).toBe(201);
      expect((await rig.call("GET", `/machines/${machine}/i`)).body).toEqual({ instances: [] });
      expect((await rig.call("GET", `/machines/${machine}/v`)).body).toEqual({ versions: [] });
    }
  });
});

test("a cursor of a deleted instance's transitions is none of the next one's", async () => {
  const slug = fresh();
  await create(slug);
  await Promise.all(Array.from({ length: 101 }, () => send(slug, "ADD")));
  const { cursor } = (await read(slug, "/events")).body;
  expect((await read(slug, `/events?cursor=${cursor}`)).body.transitions).toHaveLength(1);
  await deleteInstance(slug);
  await create(slug);
  expect(await read(slug, `/events?cursor=${cursor}`)).toMatchObject({ status: 400, body: { parameter: "cursor" } });
});
