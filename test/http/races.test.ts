// What comes between the reads and the commits of an operation, each time at the worst moment: the store is held there on purpose.

import { createHmac } from "node:crypto";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { newId } from "../../src/domain/ids.ts";
import { publishMachine } from "../../src/operations/publish.ts";
import type { Change, Kind, Stored } from "../../src/store/port.ts";
import type { AppRig } from "./app-rig.ts";
import { startAppRig } from "./app-rig.ts";
import { openMachine } from "./rig.ts";

let rig: AppRig;
beforeEach(async () => {
  rig = await startAppRig();
  await publishMachine(rig.services, rig.orgId, "open", openMachine, "");
});
afterEach(async () => {
  vi.restoreAllMocks();
  expect(rig.errors).toEqual([]);
  await rig.close();
});

const scope = () => `${rig.orgId}/open`;
const danger = { dangerDataWillBeDeletedForever: true };
const hmac = (name: string) => createHmac("sha256", "open").update(name).digest("base64url");
const deleteMachine = () =>
  rig.call("DELETE", "/machines/open", {
    body: { ...danger, hmacSha256OfMachineNameWithMachineNameKey: hmac("open") },
  });
const create = (slug: string) => rig.call("POST", "/machines/open", { body: { slug } });
const send = (slug: string, event: unknown) => rig.call("POST", `/machines/open/i/${slug}/events`, { body: { event } });
const stored = (slug: string) => rig.store.get("instance", scope(), slug);

/** Holds the next commit that puts this kind of record. Resolves when one is held, with what lets it go. */
function hold(kind: Kind): Promise<{ release: () => void }> {
  const held = Promise.withResolvers<{ release: () => void }>();
  const commit = rig.store.commit.bind(rig.store);
  let isArmed = true;
  vi.spyOn(rig.store, "commit").mockImplementation(async (changes: Change[]) => {
    if (isArmed && changes.some((change) => change.op === "put" && change.kind === kind)) {
      isArmed = false;
      await new Promise<void>((release) => held.resolve({ release }));
    }
    return commit(changes);
  });
  return held.promise;
}

test("a machine deleted before a creation is stored: there is no instance, and the creator is told", async () => {
  const holding = hold("instance");
  const creating = create("late");
  const { release } = await holding;
  expect((await deleteMachine()).status).toBe(204);
  release();
  expect(await creating).toMatchObject({ status: 404, body: { code: "not-found" } });
  expect(await stored("late")).toBeNull();
});

test("nor is there one in a machine made again under its name meanwhile", async () => {
  const holding = hold("instance");
  const creating = create("late");
  const { release } = await holding;
  await deleteMachine();
  await rig.call("POST", "/machines", { body: { slug: "open" } });
  release();
  expect((await creating).status).toBe(404);
  expect(await stored("late")).toBeNull();
});

test("a creation whose commit is on its way keeps the machine", async () => {
  const commit = rig.store.commit.bind(rig.store);
  let start: (() => void) | undefined;
  vi.spyOn(rig.store, "commit").mockImplementation((changes: Change[]) => {
    if (changes[0]?.op === "put") {
      return new Promise((resolve, reject) => {
        start = () => void commit(changes).then(resolve, reject);
      });
    }
    // Both reach the store in one turn, the creation first: it is accepted, but nothing of it is seen yet.
    start?.();
    return commit(changes);
  });
  const creating = create("early");
  await vi.waitUntil(() => start !== undefined);
  expect((await deleteMachine()).status).toBe(409);
  expect((await creating).status).toBe(200);
});

test("a machine deleted before an upload is stored: nothing of it is left over", async () => {
  const begun = (await rig.call("POST", "/machines/open/v")).body as { codeUploadFields: { token: string } };
  const form = `--b\r\ncontent-disposition: form-data; name="token"\r\n\r\n${begun.codeUploadFields.token}\r\n--b\r\ncontent-disposition: form-data; name="file"; filename="m.js"\r\n\r\nx\r\n--b--\r\n`;
  const holding = hold("upload");
  const headers = { "content-type": "multipart/form-data; boundary=b" };
  const uploading = rig.call("POST", "/_settle/uploads", { body: form, headers });
  const { release } = await holding;
  expect((await deleteMachine()).status).toBe(204);
  release();
  expect(await uploading).toMatchObject({ status: 404, body: { code: "not-found" } });
  expect((await rig.store.list("upload", scope(), 0, 10)).items).toEqual([]);
});

test("a version finalized for a machine that was made again meanwhile is not one of the new machine", async () => {
  const lane = Promise.withResolvers<void>();
  const holding = rig.store.exclusive(`machine ${scope()}`, () => lane.promise);
  const inspected = vi.spyOn(rig.services.engine, "inspect");
  const publishing = publishMachine(rig.services, rig.orgId, "open", `${openMachine} // newer`, "");
  publishing.catch(() => {});
  await vi.waitUntil(() => inspected.mock.settledResults[0]?.type === "fulfilled");
  // Whoever has the lane deletes it and makes it again.
  const machine = await rig.store.get("machine", rig.orgId, "open");
  const rec = { orgId: rig.orgId, slug: "open", createdAt: 0, indexes: [] };
  const place = { kind: "machine", scope: rig.orgId, name: "open" } as const;
  await rig.store.commit([
    { op: "delete", ...place, ifRev: machine?.rev ?? 0 },
    { op: "put", ...place, rec, ifRev: 0 },
  ]);
  lane.resolve();
  await holding;
  await expect(publishing).rejects.toMatchObject({ code: "not-found" });
  expect((await rig.store.get("machine", rig.orgId, "open"))?.rec).toEqual(rec);
});

/** Deletes an instance and makes it again behind the engine's back, at the revision that it had. */
async function replace(slug: string): Promise<Stored<unknown>> {
  const old = await stored(slug);
  if (!old) throw new Error(`there is no ${slug}`);
  const rec = { ...old.rec, context: { other: true }, transitionCount: 0 };
  const place = { kind: "instance", scope: scope(), name: slug } as const;
  await rig.store.commit([{ op: "delete", ...place, ifRev: old.rev }]);
  for (let ifRev = 0; ifRev < old.rev; ifRev++) await rig.store.commit([{ op: "put", ...place, rec, ifRev }]);
  const made = await stored(slug);
  expect(made?.rev).toBe(old.rev);
  return made as Stored<unknown>;
}

/** The machine, but born waiting for `ms`. */
const bornWaiting = (ms: number) =>
  openMachine
    .replace(`initial: "a"`, `initial: "w"`)
    .replace("states: {", `states: { w: { invoke: { src: "wait", input: ${ms}, onDone: "a" } },`);

/** Ways to have a session whose child runs for a while. */
const sessions: [string, (ms: number) => Promise<{ going: ReturnType<AppRig["call"]> }>][] = [
  [
    "by an event",
    async (ms) => {
      await create("one");
      return { going: send("one", { type: "WAIT", ms }) };
    },
  ],
  [
    "by its creation",
    async (ms) => {
      await publishMachine(rig.services, rig.orgId, "open", bornWaiting(ms), "");
      return { going: create("one") };
    },
  ],
];
const isRunning = async () => (await stored("one"))?.rec.running.length === 1;

test.each(sessions)(
  "a session begun %s doesn't write into an instance made again at the same revision",
  async (_, begin) => {
    const { going } = await begin(300);
    await vi.waitUntil(isRunning);
    const made = await replace("one");
    expect(await going).toMatchObject({ status: 409, body: { code: "invalid-state" } });
    expect(await stored("one")).toEqual(made);
    expect((await rig.store.history(scope(), "one", 0, 10)).items).toEqual([]);
  },
);

test.each(sessions)(
  "a status set during a session begun %s stays, and so does what its children did",
  async (_, begin) => {
    const { going } = await begin(200);
    await vi.waitUntil(isRunning);
    expect((await rig.call("PUT", "/machines/open/i/one/status", { body: { status: "paused" } })).status).toBe(204);
    expect(await going).toMatchObject({ status: 200, body: { state: "a" } });
    expect((await stored("one"))?.rec).toMatchObject({ status: "paused", state: { state: "a" }, running: [] });
  },
);

test("a desired version set while children run stays, and so does what the children did", async () => {
  await create("one");
  const going = send("one", { type: "WAIT", ms: 200 });
  await vi.waitUntil(isRunning);
  const other = newId("ver", rig.services.entropy);
  const version = (await stored("one"))?.rec.versionId ?? "";
  const known = await rig.store.get("version", scope(), version);
  if (!known) throw new Error("the version is gone");
  const migration = {
    id: "mig_x",
    orgId: rig.orgId,
    machine: "open",
    fromVersionId: version,
    toVersionId: other,
    createdAt: 0,
    codeSha256: "x",
  };
  await rig.store.commit([
    { op: "put", kind: "version", scope: scope(), name: other, rec: { ...known.rec, id: other }, ifRev: 0 },
    { op: "put", kind: "migration", scope: scope(), name: "mig_x", rec: migration, ifRev: 0 },
  ]);
  const set = await rig.call("PUT", "/machines/open/i/one/v", { body: { targetMachineVersionId: other } });
  expect(set.status).toBe(201);
  expect(await going).toMatchObject({ status: 200, body: { state: "a" } });
  const after = await stored("one");
  expect(after?.rec).toMatchObject({ desiredVersionId: other, state: { state: "a" }, running: [] });
  expect(after?.rec.transitionCount).toBe(2);
  expect((await rig.store.history(scope(), "one", 0, 10)).items.map(({ seq }) => seq)).toEqual([1, 2]);
});

test("a status that meets a step of a live session is set all the same", async () => {
  await create("one");
  const going = send("one", { type: "WAIT", ms: 100 });
  await vi.waitUntil(isRunning);
  const holding = hold("instance");
  const setting = rig.call("PUT", "/machines/open/i/one/status", { body: { status: "paused" } });
  const { release } = await holding;
  expect((await going).body).toMatchObject({ state: "a" });
  release();
  expect((await setting).status).toBe(204);
  expect((await stored("one"))?.rec).toMatchObject({ status: "paused", state: { state: "a" } });
});

test("an event planned from what is not stored any more is planned again", async () => {
  await create("one");
  const old = await stored("one");
  await send("one", "ADD");
  const get = rig.store.get.bind(rig.store);
  let stale = 1;
  vi.spyOn(rig.store, "get").mockImplementation((async (kind: Kind, ...place: [string, string]) =>
    kind === "instance" && stale-- > 0 ? old : get(kind, ...place)) as typeof rig.store.get);
  expect(await send("one", "ADD")).toMatchObject({ status: 200, body: { publicContext: { n: 2 } } });
  expect(stale).toBeLessThan(0);
});
