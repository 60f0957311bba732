// `settle serve` as its users meet it: what it prints, what it refuses, how it stops, and what a restart keeps.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { appendFile, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Finished, Running } from "./process.ts";
import { settle } from "./process.ts";

const fixtures = fileURLToPath(new URL("../../fixtures/machines", import.meta.url));
const counter = join(fixtures, "counter.ts");
const slow = `import { setup, fromPromise } from "npm:xstate@5"; export const allowRead = () => true; export const allowWrite = () => true;
  export default setup({ actors: { wait: fromPromise(({ input }) => new Promise((ok) => setTimeout(ok, input))) } }).createMachine({ initial: "a",
    states: { a: { on: { GO: "b" } }, b: { invoke: { src: "wait", input: ({ event }) => event.ms, onDone: "c" } }, c: {} } });`;

// Each starts processes of its own, some of them several.
vi.setConfig({ testTimeout: 60_000 });

interface Ready {
  event: string;
  url: string;
  orgId: string;
  keyId: string;
  secretKey: string;
  adminToken: string;
  store: string;
  pid: number;
}

let folder: string;
let store: string;
const running: Running[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-serve-"));
  store = join(folder, "db.json");
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop("SIGKILL")));
  await rm(folder, { recursive: true, force: true });
});

function run(args: string[], env?: { [name: string]: string }): Running {
  const one = settle(args, env, folder);
  running.push(one);
  return one;
}
async function serve(...args: string[]): Promise<{ ready: Ready; process: Running }> {
  const process = run(["serve", "--json", "--port", "0", "--store", store, ...args]);
  return { ready: JSON.parse(await process.line(/"ready"/)) as Ready, process };
}
function call(ready: Ready, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${ready.adminToken}`, "content-type": "application/json" };
  return fetch(`${ready.url}${path}`, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
}

describe("the ready line", () => {
  test("is the first line, says everything, and requests are answered from then on", async () => {
    const { ready, process } = await serve("--machines", counter);
    expect(process.stdout[0]).toBe(JSON.stringify(ready));
    expect(ready).toEqual({
      event: "ready",
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      orgId: expect.stringMatching(/^org_[\w-]{22}$/),
      keyId: expect.stringMatching(/^sbk_[\w-]{22}$/),
      secretKey: expect.stringMatching(/^sbsec_[\w-]{43}$/),
      adminToken: expect.stringMatching(/^eyJ/),
      store,
      pid: process.child.pid,
    });
    const created = await call(ready, "/machines/counter", { slug: "c1" });
    expect(created.status).toBe(200);
    expect(await created.json()).toMatchObject({ state: "counting", done: false });
    expect(await (await fetch(`${ready.url}/_settle/health`)).json()).toEqual({
      status: "ok",
      version: expect.any(String),
    });
    expect((await fetch(`${ready.url}/_settle/ready`)).status).toBe(200);
  });

  test("names the same credentials after a restart, and unchanged code makes no new version", async () => {
    const first = await serve("--machines", counter);
    await call(first.ready, "/machines/counter", { slug: "c1" });
    expect(await first.process.stop()).toMatchObject({ code: 0 });
    const second = await serve("--machines", counter);
    expect({ ...second.ready, url: "", pid: 0 }).toEqual({ ...first.ready, url: "", pid: 0 });
    const { versions } = (await (await call(second.ready, "/machines/counter/v")).json()) as { versions: unknown[] };
    expect(versions).toHaveLength(1);
    expect(await (await call(second.ready, "/machines/counter/i/c1")).json()).toMatchObject({ state: "counting" });
  });

  test("no secret is printed after it", async () => {
    const { ready, process } = await serve("--machines", counter);
    await call(ready, "/machines/counter", { slug: "c1" });
    await call({ ...ready, adminToken: "wrong" }, "/machines");
    const { stdout, stderr } = await process.stop();
    const rest = stdout.split("\n").slice(1).join("\n") + stderr;
    expect(rest).not.toContain(ready.secretKey);
    expect(rest).not.toContain(ready.adminToken);
  });
});

test("the banner has at most ten lines, and its curl answers 200 with a State when pasted", async () => {
  const process = run(["serve", "--port", "0", "--store", store, "--machines", fixtures]);
  const curl = await process.line(/curl/);
  expect(process.stdout.length).toBeLessThanOrEqual(10);
  const { stdout } = await promisify(execFile)("bash", ["-c", `${curl} -w '\\n%{http_code}'`]);
  const [body = "", status] = stdout.split("\n");
  expect(status).toBe("200");
  expect(JSON.parse(body)).toMatchObject({ state: "counting", tags: expect.any(Array), done: false });
});

describe("what it can't run it says in one line, with exit code 2", () => {
  const cases: [string, string[], RegExp][] = [
    ["an unknown option", ["serve", "--sundial"], /unknown option '--sundial'/],
    ["an option that is nearly one", ["serve", "--prot", "1"], /'--prot' .*--port.*settle --help/],
    [
      "an option that a command within a command doesn't have",
      ["store", "snapshot", "list", "--sundial"],
      /'--sundial'/,
    ],
    ["an unknown clock", ["serve", "--clock", "sundial"], /system, manual/],
    ["a start without a manual clock", ["serve", "--clock-start", "2026-01-05"], /--clock-start needs --clock manual/],
    ["a start that is no moment", ["serve", "--clock", "manual", "--clock-start", "noon"], /2026-01-05T10:00:00Z/],
    ["a start at no place on earth", ["serve", "--clock", "manual", "--clock-start", "2026-01-05T10:00"], /00Z/],
    ["an unknown command", ["conduct", "http://127.0.0.1:1"], /unknown command 'conduct'/],
    ["a bad port", ["serve", "--port", "99999"], /port from 0 to 65535/],
    ["a bad duration", ["serve", "--settle-timeout", "soon"], /250ms, 10s or 2m/],
    ["a duration that no timer waits for", ["serve", "--settle-timeout", "25d"], /at most 24d/],
    ["a bad history retention", ["serve", "--history-retention", "0"], /number of transitions from 1/],
    ["a bad retention", ["serve", "--log-retention", "some"], /number of entries.*10000.*24h or 7d/],
    ["no retention", ["serve", "--log-retention", "0"], /number of entries/],
    ["a bad choice", ["serve", "--durability", "hope"], /process, power/],
    ["a bad URL", ["serve", "--public-url", "nowhere"], /absolute http or https URL/],
    ["a store of another kind", ["serve", "--store", "postgres://localhost/x"], /file path or memory:/],
    [
      "machines that are not there",
      ["serve", "--store", "memory:", "--port", "0", "--machines", "nowhere"],
      /nowhere.*no such file/,
    ],
  ];
  test.each(cases)("%s", async (_name, args, message) => {
    const { code, stderr, stdout } = await run(args).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^settle: .*\n$/);
    expect(stdout).toBe("");
  });

  test("a taken port", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await run(["serve", "--port", String(port), "--store", "memory:"]).ended;
    other.close();
    expect(code).toBe(2);
    expect(stderr.trim().split("\n")).toEqual([expect.stringContaining(`127.0.0.1:${port} is taken`)]);
  });

  test("a store that can't be read, which is left as it was", async () => {
    await writeFile(store, '{"not": "a store"');
    const { code, stderr } = await run(["serve", "--port", "0", "--store", store]).ended;
    expect(code).toBe(2);
    expect(stderr.trim().split("\n")).toEqual([expect.stringContaining("db.json")]);
    expect(await readFile(store, "utf8")).toBe('{"not": "a store"');
  });

  test("a store that another server has open", async () => {
    const { ready } = await serve();
    const { code, stderr } = await run(["serve", "--port", "0", "--store", store]).ended;
    expect(code).toBe(2);
    expect(stderr).toContain(String(ready.pid));
  });

  test("a machine whose source is broken, with its place", async () => {
    const file = join(folder, "broken.ts");
    await writeFile(file, "export default {{{");
    const { code, stderr } = await run(["serve", "--port", "0", "--store", "memory:", "--machines", file]).ended;
    expect(code).toBe(2);
    expect(stderr).toMatch(/broken\.ts:1:\d+/);
  });
});

test("--clock manual stands where --clock-start says, which the banner shows", async () => {
  const env = { SETTLE_CLOCK: "manual", SETTLE_CLOCK_START: "2030-01-05T10:00:00+01:00" };
  const process = run(["serve", "--port", "0", "--store", "memory:", "--machines", counter], env);
  await process.line(/clock {6}manual, at 2030-01-05T09:00:00.000Z/);
  const [, url, token] = /(http:\S+)\/machines.*Bearer (\S+)'/.exec(await process.line(/curl/)) ?? [];
  const headers = { authorization: `Bearer ${token}` };
  const { machines } = (await (await fetch(`${url}/machines`, { headers })).json()) as {
    machines: { createdAt: string }[];
  };
  expect(machines[0]?.createdAt).toBe("2030-01-05T09:00:00.000Z");
});

test("every option is also a variable; lists are separated by commas", async () => {
  const other = join(folder, "other.js");
  await writeFile(other, slow);
  const env = {
    SETTLE_PORT: "0",
    SETTLE_STORE: "memory:",
    SETTLE_JSON: "1",
    SETTLE_MACHINES: `${counter},${other}`,
    SETTLE_SETTLE_TIMEOUT: "80ms",
    SETTLE_HISTORY_RETENTION: "1",
    SETTLE_LOG_RETENTION: "24h",
    SETTLE_PUBLIC_URL: "https://settle.example/",
  };
  const process = run(["serve"], env);
  const ready = JSON.parse(await process.line(/"ready"/)) as Ready;
  expect(ready.store).toBe("memory:");
  const { machines } = (await (await call(ready, "/machines")).json()) as { machines: { slug: string }[] };
  expect(machines.map(({ slug }) => slug).sort()).toEqual(["counter", "other"]);
  const begun = await fetch(`${ready.url}/machines/other/v`, {
    method: "POST",
    headers: { authorization: `Bearer ${ready.adminToken}` },
  });
  expect(((await begun.json()) as { codeUploadUrl: string }).codeUploadUrl).toMatch(
    /^https:\/\/settle\.example\/_settle/,
  );
  await call(ready, "/machines/other", { slug: "s" });
  const answer = await call(ready, "/machines/other/i/s/events", { event: { type: "GO", ms: 60_000 } });
  expect([answer.status, ((await answer.json()) as { state: string }).state]).toEqual([200, "b"]);
  await call(ready, "/machines/other/i/s/events", { event: { type: "NOTHING" } });
  const { transitions } = (await (await call(ready, "/machines/other/i/s/events")).json()) as { transitions: object[] };
  expect(transitions).toHaveLength(1);
});

test("a write that was torn off is told of at the next start", async () => {
  const { process } = await serve();
  await process.stop("SIGKILL");
  await appendFile(join(folder, "db.journal"), '{"crc":');
  const again = await serve();
  const message = `${join(folder, "db.journal")}: cut off 7 bytes of a write that was under way when the process ended`;
  expect(JSON.parse(await again.process.line(/cut off/))).toEqual({
    event: "log",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    level: "warn",
    message,
  });
});

test("--log-retention keeps so many of the newest entries", async () => {
  const printer = join(folder, "printer.js");
  await writeFile(printer, slow.replace("initial:", "entry: ({ context }) => console.log('hello'), initial:"));
  const { ready } = await serve("--machines", printer, "--log-retention", "2");
  for (const slug of ["one", "two", "three"])
    expect((await call(ready, "/machines/printer", { slug })).status).toBe(200);
  const { logs } = (await (await call(ready, "/logs?from=2026-01-01T00:00:00Z")).json()) as { logs: object[] };
  expect(logs).toMatchObject([{ instanceName: "two" }, { instanceName: "three" }]);
});

describe("stopping", () => {
  test.each(["SIGINT", "SIGTERM"] as const)(
    "%s finishes the request in hand, writes everything, and exits 0",
    async (signal) => {
      const file = join(folder, "slow.js");
      await writeFile(file, slow);
      const { ready, process } = await serve("--machines", file);
      await call(ready, "/machines/slow", { slug: "s" });
      const inHand = call(ready, "/machines/slow/i/s/events", { event: { type: "GO", ms: 600 } });
      await expect.poll(async () => (await call(ready, "/machines/slow/i/s")).json()).toMatchObject({ state: "b" });
      const stopped = process.stop(signal);
      expect(await (await inHand).json()).toMatchObject({ state: "c" });
      expect(await stopped).toMatchObject({ code: 0, signal: null });
      const again = await serve();
      expect(await (await call(again.ready, "/machines/slow/i/s")).json()).toMatchObject({ state: "c" });
    },
  );

  test.each([
    ["SIGINT to the whole group of processes, as Ctrl-C is", (server: Running) => server.stopGroup("SIGINT")],
    ["SIGTERM to every process, as a service manager's is", stopEach],
  ])("%s, does the same", async (_, stop) => {
    const file = join(folder, "slow.js");
    await writeFile(file, slow);
    const { ready, process: server } = await serve("--machines", file);
    await call(ready, "/machines/slow", { slug: "s" });
    const inHand = call(ready, "/machines/slow/i/s/events", { event: { type: "GO", ms: 600 } });
    await expect.poll(async () => (await call(ready, "/machines/slow/i/s")).json()).toMatchObject({ state: "b" });
    const stopped = stop(server);
    expect(await (await inHand).json()).toMatchObject({ state: "c" });
    expect(await stopped).toMatchObject({ code: 0, signal: null });
  });
  async function stopEach(server: Running): Promise<Finished> {
    const { pid } = server.child;
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
    expect(children).toMatch(/\d/);
    for (const child of children.trim().split(" ")) process.kill(Number(child), "SIGTERM");
    return server.stop("SIGTERM");
  }

  test("a machine that would take too long is answered with the state it has reached", async () => {
    const file = join(folder, "slow.js");
    await writeFile(file, slow);
    const { ready, process } = await serve("--machines", file, "--settle-timeout", "60s");
    await call(ready, "/machines/slow", { slug: "s" });
    const inHand = call(ready, "/machines/slow/i/s/events", { event: { type: "GO", ms: 60_000 } });
    await expect.poll(async () => (await call(ready, "/machines/slow/i/s")).json()).toMatchObject({ state: "b" });
    const begun = performance.now();
    const stopped = process.stop();
    expect(await (await inHand).json()).toMatchObject({ state: "b" });
    expect(await stopped).toMatchObject({ code: 0 });
    expect(performance.now() - begun).toBeLessThan(5_000);
  });

  test.each([
    ["say nothing", ""],
    ["stop within the head of a request", "POST /machines HTTP/1.1\r\nhost: x\r\n"],
    [
      "stop within its body",
      "POST /machines HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\nauthorization: Bearer {token}\r\n\r\n{",
    ],
  ])("clients that %s don't keep it from ending", async (_, text) => {
    const { ready, process } = await serve();
    const client = connect(Number(new URL(ready.url).port), "127.0.0.1");
    try {
      const cut = once(client, "close");
      await once(client, "connect");
      client.write(text.replace("{token}", ready.adminToken));
      // Answered on a connection that came later: the first one is the server's by now.
      await call(ready, "/machines");
      expect(await process.stop()).toMatchObject({ code: 0, signal: null });
      await cut;
    } finally {
      client.destroy();
    }
  });

  test("kill -9 loses nothing that was acknowledged", async () => {
    const { ready, process } = await serve("--machines", counter);
    await call(ready, "/machines/counter", { slug: "c1" });
    const acknowledged = await (await call(ready, "/machines/counter/i/c1/events", { event: "INCREMENT" })).json();
    await process.stop("SIGKILL");
    const again = await serve("--machines", counter);
    expect(await (await call(again.ready, "/machines/counter/i/c1")).json()).toEqual(acknowledged);
  });
});

test("a comma parts paths in the variable, blanks around it or not, and belongs to the path on the command line", async () => {
  const places = [join(folder, "a"), join(folder, "b"), join(folder, "c,d")];
  await Promise.all(places.map((place, index) => cp(counter, join(place, `m${index}.ts`))));
  const published = async (args: string[], env?: { [name: string]: string }) => {
    const process = run(["serve", "--port", "0", "--store", "memory:", ...args], env);
    return (await process.line(/machines/)).trim();
  };
  expect(await published([], { SETTLE_MACHINES: ` ${places[0]} , ${places[1]},` })).toBe("machines   m0, m1");
  expect(await published(["--machines", "c,d", "--machines", "a"])).toBe("machines   m0, m2");
});

describe("a switch as a variable", () => {
  const start = (json: string) => run(["serve", "--port", "0", "--store", "memory:"], { SETTLE_JSON: json });

  test.each(["true", "1", "yes"])("is on: %s", async (word) => {
    expect(await start(word).line(/./)).toMatch(/^{"event":"ready"/);
  });

  test.each(["false", "0", "no", ""])("is off: '%s'", async (word) => {
    expect(await start(word).line(/./)).toMatch(/^Settle is ready at /);
  });

  test("is refused when it is neither", async () => {
    const stderr = "settle: SETTLE_JSON is perhaps; write true or false\n";
    expect(await start("perhaps").ended).toMatchObject({ code: 2, stdout: "", stderr });
  });

  test("gives way to what was typed", async () => {
    const typed = run(["serve", "--port", "0", "--store", "memory:", "--json"], { SETTLE_JSON: "false" });
    expect(await typed.line(/./)).toMatch(/^{"event":"ready"/);
  });
});

test("--watch without anything to watch is a server like any other", async () => {
  const { ready } = await serve("--watch");
  expect((await call(ready, "/machines")).status).toBe(200);
});

test("--watch republishes a machine when its source changes, and keeps the last good version while it is broken", async () => {
  const file = join(folder, "door.js");
  const door = (
    state: string,
  ) => `import { createMachine } from "npm:xstate@5"; export const allowRead = () => true; export const allowWrite = () => true;
    export default createMachine({ initial: "${state}", states: { ${state}: {} } });`;
  await writeFile(file, door("open"));
  const { ready, process } = await serve("--machines", file, "--watch");
  let n = 0;
  const createdState = async () =>
    ((await (await call(ready, "/machines/door", { slug: `d${++n}` })).json()) as { state: string }).state;
  expect(await createdState()).toBe("open");
  await writeFile(file, "export default {{{");
  await expect.poll(() => process.stdout.join("\n"), { timeout: 10_000 }).toMatch(/door\.js/);
  expect(await createdState()).toBe("open");
  await writeFile(file, door("shut"));
  await expect.poll(createdState, { timeout: 10_000 }).toBe("shut");
});
