// `settle exec` as a CI job meets it: what its command finds, what it hears and says, and how it all ends.

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Running } from "./process.ts";
import { node, settle } from "./process.ts";

vi.setConfig({ testTimeout: 60_000 });

const counter = fileURLToPath(new URL("../../fixtures/machines/counter.ts", import.meta.url));

let folder: string;
const running: Running[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-exec-"));
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stopGroup("SIGKILL")));
  await rm(folder, { recursive: true, force: true });
});

function exec(args: string[], env?: { [name: string]: string }): Running {
  const one = settle(["exec", ...args], env, folder);
  running.push(one);
  return one;
}
/** A command that runs JavaScript; `call` sends a request as the admin. */
function script(text: string): string[] {
  const call = `const call = async (path, body) => {
    const headers = { authorization: "Bearer " + process.env.SETTLE_ADMIN_TOKEN, "content-type": "application/json" };
    const init = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
    return (await fetch(process.env.SETTLE_URL + path, init)).json();
  };`;
  return ["--", process.execPath, "--input-type=module", "-e", call + text];
}

describe("the command", () => {
  test("finds a server with the machines, and credentials that fit each other, whatever the environment said before", async () => {
    const names = ["SETTLE_URL", "SETTLE_ORG_ID", "SETTLE_KEY_ID", "SETTLE_SECRET_KEY", "SETTLE_ADMIN_TOKEN"];
    const print = `
      import { createHmac } from "node:crypto";
      const { state } = await call("/machines/counter", { slug: "a" });
      const [head, payload, signature] = process.env.SETTLE_ADMIN_TOKEN.split(".");
      const { kid } = JSON.parse(Buffer.from(head, "base64url"));
      const ours = createHmac("sha256", process.env.SETTLE_SECRET_KEY).update(head + "." + payload).digest("base64url");
      const { PATH, OTHER, ...env } = process.env;
      console.log(JSON.stringify({ state, isSignedBy: kid === env.SETTLE_KEY_ID && ours === signature, OTHER, env }));`;
    const stale = Object.fromEntries(names.map((name) => [name, "stale"]));
    const finished = await exec(["--machines", counter, ...script(print)], { ...stale, OTHER: "kept" }).ended;
    expect(finished).toMatchObject({ code: 0, stderr: "" });
    const { env, ...rest } = JSON.parse(finished.stdout) as { env: { [name: string]: string } };
    expect(rest).toEqual({ state: "counting", isSignedBy: true, OTHER: "kept" });
    expect(env).toMatchObject({
      SETTLE_URL: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      SETTLE_ORG_ID: expect.stringMatching(/^org_/),
    });
    await expect(fetch(env.SETTLE_URL ?? "")).rejects.toThrow();
    expect(await readdir(folder)).toEqual([]);
  });

  test("has its input and its outputs to itself; what machines print goes to stderr", async () => {
    const loud = `import { createMachine } from "npm:xstate@5"; export const allowRead = () => true; export const allowWrite = () => true;
      export default createMachine({ initial: "a", states: { a: { entry: () => console.log("machine says hello") } } });`;
    await writeFile(join(folder, "loud.js"), loud);
    const cat = `await call("/machines/loud", { slug: "a" }); process.stdin.pipe(process.stdout); console.error("mine");`;
    const process = exec(["--machines", "loud.js", ...script(cat)]);
    process.child.stdin?.end("what came in\nas it came\n");
    const { code, stdout, stderr } = await process.ended;
    expect([code, stdout]).toEqual([0, "what came in\nas it came"]);
    expect(stderr.split("\n").sort()).toEqual(["", "[loud/a] machine says hello", "mine"]);
  });

  test.each([
    ["after --", ["--"]],
    ["without it, from the first word that is no option", []],
  ])("is everything %s, unchanged", async (_, separator) => {
    const args = [
      "-e",
      "console.log(JSON.stringify(process.argv.slice(1)))",
      "a",
      "--port",
      "--",
      "--store",
      "$HOME *",
    ];
    const { code, stdout } = await exec([...separator, process.execPath, ...args]).ended;
    expect([code, JSON.parse(stdout)]).toEqual([0, ["a", "--port", "--", "--store", "$HOME *"]]);
  });
});

describe("the exit code", () => {
  test.each([0, 1, 7, 255])("is the command's: %d", async (code) => {
    expect(await exec(["--", process.execPath, "-e", `process.exit(${code})`]).ended).toMatchObject({
      code,
      stderr: "",
    });
  });

  test.each([
    ["SIGKILL", 137],
    ["SIGTERM", 143],
    ["SIGSEGV", 139],
  ])("is 128 + n when %s ended it", async (signal, code) => {
    const { code: actual } = await exec(["--", process.execPath, "-e", `process.kill(process.pid, "${signal}")`]).ended;
    expect(actual).toBe(code);
  });
});

describe("a signal", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const)(
    "%s is the command's affair, and the server still serves",
    async (signal) => {
      const last = `process.on("${signal}", async () => { console.log((await call("/machines")).machines.length); process.exit(9); });
      setInterval(() => {}, 1000); console.log("waiting");`;
      const process = exec(["--machines", counter, ...script(last)]);
      await process.line(/waiting/);
      expect(await process.stop(signal)).toMatchObject({ code: 9, stdout: "waiting\n1" });
    },
  );

  test("that the command knows nothing about ends it, and all", async () => {
    const process = exec(script(`console.log(process.env.SETTLE_URL); setInterval(() => {}, 1000);`));
    const url = await process.line(/http/);
    expect(await process.stop("SIGTERM")).toMatchObject({ code: 143, signal: null });
    await expect(fetch(url)).rejects.toThrow();
  });
});

test("Ctrl-C at a terminal, which signals everything in its foreground, reaches the command once", async () => {
  // As at a terminal, without one: what a real one does with keys differs between the places that tests run in.
  const runProgram = new URL("../../src/cli/run-program.ts", import.meta.url);
  const atTerminal = `process.stdout.isTTY = true; console.log("started");
    const { runProgram } = await import(${JSON.stringify(runProgram)});
    process.exit(await runProgram(process.execPath, ["count.mjs"], process.env));`;
  // Tells how many came together.
  const count = `let n = 0; process.on("SIGINT", () => { if (++n === 1) setTimeout(() => { console.log("heard", n); n = 0; }, 50); });
    process.stdin.once("data", () => process.exit(4)); console.log("waiting");`;
  await Promise.all([writeFile(join(folder, "at.mjs"), atTerminal), writeFile(join(folder, "count.mjs"), count)]);
  const process = node(join(folder, "at.mjs"), folder);
  running.push(process);
  await process.line(/waiting/);
  // Two signals of one kind can become one on their way, so once would not tell.
  for (let times = 1; times <= 10; times++) {
    process.signalGroup("SIGINT");
    await vi.waitFor(() => expect(process.stdout.slice(2)).toHaveLength(times), { timeout: 10_000, interval: 5 });
  }
  process.child.stdin?.write("\n");
  const { code, stdout } = await process.ended;
  expect(stdout.split("\n")).toEqual(["started", "waiting", ...Array.from({ length: 10 }, () => "heard 1")]);
  expect(code).toBe(4);
});

test("--store keeps what happened, for the next time", async () => {
  const store = ["--store", join(folder, "kept", "db.json"), "--machines", counter];
  await exec([...store, ...script(`await call("/machines/counter", { slug: "a" });`)]).ended;
  const again = await exec([...store, ...script(`console.log((await call("/machines/counter/i/a")).state);`)]).ended;
  expect(again).toMatchObject({ code: 0, stdout: "counting", stderr: "" });
  expect(await readdir(join(folder, "kept"))).not.toContain("db.server");
});

describe("what it can't run it says in one line, with exit code 2", () => {
  const ran = `require("node:fs").writeFileSync("ran", "")`;
  const cases: [string, string[], RegExp][] = [
    ["no command", [], /^settle: exec needs a command to run: settle exec .* npm test$/],
    ["nothing after --", ["--port", "0", "--"], /^settle: exec needs a command/],
    [
      "a command that is not there",
      ["--", "no-such-command", "x"],
      /^settle: can't run no-such-command: there is no such command/,
    ],
    ["a command that is not executable", ["--", "./plain"], /^settle: can't run \.\/plain: it is not executable$/],
    ["a broken machine", ["--machines", "broken.ts", "--", process.execPath, "-e", ran], /^settle: .*broken\.ts:1:/],
    [
      "a store that can't be read",
      ["--store", "plain", "--", process.execPath, "-e", ran],
      /^settle: .*plain is no Settle store/,
    ],
  ];
  test.each(cases)("%s", async (_, args, message) => {
    await writeFile(join(folder, "plain"), "plain");
    await writeFile(join(folder, "broken.ts"), "export default {{{");
    const { code, stdout, stderr } = await exec(args).ended;
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr.trimEnd()).toMatch(message);
    expect(stderr.trimEnd()).not.toContain("\n");
    await expect(readFile(join(folder, "ran"))).rejects.toThrow(/ENOENT/);
  });

  test.each([["--json"], ["--replicas=x"]])(
    "an option that makes no sense here, or isn't there yet: %s",
    async (option) => {
      const { code, stderr } = await exec([option, "--", process.execPath, "-e", ran]).ended;
      expect(code).toBe(2);
      expect(stderr).toContain(`unknown option '${option}'`);
    },
  );
});
