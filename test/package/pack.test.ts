// The published package: packed, installed into an empty folder and used there as its users would, as a command and as a library.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { deliveredOperations } from "../../src/cli/check/run.ts";
import { operations } from "../../src/spec/document.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 240_000 });

const run = promisify(execFile);
const root = fileURLToPath(new URL("../../", import.meta.url));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

const machines = {
  "light.ts": `import { setup } from "xstate";
    interface Light { public: { colour: string } }
    export const allowRead = (): boolean => true;
    export const allowWrite = (): boolean => true;
    export default setup({ types: { context: {} as Light } }).createMachine({
      context: { public: { colour: "red" } }, initial: "stop", states: { stop: { on: { GO: "go" } }, go: {} } });`,
  "old-light.js": `import { createMachine } from "npm:xstate";
    export const allowRead = () => true;
    export const allowWrite = () => true;
    export default createMachine({ predictableActionArguments: true, initial: "stop", states: { stop: { on: { GO: "go" } }, go: {} } });`,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-package-"));
  const tarball = await pack();
  await write("package.json", JSON.stringify({ name: "somebody", private: true, type: "module" }));
  await run("npm", ["install", tarball, "--prefer-offline", "--no-audit", "--no-fund"], {
    cwd: folder,
    env: environment(),
  });
  for (const [name, text] of Object.entries(machines)) await write(join("machines", name), text);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function pack(): Promise<string> {
  const { stdout } = await run("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: root,
    env: environment(),
  });
  // What the build prints comes before the report.
  const report: unknown = JSON.parse(stdout.slice(stdout.search(/^[[{]$/m)));
  const [packed] = Object.values(report as { [index: string]: { filename: string } });
  return join(folder, packed?.filename ?? "");
}

/** A newcomer's environment: this Node first, nothing of the npm that may have started these tests, and the network as it is set up here. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) =>
      !/^npm_(?!config_(?:cache|registry|userconfig)$)|^(?:NODE_(?!EXTRA_CA_CERTS$)|VITEST|SETTLE_)/i.test(name),
  );
  return { ...Object.fromEntries(kept), PATH: [dirname(process.execPath), process.env.PATH].join(delimiter) };
}

async function write(name: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, name)), { recursive: true });
  await writeFile(join(folder, name), text);
}

test("serves as a command, runs machines of both XStates, and stops with 0", async () => {
  const args = ["settle", "serve", "--port", "0", "--json", "--store", "memory:", "--machines", "machines"];
  const npx = spawn("npx", args, { cwd: folder, env: environment(), stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(npx, "exit");
  let errors = "";
  npx.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const first: IteratorResult<string> = await createInterface({ input: npx.stdout })[Symbol.asyncIterator]().next();
  if (first.done) throw new Error(`it printed nothing: ${errors}`);
  const ready = JSON.parse(first.value) as { event: string; url: string; adminToken: string; pid: number };
  try {
    expect(ready).toMatchObject({ event: "ready", store: "memory:" });
    const headers = { authorization: `Bearer ${ready.adminToken}`, "content-type": "application/json" };
    const post = async (path: string, body: object) => {
      const response = await fetch(`${ready.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
      return [response.status, await response.json()];
    };
    const stopped = { state: "stop", tags: [], done: false };
    expect(await post("/machines/light", { slug: "a" })).toMatchObject([
      200,
      { ...stopped, publicContext: { colour: "red" } },
    ]);
    expect(await post("/machines/old-light", { slug: "a" })).toMatchObject([200, stopped]);
    expect(await post("/machines/old-light/i/a/events", { event: "GO" })).toMatchObject([200, { state: "go" }]);
  } finally {
    process.kill(ready.pid, "SIGTERM");
  }
  expect(await ended).toEqual([0, null]);
});

/** `npx settle <args>` in that folder, to its end. */
async function settle(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const done = run("npx", ["settle", ...args], { cwd: folder, env: environment() });
  return done.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({ code, stdout, stderr }),
  );
}

/** What its users have installed beside it, as far as it is here already. */
async function alsoInstall(name: string): Promise<void> {
  const place = join(folder, "node_modules", name);
  await mkdir(dirname(place), { recursive: true });
  await symlink(join(root, "node_modules", name), place);
}

test("runs a command beside a server, and passes its exit code on", async () => {
  const script = `const headers = { authorization: "Bearer " + process.env.SETTLE_ADMIN_TOKEN };
    const { machines } = await (await fetch(process.env.SETTLE_URL + "/machines", { headers })).json();
    console.log(JSON.stringify(machines.map(({ slug }) => slug).sort())); process.exitCode = 3;`;
  const finished = await settle(
    ...["exec", "--machines", "machines", "--", "node", "--input-type=module", "-e", script],
  );
  expect(finished).toEqual({ code: 3, stdout: '["light","old-light"]\n', stderr: "" });
});

test("prints tokens that its servers take", async () => {
  const script = `import { execFileSync } from "node:child_process";
    const token = execFileSync("npx", ["settle", "token", "--act", '{"sub":"ada"}'], { encoding: "utf8" }).trim();
    const response = await fetch(process.env.SETTLE_URL + "/machines", { headers: { authorization: "Bearer " + token } });
    console.log(response.status);`;
  const finished = await settle("exec", "--", "node", "--input-type=module", "-e", script);
  expect(finished).toEqual({ code: 0, stdout: "200\n", stderr: "" });
});

test("runs the smply that is installed beside it, and says how to install one", async () => {
  const list = ["exec", "--", "npx", "settle", "smply", "--", "machines", "list"];
  const stderr = "settle: smply is not installed here; npm install --save-dev smply\n";
  expect(await settle(...list)).toEqual({ code: 2, stdout: "", stderr });
  await alsoInstall("smply");
  expect(await settle(...list)).toEqual({ code: 0, stdout: "[]\n", stderr: "" });
});

test("judges a server, as a command and as a library", async () => {
  const only = "instance-name-is-taken";
  const judged = await settle(
    ...[
      "exec",
      "--",
      "npx",
      "settle",
      "verify",
      "--only",
      only,
      "--report-html",
      "out/report.html",
      "--report-json",
      "out/r.json",
    ],
  );
  expect(judged).toMatchObject({ code: 0, stderr: "" });
  expect(judged.stdout).toMatch(/^http:\S+ conforms$/m);
  expect(await readFile(join(folder, "out/report.html"), "utf8")).toMatch(/^<!doctype html>/);
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  expect(JSON.parse(await readFile(join(folder, "out/r.json"), "utf8"))).toMatchObject({ run: { suite: { version } } });
  await write(
    "judge.js",
    `import { startServer } from "settle-server";
     import { verify } from "settle-server/verify";
     import { matchers } from "settle-server/vitest";
     const server = await startServer({ port: 0, store: "memory:" });
     const { url, orgId, keyId, secretKey } = server;
     const { verdict } = await verify({ url, orgId, keyId, secretKey, only: ["${only}"] });
     const { pass } = await matchers.toConform(await fetch(url + "/machines"), "listMachines");
     console.log(verdict, pass);
     await server.close();`,
  );
  const { stdout } = await run("node", ["judge.js"], { cwd: folder, env: environment() });
  expect(stdout).toBe("conforms true\n");
});

test("checks itself, as far as it can", async () => {
  const undelivered = operations.filter(({ operationId }) => !deliveredOperations().has(operationId));
  const without = await settle("check");
  const stderr = "settle: the linter of openapi.yaml is not installed here; npm install --save-dev @redocly/cli\n";
  expect(without).toMatchObject({ code: 2, stderr });
  await alsoInstall("@redocly/cli");
  const { code, stdout, stderr: errors } = await settle("check");
  const lines = stdout.trimEnd().split("\n");
  const unchecked = "Not checked: the generated types, since an installed package has no sources to compare.";
  expect(errors).toBe("");
  expect(lines.filter((line) => !undelivered.some(({ operationId }) => line.startsWith(`${operationId} (`)))).toEqual([
    unchecked,
    expect.stringMatching(/^settle check: \d+ operations, \d+ findings/),
  ]);
  expect(code).toBe(lines.length === 2 ? 0 : 1);
});

test("serves as a library, by itself and as a request listener", async () => {
  await write(
    "use.js",
    `import { createServer } from "node:http";
     import { startServer } from "settle-server";
     import manifest from "settle-server/package.json" with { type: "json" };
     const server = await startServer({ port: 0, store: "memory:", machines: ["machines/light.ts"] });
     const own = createServer(server.handler).listen(0, "127.0.0.1");
     await new Promise((resolve) => own.once("listening", resolve));
     const headers = { authorization: "Bearer " + server.adminToken, "content-type": "application/json" };
     const create = async (url, slug) =>
       (await fetch(url + "/machines/light", { method: "POST", headers, body: JSON.stringify({ slug }) })).status;
     const statuses = [await create(server.url, "a"), await create("http://127.0.0.1:" + own.address().port, "a")];
     const refusal = await startServer({ sundial: "manual" }).catch(String);
     const other = await startServer({ port: 0, store: "memory:", clock: "manual" });
     const { fired } = await other.clock.advance(60_000);
     await other.close();
     console.log(JSON.stringify([statuses, server.machines, manifest.name, refusal, fired]));
     own.close();
     await server.close();`,
  );
  const { stdout } = await run("node", ["use.js"], { cwd: folder, env: environment() });
  expect(JSON.parse(stdout)).toEqual([
    [200, 409],
    ["light"],
    "settle-server",
    "TypeError: startServer has no option sundial",
    0,
  ]);
});

test("has types that resolve, and are complete", async () => {
  await write(
    "use.ts",
    `import { type Advanced, type LogLine, type LogRetention, type Preview, type ResponseCheckMode, type ServerClock, type ServerLog, type ServerOptions, type ServerWatcher, type SettleServer, startServer } from "settle-server";
     const log: ServerLog = ({ level, message, stack }) => void [level === "warn", message.trim(), stack?.trim()];
     const onMachineLog = ({ instance, versionId, outputType, log }: LogLine): void => void [instance?.slug, versionId, outputType, log];
     const responseCheck: ResponseCheckMode = "warn";
     const watcher: ServerWatcher = {
       answered: (operationId, status) => void [operationId.trim(), status + 1],
       chart: ({ machine, versionId }, { xstate, states, transitions }) => void [machine, versionId, xstate + 1, states[0]?.path, transitions[0]?.event],
       state: (_, state) => void state,
       event: (_, candidates) => void candidates[0]?.guard?.passes,
     };
     const options: Required<ServerOptions> = {
       port: 0, host: "127.0.0.1", store: "memory:", machines: [], watch: false, settleTimeoutMs: 250, cpuTimeoutMs: 250, retryDelayMs: 250,
       historyRetention: 10, logRetention: { entries: 1, ageMs: 1 } satisfies LogRetention,
       clock: "manual", clockStartMs: 1, publicUrl: "http://localhost", durability: "power", responseCheck, log, onMachineLog, watcher,
     };
     const server: SettleServer = await startServer(options);
     const strings: string[] = [server.url, server.orgId, server.keyId, server.secretKey, server.adminToken, server.store, ...server.machines];
     server.handler satisfies (request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void;
     const clock: ServerClock = server.clock;
     const advanced: Advanced = await clock.advance(1);
     const preview: Preview = clock.preview(advanced.now + advanced.fired);
     await startServer();
     // @ts-expect-error there is no such option
     await startServer({ prot: 0 });
     // @ts-expect-error there are two clocks
     await startServer({ clock: "sundial" });
     // @ts-expect-error a URL is no number
     export const port: number = server.url;
     export const closed: Promise<void> = server.close();
     export { preview, strings };`,
  );
  await write(
    "judge.ts",
    `import { CredentialsRefused, type Profile, type Report, type RuleResult, type RunEvent, type VerifyOptions, verify } from "settle-server/verify";
     const profile: Profile = { title: "mine", capabilities: ["upload"], settleTimeoutMs: 1, pageSize: 1 };
     const onEvent = (event: RunEvent): void => void (event.event === "failure" && event.level === "MUST");
     const options: Required<VerifyOptions> = {
       url: "http://localhost", orgId: "o", keyId: "k", secretKey: "s", profile, only: ["SB-INST"], seed: 1, runs: 1,
       signal: AbortSignal.abort(), onEvent,
     };
     const report: Report = await verify(options);
     const failed: RuleResult[] = report.rules.filter(({ status }) => status === "failed");
     // @ts-expect-error there is no such option
     await verify({ ...options, sead: 1 });
     export { CredentialsRefused, failed };`,
  );
  const options = { strict: true, noEmit: true, target: "es2024", module: "nodenext", skipLibCheck: false };
  const types = { types: ["node"], typeRoots: [join(root, "node_modules/@types")] };
  await write(
    "tsconfig.json",
    JSON.stringify({ compilerOptions: { ...options, ...types }, files: ["use.ts", "judge.ts"] }),
  );
  expect(await findings()).toBe("");
});

/** What the compiler says of the project there. */
async function findings(): Promise<string> {
  const compiled = run("node", [tsc, "-p", "."], { cwd: folder, env: environment() });
  return (await compiled.catch((error: { stdout: string }) => error)).stdout;
}

test("gives vitest's matchers their types", async () => {
  await alsoInstall("vitest");
  await write(
    "suite.ts",
    `import { matchers, type OperationId } from "settle-server/vitest";
     import { expect } from "vitest";
     expect.extend(matchers);
     const id: OperationId = "createMachineInstance";
     const awaited: Promise<void> = expect(new Response("")).toConform(id);
     const made: void = expect({ status: 200, headers: {}, body: {} }).toConform("listMachines");
     expect({}).not.toConform("listMachines");
     // @ts-expect-error there is no such operation
     expect({}).toConform("getTea");
     export { awaited, made };`,
  );
  // vitest's own declarations need packages that its users have installed otherwise.
  const options = { strict: true, noEmit: true, target: "es2024", module: "nodenext", skipLibCheck: true };
  const types = { types: ["node"], typeRoots: [join(root, "node_modules/@types")] };
  await write("tsconfig.json", JSON.stringify({ compilerOptions: { ...options, ...types }, files: ["suite.ts"] }));
  expect(await findings()).toBe("");
});

test("carries what it needs and nothing else", async () => {
  const installed = join(folder, "node_modules/settle-server");
  const files = await readdir(installed, { recursive: true });
  expect(files.filter((file) => /\.ts$/.test(file) && !/\.d\.ts$/.test(file))).toEqual([]);
  const top = new Set(files.map((file) => file.split(/[\\/]/)[0]));
  const expected = [
    "LICENSE",
    "README.md",
    "contracts",
    "dist",
    "docs",
    "openapi.yaml",
    "package.json",
    "redocly.yaml",
  ];
  expect([...top].sort()).toEqual(expected);
  expect(await readdir(join(installed, "docs"))).toEqual(["semantics.md", "state.md"]);
  expect(await readdir(join(installed, "contracts"), { recursive: true })).toEqual(
    await readdir(join(root, "contracts"), { recursive: true }),
  );
  expect(await readFile(join(installed, "dist/cli/main.js"), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  // npm makes an installed command executable in any case; the one that was built here must be so by itself.
  expect((await stat(join(root, "dist/cli/main.js"))).mode & 0o111).toBe(0o111);
});
