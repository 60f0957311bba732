// The README is true: its requests work as written, its tables say what the code says, its links lead somewhere.

import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createProgram } from "../../src/cli/commands.ts";
import { serveCommand } from "../../src/cli/serve.ts";
import { verifyCommand } from "../../src/cli/verify.ts";
import type { SettleServer } from "../../src/index.ts";
import { startServer } from "../../src/index.ts";
import { loadProfile, profileSchema } from "../../src/oracle/profile.ts";
import type { Report } from "../../src/oracle/report.ts";
import { settle } from "../cli/process.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = await readFile(join(root, "README.md"), "utf8");
const run = promisify(execFile);

let server: SettleServer;
let environment: { [name: string]: string | undefined };
beforeAll(async () => {
  server = await startServer({ port: 0, store: "memory:", machines: [join(root, "fixtures/machines")] });
  const { url, adminToken, orgId, keyId, secretKey } = server;
  environment = {
    ...process.env,
    SETTLE_URL: url,
    SETTLE_ADMIN_TOKEN: adminToken,
    SETTLE_ORG_ID: orgId,
    SETTLE_KEY_ID: keyId,
    SETTLE_SECRET_KEY: secretKey,
  };
});
afterAll(() => server.close());

/** The code blocks of one language, in order. */
function blocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    (match) => match[1] ?? "",
  );
}

/** The first of them that has this in it. */
function blockWith(language: string, text: string): string {
  return blocks(language).find((block) => block.includes(text)) ?? "";
}

test("the requests of the first chapter answer as it says", async () => {
  const [journey = "", mistake = ""] = blocks("bash");
  const { stdout } = await run("bash", ["-c", journey.replaceAll("curl -s", "curl -s -w '\\n'")], { env: environment });
  const answers = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as unknown);
  const counting = (count: number) => expect.objectContaining({ state: "counting", publicContext: { count } });
  expect(answers).toEqual([
    counting(0),
    counting(3),
    counting(4),
    counting(4),
    expect.objectContaining({ status: "running", context: { public: { count: 4 } } }),
    {
      transitions: [
        expect.objectContaining({ state: "counting" }),
        expect.objectContaining({ event: { type: "increment" } }),
      ],
    },
  ]);
  const refused = await run("bash", ["-c", mistake], { env: environment });
  expect(JSON.parse(refused.stdout)).toMatchObject({ code: "invalid-parameter", parameter: "slug" });
});

test("the manual clock's requests answer as it says", async () => {
  const start = 1767607200000;
  const own = await startServer({ port: 0, store: "memory:", clock: "manual", clockStartMs: start });
  const env = { ...process.env, SETTLE_URL: own.url, SETTLE_ADMIN_TOKEN: own.adminToken };
  const requests = blockWith("bash", "clock/advance").replaceAll("curl -s", "curl -s -w '\\n'");
  const { stdout } = await run("bash", ["-c", requests], { env });
  expect(stdout).toBe(blockWith("text", '"fired"'));
  await own.close();
});

test("the question why answers as it says", async () => {
  const { stdout } = await run("bash", ["-c", blockWith("bash", "_settle/explain")], { env: environment });
  const { outcome, ...rest } = JSON.parse(stdout) as { outcome: { context: unknown } };
  expect(Object.keys({ ...rest, outcome }).sort()).toEqual([
    "authorizer",
    "candidates",
    "instance",
    "notes",
    "outcome",
  ]);
  expect(outcome.context).toEqual({ public: { count: 6 } });
});

test("the client example runs as written", async () => {
  const [example = ""] = blocks("js");
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", example], {
    env: environment,
    cwd: root,
  });
  expect(stdout.trim()).toBe("{ count: 2 }");
});

test("the machine example can be served, and does what its authorizers say", async () => {
  const folder = await mkdtemp(join(tmpdir(), "settle-readme-"));
  try {
    const [example = "", mapper = ""] = blocks("ts");
    await writeFile(join(folder, "list.ts"), `${example}\n${mapper}`);
    const own = await startServer({ port: 0, store: "memory:", machines: [folder] });
    const call = (path: string, body: object) =>
      fetch(`${own.url}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${own.adminToken}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
    const created = await call("/machines/list", { slug: "mine", context: { owner: "settle-admin" } });
    const refused = await call("/machines/list", { slug: "other", context: { owner: "ada" } });
    const added = await call("/machines/list/i/mine/events", { event: "ADD" });
    expect([created.status, refused.status, added.status]).toEqual([200, 403, 200]);
    expect(await added.json()).toMatchObject({ publicContext: { items: 1 } });
    const plain = blockWith("bash", "/http-api/");
    const env = { ...process.env, SETTLE_URL: own.url, SETTLE_ORG_ID: own.orgId };
    expect((await run("bash", ["-c", plain], { env })).stdout).toBe('{"items":1}');
    const wrong = await run("bash", ["-c", plain.replace("open sesame", "please")], { env });
    expect(JSON.parse(wrong.stdout)).toMatchObject({ code: "machine-error" });
    await own.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test.each([serveCommand(), verifyCommand()])("the table of options names exactly those that there are", (command) => {
  const chapter = readme.split(`\n## \`settle ${command.name()}\``)[1]?.split("\n## ")[0] ?? "";
  const listed = [...chapter.matchAll(/^\| (`--.*?) \|/gm)].flatMap(
    (match) => (match[1] ?? "").match(/--[a-z-]+/g) ?? [],
  );
  expect(listed.sort()).toEqual(command.options.map(({ long }) => long).sort());
});

test("the commands that judge an implementation run as written, but for what they install and judge", async () => {
  const folder = await mkdtemp(join(tmpdir(), "settle-readme-"));
  try {
    const given = Object.entries(environment).filter(([name]) => name.startsWith("SETTLE_"));
    // Whatever the lines export, the server that is there is meant; and one journey is enough to see that they work.
    const setUp = [
      `npm() { test "$*" = "install --save-dev settle-server"; }`,
      `export() { test "$#" -gt 0; }`,
      `npx() { test "$1" = settle && ${JSON.stringify(process.execPath)} ${JSON.stringify(join(root, "src/cli/main.js"))} "\${@:2}" --only instance-name-is-taken; }`,
      `open() { head -c 15 "$1"; }`,
    ];
    const commands = blockWith("bash", "npx settle verify");
    const env = { PATH: process.env.PATH, ...Object.fromEntries(given) };
    const { stdout } = await run("bash", ["-ec", [...setUp, commands].join("\n")], { env, cwd: folder });
    expect(stdout).toContain(`${server.url} conforms`);
    expect(stdout).toMatch(/written: report\.html\n<!doctype html>$/);
    expect(commands.trim().split("\n")).toHaveLength(5);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("the profile that it shows is one, and the report has what it says", async () => {
  const folder = await mkdtemp(join(tmpdir(), "settle-readme-"));
  try {
    await writeFile(join(folder, "profile.yaml"), blockWith("yaml", "capabilities:"));
    const profile = loadProfile(join(folder, "profile.yaml"), profileSchema(join(root, "contracts")));
    expect(profile.title).toBe("The first milestone");
    const known = JSON.parse(await readFile(profileSchema(join(root, "contracts")), "utf8"));
    const [, listed = ""] = /# of ([a-z0-9, -]+)/.exec(blockWith("yaml", "capabilities:")) ?? [];
    expect(listed.split(", ").sort()).toEqual(known.properties.capabilities.items.enum.toSorted());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const shown = JSON.parse(blockWith("json", '"verdict"')) as Report;
  const [rule] = shown.rules;
  expect(Object.keys(shown)).toEqual(["target", "seed", "verdict", "rules", "coverage", "leftovers", "run"]);
  expect(Object.keys(rule ?? {})).toEqual([
    ...["id", "title", "level", "source", "status", "message", "repro", "replay", "passes", "history"],
  ]);
});

test("the examples of judging in programs and test suites run as written", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "settle-readme-"));
  const source = (name: string) => JSON.stringify(join(root, "src", name));
  try {
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    const { url, orgId, keyId, secretKey } = server;
    const program = blockWith("ts", "settle-server/verify").replace('"settle-server/verify"', source("verify.ts"));
    const target = `const server = ${JSON.stringify({ url, orgId, keyId, secretKey })};\n`;
    await writeFile(join(folder, "program.ts"), target + program);
    const printed = await run(process.execPath, [join(folder, "program.ts")]);
    expect(printed.stdout).toBe("conforms []\n");
    const suite = blockWith("ts", "settle-server/vitest").replace('"settle-server/vitest"', source("vitest.ts"));
    await writeFile(join(folder, "suite.test.ts"), suite);
    await writeFile(join(folder, "vitest.config.ts"), "export default {};");
    const vitest = join(root, "node_modules/vitest/vitest.mjs");
    const env = { ...environment, VITEST: undefined, VITEST_WORKER_ID: undefined, NO_COLOR: "1" };
    const ran = await run(process.execPath, [vitest, "run", "--root", folder], { env });
    expect(ran.stdout).toMatch(/Tests +1 passed/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("the table of commands names exactly those that there are", () => {
  const chapter = readme.split("## Commands")[1]?.split("\n## ")[0] ?? "";
  const listed = [...chapter.matchAll(/^\| `settle (\w+)/gm)].map((match) => match[1]);
  expect(listed).toEqual(createProgram().commands.map((command) => command.name()));
});

test("the commands of the chapters about tokens and smply run as written", { timeout: 60_000 }, async () => {
  const token = blockWith("bash", "settle token");
  const smply = blockWith("bash", "settle smply");
  const define = `settle() { ${JSON.stringify(process.execPath)} ${JSON.stringify(join(root, "src/cli/main.js"))} "$@"; }\n`;
  const listed = await run("bash", ["-c", define + token], { env: environment });
  const { machines } = JSON.parse(listed.stdout) as { machines: { slug: string }[] };
  expect(machines.map(({ slug }) => slug)).toContain("counter");
  const { stdout } = await run("bash", ["-c", define + smply], { env: environment });
  expect(stdout).toContain('"state": "counting"');
  expect(stdout).toContain('"name": "smplys"');
});

test("the commands and requests that keep and restore state run as written", { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "settle-readme-"));
  const own = await startServer({
    port: 0,
    store: join(folder, "db.json"),
    machines: [join(root, "fixtures/machines")],
  });
  const env = { ...process.env, SETTLE_URL: own.url, SETTLE_ADMIN_TOKEN: own.adminToken };
  const define = `settle() { ${JSON.stringify(process.execPath)} ${JSON.stringify(join(root, "src/cli/main.js"))} "$@"; }\n`;
  try {
    const [snapshots, documents, requests] = [
      blockWith("bash", "settle store snapshot"),
      blockWith("bash", "settle store export"),
      blockWith("bash", "_settle/state").replaceAll("curl -s", "curl -s -f -w '\\n%{http_code}\\n'"),
    ];
    const said = await run("bash", ["-ec", define + snapshots], { env, cwd: folder });
    expect(said.stdout.split("\n").map((line) => line.split(" ")[0])).toEqual([
      "saved",
      "before-the-test",
      "restored",
      "deleted",
      "",
    ]);
    const told = await run("bash", ["-ec", define + documents], { env, cwd: folder });
    expect(told.stdout).toMatch(
      /^put into http[\s\S]*put into other\.json[\s\S]*copied to copy\.json[\s\S]*copy\.json is whole/,
    );
    expect(await readFile(join(folder, "state.json"), "utf8")).toMatch(
      /^\{"format":"settle-state","version":1,"records":\[\n/,
    );
    const answered = await run("bash", ["-ec", requests], { env, cwd: folder });
    expect(answered.stdout.match(/^\d{3}$/gm)).toEqual(["200", "200", "200", "204", "201", "200", "200", "204"]);
    expect(await readFile(join(folder, "secret.json"), "utf8")).toContain("sbsec_");
  } finally {
    await own.close();
    await rm(folder, { recursive: true, force: true });
  }
});

test("the proxy's examples run as written", { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), "settle-readme-"));
  const [start = "", questions = "", record = "", verify = ""] = [
    ...(blockWith("sh", "settle proxy").match(/^settle.*$/gm) ?? []),
    blockWith("bash", "x-settle"),
    ...(blockWith("sh", "--record").match(/^settle.*$/gm) ?? []),
  ];
  const here = (command: string) =>
    command
      .split(" ")
      .slice(1)
      .map((word) => word.replace("http://127.0.0.1:4380", server.url).replace("4381", "0"));
  const free = "judges what passes";
  for (const [i, command] of [start, record].entries()) {
    const proxy = settle(here(command), {}, folder);
    const [, url = ""] = /judges what passes (\S+)/.exec(await proxy.line(new RegExp(free))) ?? [];
    const { stdout } = await run("bash", ["-c", questions], { env: { ...environment, PROXY_URL: url } });
    expect(stdout).toContain("x-settle-violations: 0");
    expect(stdout).toContain(`x-settle-details: /_settle/violations?exchange=1`);
    expect(JSON.parse(stdout.slice(stdout.indexOf("{")))).toMatchObject({ violations: [], warnings: [], client: [] });
    const ended = await proxy.stop();
    expect(ended.code).toBe(0);
    expect(ended.stdout.includes("recorded in checkout.yaml: 1 step")).toBe(i === 1);
  }
  const { SETTLE_KEY_ID = "", SETTLE_SECRET_KEY = "" } = environment;
  const own = { SETTLE_KEY_ID, SETTLE_SECRET_KEY, SETTLE_ORG_ID: server.orgId };
  const { code, stdout } = await settle(here(verify), own, folder).ended;
  expect(stdout).toContain("conforms");
  expect(code).toBe(0);
  await rm(folder, { recursive: true, force: true });
});

test("the library's examples run as written", { timeout: 30_000 }, async () => {
  const alone = blockWith("ts", "await startServer");
  const listener = blockWith("ts", "supertest");
  const clock = blockWith("ts", "clock.advance");
  const state = blockWith("ts", "server.snapshots");
  const folder = await mkdtemp(join(tmpdir(), "settle-readme-"));
  try {
    await mkdir(join(folder, "machines"));
    await symlink(join(root, "node_modules"), join(folder, "node_modules"));
    const from = `from ${JSON.stringify(join(root, "src/index.ts"))}`;
    const importOnce = `import { startServer } ${from};\n`;
    await writeFile(
      join(folder, "alone.ts"),
      `${alone.replace('from "settle-server"', from)}console.log(response.status);`,
    );
    await writeFile(join(folder, "listener.ts"), `${importOnce}${listener}`);
    await writeFile(join(folder, "state.ts"), `${importOnce}${state}`);
    await writeFile(join(folder, "clock.ts"), `${importOnce}${clock}console.log(new Date(now) > 0, fired);`);
    const printed = await Promise.all(
      ["alone.ts", "listener.ts", "state.ts", "clock.ts"].map((file) => run(process.execPath, [file], { cwd: folder })),
    );
    expect(printed.map(({ stdout }) => stdout)).toEqual(["200\n", "", "", "true 0\n"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("every link within the project leads somewhere", async () => {
  const links = [...readme.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] ?? "");
  expect(links.length).toBeGreaterThan(5);
  for (const link of links)
    await expect(
      access(join(root, link)).then(() => link),
      link,
    ).resolves.toBe(link);
});

test("every chapter it points to is there", () => {
  const chapters = [...readme.matchAll(/^#+ (.+)$/gm)].map((match) =>
    (match[1] ?? "")
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
  const pointers = [...readme.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1] ?? "");
  expect(pointers.length).toBeGreaterThan(0);
  for (const pointer of pointers) expect(chapters).toContain(pointer);
});
