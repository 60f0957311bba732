// `settle smply`: the published CLI itself against a server of ours, and what it is given to work with.

import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { deliveredOperations } from "../../src/cli/check/run.ts";
import { type SettleServer, startServer } from "../../src/index.ts";
import { glance } from "../../src/store/lowdb/glance.ts";
import { copyRepository, withoutPackage } from "./copy.ts";
import { type Running, settle, settleIn } from "./process.ts";
import { files, type Row, rows } from "./smply-rows.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const root = fileURLToPath(new URL("../../", import.meta.url));
/** Says on stderr when anybody but this machine is asked for. */
const guard = `import dns from "node:dns"; const { lookup } = dns;
  dns.lookup = (host, ...rest) => { process.stderr.write("it asked for " + host); return lookup(host, ...rest); };`;

let folder: string;
let store: string;
let home: string;
const running: Running[] = [];
async function prepare(): Promise<void> {
  folder = await mkdtemp(join(tmpdir(), "settle-smply-test-"));
  store = join(folder, ".settle", "db.json");
  home = join(folder, "home");
  await mkdir(join(home, ".smply"), { recursive: true });
  // Who reads these is refused.
  await writeFile(
    join(home, ".smply", "credentials"),
    '{"access_token":"x","refresh_token":"x","expires_at":4102444800}',
  );
  await writeFile(join(home, ".smply", "default-org"), "org_AAAAAAAAAAAAAAAAAAAAAA");
  await mkdir(join(folder, "tmp"));
  await writeFile(join(folder, "guard.mjs"), guard);
}
async function cleanUp(): Promise<void> {
  await Promise.all(running.splice(0).map((one) => one.stopGroup("SIGKILL")));
  await rm(folder, { recursive: true, force: true });
}

/** Everything temporary goes to a folder of the test's own. */
function environment(env: { [name: string]: string } = {}): { [name: string]: string } {
  return { HOME: home, TMPDIR: join(folder, "tmp"), NODE_OPTIONS: `--import ${join(folder, "guard.mjs")}`, ...env };
}
function smply(args: string[], env?: { [name: string]: string }): Running {
  const one = settle(["smply", ...args], environment(env), folder);
  running.push(one);
  return one;
}
async function temporaryFiles(): Promise<string[]> {
  return (await readdir(join(folder, "tmp"))).filter((name) => name.startsWith("settle-"));
}

describe("each command that works without the hosted service", () => {
  const delivered = deliveredOperations();
  const missing = ({ needs }: Row) => needs.filter((id) => !delivered.has(id));
  const saved = new Map<string, string>();
  let server: SettleServer;
  beforeAll(async () => {
    await prepare();
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    await cp(join(root, "node_modules", "xstate4"), join(folder, "node_modules", "xstate"), { recursive: true });
    server = await startServer({ port: 0, store });
  });
  afterAll(async () => {
    await server.close();
    await cleanUp();
    const left = rows.filter((row) => missing(row).length > 0);
    const because = left.map((row) => `  smply ${row.args.join(" ")}: ${missing(row).join(", ")} not delivered yet\n`);
    if (left.length > 0) process.stdout.write(`${left.length} of smply's commands were not run:\n${because.join("")}`);
  });

  test.for(rows.map((row) => [row.args.join(" "), row] as const))("%s", async ([, row], { skip }) => {
    skip(missing(row).length > 0, `${missing(row).join(", ")} not delivered yet`);
    if (row.args.includes("<invitation>")) saved.set("invitation", await newestInvitation());
    const one = smply(["--", ...row.args.map(filled)]);
    one.child.stdin?.end(row.input ?? "");
    if (row.until) {
      await one.line(row.until);
      expect(await one.stop("SIGTERM")).toMatchObject({ code: 143, stderr: "" });
    } else {
      const { code, stdout, stderr } = await one.ended;
      if (row.errors) expect(stderr).toMatch(row.errors);
      else expect(stderr).toBe("");
      if (row.text) expect(stdout).toMatch(row.text);
      if (row.json !== undefined) expect(JSON.parse(stdout)).toMatchObject(row.json as object);
      expect(code).toBe(row.code ?? 0);
      for (const [name, pointer] of Object.entries(row.save ?? {})) saved.set(name, valueAt(stdout, pointer));
    }
    expect(await temporaryFiles()).toEqual([]);
  });

  test("the person's own home is as it was", async () => {
    expect(await readdir(home, { recursive: true })).toEqual([".smply", ".smply/credentials", ".smply/default-org"]);
  });

  function filled(text: string): string {
    return text.replaceAll(/<(\w+)>/g, (_, name: string) => saved.get(name) ?? `<${name} was not saved>`);
  }
  /** There is no e-mail that would tell it. */
  async function newestInvitation(): Promise<string> {
    const found = (await glance(store, ["invitation"]))?.list("invitation", "", 0, 100).items.at(-1);
    return found?.rec.code ?? "";
  }
});

/** In the JSON that a text ends with. */
function valueAt(text: string, pointer: string): string {
  const json = JSON.parse(text.slice(text.indexOf("{"))) as { [key: string]: unknown };
  const keys = pointer.split("/").slice(1);
  return String(keys.reduce<unknown>((value, key) => (value as { [key: string]: unknown })[key], json));
}

describe("which server, and whose token", () => {
  const list = ["--", "machines", "list"];
  let server: SettleServer | undefined;
  beforeEach(prepare);
  afterEach(async () => {
    await server?.close();
    server = undefined;
    await cleanUp();
  });

  test("those of the store that a server has open; the default store is the default server's", async () => {
    const serve = settle(["serve", "--port", "0", "--json"], environment({ NODE_OPTIONS: "" }), folder);
    running.push(serve);
    await serve.line(/ready/);
    expect(await smply(list).ended).toMatchObject({ code: 0, stdout: "[]", stderr: "" });
    expect(await smply(["machines", "list"]).ended).toMatchObject({ code: 0, stdout: "[]" });
    await serve.stop("SIGKILL");
    const { code, stderr } = await smply(list).ended;
    expect(code).toBe(2);
    expect(stderr).toBe(
      "settle: no server has the store .settle/db.json open; start it with settle serve, or set SETTLE_URL\n",
    );
  });

  test("those in the environment, and no store is needed", async () => {
    server = await startServer({ port: 0, store: "memory:" });
    const env = { SETTLE_URL: server.url, SETTLE_ADMIN_TOKEN: server.adminToken };
    expect(await smply(list, env).ended).toMatchObject({ code: 0, stdout: "[]", stderr: "" });
    expect(await readdir(folder)).not.toContain(".settle");
  });

  test("the URL in the environment and the store's token; a store that was typed means more than both", async () => {
    server = await startServer({ port: 0, store });
    expect(await smply(list, { SETTLE_URL: server.url }).ended).toMatchObject({ code: 0, stdout: "[]" });
    const stale = { SETTLE_URL: "http://127.0.0.1:1", SETTLE_ADMIN_TOKEN: "stale" };
    expect(await smply(["--store", store, ...list], stale).ended).toMatchObject({ code: 0, stdout: "[]" });
    expect(await smply(list, stale).ended).toMatchObject({ code: 1, stdout: "" });
  });

  test.each([
    ["no store", [], /^settle: there is no store at \.settle\/db\.json; .*set SETTLE_URL and SETTLE_ADMIN_TOKEN$/m],
    ["a store in memory", ["--store", "memory:"], /^settle: only a store in a file/],
    ["an option of its own that it doesn't have", ["--url", "x"], /^settle: unknown option '--url'/],
  ])("else it says so, with exit code 2: %s", async (_, args, message) => {
    const { code, stdout, stderr } = await smply([...args, ...list]).ended;
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(await temporaryFiles()).toEqual([]);
  });
});

describe("the program that it runs", () => {
  beforeEach(prepare);
  afterEach(cleanUp);
  const env = { SETTLE_URL: "http://127.0.0.1:1", SETTLE_ADMIN_TOKEN: "the-token" };

  /** The project's own smply, which does this. */
  async function project(text: string): Promise<void> {
    const manifest = { name: "smply", version: "9.9.9", type: "module", bin: { smply: "cli.js" }, exports: {} };
    const place = join(folder, "node_modules", "smply");
    await mkdir(place, { recursive: true });
    await writeFile(join(place, "package.json"), JSON.stringify(manifest));
    await writeFile(join(place, "cli.js"), text);
  }

  test("is the project's, has a home of its own for as long as it runs, and finds the token nowhere but there", async () => {
    await project(`import { readFileSync, statSync } from "node:fs"; import { join } from "node:path"; import { homedir } from "node:os";
      const file = join(homedir(), ".smply/credentials");
      const modes = [homedir(), join(homedir(), ".smply"), file].map((path) => (statSync(path).mode & 0o777).toString(8));
      const parent = readFileSync("/proc/" + process.ppid + "/cmdline", "utf8");
      console.log(JSON.stringify({ args: process.argv.slice(2), home: homedir(), modes, credentials: JSON.parse(readFileSync(file, "utf8")),
        isTold: [parent, ...process.argv].some((text) => text.includes("the-token")), xdg: process.env.XDG_CONFIG_HOME ?? null }));`);
    const { code, stdout } = await smply(["--", "a", "--b", "-c", "d e"], { ...env, XDG_CONFIG_HOME: home }).ended;
    expect(code).toBe(0);
    const said = JSON.parse(stdout) as { home: string };
    expect(said).toEqual({
      args: ["-u", env.SETTLE_URL, "a", "--b", "-c", "d e"],
      home: expect.stringMatching(/tmp\/settle-smply-\w+$/),
      modes: ["700", "700", "600"],
      credentials: {
        access_token: "the-token",
        refresh_token: expect.any(String),
        expires_at: expect.any(Number),
        user: { id: expect.any(String) },
      },
      isTold: false,
      xdg: null,
    });
    expect(dirname(said.home)).toBe(join(folder, "tmp"));
    expect(await temporaryFiles()).toEqual([]);
  });

  test("passes its exit code on, and its home goes with it", async () => {
    await project("process.exit(5);");
    expect(await smply(["--", "x"], env).ended).toMatchObject({ code: 5, stdout: "", stderr: "" });
    expect(await temporaryFiles()).toEqual([]);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("gets %s, and its home goes with it", async (signal) => {
    await project(
      `process.on("${signal}", () => process.exit(6)); setInterval(() => {}, 1000); console.log("waiting");`,
    );
    const one = smply(["--", "x"], env);
    await one.line(/waiting/);
    expect(await temporaryFiles()).toHaveLength(1);
    expect(await one.stop(signal)).toMatchObject({ code: 6 });
    expect(await temporaryFiles()).toEqual([]);
  });

  test("is ours when the project has none, and when nobody has one it says how to get it", async () => {
    expect(await smply(["--", "--smply-version"], env).ended).toMatchObject({ code: 0, stdout: "0.1.11" });
    const copy = await copyRepository(folder);
    await withoutPackage(copy, "smply");
    const { code, stdout, stderr } = await settleIn(copy, ["smply", "--", "machines", "list"]).ended;
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe("settle: smply is not installed here; npm install --save-dev smply\n");
  });
});
