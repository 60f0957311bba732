// `settle verify`: its verdicts as exit codes, what a person and a program read, its reports, and what it refuses before it begins.

import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { XMLValidator } from "fast-xml-parser";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { type SettleServer, startServer } from "../../src/index.ts";
import type { Report } from "../../src/oracle/report.ts";
import { type Fault, fakeCredentials, startFake } from "../oracle/fake-server.ts";
import { type Finished, settle } from "./process.ts";

vi.setConfig({ testTimeout: 60_000 });

const { orgId, keyId, secretKey } = fakeCredentials;
const fakeEnv = { SETTLE_ORG_ID: orgId, SETTLE_KEY_ID: keyId, SETTLE_SECRET_KEY: secretKey };
/** The journey that finds the fault `duplicate-accepted`, and the rule that names it. */
const taken = ["--only", "instance-name-is-taken"];
const rule = "SB-INST-CREATE-409-DUPLICATE";

let folder: string;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-verify-"));
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
  await rm(folder, { recursive: true, force: true });
});

async function fake(fault?: Fault): Promise<string> {
  const { url, close } = await startFake(fault);
  closers.push(close);
  return url;
}
async function serve(): Promise<{ server: SettleServer; env: { [name: string]: string } }> {
  const server = await startServer({ port: 0, store: "memory:" });
  closers.push(() => server.close());
  const { orgId, keyId, secretKey } = server;
  return { server, env: { SETTLE_ORG_ID: orgId, SETTLE_KEY_ID: keyId, SETTLE_SECRET_KEY: secretKey } };
}
function verify(args: string[], env: { [name: string]: string } = fakeEnv): Promise<Finished> {
  return settle(["verify", ...args], env, folder).ended;
}
async function machinesOf({ url, adminToken }: SettleServer): Promise<unknown> {
  const response = await fetch(`${url}/machines`, { headers: { authorization: `Bearer ${adminToken}` } });
  return ((await response.json()) as { machines: unknown }).machines;
}

describe("a server that conforms", () => {
  test("is told so, with every report that was asked for, and is left as it was", async () => {
    const { server, env } = await serve();
    const names = ["json", "junit", "html", "sarif", "badge"];
    const reports = names.flatMap((name) => [`--report-${name}`, join("out", `report.${name}`)]);
    const { code, stdout, stderr } = await verify([server.url, ...taken, "--seed", "7", ...reports], env);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain(`${server.url} conforms\n`);
    expect(stdout).toMatch(/^ {2}\d+ passed.* \(of \d+ rules; seed 7, \d+\.\d s\)$/m);
    expect(await machinesOf(server)).toEqual([]);
    expect((await readdir(join(folder, "out"))).sort()).toEqual(names.map((name) => `report.${name}`).sort());
    const read = (name: string) => readFile(join(folder, "out", `report.${name}`), "utf8");
    const report = JSON.parse(await read("json")) as Report;
    expect(report).toMatchObject({ target: server.url, seed: 7, verdict: "conforms" });
    expect(report.rules.find(({ id }) => id === rule)).toMatchObject({
      title: "Creating an instance under a taken name is a 409 and changes nothing",
      level: "MUST",
      source: expect.stringContaining("docs/semantics.md"),
      status: "passed",
      message: "",
      repro: [],
    });
    expect(report.coverage.operations).toContainEqual({
      operationId: "createMachineInstance",
      statuses: { 200: 2, 409: expect.any(Number) },
    });
    expect(report.run).toMatchObject({
      suite: { version: expect.stringMatching(/^\d/), document: expect.stringMatching(/^[0-9a-f]{64}$/) },
      profile: { title: "The service as it is" },
      only: ["instance-name-is-taken"],
      isInterrupted: false,
    });
    expect(XMLValidator.validate(await read("junit"))).toBe(true);
    expect(await read("html")).toMatch(/^<!doctype html>/);
    expect(JSON.parse(await read("sarif"))).toMatchObject({ version: "2.1.0", runs: [{ results: [] }] });
    expect(JSON.parse(await read("badge"))).toMatchObject({ schemaVersion: 1, color: "brightgreen" });
  });

  test("is found by SETTLE_URL, as settle exec sets it", async () => {
    const { server, env } = await serve();
    const { code, stdout } = await verify(taken, { ...env, SETTLE_URL: server.url });
    expect(code).toBe(0);
    expect(stdout).toContain(`${server.url} conforms`);
  });

  test("has names of its own in each run", async () => {
    const { server, env } = await serve();
    const namespaces = await Promise.all(
      [1, 2].map(async () => {
        const { stdout } = await verify([server.url, ...taken, "--json"], env);
        return (JSON.parse(stdout.split("\n")[0] ?? "") as { namespace: string }).namespace;
      }),
    );
    expect(namespaces[0]).toMatch(/^settle-[a-z0-9]+-[0-9a-f]{6}$/);
    expect(namespaces[0]).not.toBe(namespaces[1]);
  });
});

describe("a server that violates", () => {
  test("is called out with a script that shows it, run as it was printed, and a line that judges it again", async () => {
    const url = await fake("duplicate-accepted");
    const { code, stdout } = await verify([url, ...taken]);
    expect(code).toBe(1);
    expect(stdout).toContain(`FAILED  ${rule} (MUST)\n`);
    expect(stdout).toMatch(/^ {2}seen: {3}.*the status is 200, not 409/m);
    expect(stdout).toMatch(/^ {2}source: docs\/semantics\.md, /m);
    const script = /^ {2}script: .*\n([\s\S]*?)^ {2}replay: /m.exec(stdout)?.[1] ?? "";
    const environment = { ...process.env, ...fakeEnv, SETTLE_URL: url };
    // Twice, since the first time makes what the run took away.
    const shown = await promisify(execFile)("bash", ["-c", script], { cwd: folder, env: environment });
    const statuses = [...shown.stdout.matchAll(/^HTTP\/1.1 (\d+)/gm)].map(([, status]) => status);
    expect(statuses).toEqual(["201", "200", "204", "200", "200", "200", "200"]);
    const replay = /^ {2}replay: settle (verify .*)$/m.exec(stdout)?.[1]?.split(" ") ?? [];
    expect(replay).toEqual(["verify", url, "--seed", "1", ...taken]);
    expect((await settle(replay, fakeEnv, folder).ended).code).toBe(1);
  });

  test("tells the key's secret nowhere, even when the target repeats it", async () => {
    const made = ["--only", "machine-name-is-taken"];
    const secret = "open sesame 42";
    const parrot = createServer((_, response) => {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ secret, also: [secret] }));
    });
    closers.push(() => new Promise((resolve) => parrot.close(resolve).closeAllConnections()));
    await new Promise<void>((resolve) => parrot.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(parrot.address() as AddressInfo).port}`;
    const files = ["r.json", "r.html", "r.xml", "r.sarif"];
    const reports = ["json", "html", "junit", "sarif"].flatMap((name, i) => [`--report-${name}`, files[i] ?? ""]);
    const env = { ...fakeEnv, SETTLE_SECRET_KEY: secret };
    const { code, stdout, stderr } = await verify([url, ...made, ...reports, "--github"], env);
    expect(code).toBe(1);
    expect(stdout).toContain('{"secret":"(secret)","also":["(secret)"]}');
    expect(stdout).toMatch(/^::error title=SB-MACHINE-CREATE-201 \(MUST%2C failed\)::/m);
    const { stdout: events } = await verify([url, ...made, "--json"], env);
    const written = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
    for (const text of [stdout, stderr, events, ...written]) expect(text).not.toContain(secret);
  });

  test("is told event by event to programs", async () => {
    const url = await fake("duplicate-accepted");
    const { code, stdout, stderr } = await verify([url, ...taken, "--json"], { ...fakeEnv, GITHUB_ACTIONS: "true" });
    const events = stdout.split("\n").map((line) => JSON.parse(line) as { event: string; report?: Report });
    expect(events[0]).toMatchObject({ event: "start", target: url, seed: 1 });
    expect(events).toContainEqual({ event: "failure", rule, level: "MUST", message: expect.any(String) });
    expect(events.map(({ event }) => event)).toEqual(expect.arrayContaining(["stage", "progress"]));
    expect(events.at(-1)).toMatchObject({ event: "report", exitCode: code, report: { verdict: "violates" } });
    expect(stderr).toContain(`::error title=${rule}`);
    const quiet = await verify([url, ...taken, "--no-github"], { ...fakeEnv, GITHUB_ACTIONS: "true" });
    expect(quiet.stdout).not.toContain("::error");
  });

  test("breaks nothing where that is known, and where it is mended does", async () => {
    await writeFile(join(folder, "known.json"), JSON.stringify({ [rule]: "their issue 12" }));
    const known = await verify([await fake("duplicate-accepted"), ...taken, "--expected-failures", "known.json"]);
    expect(known.stdout).toContain(`Expected failures:\n  ${rule} (failed): their issue 12`);
    expect(known.code).toBe(0);
    const mended = await verify([await fake(), ...taken, "--expected-failures", "known.json"]);
    expect(mended.stdout).toContain(`UNEXPECTED PASS  ${rule} (MUST)`);
    expect(mended.stdout).toContain(`${rule} passed, but is among the expected failures: take it out of them.`);
    expect(mended.code).toBe(1);
  });
});

describe("other answers", () => {
  test("a rule of every exchange is judged by all that there is to ask", async () => {
    const args = ["--only", "SB-SPEC-EMPTY-IS-EMPTY", "--profile", "p.yaml", "--json"];
    const bare =
      "title: bare\ncapabilities: [upload]\noperations: [createMachine, getMachine, listMachines, deleteMachine]\nsettleTimeoutMs: 100\npageSize: 100\n";
    await writeFile(join(folder, "p.yaml"), bare);
    const { code, stdout } = await verify([await fake("created-with-body"), ...args]);
    const { report } = JSON.parse(stdout.split("\n").at(-1) ?? "") as { report: Report };
    expect(report.rules.find(({ id }) => id === "SB-SPEC-EMPTY-IS-EMPTY")).toMatchObject({ status: "warned" });
    expect(code).toBe(0);
  });

  test("too little coverage is a no", async () => {
    const { code, stdout } = await verify([await fake(), ...taken, "--fail-under", "50"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/The coverage is \d+\.\d %, under the 50 % of --fail-under\./);
    expect((await verify([await fake(), ...taken, "--fail-under", "1"])).code).toBe(0);
  });

  test("nothing exercised is no conformance", async () => {
    await writeFile(join(folder, "p.yaml"), "title: bare\ncapabilities: []\nsettleTimeoutMs: 1000\npageSize: 100\n");
    const { code, stdout } = await verify([await fake(), ...taken, "--profile", "p.yaml"]);
    expect(stdout).toContain("No rule was exercised, which is no conformance.");
    expect(code).toBe(2);
  });

  test("a run that is interrupted takes away what it made, and says what is known", async () => {
    const { server, env } = await serve();
    const running = settle(["verify", server.url, "--json"], env, folder);
    await running.line(/"event":"progress"/);
    const { code, stdout, stderr } = await running.stop("SIGINT");
    expect(code).toBe(130);
    expect(stderr).toContain("settle: ending early");
    const { report } = JSON.parse(stdout.split("\n").at(-1) ?? "") as { report: Report };
    expect(report.run?.isInterrupted).toBe(true);
    expect(report.rules.some(({ status }) => status === "not-exercised")).toBe(true);
    expect(await machinesOf(server)).toEqual([]);
  });
});

describe("what can't be run is told in one line, before anything is made", () => {
  const nowhere = "http://127.0.0.1:9";
  const cases: [string, string[], { [name: string]: string }, RegExp][] = [
    ["no target", [], fakeEnv, /^settle: where is the implementation\?.* settle verify http/],
    ["a target that is no URL", ["nowhere"], fakeEnv, /^settle: nowhere is no base URL; write one such as http/],
    ["a target with a query", ["http://x/?a"], fakeEnv, /^settle: http:\/\/x\/\?a is no base URL/],
    ["two targets", [nowhere, nowhere], fakeEnv, /too many arguments/],
    ["no credentials", [nowhere], {}, /^settle: .*--org \(SETTLE_ORG_ID\), --key \(SETTLE_KEY_ID\), --secret/],
    ["no secret", [nowhere, "--org", "o", "--key", "k"], {}, /signed: give --secret \(SETTLE_SECRET_KEY\)$/m],
    ["nobody there", [nowhere], fakeEnv, /^settle: http:\/\/127\.0\.0\.1:9 gives no answer: .*; start the impl/],
    ["a rule that is none", [nowhere, "--only", "SB-TEA"], fakeEnv, /^settle: --only SB-TEA: no rule, scenario, tag/],
    ["a seed that is none", [nowhere, "--seed", "x"], fakeEnv, /whole number of at most 31 bits/],
    ["runs that are none", [nowhere, "--runs", "0"], fakeEnv, /from 1 to 1000000/],
    ["a percentage that is none", [nowhere, "--fail-under", "101"], fakeEnv, /percentage from 0 to 100/],
    [
      "a profile that is not there",
      [nowhere, "--profile", "p"],
      fakeEnv,
      /^settle: --profile p is not there; .*default/,
    ],
    [
      "a profile that is none",
      [nowhere, "--profile", "plain.json"],
      fakeEnv,
      /^settle: --profile plain\.json: .*title/,
    ],
    [
      "expected failures that are not there",
      [nowhere, "--expected-failures", "e.json"],
      fakeEnv,
      /^settle: --expected-failures e\.json can't be read: there is no such file/,
    ],
    [
      "expected failures without reasons",
      [nowhere, "--expected-failures", "listed.json"],
      fakeEnv,
      /is no JSON object; write \{"<rule id>": "<why/,
    ],
    ["an unknown rule", [nowhere, "--expected-failures", "unknown.json"], fakeEnv, /there is no rule SB-TEA/],
    ["a reason that is empty", [nowhere, "--expected-failures", "empty.json"], fakeEnv, /has no reason/],
    [
      "a report in a file's place",
      [nowhere, "--report-html", "plain.json/r"],
      fakeEnv,
      /^settle: --report-html plain\.j/,
    ],
    ["a report that is a folder", [nowhere, "--report-junit", "."], fakeEnv, /it is a folder; name a file in it/],
    ["an unknown option", [nowhere, "--report-pdf", "r"], fakeEnv, /unknown option '--report-pdf'/],
  ];
  test.each(cases)("%s", async (_, args, env, message) => {
    const files = {
      "plain.json": "{}",
      "listed.json": `["${rule}"]`,
      "unknown.json": '{"SB-TEA": "cold"}',
      "empty.json": `{"${rule}": " "}`,
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
    const { code, stdout, stderr } = await verify(args, env);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(stderr.split("\n").filter((line) => line.startsWith("    at "))).toEqual([]);
  });

  test("a key that the target refuses", async () => {
    const { code, stdout, stderr } = await verify([await fake(), "--secret", "sbsec_other", ...taken]);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^settle: http\S+ refuses the key sbk_fake .*403 missing-user\); check --org, --key and/);
    expect(stderr).not.toContain("sbsec_");
  });
});
