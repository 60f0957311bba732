// `settle store`, as a process: on a store's files, and by the server that has them open.

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { allScopes } from "../../src/domain/scopes.ts";
import { nodeFiles } from "../../src/store/lowdb/files.ts";
import { openLowdbStore } from "../../src/store/lowdb/open.ts";
import type { Store } from "../../src/store/port.ts";
import { examineStore } from "../../src/store-care.ts";
import { type Rig, startRig } from "../http/rig.ts";
import { documentOf, furnish, shownBy } from "../http/state-rig.ts";
import { systemError } from "../store/disk.ts";
import {
  clock,
  entropy,
  machine,
  putBlob,
  putInstance,
  putVersion,
  scope,
  step,
  transition,
} from "../store/support.ts";
import { type Finished, settle } from "./process.ts";

let folder: string;
let rigs: Rig[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-cli-store-"));
});
afterEach(async () => {
  for (const { server } of rigs) await server.close();
  rigs = [];
  await rm(folder, { recursive: true, force: true });
});

const run = (args: string[], env = {}): Promise<Finished> => settle(["store", ...args], env, folder).ended;
async function serve(store = join(folder, "db.json")): Promise<Rig> {
  const rig = await startRig({ store });
  rigs.push(rig);
  return rig;
}
async function stop(rig: Rig): Promise<void> {
  rigs = rigs.filter((one) => one !== rig);
  await rig.server.close();
}
const failed = (stderr: RegExp) => ({ code: 2, stdout: "", stderr: expect.stringMatching(stderr) });
const text = (file: string) => readFile(join(folder, file), "utf8");
const files = async () => (await readdir(folder)).sort();

describe("export, import and copy", { timeout: 60_000 }, () => {
  test("carry a state from a store to another, whether or not servers run, and it is the same", async () => {
    const from = await serve();
    await furnish(from);
    const [document, shown] = [await documentOf(from), await shownBy(from)];
    expect(await run(["export", "--store", "db.json"])).toMatchObject({ code: 0, stdout: document.trimEnd() });
    await stop(from);
    expect(await run(["export", "state.json", "--store", "db.json"])).toMatchObject({ code: 0, stdout: "" });
    expect(await text("state.json")).toBe(document);
    expect((await stat(join(folder, "state.json"))).mode & 0o777).toBe(0o600);

    const imported = await run(["import", "state.json", "--store", "deep/new.json"]);
    expect(imported).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^put into deep\/new\.json: .*2 instance, 2 transition/),
    });
    const again = await serve(join(folder, "deep/new.json"));
    expect(await shownBy(again)).toEqual(shown);
    await again.call("POST", "/machines/clock/i/hall/events", { json: { event: "ADD" } });
    expect(await run(["import", "state.json", "--store", "deep/new.json"])).toEqual(
      expect.objectContaining(
        failed(/^settle: use --force to replace what is in the server at http\S+; its credentials stay\n$/),
      ),
    );
    expect((await run(["import", "state.json", "--store", "deep/new.json", "--force"])).code).toBe(0);
    expect(await shownBy(again)).toEqual(shown);
  });

  test("leave secrets out, unless they are asked for; then a new store has the same credentials", async () => {
    const from = await serve();
    const { secret, keyId } = await furnish(from);
    const { adminToken, secretKey } = from.server;
    for (const isRunning of [true, false]) {
      if (!isRunning) await stop(from);
      const plain = (await run(["export", "--store", "db.json"])).stdout;
      for (const hidden of [secret, adminToken, secretKey]) expect(plain).not.toContain(hidden);
      expect((await run(["export", "all.json", "--with-credentials", "--store", "db.json"])).code).toBe(0);
    }
    await run(["import", "all.json", "--store", "same.json"]);
    const same = await serve(join(folder, "same.json"));
    expect(same.server).toMatchObject({ adminToken, secretKey });
    const token = await same.token({ kid: keyId, secret, act: {} });
    expect((await same.call("GET", "/machines/clock/i/hall", { token })).status).toBe(200);
    expect(await shownBy(same)).toEqual(await shownBy(await serve()));
  });

  test("copy makes a store with the same credentials, from a running server too", async () => {
    const from = await serve();
    await furnish(from);
    expect((await run(["copy", "db.json", "copy.json"])).code).toBe(0);
    const copied = await serve(join(folder, "copy.json"));
    expect(copied.server.adminToken).toBe(from.server.adminToken);
    expect(await shownBy(copied)).toEqual(await shownBy(from));
    await stop(copied);
    expect(await run(["copy", "db.json", "copy.json"])).toMatchObject(
      failed(/use --force to replace the store copy\.json/),
    );
    expect((await run(["copy", "db.json", "copy.json", "--force"])).code).toBe(0);
    expect(await run(["copy", "db.json", "./db.json"])).toMatchObject(failed(/can't be copied to itself/));
    expect(await run(["copy", "db.json", "postgres://x/y"])).toMatchObject(
      failed(/only stores in files are looked after/),
    );
    expect(await run(["copy", "memory:", "new.json"])).toMatchObject(failed(/a store in memory ends with its server/));
    expect(await run(["copy", "absent.json", "new.json"])).toMatchObject(failed(/there is no store at absent\.json/));
  });

  test("a document that is wrong is refused: an old store stays as it was, a new one is not made", async () => {
    const from = await serve();
    const before = await documentOf(from);
    await writeFile(join(folder, "wrong.json"), before.replace('"scopes":', '"scope":'));
    const wrong = failed(
      /records\[0\] \(line 2\), key: it has scope, which nobody knows|must have required property 'scopes'/,
    );
    expect(await run(["import", "wrong.json", "--store", "db.json", "--force"])).toMatchObject(wrong);
    expect(await documentOf(from)).toBe(before);
    await stop(from);
    expect(await run(["import", "wrong.json", "--store", "db.json", "--force"])).toMatchObject(wrong);
    expect(await documentOf(await serve())).toBe(before);
    expect(await run(["import", "wrong.json", "--store", "new.json"])).toMatchObject(wrong);
    expect((await files()).filter((file) => file.startsWith("new"))).toEqual([]);
    expect(await run(["import", "absent.json", "--store", "new.json"])).toMatchObject(failed(/absent\.json/));
    expect(await run(["export", "--store", "new.json"])).toMatchObject(failed(/there is no store at new\.json/));
  });

  test("reach the server in SETTLE_URL, also one that keeps its store in memory, and read stdin", async () => {
    const rig = await startRig();
    rigs.push(rig);
    await furnish(rig);
    const env = { SETTLE_URL: rig.server.url, SETTLE_ADMIN_TOKEN: rig.server.adminToken };
    const document = await documentOf(rig);
    expect((await run(["export"], env)).stdout).toBe(document.trimEnd());
    const importing = settle(["store", "import", "-", "--force"], env, folder);
    importing.child.stdin?.end(document);
    expect((await importing.ended).code).toBe(0);
    expect(await run(["export"], { ...env, SETTLE_ADMIN_TOKEN: "wrong" })).toMatchObject(
      failed(/refuses: The control plane needs the admin token/),
    );
    expect(await run(["export"], { ...env, SETTLE_URL: "http://127.0.0.1:1" })).toMatchObject(
      failed(/no server answers at http:\/\/127\.0\.0\.1:1/),
    );
  });
});

describe("snapshot", { timeout: 60_000 }, () => {
  test.each([true, false])("saves, lists, restores and deletes; a server runs: %s", async (isRunning) => {
    const rig = await serve();
    await furnish(rig);
    const shown = await shownBy(rig);
    const on = ["--store", "db.json"];
    if (!isRunning) await stop(rig);
    expect(await run(["snapshot", "save", "first", ...on])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^saved first: \d+ bytes$/),
    });
    expect((await run(["snapshot", "list", ...on])).stdout).toMatch(/^first {2}\d{4}-\S+Z {2}\d+ bytes$/);
    const server = isRunning ? rig : await serve();
    await server.server.reset();
    if (!isRunning) await stop(server);
    expect(await run(["snapshot", "restore", "first", ...on])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("restored first: "),
    });
    expect(await shownBy(isRunning ? rig : await serve())).toEqual(shown);
    if (!isRunning) await stop(rigs[0] as Rig);
    expect(await run(["snapshot", "delete", "first", ...on])).toMatchObject({ code: 0, stdout: "deleted first" });
    expect(await run(["snapshot", "restore", "first", ...on])).toMatchObject(failed(/There is no snapshot first/));
    expect(await run(["snapshot", "save", "../db", ...on])).toMatchObject(failed(/1 to 64 letters/));
  });
});

describe("on a store of two doors", { timeout: 60_000 }, () => {
  /** With some things in the JSON file and later ones in the journal, as a killed server leaves it. */
  beforeEach(async () => {
    const store = await openLowdbStore(join(folder, "live.json"), { durability: "process", clock, entropy });
    const key = { id: "sbk_test", orgId: "org_test", name: "", secret: "s", scopes: [...allScopes], createdAt: 1 };
    const bootstrap = { orgId: "org_test", keyId: key.id, adminToken: "old-token", uploadSecret: "old-secret" };
    await store.commit([
      { op: "put", kind: "bootstrap", scope: "", name: "bootstrap", rec: bootstrap, ifRev: 0 },
      {
        op: "put",
        kind: "org",
        scope: "",
        name: "org_test",
        rec: { id: "org_test", name: "", createdAt: 1 },
        ifRev: 0,
      },
      { op: "put", kind: "key", scope: "org_test", name: key.id, rec: key, ifRev: 0 },
    ]);
    await store.commit([
      { op: "put", kind: "machine", scope: "org_test", name: "door", rec: machine("door"), ifRev: 0 },
    ]);
    const sha256 = await putBlob(store, Buffer.from("export default 1"));
    const rec = {
      ...{ id: "ver_test", orgId: "org_test", machine: "door", createdAt: 1, clientInfo: "", indexSelectors: {} },
      ...{ codeSha256: sha256, xstate: 5 as const },
    };
    await store.commit([{ op: "put", kind: "version", scope, name: "ver_test", rec, ifRev: 0 }]);
    await store.commit([putInstance("a", 0)]);
    await store.replaceAll(await rowsOf(store));
    for (let rev = 1; rev < 4; rev++)
      await store.commit(step("a", rev).map((one) => (one.op === "append" ? shifted(one) : counting(one, rev))));
    await store.commit([putInstance("b", 0)]);
    await copyFile(join(folder, "live.json"), join(folder, "db.json"));
    await copyFile(join(folder, "live.journal"), join(folder, "db.journal"));
    await store.close();
    await rename(join(folder, "live.blobs"), join(folder, "db.blobs"));
    await rm(join(folder, "live.json"));
  });

  type Change = Parameters<Store["commit"]>[0][number];
  const shifted = (change: Extract<Change, { op: "append" }>): Change => ({
    ...change,
    rows: change.rows.map((row) => ({ ...row, seq: row.seq - 1 })),
  });
  const counting = (change: Change, count: number): Change =>
    change.op === "put" && change.kind === "instance"
      ? { ...change, rec: { ...change.rec, transitionCount: count } }
      : change;

  async function rowsOf(store: Store) {
    const rows = [];
    for await (const row of store.saved()) rows.push(row);
    return rows;
  }
  async function opened(): Promise<{ [name: string]: number }> {
    const store = await openLowdbStore(join(folder, "db.json"), { durability: "process", clock, entropy });
    const { items } = await store.list("instance", scope, 0, 100);
    const lengths: { [name: string]: number } = {};
    for (const { rec } of items) {
      lengths[rec.slug] = (await store.history(scope, rec.slug, 0, 100)).items.length;
      expect(rec.transitionCount).toBe(lengths[rec.slug]);
    }
    await store.close();
    return lengths;
  }
  const replaceIn = async (file: string, from: string | RegExp, to: string) => {
    const before = await readFile(join(folder, file), "latin1");
    expect(before).toMatch(from);
    await writeFile(join(folder, file), before.replace(from, to), "latin1");
  };
  const check = () => run(["check", "--store", "db.json"]);
  const repair = () => run(["repair", "--store", "db.json"]);

  test("export touches nothing, not even a lock, so that a disk that can't be written will do", async () => {
    const before = await statsOf();
    const { code, stdout } = await run(["export", "--store", "db.json"]);
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { format: "settle-state" }]);
    expect(stdout).toContain('"transitionCount":3');
    expect(await statsOf()).toEqual(before);
  });

  /** The folder's own among them, which changes when a file comes or goes. */
  async function statsOf() {
    const names = ["", ...(await files())];
    const stats = await Promise.all(names.map((name) => stat(join(folder, name), { bigint: true })));
    return stats.map(({ ino, mtimeNs, size }, i) => [names[i], ino, mtimeNs, size]);
  }

  test("check counts, and touches nothing", async () => {
    const before = await Promise.all(
      (await files()).filter((file) => !file.endsWith("blobs")).map(async (file) => [file, await text(file)]),
    );
    const { code, stdout } = await check();
    expect([code, stdout.split("\n")]).toEqual([
      0,
      [
        "db.json is whole",
        "  records  1 bootstrap, 1 org, 1 key, 1 machine, 1 version, 2 instance, 3 transition",
        expect.stringMatching(/^ {2}journal {2}\d{3,} bytes$/),
        "  code     1 different",
      ],
    ]);
    expect(await Promise.all(before.map(async ([file = ""]) => [file, await text(file)]))).toEqual(before);
  });

  test("check says where it is damaged, and repair gives up no more than that", async () => {
    const lines = (await text("db.journal")).split("\n");
    // A byte of the second event: the third, and the other door, come after it.
    const at = lines.findIndex((line) => line.includes('"rev":3'));
    await replaceIn("db.journal", lines[at] as string, (lines[at] as string).replace('"rev":3', '"rev":9'));
    const { code, stdout } = await check();
    expect(code).toBe(1);
    expect(stdout).toMatch(
      new RegExp(`^db.json is damaged\\n[\\s\\S]*db\\.journal is damaged at line ${at + 1} \\(byte \\d+\\)`),
    );
    expect(stdout).not.toContain(`${tmpdir()}/settle-copy`);
    const damaged = await text("db.journal");
    const repaired = await repair();
    expect(repaired.code).toBe(1);
    expect(repaired.stdout).toMatch(/given up: the journal after byte \d+ \(line \d+\): from a damaged line on/);
    expect(repaired.stdout).toMatch(
      /\nkept: 1 bootstrap, 1 org, 1 key, 1 machine, 1 version, 1 instance, 1 transition\ndb\.json is whole again$/,
    );
    const backup = (await files()).find((file) => /^db\.journal\.damaged-[\dTZ-]+$/.test(file));
    expect(await text(backup ?? "")).toBe(damaged);
    expect(await opened()).toEqual({ a: 1 });
    expect((await check()).code).toBe(0);
    expect((await repair()).stdout).toBe("db.json is whole: nothing is changed");
  });

  test.each<[what: string, from: RegExp, to: string, left: { [name: string]: number }, givenUp: RegExp]>([
    [
      "a row that can't be read",
      /\{"kind":"key"/,
      '{"kind:"key"',
      { a: 3, b: 0 },
      /line \d+ of the snapshot: it is no row/,
    ],
    ["a row of no kind", /\{"kind":"key"/, '{"kind":"KEY"', { a: 3, b: 0 }, /nobody knows the kind KEY/],
    ["an organization", /\{"kind":"org"/, '{"kind:"org"', { a: 3, b: 0 }, /organization org_test, which is made anew/],
    [
      "a machine",
      /\{"kind":"machine"/,
      '{"kind:"machine"',
      { a: 3, b: 0 },
      /machine door, which is made anew: its current version is taken to be ver_test, the newest that is there\n/,
    ],
    [
      "a machine, whole line",
      /\{"kind":"machine".*\n/,
      "",
      { a: 3, b: 0 },
      /machine door, which is made anew: its current version is taken to be ver_test, the newest that is there\n/,
    ],
    [
      "a version",
      /\{"kind":"version"/,
      '{"kind:"version"',
      { a: 3, b: 0 },
      /given up: the record of version ver_test of machine door, which is made anew of what is left of its line\n/,
    ],
    [
      "a version, whole line",
      /\{"kind":"version".*\n/,
      "",
      { a: 3, b: 0 },
      /version ver_test of machine door, which is made anew: its code is taken to be [0-9a-f]{64}, the only one that no other record names\n/,
    ],
    [
      "a version, and which code it had",
      /(\{"kind":"version".*"codeSha256":").../,
      "$1xyz",
      { a: 3, b: 0 },
      /version ver_test of machine door, which is made anew: its code is taken to be [0-9a-f]{64}, the only one that/,
    ],
    [
      "all that instances need",
      /\{"kind":"org".*\n(.*"key".*\n).*"machine".*\n.*"version".*\n/,
      "$1",
      { a: 3, b: 0 },
      /organization org_test, which is made anew[\s\S]*version ver_test [\s\S]*machine door, which is made anew: its current version is taken to be ver_test, /,
    ],
    [
      "a record that is not as it should be",
      /"indexes":\[\]/,
      '"indexes":[1]',
      { a: 3, b: 0 },
      /machine "door" in "org_test": indexes\/0 must be string[\s\S]*machine door, which is made anew/,
    ],
    ["bytes that are no text", /"door"/, '"\u00ff"', { a: 3, b: 0 }, /it is not text in UTF-8/],
    [
      "its end cut off",
      /\],"sha256":.*\n$/,
      "",
      { a: 3, b: 0 },
      /given up: the snapshot ends after line \d+: whatever came after it is lost/,
    ],
    ["its head", /^\{"format":\d/, '{"format":x', { a: 3, b: 0 }, /line 1 of the snapshot, which says what it is/],
    [
      "an instance",
      /\{"kind":"instance"/,
      '{"kind:"instance"',
      { a: 3, b: 0 },
      /line \d+ of the snapshot: it is no row/,
    ],
  ])("repair drops from the JSON file what can't be read: %s", async (_what, from, to, left, givenUp) => {
    await replaceIn("db.json", from, to);
    expect((await check()).code).toBe(1);
    const { code, stdout } = await repair();
    expect(stdout).toMatch(givenUp);
    expect(code).toBe(1);
    expect(await opened()).toEqual(left);
  });

  test("repair gives up what comes before a hole in a history: the state is what the newest events made of it", async () => {
    await run(["compact", "--store", "db.json"]);
    await replaceIn("db.json", '"seq":2,"rec":{"seq":2', '"seq":2,"rec":{"seq:2');
    const { code, stdout } = await repair();
    expect(code).toBe(1);
    expect(stdout).toMatch(
      /line \d+ of the snapshot: it is no row[\s\S]*transition "a" in "\S+", up to 2: not all of them are there/,
    );
    const store = await openLowdbStore(join(folder, "db.json"), { durability: "process", clock, entropy });
    expect((await store.history(scope, "a", 0, 10)).items.map(({ seq }) => seq)).toEqual([3]);
    const { rec, rev } = (await store.get("instance", scope, "a")) ?? {};
    expect(rec?.transitionCount).toBe(3);
    await store.commit([{ op: "append", scope, name: "a", rows: [transition(4)] }]);
    expect(rev).toBe(1);
    await store.close();
  });

  test("repair gives up nothing of a JSON file that was edited, and says so", async () => {
    await replaceIn("db.json", '"clientInfo":""', '"clientInfo":"mine"');
    await rm(join(folder, "db.journal"));
    const { code, stdout } = await repair();
    expect(code).toBe(0);
    expect(stdout).toContain("nothing is given up, but something is not as it was written: look it through");
    expect(await opened()).toEqual({ a: 0 });
  });

  test("repair keeps instances whose code nobody can tell, and they go on once it is written into an exported state", async () => {
    const code = Buffer.from("export default 2");
    const sha256 = createHash("sha256").update(code).digest("hex");
    await writeFile(join(folder, "db.blobs", sha256), code);
    await replaceIn("db.json", /\{"kind":"version".*\n/, "");
    const { code: exitCode, stdout } = await repair();
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /version ver_test of machine door, and which code it had: its instances are kept, and stand still until /,
    );
    expect(await opened()).toEqual({ a: 3, b: 0 });
    await run(["export", "state.json", "--store", "db.json"]);
    const state = (await text("state.json")).split("\n");
    const at = state.findIndex((line) => line.startsWith('{"code":'));
    const lost = JSON.parse((state[at] as string).replace(/,$/, "")).code;
    expect(lost.text).toMatch(
      /^throw new Error\("The code of version ver_test of machine door was lost\. Export the state /,
    );
    state[at] = `${JSON.stringify({ code: { sha256, text: code.toString() } })},`;
    await writeFile(join(folder, "state.json"), state.join("\n").replaceAll(lost.sha256, sha256));
    expect((await run(["import", "state.json", "--store", "db.json", "--force"])).code).toBe(0);
    expect(await opened()).toEqual({ a: 3, b: 0 });
    expect((await check()).stdout).toContain("db.json is whole");
    expect(await readdir(join(folder, "db.blobs"))).toContain(sha256);
  });

  test("repair gives up nothing of a JSON file that a formatter rewrote, nor of the journal beside it", async () => {
    await writeFile(join(folder, "db.json"), JSON.stringify(JSON.parse(await text("db.json")), null, 2));
    expect(await check()).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/does not start as Settle writes it .*settle store repair/),
    });
    expect(await repair()).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing is given up") });
    expect(await opened()).toEqual({ a: 3, b: 0 });
  });

  test("repair tells of many lines in one", async () => {
    await replaceIn("db.json", /("version",.*)\n/, "$1\n?\n?\n?\n");
    const { code, stdout } = await repair();
    expect(code).toBe(1);
    expect(stdout.match(/given up: .*/g)).toEqual([
      expect.stringMatching(/^given up: lines \d to \d of the snapshot, each: it is no row$/),
    ]);
    expect(await opened()).toEqual({ a: 3, b: 0 });
  });

  test("files that may only be read are no damage", async () => {
    const ours = process.geteuid?.();
    const nobody = 65_534;
    const [blob = ""] = await readdir(join(folder, "db.blobs"));
    for (const file of ["db.json", "db.journal"]) await chmod(join(folder, file), 0o400);
    for (const file of ["", "db.json", "db.journal", "db.blobs", join("db.blobs", blob)]) {
      if (ours === 0) await chown(join(folder, file), nobody, nobody);
    }
    if (ours === 0) process.seteuid?.(nobody); // root may write everything
    try {
      expect((await examineStore(join(folder, "db.json")))?.damage).toEqual([]);
      await chmod(join(folder, "db.json"), 0);
      await expect(examineStore(join(folder, "db.json"))).rejects.toThrow(/EACCES/);
    } finally {
      if (ours === 0) process.seteuid?.(0);
    }
  });

  test("neither is a disk without room for the copy that check looks at", async () => {
    const { open } = nodeFiles;
    const full = vi.spyOn(nodeFiles, "open").mockImplementation(async (path, how) => {
      if (path.includes("settle-copy-") && how !== "read") throw systemError("ENOSPC", path);
      return open(path, how);
    });
    try {
      await expect(examineStore(join(folder, "db.json"))).rejects.toThrow(/ENOSPC/);
    } finally {
      full.mockRestore();
    }
  });

  test("a folder in the place of a file is told by its name", async () => {
    await rm(join(folder, "db.journal"));
    await mkdir(join(folder, "db.journal"));
    for (const command of ["check", "repair", "compact"]) {
      expect(await run([command, "--store", "db.json"])).toMatchObject(failed(/db\.journal is a folder/));
    }
  });

  test("repair gives a store that lost its credentials new ones, and they open what is in it", async () => {
    await replaceIn("db.json", /\{"kind":"bootstrap"/, '{"kind:"bootstrap"');
    const { code, stdout } = await repair();
    expect(code).toBe(1);
    expect(stdout).toMatch(/given up: the store's credentials: organization org_test has new ones, a new admin token/);
    const store = await openLowdbStore(join(folder, "db.json"), { durability: "process", clock, entropy });
    const made = (await store.get("bootstrap", "", "bootstrap"))?.rec;
    expect(made).toMatchObject({ orgId: "org_test", keyId: "sbk_test", adminToken: expect.stringMatching(/^ey/) });
    expect(made?.uploadSecret).not.toBe("old-secret");
    await store.close();
    expect((await (await serve()).call("GET", "/machines/door")).status).toBe(200);
  });

  test.each<[content: string, what: RegExp]>([
    ['{\n  "name": "package"\n}\n', /no\.json is no Settle store: its first line is "\{"\. Name another file; or, /],
    [
      '{"format":"settle-state","version":1,"records":[\n]}\n',
      /is no Settle store: .*put it into a store with "settle store import"/,
    ],
    ["", /no\.json is no Settle store: it is empty\. Delete it, and a new one is made there; /],
    ["\u0000\u0001".repeat(50), /no Settle store: its first line is "(\\u0000\\u0001){30}…"\. /],
  ])("check and repair say the same of what is no store, and leave it alone: %#", async (content, what) => {
    await writeFile(join(folder, "no.json"), content);
    for (const command of ["check", "repair", "compact"]) {
      expect(await run([command, "--store", "no.json"])).toMatchObject(failed(what));
      expect(await text("no.json")).toBe(content);
    }
    expect((await files()).filter((file) => file.startsWith("no") || file.startsWith("."))).toEqual(["no.json"]);
  });

  test("check and repair leave alone what merely has a name like the store's", async () => {
    const others = ["db.x.json", "db.x.journal", "db.repaired.json", "db.json.old"];
    for (const file of others) await writeFile(join(folder, file), `a user's ${file}`);
    const inodes = () => Promise.all(others.map(async (file) => (await stat(join(folder, file))).ino));
    const before = await inodes();
    await replaceIn("db.json", /\],"sha256":.*\n$/, "");
    await check();
    expect((await repair()).stdout).toContain("db.json is whole again");
    expect(await inodes()).toEqual(before);
    for (const file of others) expect(await text(file)).toBe(`a user's ${file}`);
    const made = (await files()).filter((file) => !others.includes(file));
    expect(made.map((file) => file.replace(/-[\dTZ-]+$/, ""))).toEqual([
      "db.blobs",
      "db.journal.damaged",
      "db.json",
      "db.json.damaged",
    ]);
  });

  test("repair knows of transitions that were forgotten, in the JSON file and in the journal", async () => {
    for (const isCompact of [false, true]) {
      const store = await openLowdbStore(join(folder, "db.json"), { durability: "process", clock, entropy });
      if (!isCompact) await store.commit([{ op: "forget", scope, name: "a", seq: 1 }]);
      else await store.commit([{ op: "forget", scope, name: "a", seq: 2 }]);
      await copyFile(join(folder, "db.json"), join(folder, "then.json"));
      await copyFile(join(folder, "db.journal"), join(folder, "then.journal"));
      await store.close();
      await rename(join(folder, "then.json"), join(folder, "db.json"));
      await rename(join(folder, "then.journal"), join(folder, "db.journal"));
      await replaceIn("db.json", isCompact ? /\{"kind":"org"/ : /\{"kind":"key"/, "{");
      expect((await repair()).code).toBe(1);
      const again = await openLowdbStore(join(folder, "db.json"), { durability: "process", clock, entropy });
      expect((await again.history(scope, "a", 0, 10)).items.map(({ seq }) => seq)).toEqual(isCompact ? [3] : [2, 3]);
      expect((await again.get("instance", scope, "a"))?.rec.transitionCount).toBe(3);
      await again.close();
    }
  });

  test("repair gives up a journal of another state of the JSON file", async () => {
    await replaceIn("db.json", /"id":"[^"]+"/, '"id":"another"');
    expect((await check()).code).toBe(1);
    expect((await repair()).stdout).toMatch(/given up: the journal: it continues another state of the snapshot/);
    expect(await opened()).toEqual({ a: 0 });
  });

  test("check and repair tell of code that is lost or changed, which nobody can repair", async () => {
    const [blob = ""] = await readdir(join(folder, "db.blobs"));
    await writeFile(join(folder, "db.blobs", blob), "export default 2");
    expect(await check()).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/damage {3}The code of the version ver_test can't be used: .*db\.blobs/),
    });
    expect((await check()).stdout).toContain(` ${join(folder, "db.blobs", blob)} is damaged`);
    for (const command of [["export"], ["snapshot", "save", "x"]]) {
      expect(await run([...command, "--store", "db.json"])).toMatchObject({
        code: 2,
        stderr: "settle: the code of the version ver_test of machine door is damaged: publish it again\n",
      });
    }
    expect(await repair()).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("can't be repaired: The code of the version ver_test"),
    });
    await rm(join(folder, "db.blobs", blob));
    expect(await check()).toMatchObject({ code: 1, stdout: expect.stringContaining(`is missing (blob ${blob})`) });
    expect(await run(["export", "x.json", "--store", "db.json"])).toMatchObject({
      code: 2,
      stderr: `settle: the code of the version ver_test of machine door is missing (blob ${blob}): publish it again\n`,
    });
    expect(await run(["copy", "db.json", "x.json"])).toMatchObject(failed(/^settle: the code .*: publish it again\n$/));
    expect(await files()).not.toContain("x.json");
  });

  test("compact takes away code that no record names; check doesn't, and neither does opening the store", async () => {
    const blobs = join(folder, "db.blobs");
    const [named = ""] = await readdir(blobs);
    await writeFile(join(blobs, "0".repeat(64)), "left by a killed process");
    await writeFile(join(blobs, "mine.txt"), "not code");
    expect((await check()).code).toBe(0);
    expect(await opened()).toEqual({ a: 3, b: 0 });
    expect((await readdir(blobs)).sort()).toEqual(["0".repeat(64), "mine.txt", named].sort());
    expect(await run(["compact", "--store", "db.json"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/\ntaken away: 1 files of code that no record names, 24 bytes$/),
    });
    expect((await readdir(blobs)).sort()).toEqual(["mine.txt", named].sort());
  });

  test("check leaves alone what a store that is open will take away itself", async () => {
    const store = await openLowdbStore(join(folder, "db.json"), { durability: "process", clock, entropy });
    const sha256 = await putVersion(store, "ver_2", "export default 2");
    await store.commit([{ op: "delete", kind: "version", scope, name: "ver_2", ifRev: 1 }]);
    expect((await check()).code).toBe(0);
    expect(await readdir(join(folder, "db.blobs"))).toContain(sha256);
    await store.close();
    expect(await readdir(join(folder, "db.blobs"))).not.toContain(sha256);
  });

  test("check does not miss code that a server took away with its version in the meantime", async () => {
    const [blob = ""] = await readdir(join(folder, "db.blobs"));
    const store = await openLowdbStore(join(folder, "db.json"), { durability: "process", clock, entropy });
    await store.close();
    const whole = await text("db.json");
    const again = await openLowdbStore(join(folder, "db.json"), { durability: "process", clock, entropy });
    await again.replaceAll((await rowsOf(again)).filter(({ kind }) => kind !== "version"));
    await again.close();
    expect(await readdir(join(folder, "db.blobs"))).toEqual([]);
    const without = await text("db.json");
    await writeFile(join(folder, "db.json"), whole);
    const signal = { throwIfAborted: () => writeFileSync(join(folder, "db.json"), without) };
    const found = await examineStore(join(folder, "db.json"), signal as AbortSignal);
    expect(found).toMatchObject({ counts: { version: 1 }, codes: 1, damage: [] });
    await writeFile(join(folder, "db.json"), whole);
    expect((await examineStore(join(folder, "db.json")))?.damage).toEqual([
      `The code of the version ver_test is missing (blob ${blob}).`,
    ]);
  });

  test("compact puts everything into the JSON file", async () => {
    expect(await run(["compact", "--store", "db.json"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^db\.json: \d+ bytes; with its journal it was \d+$/),
    });
    expect(await files()).toEqual(["db.blobs", "db.json"]);
    expect(await opened()).toEqual({ a: 3, b: 0 });
  });

  test("check works beside a server, and what changes files is refused then; a newer store is nobody's to mend", async () => {
    const rig = await serve(join(folder, "other.json"));
    await furnish(rig);
    expect((await run(["check", "--store", "other.json"])).stdout).toMatch(
      /^other\.json is whole\n {2}records .*2 instance, 2 transition/,
    );
    expect(await run(["compact", "--store", "other.json"])).toMatchObject(failed(/open in process \d+/));
    const journal = join(folder, "other.journal");
    const before = await readFile(journal, "latin1");
    await writeFile(journal, before.replace('"seq":2', '"seq":7'), "latin1");
    expect(await run(["repair", "--store", "other.json"])).toMatchObject(failed(/open in process \d+/));
    await writeFile(journal, before, "latin1");
    await replaceIn("db.json", /^\{"format":\d+/, '{"format":99');
    for (const command of ["check", "repair", "compact", "export"]) {
      expect(await run([command, "--store", "db.json"])).toMatchObject(failed(/has format 99/));
    }
  });
});

test("commands that are none, and stores that are none, are refused in a line", { timeout: 30_000 }, async () => {
  expect(await run(["frobnicate"])).toMatchObject(failed(/unknown command 'frobnicate'/));
  expect(await run(["check", "--loudly"])).toMatchObject(failed(/unknown option '--loudly'/));
  expect(await run(["import"])).toMatchObject(failed(/missing required argument 'file'/));
  expect(await run(["snapshot", "save"])).toMatchObject(failed(/missing required argument 'name'/));
  for (const command of ["check", "repair", "compact", "export"]) {
    expect(await run([command, "--store", "."])).toMatchObject(
      failed(/^settle: \. is a folder; name the store's JSON file in it\n$/),
    );
  }
  for (const command of ["check", "repair", "compact"]) {
    expect(await run([command])).toMatchObject(
      failed(/^settle: there is no store at \.settle\/db\.json; name another one\n$/),
    );
    expect(await run([command, "--store", "memory:"])).toMatchObject(failed(/a store in memory ends with its server/));
  }
});
