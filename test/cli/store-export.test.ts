// What `settle store` may write over, and what it leaves behind when a signal ends it.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openLowdbStore } from "../../src/store/lowdb/open.ts";
import { clock, entropy } from "../store/support.ts";
import { settle } from "./process.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-cli-export-"));
  await mkdir(join(folder, "tmp"));
  const store = await openLowdbStore(join(folder, "db.json"), { durability: "process", clock, entropy });
  await store.commit([
    { op: "put", kind: "org", scope: "", name: "org_test", rec: { id: "org_test", name: "", createdAt: 1 }, ifRev: 0 },
  ]);
  await store.close();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const start = (args: string[], env = {}) => settle(["store", ...args], { TMPDIR: join(folder, "tmp"), ...env }, folder);
const run = (...args: string[]) => start(args).ended;
const on = ["--store", "db.json"];
const failed = (stderr: RegExp) => ({ code: 2, stdout: "", stderr: expect.stringMatching(stderr) });
const text = (file: string) => readFile(join(folder, file), "utf8");
const state = /^\{"format":"settle-state"[\s\S]*org_test[\s\S]*\]\}\n$/;

test("export leaves alone what it did not write, the store's own files first of all", { timeout: 60_000 }, async () => {
  const before = await text("db.json");
  await symlink("db.json", join(folder, "link.json"));
  for (const file of ["db.json", "./db.json", "link.json", "db.journal", "db.lock"]) {
    expect(await run("export", file, ...on, "--force")).toMatchObject(failed(/is a file of the store db\.json itself/));
  }
  await writeFile(join(folder, "mine.txt"), "mine");
  expect(await run("export", "mine.txt", ...on)).toMatchObject(
    failed(/^settle: mine\.txt is there already, and is no/),
  );
  expect([await text("db.json"), await text("mine.txt")]).toEqual([before, "mine"]);
  expect(await run("export", "tmp", ...on)).toMatchObject(failed(/tmp is a folder; name a file in it\n$/));

  expect((await run("export", "mine.txt", ...on, "--force")).code).toBe(0);
  const first = await text("mine.txt");
  expect(first).toMatch(state);
  await writeFile(join(folder, "mine.txt"), `${first}\n`);
  await symlink("mine.txt", join(folder, "link.txt"));
  expect((await run("export", "link.txt", ...on)).code).toBe(0);
  expect(await text("mine.txt")).toBe(first);
  expect((await readdir(folder)).sort()).toEqual(["db.json", "link.json", "link.txt", "mine.txt", "tmp"]);
});

test("export writes to stdout, and into what is no file", { timeout: 60_000 }, async () => {
  for (const file of ["-", "/dev/stdout"]) {
    expect(`${(await run("export", file, ...on)).stdout}\n`).toMatch(state);
  }
  await promisify(execFile)("mkfifo", [join(folder, "pipe")]);
  const [{ code }, read] = await Promise.all([run("export", "pipe", ...on), text("pipe")]);
  expect(code).toBe(0);
  expect(read).toMatch(state);
  expect((await stat(join(folder, "pipe"))).isFIFO()).toBe(true);
});

const left = async () =>
  [...(await readdir(join(folder, "tmp"))), ...(await readdir(folder))]
    .filter((file) => file !== "node-compile-cache")
    .sort();

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s ends an import, and nothing of it is left",
  { timeout: 60_000 },
  async (signal) => {
    const importing = start(["import", "-", "--store", "new.json"]);
    importing.child.stdin?.write('{"format":"settle-state","version":1,"records":[\n');
    await vi.waitFor(
      async () => expect(await openFilesOf(importing.child.pid)).toContainEqual(expect.stringMatching(/state\.json/)),
      10_000,
    );
    expect(await importing.stop(signal)).toMatchObject({ code: null, signal });
    expect(await left()).toEqual(["db.json", "tmp"]);
  },
);

async function openFilesOf(pid = 0): Promise<string[]> {
  const { stdout } = await promisify(execFile)("ls", ["-l", `/proc/${pid}/fd`]);
  return stdout.split("\n");
}

test("import takes a pipe, which can be read once, and says what it can't read", { timeout: 60_000 }, async () => {
  await run("export", "state.json", ...on);
  await promisify(execFile)("mkfifo", [join(folder, "pipe")]);
  const importing = run("import", "pipe", "--store", "new.json");
  await writeFile(join(folder, "pipe"), await text("state.json"));
  expect(await importing).toMatchObject({ code: 0, stdout: "put into new.json: 1 org" });
  expect(await run("import", "tmp", "--store", "x.json")).toMatchObject(
    failed(/^settle: tmp is a folder; name a file/),
  );
  expect(await run("import", "none", "--store", "x.json")).toMatchObject(
    failed(/^settle: none can't be read \(ENOENT\)/),
  );
  expect((await left()).filter((file) => file.startsWith("x"))).toEqual([]);
});

test("what answers, but is no server of ours, or ends in the middle, is told in a line", {
  timeout: 60_000,
}, async () => {
  const answers = [
    ["text/html", "<p>hello</p>", /^settle: what answers at \S+ is no Settle server; name the URL of one\n$/],
    ["application/json", "not JSON", /^settle: the server at \S+ ended in the middle of its answer; .*\n$/],
    ["application/json", null, /^settle: the server at \S+ ended in the middle of its answer; .*\n$/],
  ] as const;
  for (const [type, body, stderr] of answers) {
    const server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": type });
      if (body === null) response.write('{"format":', () => response.destroy());
      else response.end(body);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const env = {
      SETTLE_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      SETTLE_ADMIN_TOKEN: "x",
    };
    expect(await start(["snapshot", "list"], env).ended).toMatchObject(failed(stderr));
    if (body !== "not JSON") expect(await start(["export", "x.json"], env).ended).toMatchObject(failed(stderr));
    server.close();
  }
  expect(await left()).toEqual(["db.json", "tmp"]);
});

test("a signal ends a command that waits for a server", { timeout: 60_000 }, async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const asked = once(server, "request");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const waiting = start(["snapshot", "list"], { SETTLE_URL: url, SETTLE_ADMIN_TOKEN: "x" });
  await asked;
  expect(await waiting.stop("SIGINT")).toMatchObject({ signal: "SIGINT", stdout: "", stderr: "" });
  server.close();
});

test("an import that fails removes nothing that it did not make", { timeout: 60_000 }, async () => {
  await mkdir(join(folder, "new.blobs"));
  await writeFile(join(folder, "new.blobs", "kept"), "kept");
  await writeFile(join(folder, "wrong.json"), '{"format":"settle-state","version":1,"records":[\n{"org":1}\n]}\n');
  expect(await run("import", "wrong.json", "--store", "new.json")).toMatchObject(failed(/it is not an object/));
  expect(await text("new.blobs/kept")).toBe("kept");
  expect(await left()).toEqual(["db.json", "new.blobs", "tmp", "wrong.json"]);
});
