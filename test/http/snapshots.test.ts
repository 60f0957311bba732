// Named snapshots over HTTP: kept beside the store, whole, for their owner only; restored, listed, deleted.

import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { systemEntropy } from "../../src/outside.ts";
import { createFileShelf } from "../../src/store/lowdb/shelf.ts";
import { StoreUnavailable } from "../../src/store/port.ts";
import { ShelfChanged } from "../../src/store/shelf.ts";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";

let folder: string;
let rig: Rig;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-snapshots-"));
});
afterEach(async () => {
  await rig.server.close();
  await rm(folder, { recursive: true, force: true });
});

const save = (name: unknown) => rig.call("POST", "/_settle/snapshots", { json: { name } });
const restore = (name: string) => rig.call("POST", `/_settle/snapshots/${name}/restore`);
const count = async () => (await rig.call("GET", "/machines/open/i/a")).body.publicContext;
const add = () => rig.call("POST", "/machines/open/i/a/events", { json: { event: "ADD" } });

async function textOf(chunks: AsyncIterable<Uint8Array> | Uint8Array[]): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

describe.each(["memory:", "a file"])("snapshots of %s", (kind) => {
  beforeEach(async () => {
    rig = await startRig({ store: kind === "memory:" ? kind : join(folder, "db.json") });
    await rig.publish("open", openMachine);
    await rig.call("POST", "/machines/open", { json: { slug: "a" } });
  });

  test("are saved, listed, restored, replaced and deleted", async () => {
    const saved = await save("zero");
    expect(saved).toMatchObject({ status: 201, body: { name: "zero", bytes: expect.any(Number) } });
    expect(Date.parse(String(saved.body.savedAt))).toBeGreaterThan(Date.UTC(2026));
    await add();
    await save("one");
    await add();
    expect((await rig.call("GET", "/_settle/snapshots")).body).toMatchObject({
      snapshots: [{ name: "one" }, { name: "zero" }],
    });
    expect(await restore("zero")).toMatchObject({ status: 200, body: { records: { instance: 1 } } });
    expect(await count()).toEqual({ n: 0 });
    expect((await restore("one")).status).toBe(200);
    expect(await count()).toEqual({ n: 1 });
    await save("zero");
    await add();
    await restore("zero");
    expect(await count()).toEqual({ n: 1 });
    expect((await rig.call("DELETE", "/_settle/snapshots/zero")).status).toBe(204);
    expect((await rig.call("DELETE", "/_settle/snapshots/zero")).body).toMatchObject({ code: "not-found" });
    expect(await restore("zero")).toMatchObject({ status: 404, body: { error: "There is no snapshot zero." } });
    expect((await rig.call("GET", "/_settle/snapshots")).body).toMatchObject({ snapshots: [{ name: "one" }] });
  });

  test("hold keys with their secrets", async () => {
    const { body } = await rig.call("POST", "/keys", { json: { name: "k", use: "production" } });
    await save("with-key");
    await rig.call("DELETE", `/keys/${String(body.id)}`);
    await restore("with-key");
    const token = await rig.token({ kid: String(body.id), secret: String(body.key), act: {} });
    expect((await rig.call("GET", "/machines/open/i/a", { token })).status).toBe(200);
  });

  test.each(["", ".", "..", "../db", "a/b", "a b", "a.json", "é", "x".repeat(65), "x".repeat(300), 7, null])(
    "aren't called %j",
    async (name) => {
      const answer = await save(name);
      expect(answer).toMatchObject({ status: 400, body: { code: "invalid-parameter", parameter: "name" } });
      if (typeof name !== "string" || /^\.*$/.test(name)) return;
      expect((await restore(encodeURIComponent(name))).status).toBe(400);
      expect((await rig.call("DELETE", `/_settle/snapshots/${encodeURIComponent(name)}`)).status).toBe(400);
    },
  );

  test("say what a request to save one has to look like", async () => {
    expect((await rig.call("POST", "/_settle/snapshots")).body).toMatchObject({ parameter: "body" });
    expect((await rig.call("POST", "/_settle/snapshots", { json: { label: "x" } })).body).toMatchObject({
      parameter: "label",
    });
    expect((await rig.call("POST", "/_settle/snapshots", { json: { name: "a", toString: 1 } })).body).toMatchObject({
      parameter: "toString",
    });
    expect((await rig.call("PUT", "/_settle/snapshots/x")).headers.get("allow")).toBe("DELETE");
  });
});

describe("snapshots in files", () => {
  beforeEach(async () => {
    rig = await startRig({ store: join(folder, "db.json") });
  });

  test("are for their owner only, stay over a restart, and half a one is none", async () => {
    await save("kept");
    const files = join(folder, "db.snapshots");
    expect((await stat(join(files, "kept.json"))).mode & 0o777).toBe(0o600);
    expect((await stat(files)).mode & 0o777).toBe(0o700);
    await writeFile(join(files, "half.json.tmp"), "{");
    await rig.server.close();
    rig = await startRig({ store: join(folder, "db.json") });
    expect((await rig.call("GET", "/_settle/snapshots")).body).toMatchObject({ snapshots: [{ name: "kept" }] });
    expect((await restore("kept")).status).toBe(200);
  });

  test("that are damaged are refused, and change nothing", async () => {
    await rig.publish("open", openMachine);
    await save("kept");
    await writeFile(join(folder, "db.snapshots", "kept.json"), "{");
    expect(await restore("kept")).toMatchObject({ status: 409, body: { code: "invalid-state" } });
    expect((await rig.call("GET", "/machines")).body).toMatchObject({ machines: [{ slug: "open" }] });
  });

  test("that were edited change nothing when they are restored, and can be imported as they are", async () => {
    await rig.publish("open", openMachine);
    await rig.call("POST", "/machines/open", { json: { slug: "a" } });
    await save("kept");
    const file = join(folder, "db.snapshots", "kept.json");
    const text = await readFile(file, "utf8");
    expect(JSON.parse(text)).toMatchObject({ format: "settle-state", sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const edited = text.replaceAll('"n":0', '"n":7');
    expect(edited).not.toBe(text);
    await writeFile(file, edited);
    await add();
    expect(await restore("kept")).toMatchObject({
      status: 409,
      body: { code: "invalid-state", error: expect.stringContaining(`settle store import ${file} --force`) },
    });
    expect(await count()).toEqual({ n: 1 });
    expect((await rig.call("PUT", "/_settle/state", { json: JSON.parse(edited) })).status).toBe(200);
    expect(await count()).toEqual({ n: 7 });
  });

  test("are none with any bit turned, or cut anywhere, whatever it leaves of them", async () => {
    const shelf = createFileShelf(join(folder, "db.json"), systemEntropy);
    async function* pieces() {
      yield '{"records":[\n';
      yield '{"a":1}';
      yield "]}";
      yield "\n";
    }
    await shelf.put("kept", pieces());
    const file = join(folder, "db.snapshots", "kept.json");
    const bytes = await readFile(file);
    const read = await shelf.get("kept");
    expect(await textOf(read?.() ?? [])).toBe('{"records":[\n{"a":1}]}\n');
    for (let at = 0; at < bytes.length; at++) {
      const turned = Buffer.from(bytes);
      turned[at] = (bytes[at] as number) ^ 1;
      for (const damaged of [turned, bytes.subarray(0, at), Buffer.concat([bytes, bytes.subarray(0, at + 1)])]) {
        await writeFile(file, damaged);
        await expect(shelf.get("kept"), `at ${at}`).rejects.toThrow(ShelfChanged);
      }
      await expect(textOf(read?.() ?? []), `read at ${at}`).rejects.toThrow(ShelfChanged);
    }
  });

  test("that can't be written to the end leave the earlier one, and nothing else", async () => {
    const shelf = createFileShelf(join(folder, "db.json"), systemEntropy);
    await save("kept");
    async function* full() {
      yield "half";
      throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
    }
    await expect(shelf.put("kept", full())).rejects.toThrow(StoreUnavailable);
    await expect(shelf.put("other", full())).rejects.toThrow("the disk is full: the snapshot other can't be written");
    expect(await readdir(join(folder, "db.snapshots"))).toEqual(["kept.json"]);
    expect((await restore("kept")).status).toBe(200);
  });

  test("that are saved twice at once are one of both, whole", async () => {
    await rig.publish("open", openMachine);
    const saved = await Promise.all(Array.from({ length: 8 }, () => save("kept")));
    expect(saved.map(({ status }) => status)).toEqual(saved.map(() => 201));
    expect(await readdir(join(folder, "db.snapshots"))).toEqual(["kept.json"]);
    expect((await restore("kept")).status).toBe(200);
  });

  test("that a crash left half written are gone with the next one", async () => {
    const files = join(folder, "db.snapshots");
    await mkdir(files);
    for (const left of ["kept.json.tmp", ".kept.abc.tmp"]) await writeFile(join(files, left), "a secret");
    await save("kept");
    expect(await readdir(files)).toEqual(["kept.json"]);
  });

  test("don't show what can't be restored, and say what is in their way", async () => {
    const files = join(folder, "db.snapshots");
    await mkdir(join(files, "folder.json"), { recursive: true });
    await writeFile(join(files, "no snapshot.json"), "{}");
    expect((await rig.call("GET", "/_settle/snapshots")).body).toEqual({ snapshots: [] });
    expect(await save("folder")).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining("folder.json is in the way") },
    });
    expect((await restore("folder")).status).toBe(404);
    expect((await rig.call("DELETE", "/_settle/snapshots/folder")).status).toBe(404);
    await rm(files, { recursive: true });
    await writeFile(files, "");
    expect(await save("kept")).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining("db.snapshots is in the way") },
    });
  });
});
