// The published package: packed, installed into an empty folder and used there as its users would, as a command and as a library.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test, vi } from "vitest";

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

test("serves as a library", async () => {
  await write(
    "use.js",
    `import { startServer } from "settle-server";
     const server = await startServer({ port: 0, store: "memory:", machines: ["machines/light.ts"] });
     const headers = { authorization: "Bearer " + server.adminToken, "content-type": "application/json" };
     const response = await fetch(server.url + "/machines/light", { method: "POST", headers, body: JSON.stringify({ slug: "a" }) });
     console.log(JSON.stringify([response.status, server.machines]));
     await server.close();`,
  );
  const { stdout } = await run("node", ["use.js"], { cwd: folder, env: environment() });
  expect(JSON.parse(stdout)).toEqual([200, ["light"]]);
});

test("has types that resolve", async () => {
  await write(
    "use.ts",
    `import { type SettleServer, startServer } from "settle-server";
     const server: SettleServer = await startServer({ port: 0, store: "memory:", settleTimeoutMs: 250, onMachineLog: ({ log }) => void log.trim() });
     const url: string = server.url;
     server.handler satisfies (request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => void;
     // @ts-expect-error there is no such option
     await startServer({ prot: 0 });
     // @ts-expect-error a URL is no number
     export const port: number = url;`,
  );
  const options = { strict: true, noEmit: true, target: "es2024", module: "nodenext", skipLibCheck: false };
  const types = { types: ["node"], typeRoots: [join(root, "node_modules/@types")] };
  await write("tsconfig.json", JSON.stringify({ compilerOptions: { ...options, ...types }, files: ["use.ts"] }));
  const checked = await run("node", [tsc, "-p", "."], { cwd: folder, env: environment() }).catch(
    (error: { stdout: string }) => error,
  );
  expect(checked.stdout).toBe("");
});

test("carries what it needs and nothing else", async () => {
  const installed = join(folder, "node_modules/settle-server");
  const files = await readdir(installed, { recursive: true });
  expect(files.filter((file) => /\.ts$/.test(file) && !/\.d\.ts$/.test(file))).toEqual([]);
  const top = new Set(files.map((file) => file.split(/[\\/]/)[0]));
  expect([...top].sort()).toEqual(["LICENSE", "README.md", "dist", "openapi.yaml", "package.json"]);
  expect(await readFile(join(installed, "dist/cli/main.js"), "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  // npm makes an installed command executable in any case; the one that was built here must be so by itself.
  expect((await stat(join(root, "dist/cli/main.js"))).mode & 0o111).toBe(0o111);
});
