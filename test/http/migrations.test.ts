// Migrations and upgrades over HTTP: begin, upload, finalize; desire a version; and the event that takes the instance there.

import { createHmac } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { putBlob } from "../store/support.ts";
import { startAppRig } from "./app-rig.ts";
import type { Answer, Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";

let rig: Rig;
let names = 0;
const fresh = (lead = "m") => `${lead}-${++names}`;
const defects: string[] = [];
beforeAll(async () => {
  rig = await startRig({
    settleTimeoutMs: 400,
    log: ({ level, message }) => void (level === "error" && defects.push(message)),
  });
});
afterAll(async () => {
  expect(defects).toEqual([]);
  await rig.server.close();
});

/** The same machine with another tag, so that it shows which version handled an event. */
const tagged = (tag: string) => openMachine.replace('tags: ["t"]', `tags: ["${tag}"]`);
const keep = `export const upgradeState = (path) => path; export const upgradeContext = (o, n, context) => context;`;
const add = (note: string) =>
  `export const upgradeState = (path) => path; export const upgradeContext = (o, n, c) => ({ ...c, notes: [...(c.notes ?? []), "${note}"] });`;

interface Begun {
  machineVersionMigrationId: string;
  codeUploadFields: { [name: string]: string };
}
const begin = (machine: string, from: string, to: string, more = "") =>
  rig.call("POST", `/machines/${machine}/migrations${more}`, {
    json: { fromMachineVersionId: from, toMachineVersionId: to },
  });
const finalize = (machine: string, id: string) => rig.call("PUT", `/machines/${machine}/migrations/${id}`);
async function migrate(machine: string, from: string, to: string, code: string): Promise<Answer> {
  const { machineVersionMigrationId, codeUploadFields } = (await begin(machine, from, to)).body as unknown as Begun;
  await rig.upload(codeUploadFields, code);
  return finalize(machine, machineVersionMigrationId);
}
/** A machine with versions of these tags, the first one current when the instance `x` was created. */
async function machineWith(...tags: string[]): Promise<{ machine: string; versions: string[] }> {
  const machine = fresh();
  const versions: string[] = [];
  for (const tag of tags) {
    versions.push(await rig.publish(machine, tagged(tag)));
    if (versions.length === 1) await rig.call("POST", `/machines/${machine}`, { json: { slug: "x" } });
  }
  return { machine, versions };
}
const desire = (machine: string, targetMachineVersionId: unknown) =>
  rig.call("PUT", `/machines/${machine}/i/x/v`, { json: { targetMachineVersionId } });
const send = (machine: string, event: unknown) =>
  rig.call("POST", `/machines/${machine}/i/x/events`, { json: { event } });
const admin = async (machine: string) => (await rig.call("GET", `/machines/${machine}/i/x/admin`)).body;
async function history(machine: string): Promise<string[]> {
  const { transitions } = (await rig.call("GET", `/machines/${machine}/i/x/events`)).body as {
    transitions: { event: { type: string } }[];
  };
  return transitions.map(({ event }) => event.type);
}

describe("a migration", () => {
  test("is begun, uploaded and finalized; only then does it lead anywhere", async () => {
    const { machine, versions } = await machineWith("one", "two");
    const [one = "", two = ""] = versions;
    const begun = await begin(machine, one, two, "?gzip");
    expect(begun).toMatchObject({
      status: 200,
      body: {
        machineVersionMigrationId: expect.stringMatching(/^mig_[\w-]{22}\.[\w.-]+$/),
        codeUploadUrl: `${rig.server.url}/_settle/uploads`,
        codeUploadFields: { token: expect.any(String) },
      },
    });
    const { machineVersionMigrationId: signed, codeUploadFields } = begun.body as unknown as Begun;
    expect((await finalize(machine, signed)).status).toBe(409);
    expect((await rig.upload({ ...codeUploadFields, "content-encoding": "gzip" }, gzipSync(keep))).status).toBe(204);
    expect(await desire(machine, two)).toMatchObject({ status: 400, body: { code: "no-migration-path" } });
    const id = signed.split(".")[0];
    expect(await finalize(machine, signed)).toMatchObject({ status: 200, body: { machineVersionMigrationId: id } });
    expect((await desire(machine, two)).status).toBe(201);
    const again = [await finalize(machine, signed), await rig.upload(codeUploadFields, keep)];
    expect(again.map(({ status, body }) => [status, body.code])).toEqual(Array(2).fill([409, "invalid-state"]));
  });

  test("may be begun with its code in the body, which nobody reads", async () => {
    const { machine, versions } = await machineWith("one", "two");
    const [fromMachineVersionId, toMachineVersionId] = versions;
    const gzippedCode = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [i, i % 256]));
    const json = { fromMachineVersionId, toMachineVersionId, code: "x".repeat(5_000_000), gzippedCode };
    expect((await rig.call("POST", `/machines/${machine}/migrations`, { json })).status).toBe(200);
  });

  test("connects two versions of its machine", async () => {
    const { machine, versions } = await machineWith("one");
    const [one = ""] = versions;
    const other = await machineWith("other");
    expect(await begin("nothing", one, one)).toMatchObject({ status: 404 });
    for (const [from, to] of [
      ["ver_x", one],
      [one, "ver_x"],
      [one, other.versions[0] ?? ""],
    ] as const) {
      expect(await begin(machine, from, to)).toMatchObject({ status: 404, body: { code: "not-found" } });
    }
    const told = { status: 400, body: { code: "invalid-parameter", parameter: "toMachineVersionId" } };
    expect(await begin(machine, one, one)).toMatchObject(told);
  });

  test.each([
    ["does not load", "export const = ;", /does not load/],
    ["lacks upgradeState", "export const upgradeContext = () => ({});", /upgradeState/],
    ["lacks upgradeContext", "export const upgradeState = (path) => path;", /upgradeContext/],
    ["imports a file", `import "node:fs"; ${keep}`, /self-contained/],
  ])("whose code %s is 400, and may be uploaded again", async (_, code, error) => {
    const { machine, versions } = await machineWith("one", "two");
    const [one = "", two = ""] = versions;
    const { machineVersionMigrationId, codeUploadFields } = (await begin(machine, one, two)).body as unknown as Begun;
    await rig.upload(codeUploadFields, code);
    expect(await finalize(machine, machineVersionMigrationId)).toMatchObject({
      status: 400,
      body: { code: "invalid-parameter", parameter: "file", error: expect.stringMatching(error) },
    });
    await rig.upload(codeUploadFields, keep);
    expect((await finalize(machine, machineVersionMigrationId)).status).toBe(200);
  });

  test("is finalized under its own id alone", async () => {
    const { machine, versions } = await machineWith("one", "two");
    const other = await machineWith("other");
    const [one = "", two = ""] = versions;
    const { machineVersionMigrationId: signed } = (await begin(machine, one, two)).body as unknown as Begun;
    const { machineVersionId } = await rig.begin(machine);
    const [id = "", from = "", to = "", signature = ""] = signed.split(".");
    const forged = ["mig_x", id, `${id}.${signature}`, `${id}.${to}.${from}.${signature}`, machineVersionId];
    const refused = await Promise.all([
      ...forged.map((wrong) => finalize(machine, wrong)),
      finalize(other.machine, signed),
      rig.call("PUT", `/machines/${machine}/v/${signed}`, { json: {} }),
    ]);
    expect(refused.map(({ status }) => status)).toEqual(Array(7).fill(404));
  });
});

describe("a desired version", () => {
  test("is pending until the next event, and shown to administrators", async () => {
    const { machine, versions } = await machineWith("one", "two");
    const [one = "", two = ""] = versions;
    await migrate(machine, one, two, keep);
    expect(await desire(machine, two)).toMatchObject({ status: 201 });
    expect(await admin(machine)).toMatchObject({ machineVersion: { id: one }, desiredMachineVersion: { id: two } });
    expect((await rig.call("GET", `/machines/${machine}/i/x`)).body).toMatchObject({ tags: ["one"] });
    expect(await send(machine, "ADD")).toMatchObject({ status: 200, body: { tags: ["two"], publicContext: { n: 1 } } });
    const after = await admin(machine);
    expect(after).toMatchObject({ machineVersion: { id: two }, context: { public: { n: 1 } } });
    expect(after).not.toHaveProperty("desiredMachineVersion");
    expect(await history(machine)).toEqual(["statebacked.upgrade", "ADD"]);
    expect((await rig.call("GET", `/machines/${machine}/i`)).body).toMatchObject({
      instances: [{ slug: "x", machineVersion: { id: two } }],
    });
  });

  test("that the instance is on takes back the one that was pending", async () => {
    const { machine, versions } = await machineWith("one", "two");
    const [one = "", two = ""] = versions;
    await migrate(machine, one, two, keep);
    await desire(machine, two);
    expect((await desire(machine, one)).status).toBe(201);
    expect(await admin(machine)).not.toHaveProperty("desiredMachineVersion");
    expect((await send(machine, "ADD")).body).toMatchObject({ tags: ["one"] });
    expect(await history(machine)).toEqual(["ADD"]);
    expect((await desire(machine, one)).status).toBe(201);
  });

  test("needs a chain of migrations, a version and an instance", async () => {
    const { machine, versions } = await machineWith("one", "two", "three");
    const [one = "", two = "", three = ""] = versions;
    await migrate(machine, two, one, keep);
    await migrate(machine, two, three, keep);
    for (const target of [two, three]) {
      expect(await desire(machine, target)).toMatchObject({ status: 400, body: { code: "no-migration-path" } });
    }
    expect(await desire(machine, "ver_x")).toMatchObject({ status: 404, body: { code: "not-found" } });
    expect(await desire(machine, 7)).toMatchObject({ status: 400, body: { parameter: "targetMachineVersionId" } });
    const absent = { json: { targetMachineVersionId: one } };
    expect((await rig.call("PUT", `/machines/${machine}/i/nobody/v`, absent)).status).toBe(404);
    expect(await admin(machine)).not.toHaveProperty("desiredMachineVersion");
  });
});

describe("an upgrade", () => {
  test("goes along the shortest chain there is when the event comes, as one transition", async () => {
    const { machine, versions } = await machineWith("one", "two", "three", "four");
    const [one = "", two = "", three = "", four = ""] = versions;
    await migrate(machine, one, two, add("to two"));
    await migrate(machine, two, three, add("to three"));
    await migrate(machine, three, four, add("to four"));
    expect((await desire(machine, four)).status).toBe(201);
    await migrate(machine, two, four, add("straight to four"));
    expect((await send(machine, "ADD")).body).toMatchObject({ tags: ["four"] });
    expect(await admin(machine)).toMatchObject({ context: { notes: ["to two", "straight to four"] } });
    expect(await history(machine)).toEqual(["statebacked.upgrade", "ADD"]);
  });

  test("that fails leaves everything as it was; a newer migration between the two versions mends it", async () => {
    const { machine, versions } = await machineWith("one", "two");
    const [one = "", two = ""] = versions;
    await migrate(machine, one, two, keep.replace("=> path", "=> { throw new Error('lost the map'); }"));
    await desire(machine, two);
    const before = await admin(machine);
    expect(await send(machine, "ADD")).toMatchObject({
      status: 400,
      body: { code: "machine-error", error: expect.stringMatching(/upgradeState\(\["a"\]\) threw: lost the map/) },
    });
    await migrate(machine, one, two, keep.replace("=> path", "=> ['nowhere']"));
    expect(await send(machine, "ADD")).toMatchObject({
      status: 400,
      body: { code: "machine-error", error: expect.stringContaining('["nowhere"]') },
    });
    await migrate(machine, one, two, keep.replace("=> context", "=> { for (;;); }"));
    expect(await send(machine, "ADD")).toMatchObject({ status: 500, body: { code: "cpu-limit" } });
    expect(await admin(machine)).toEqual(before);
    expect(await history(machine)).toEqual([]);
    await migrate(machine, one, two, keep);
    expect((await send(machine, "ADD")).body).toMatchObject({ tags: ["two"] });
    expect(await history(machine)).toEqual(["statebacked.upgrade", "ADD"]);
  });

  test("is the new version's to refuse, and an event's to spoil", async () => {
    const machine = fresh();
    const one = await rig.publish(machine, tagged("one"));
    await rig.call("POST", `/machines/${machine}`, { json: { slug: "x" } });
    const strict = tagged("two").replace(
      "allowWrite = ({ authContext }) => {",
      "allowWrite = ({ authContext, context, event }) => { if (context.notes && event?.type === 'ADD') return false;",
    );
    const two = await rig.publish(machine, strict);
    await migrate(machine, one, two, add("moved"));
    await desire(machine, two);
    const before = await admin(machine);
    expect(await send(machine, "ADD")).toMatchObject({
      status: 403,
      body: { code: "rejected-by-machine-authorizer" },
    });
    expect(await send(machine, "BREAK")).toMatchObject({ status: 400, body: { code: "machine-error" } });
    expect(await admin(machine)).toEqual(before);
    expect((await send(machine, "END")).body).toMatchObject({ state: "z", done: true });
    expect(await history(machine)).toEqual(["statebacked.upgrade", "END"]);
  });

  test("waits until the instance is at rest: an event that meets children of an earlier one is the old version's", async () => {
    const { machine, versions } = await machineWith("one", "two");
    const [one = "", two = ""] = versions;
    await migrate(machine, one, two, add("moved"));
    const waiting = send(machine, { type: "WAIT", ms: 250 });
    await vi.waitUntil(async () => (await admin(machine)).state === "waiting");
    expect((await desire(machine, two)).status).toBe(201);
    const joined = await send(machine, "NOTHING");
    expect([joined.body, (await waiting).body]).toMatchObject(Array(2).fill({ state: "a", tags: ["one"] }));
    expect(await admin(machine)).toMatchObject({ machineVersion: { id: one }, desiredMachineVersion: { id: two } });
    expect((await send(machine, "ADD")).body).toMatchObject({ tags: ["two"] });
    expect(await history(machine)).toEqual([
      "WAIT",
      "NOTHING",
      expect.stringContaining("done"),
      "statebacked.upgrade",
      "ADD",
    ]);
  });

  test("waits for the error events that are owed", async () => {
    const machine = fresh();
    const forgiving = (tag: string) =>
      tagged(tag).replace(
        `onDone: "a"`,
        `onDone: "a", onError: { target: "a", actions: assign({ failed: "${tag}" }) }`,
      );
    const one = await rig.publish(machine, forgiving("one"));
    await rig.call("POST", `/machines/${machine}`, { json: { slug: "x" } });
    const two = await rig.publish(machine, forgiving("two"));
    await migrate(machine, one, two, keep);
    expect((await send(machine, { type: "WAIT", ms: 60_000 })).body).toMatchObject({ state: "waiting" });
    await desire(machine, two);
    expect((await send(machine, "ADD")).body).toMatchObject({ state: "a", tags: ["one"], publicContext: { n: 1 } });
    expect(await admin(machine)).toMatchObject({ context: { failed: "one" }, desiredMachineVersion: { id: two } });
    expect((await send(machine, "ADD")).body).toMatchObject({ tags: ["two"], publicContext: { n: 2 } });
  });

  test("waits for a paused instance to run", async () => {
    const { machine, versions } = await machineWith("one", "two");
    const [one = "", two = ""] = versions;
    await migrate(machine, one, two, keep);
    await desire(machine, two);
    const status = (json: object) => rig.call("PUT", `/machines/${machine}/i/x/status`, { json });
    await status({ status: "paused" });
    expect((await send(machine, "ADD")).status).toBe(409);
    expect(await admin(machine)).toMatchObject({ machineVersion: { id: one }, desiredMachineVersion: { id: two } });
    await status({ status: "running" });
    expect((await send(machine, "ADD")).body).toMatchObject({ tags: ["two"] });
  });

  test("of many events that come at once happens once, before the first of them", async () => {
    const { machine, versions } = await machineWith("one", "two");
    const [one = "", two = ""] = versions;
    await migrate(machine, one, two, add("moved"));
    await desire(machine, two);
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(machine, "ADD")));
    expect(answers.map(({ body }) => body.tags)).toEqual(Array(20).fill(["two"]));
    expect(await history(machine)).toEqual(["statebacked.upgrade", ...Array<string>(20).fill("ADD")]);
    expect(await admin(machine)).toMatchObject({ context: { notes: ["moved"], public: { n: 20 } } });
  });

  test("leads from XState 4 to XState 5", async () => {
    const machine = fresh();
    const old = `import { createMachine, assign } from "npm:xstate";
      export const allowRead = () => true; export const allowWrite = () => true;
      export default createMachine({ predictableActionArguments: true, initial: "b", context: { public: { n: 3 } }, states: { b: {} } });`;
    const one = await rig.publish(machine, old);
    await rig.call("POST", `/machines/${machine}`, { json: { slug: "x" } });
    const two = await rig.publish(machine, tagged("five"));
    await migrate(machine, one, two, keep.replace("=> path", "=> ['a']"));
    await desire(machine, two);
    expect((await send(machine, "ADD")).body).toMatchObject({ state: "a", tags: ["five"], publicContext: { n: 4 } });
  });
});

describe("behind the scenes", () => {
  const hmacOfX = createHmac("sha256", "open").update("x").digest("base64url");
  async function withUpgrade(run: (rig: Awaited<ReturnType<typeof startAppRig>>, scope: string) => Promise<void>) {
    const app = await startAppRig();
    try {
      const scope = `${app.orgId}/open`;
      const version = (id: string) => ({
        id,
        orgId: app.orgId,
        machine: "open",
        createdAt: 0,
        clientInfo: "",
        indexSelectors: {},
        xstate: 5 as const,
      });
      const code = async (text: string) => putBlob(app.store, Buffer.from(text));
      await app.call("POST", "/machines", { body: { slug: "open" } });
      const one = { ...version("ver_1"), codeSha256: await code(tagged("one")) };
      const two = { ...version("ver_2"), codeSha256: await code(tagged("two")) };
      const rec = {
        id: "mig_1",
        orgId: app.orgId,
        machine: "open",
        fromVersionId: "ver_1",
        toVersionId: "ver_2",
        createdAt: 0,
      };
      const migration = { ...rec, codeSha256: await code(add("moved")) };
      await app.store.commit([
        { op: "put", kind: "version", scope, name: "ver_1", rec: one, ifRev: 0 },
        { op: "put", kind: "version", scope, name: "ver_2", rec: two, ifRev: 0 },
        { op: "put", kind: "migration", scope, name: "mig_1", rec: migration, ifRev: 0 },
      ]);
      await app.call("POST", "/machines/open", { body: { slug: "x", machineVersionId: "ver_1" } });
      await app.call("PUT", "/machines/open/i/x/v", { body: { targetMachineVersionId: "ver_2" } });
      await run(app, scope);
      expect(app.errors).toEqual([]);
    } finally {
      await app.close();
    }
  }
  const add1 = { body: { event: "ADD" } };

  test("an upgrade and its event are one commit, of which subscribers hear once", async () => {
    await withUpgrade(async ({ services, store, orgId, call }, scope) => {
      const heard: unknown[] = [];
      services.updates.subscribe({ orgId, machine: "open", slug: "x" }, (update) => heard.push(update));
      const before = (await store.get("instance", scope, "x"))?.rev ?? 0;
      await call("POST", "/machines/open/i/x/events", add1);
      const after = await store.get("instance", scope, "x");
      expect(after).toMatchObject({ rev: before + 1, rec: { versionId: "ver_2", transitionCount: 2 } });
      expect(after?.rec).not.toHaveProperty("desiredVersionId");
      expect(heard).toMatchObject([
        { kind: "state", versionId: "ver_2", state: { tags: ["two"] }, context: { notes: ["moved"] } },
      ]);
      const hmac = { dangerDataWillBeDeletedForever: true, hmacSha256OfMachineInstanceNameWithMachineNameKey: hmacOfX };
      expect((await call("DELETE", "/machines/open/i/x", { body: hmac })).status).toBe(204);
      expect(heard.slice(1)).toEqual([{ kind: "deleted" }]);
    });
  });

  test.each([
    ["migration", "mig_1", 400, "no-migration-path"],
    ["version", "ver_2", 409, "invalid-state"],
  ] as const)("a %s that is gone is told as such", async (kind, name, status, code) => {
    await withUpgrade(async ({ store, call }, scope) => {
      await store.commit([{ op: "delete", kind, scope, name, ifRev: 1 }]);
      const answer = await call("POST", "/machines/open/i/x/events", add1);
      expect(answer).toMatchObject({ status, body: { code, error: expect.stringContaining("ver_2") } });
      expect((await call("GET", "/machines/open/i/x/admin")).status).toBe(200);
      expect((await call("PUT", "/machines/open/i/x/v", { body: { targetMachineVersionId: "ver_1" } })).status).toBe(
        201,
      );
      expect((await call("POST", "/machines/open/i/x/events", add1)).body).toMatchObject({ tags: ["one"] });
    });
  });

  test("the code of a deleted machine, its migrations' too, is kept by no worker", async () => {
    await withUpgrade(async ({ services, call }) => {
      await call("POST", "/machines/open/i/x/events", add1);
      const ids = ["ver_1", "ver_2", "mig_1"];
      /** Of these ids, those whose code has to be fetched, since no worker has it. */
      const fetched = async () => {
        const seen: string[] = [];
        for (const versionId of ids) {
          const fetch = async () => {
            seen.push(versionId);
            return versionId === "mig_1" ? keep : openMachine;
          };
          if (versionId === "mig_1") await services.engine.inspectMigration({ versionId, fetch });
          else await services.engine.inspect({ versionId, fetch });
        }
        return seen;
      };
      expect(await fetched()).toEqual([]);
      const sure = (key: string, hmac: string) => ({ body: { dangerDataWillBeDeletedForever: true, [key]: hmac } });
      await call("DELETE", "/machines/open/i/x", sure("hmacSha256OfMachineInstanceNameWithMachineNameKey", hmacOfX));
      const hmac = createHmac("sha256", "open").update("open").digest("base64url");
      const answer = await call("DELETE", "/machines/open", sure("hmacSha256OfMachineNameWithMachineNameKey", hmac));
      expect(answer.status).toBe(204);
      expect(await fetched()).toEqual(ids);
    });
  });
});
