// The fuzz stage: silent about a server that conforms, whatever the seed, and each of its checks red where it should be.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../../src/index.ts";
import { loadContracts } from "../../src/oracle/contracts.ts";
import type { Profile } from "../../src/oracle/profile.ts";
import { loadProfile, profileFile, profileSchema } from "../../src/oracle/profile.ts";
import type { Report } from "../../src/oracle/report.ts";
import { checks, type FuzzRule, fuzzRules } from "../../src/oracle/run/fuzz/checks.ts";
import { type RunEvent, type VerifyOptions, verify } from "../../src/oracle/verify.ts";
import { type Answering, json, type Passing, type Spoiler, startSpoilt } from "./spoilt-proxy.ts";

const folder = fileURLToPath(new URL("../../contracts", import.meta.url));
const contracts = loadContracts(folder);
const profile = loadProfile(profileFile(folder, "short"), profileSchema(folder));

let server: Awaited<ReturnType<typeof startServer>>;
const defects: string[] = [];
beforeAll(async () => {
  const log = (entry: { level: string; message: string }) =>
    void (entry.level === "error" && defects.push(entry.message));
  server = await startServer({ port: 0, store: "memory:", settleTimeoutMs: profile.settleTimeoutMs, log });
});
afterAll(() => server.close());

let runs = 0;
function judge(url: string, options: Partial<VerifyOptions> = {}): Promise<Report> {
  const { orgId, keyId, secretKey } = server;
  return verify({
    target: { url, orgId, keyId, secretKey },
    contracts,
    profile,
    prefix: `fuzz${++runs}`,
    now: () => Date.now(),
    only: ["fuzz"],
    ...options,
  });
}

const withStatus = ({ rules }: Report, ...statuses: string[]) =>
  rules.filter(({ status }) => statuses.includes(status)).map(({ id, message }) => `${id} ${message}`);
const result = ({ rules }: Report, id: string) => rules.find((rule) => rule.id === id);

/** The profile of a target with no other operations. */
const having = (...operations: string[]): Profile => ({ ...profile, operations });

describe("a conforming server", () => {
  it.each([1, 2, 3])("keeps every rule with seed %d, and each is exercised", { timeout: 60_000 }, async (seed) => {
    const report = await judge(server.url, { seed, runs: 60 });
    const others = report.rules.filter(({ status }) => status !== "passed").map(({ id }) => id);
    expect(others).toEqual(["SB-SPEC-REALTIME-CONFORMS"]);
    expect(withStatus(report, "passed").length).toBe(fuzzRules.length + 6);
    expect(defects).toEqual([]);
  });
  it("accepted something of each operation", { timeout: 60_000 }, async () => {
    const { coverage } = await judge(server.url, { seed: 4, runs: 10 });
    const silent = coverage.operations.filter(({ statuses }) => !Object.keys(statuses).some((one) => one < "300"));
    expect(silent).toEqual([]);
    expect(coverage.operations).toHaveLength(41);
  });
});

it("the checks' names lead to rules that exist, and each rule of the stage to a name", () => {
  const known = contracts.rules.map(({ id }) => id);
  const named = Object.values(checks).flat() as string[];
  expect(named.filter((rule) => !known.includes(rule))).toEqual([]);
  const ofStage = contracts.rules.filter(({ stage }) => stage === "fuzz").map(({ id }) => id);
  expect(ofStage.toSorted()).toEqual(fuzzRules.toSorted());
});

it("contracts/README.md lists them, name by name and rule by rule", () => {
  const rows = readFileSync(`${folder}/README.md`, "utf8").matchAll(/^\| `([a-z_0-9]+)` +\| (.*) \|$/gm);
  const listed = [...rows].map(([, name = "", text = ""]) => `${name}: ${text.match(/\bSB-[A-Z0-9-]+/g)?.join()}`);
  const known = Object.entries(checks).map(([name, rules]) => `${name}: ${rules.join()}`);
  expect(listed.filter((row) => row.includes("SB-"))).toEqual(known);
});

const parsed = ({ body }: { body: Buffer }) => {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
};
const isRefusal = ({ status }: Answering) => status >= 400;
const state = json(200, { ts: 1, state: "off", tags: [], done: false });
const isEvent = ({ method, path }: Passing) => method === "POST" && /\/events(\?|$)/.test(path);
const isRead = ({ method, path }: Passing) => method === "GET" && /^\/machines\/[^/]+\/i\/[^/]+$/.test(path);
const isCreation = ({ method, path }: Passing) => method === "POST" && /^\/machines\/[^/?]+(\?|$)/.test(path);
const become = (answer: Answering, other: Answering) => void Object.assign(answer, other);
const event = ["createMachineInstance", "getMachineInstance", "sendMachineInstanceEvent"];
const creation = ["createMachineInstance", "getMachineInstance"];
const deleted = new Set<string>();
const planted: string[] = [];
let reads = 0;

/** Each rule with a way of breaking it, and the operations that it takes. */
const faults: [FuzzRule | `SB-SPEC-${string}`, string, Spoiler, string[]][] = [
  [
    "SB-FUZZ-SERVER-ERROR-NONE",
    "a misfit is a 500",
    { answer: (answer) => answer.status === 400 && become(answer, json(500, { error: "no", code: "internal-error" })) },
    event,
  ],
  ["SB-FUZZ-SERVER-ERROR-NONE", "an event is not answered", { hangsUp: isEvent }, event],
  [
    "SB-SPEC-SUCCESS-STATUS-DECLARED",
    "a creation is a 202",
    {
      answer: (answer, request) =>
        isCreation(request) && answer.status === 200 && become(answer, { ...answer, status: 202 }),
    },
    creation,
  ],
  [
    "SB-SPEC-ERROR-STATUS-DECLARED",
    "a refusal is a 422",
    { answer: (answer) => answer.status === 400 && become(answer, { ...answer, status: 422 }) },
    event,
  ],
  [
    "SB-SPEC-SUCCESS-CONFORMS",
    "a state is labelled as text",
    {
      answer: (answer, request) =>
        isRead(request) && become(answer, { ...answer, headers: { "content-type": "text/plain" } }),
    },
    creation,
  ],
  [
    "SB-SPEC-ERROR-CONFORMS",
    "a refusal has a code of its own",
    { answer: (answer) => answer.status === 400 && become(answer, json(400, { error: "no", code: "bad" })) },
    event,
  ],
  [
    "SB-FUZZ-VALID-ACCEPTED",
    "a payload is refused",
    {
      instead: (request) =>
        isEvent(request) &&
        Object.keys(Object(parsed(request)?.event)).length > 1 &&
        typeof parsed(request)?.event === "object"
          ? json(400, { error: "no", code: "invalid-parameter" })
          : undefined,
    },
    event,
  ],
  [
    "SB-FUZZ-BODY-MISFIT-REFUSED",
    "an event may be anything",
    { answer: (answer, request) => isEvent(request) && answer.status === 400 && become(answer, state) },
    event,
  ],
  [
    "SB-FUZZ-NAME-MISFIT-REFUSED",
    "a malformed name is cut to one that exists",
    { answer: (answer, request) => request.method === "GET" && answer.status === 400 && become(answer, state) },
    creation,
  ],
  [
    "SB-FUZZ-MISFIT-REFUSED",
    "an operator that nobody knows is equality",
    {
      request: (request) =>
        void (
          request.path.includes("/query") && Object.assign(request, { path: request.path.replace(/op=[^&]*/, "op=eq") })
        ),
    },
    ["queryMachineInstances"],
  ],
  [
    "SB-FUZZ-MISFIT-400",
    "a misfit is a 403",
    {
      answer: (answer, request) =>
        isEvent(request) && answer.status === 400 && become(answer, json(403, { error: "no", code: "missing-scope" })),
    },
    event,
  ],
  [
    "SB-FUZZ-JSON-MALFORMED-REFUSED",
    "what can't be parsed is an event",
    {
      answer: (answer, request) =>
        isEvent(request) && parsed(request) === undefined && answer.status === 400 && become(answer, state),
    },
    event,
  ],
  [
    "SB-FUZZ-TYPE-UNREAD-415",
    "a label is not looked at",
    {
      request: (request) =>
        void (isEvent(request) && Object.assign(request.headers, { "content-type": "application/json" })),
    },
    event,
  ],
  [
    "SB-FUZZ-TYPE-VARIANTS-ACCEPTED",
    "a label with a charset is not known",
    {
      instead: (request) =>
        isEvent(request) && request.headers["content-type"] !== "application/json"
          ? json(415, { error: "no", code: "unsupported-media-type" })
          : undefined,
    },
    event,
  ],
  [
    "SB-FUZZ-EXTRA-IGNORED",
    "an unknown property is refused",
    {
      instead: (request) =>
        isEvent(request) && Object.keys(Object(parsed(request))).some((name) => name !== "event")
          ? json(400, { error: "no", code: "invalid-parameter" })
          : undefined,
    },
    event,
  ],
  [
    "SB-FUZZ-TOKEN-MISSING-REFUSED",
    "a read needs no token",
    {
      answer: (answer, request) =>
        isRead(request) && request.headers.authorization === undefined && become(answer, state),
    },
    creation,
  ],
  [
    "SB-FUZZ-TOKEN-INVALID-REFUSED",
    "a read takes any token",
    {
      answer: (answer, request) =>
        isRead(request) && request.headers.authorization !== undefined && isRefusal(answer) && become(answer, state),
    },
    creation,
  ],
  [
    "SB-FUZZ-UNKNOWN-REFUSED",
    "an instance that does not exist is off",
    { answer: (answer, request) => isRead(request) && answer.status === 404 && become(answer, state) },
    creation,
  ],
  [
    "SB-FUZZ-METHOD-405",
    "a method that a path doesn't have is a 404",
    { answer: (answer) => answer.status === 405 && become(answer, json(404, { error: "no", code: "not-found" })) },
    creation,
  ],
  [
    "SB-FUZZ-METHOD-ALLOW-LISTS",
    "Allow lists too much",
    {
      answer: (answer) =>
        answer.status === 405 &&
        become(answer, { ...answer, headers: { ...answer.headers, allow: "GET, POST, PUT, DELETE" } }),
    },
    creation,
  ],
  [
    "SB-FUZZ-CREATED-THERE",
    "a created instance can't be read",
    {
      answer: (answer, request) =>
        isRead(request) &&
        request.path.includes("-made-") &&
        become(answer, json(404, { error: "no", code: "not-found" })),
    },
    creation,
  ],
  [
    "SB-FUZZ-DELETED-GONE",
    "a deleted instance can be read",
    {
      answer: (answer, request) => {
        if (request.method === "DELETE" && answer.status === 204) deleted.add(request.path);
        else if (isRead(request) && deleted.has(request.path)) become(answer, state);
      },
    },
    [...creation, "deleteMachineInstance"],
  ],
  [
    "SB-FUZZ-READ-CHANGES-NOTHING",
    "each read has a time of its own",
    {
      answer: (answer, request) =>
        isRead(request) && answer.status === 200 && become(answer, json(200, { ...parsed(answer), ts: ++reads })),
    },
    creation,
  ],
  [
    "SB-FUZZ-REFUSAL-CHANGES-NOTHING",
    "a refused event flips the light",
    {
      answer: async (answer, request, ask) => {
        const body = Buffer.from('{"event":"FLIP"}');
        if (isEvent(request) && answer.status === 400)
          await ask({ body, headers: { ...request.headers, "content-type": "application/json" } });
      },
    },
    event,
  ],
  [
    "SB-FUZZ-REFUSAL-CREATES-NOTHING",
    "a refused creation creates",
    {
      answer: async (answer, request, ask) => {
        const slug = parsed(request)?.slug;
        if (isCreation(request) && answer.status === 400 && typeof slug === "string")
          await ask({ body: Buffer.from(JSON.stringify({ slug })) });
      },
    },
    creation,
  ],
  [
    "SB-FUZZ-REFUSAL-SHAPED",
    "a refusal is a page",
    {
      answer: (answer) =>
        answer.status === 404 &&
        become(answer, { ...answer, headers: { "content-type": "text/html" }, body: Buffer.from("<h1>404</h1>") }),
    },
    creation,
  ],
  [
    "SB-FUZZ-REFUSAL-TRACELESS",
    "a refusal shows where it was thrown",
    {
      answer: (answer) =>
        answer.status === 400 &&
        become(
          answer,
          json(400, { error: "Error: no\n    at parse (file:///srv/app.js:12:34)", code: "invalid-parameter" }),
        ),
    },
    event,
  ],
  [
    "SB-FUZZ-PRIVATE-KEPT",
    "a state shows the whole context",
    {
      answer: async (answer, request, ask) => {
        if (!isRead(request) || answer.status !== 200) return;
        const { context } = parsed(await ask({ path: `${request.path}/admin` }));
        become(answer, json(200, { ...parsed(answer), publicContext: context }));
      },
    },
    creation,
  ],
  [
    "SB-FUZZ-PROTOTYPE-KEPT",
    "what one request plants, every instance shows",
    {
      answer: (answer, request) => {
        if (!isCreation(request)) return;
        planted.push(...(/fuzz\d+-\d+-polluted/.exec(request.body.toString()) ?? []));
        if (answer.status === 200)
          become(answer, json(200, { ...parsed(answer), publicContext: { planted: planted.join() } }));
      },
    },
    creation,
  ],
];

describe("a broken server", () => {
  it.each(faults)("breaks %s when %s", { timeout: 60_000 }, async (rule, _, spoiler, operations) => {
    const spoilt = await startSpoilt(server.url, spoiler);
    try {
      const report = await judge(spoilt.url, { profile: having(...operations), runs: 100 });
      const found = result(report, rule);
      const level = contracts.rules.find(({ id }) => id === rule)?.level;
      expect([rule, found?.status, found?.message]).toEqual([
        rule,
        level === "ADVISORY" ? "warned" : "failed",
        expect.any(String),
      ]);
      expect(found?.repro.some((line) => line.startsWith("curl "))).toBe(true);
    } finally {
      await spoilt.close();
    }
  });

  it("that is slow breaks SB-FUZZ-ANSWER-TIMELY", { timeout: 60_000 }, async () => {
    // Half a minute passes between any two looks at the clock.
    let clock = Date.now();
    const now = () => {
      clock += 30_000;
      return clock;
    };
    const report = await judge(server.url, { profile: having(...creation), runs: 5, now });
    expect(result(report, "SB-FUZZ-ANSWER-TIMELY")?.message).toMatch(/within 11000 ms expected, after 30000 ms/);
  });
});

/** Refuses events that have a payload. */
const wary: Spoiler = {
  instead: (request) => {
    const given = Object(parsed(request)?.event);
    const hasPayload = isEvent(request) && typeof given.type === "string" && Object.keys(given).length > 1;
    return hasPayload ? json(400, { error: "no payload", code: "invalid-parameter" }) : undefined;
  },
};

async function spoiltBy<T>(spoiler: Spoiler, use: (url: string) => Promise<T>): Promise<T> {
  const spoilt = await startSpoilt(server.url, spoiler);
  try {
    return await use(spoilt.url);
  } finally {
    await spoilt.close();
  }
}

describe("a failure", { timeout: 60_000 }, () => {
  const id = "SB-FUZZ-VALID-ACCEPTED";
  const bodyIn = (repro: readonly string[]) => /--data-binary '(.*)'$/.exec(repro.at(-1) ?? "")?.[1] ?? "{}";

  it.each([1, 2, 3])("is told with the plainest request that still shows it, with seed %d", async (seed) => {
    const report = await spoiltBy(wary, (url) => judge(url, { profile: having(...event), seed }));
    const found = result(report, id);
    expect(found?.message).toMatch(
      /^sendMachineInstanceEvent: .* accepted expected, status 400 \{"error":"no payload"/,
    );
    // A type and one more property, both as short as they may be.
    const { type, ...payload } = JSON.parse(bodyIn(found?.repro ?? [])).event;
    expect([type.length, Object.keys(payload).length]).toEqual([1, 1]);
    expect(JSON.stringify(payload).length).toBeLessThan(16);
  });

  it("is shown again by its script", async () => {
    await spoiltBy(wary, async (url) => {
      const report = await judge(url, { profile: having(...event) });
      const environment = { SETTLE_URL: url, SETTLE_KEY_ID: server.keyId, SETTLE_SECRET_KEY: server.secretKey };
      const options = { cwd: `${folder}/..`, env: { ...process.env, ...environment } };
      const { stdout } = await promisify(execFile)("bash", ["-c", result(report, id)?.repro.join("\n") ?? ""], options);
      expect([...stdout.matchAll(/HTTP\/1.1 (\d+)/g)].at(-1)?.[1]).toBe("400");
      expect(stdout).toContain("no payload");
    });
  });

  it("is found again by its replay, alone", async () => {
    await spoiltBy(wary, async (url) => {
      const found = result(await judge(url, { profile: having(...event), seed: 5 }), id);
      expect(found?.replay?.slice(0, 5)).toEqual(["--only", "fuzz", "--seed", "5", "--replay"]);
      const replay = found?.replay?.at(-1) ?? "";
      const report = await judge(url, { profile: having(...event), seed: 5, replay });
      expect(bodyIn(result(report, id)?.repro ?? [])).toBe(bodyIn(found?.repro ?? []));
      const events = report.coverage.operations.find(({ operationId }) => operationId === "sendMachineInstanceEvent");
      // Once, and once more to be sure.
      expect(Object.values(events?.statuses ?? {}).reduce((sum, count) => sum + count, 0)).toBe(2);
    });
  });

  it("is found by its replay, though another is found first", async () => {
    const page = { status: 500, headers: { "content-type": "text/html" }, body: Buffer.from("<h1>500</h1>") };
    const crashing: Spoiler = { answer: (answer) => answer.status === 415 && become(answer, page) };
    const shape = "SB-FUZZ-REFUSAL-SHAPED";
    await spoiltBy(crashing, async (url) => {
      const found = result(await judge(url, { profile: having(...event) }), shape);
      const replay = found?.replay?.at(-1) ?? "";
      expect(replay).toMatch(/^[a-zA-Z]+\/mislabelled\//);
      const report = await judge(url, { profile: having(...event), replay });
      expect([shape, "SB-FUZZ-SERVER-ERROR-NONE"].map((rule) => result(report, rule)?.status)).toEqual([
        "warned",
        "failed",
      ]);
    });
  });

  it("that does not come again is flaky", async () => {
    let hasFailed = false;
    const once: Spoiler = {
      instead: (request) => {
        if (!isEvent(request) || hasFailed) return undefined;
        hasFailed = true;
        return json(500, { error: "oops", code: "internal-error" });
      },
    };
    const report = await spoiltBy(once, (url) => judge(url, { profile: having(...event), runs: 10 }));
    expect(result(report, "SB-FUZZ-SERVER-ERROR-NONE")?.status).toBe("flaky");
  });
});

describe("what was not exercised", { timeout: 60_000 }, () => {
  it("is no pass: an operation that accepts nothing is named", async () => {
    const closed: Spoiler = {
      instead: (request) => (isEvent(request) ? json(403, { error: "no", code: "missing-scope" }) : undefined),
    };
    const report = await spoiltBy(closed, (url) => judge(url, { profile: having(...event), runs: 20 }));
    expect(result(report, "SB-FUZZ-VALID-ACCEPTED")).toMatchObject({
      status: "not-exercised",
      message: "no valid request of sendMachineInstanceEvent was accepted (403 4 times)",
    });
    // Refusals of it would have proved nothing.
    expect(result(report, "SB-FUZZ-BODY-MISFIT-REFUSED")?.status).toBe("passed");
    expect(result(report, "SB-FUZZ-REFUSAL-CHANGES-NOTHING")?.status).toBe("not-exercised");
  });

  it("is told with what was missing", async () => {
    const unpublished = { ...profile, capabilities: [] };
    const report = await judge(server.url, { profile: unpublished, runs: 5 });
    expect(result(report, "SB-FUZZ-VALID-ACCEPTED")).toMatchObject({
      status: "not-exercised",
      message: expect.stringContaining("the machine toggle could not be published"),
    });
    expect(result(report, "SB-FUZZ-TOKEN-MISSING-REFUSED")?.status).toBe("passed");
  });
});

it("what the target is not said to have is skipped", { timeout: 60_000 }, async () => {
  const capabilities = profile.capabilities.filter((capability) => capability !== "admin");
  const modest = { ...having("listMachines", "getMachine", "deleteMachineInstance"), capabilities };
  const report = await judge(server.url, { profile: modest, runs: 5 });
  expect(result(report, "SB-FUZZ-DELETED-GONE")).toMatchObject({
    status: "skipped",
    message: "needs admin, which the target is not said to have",
  });
  expect(result(report, "SB-FUZZ-CREATED-THERE")).toMatchObject({
    status: "skipped",
    message: "needs the operation createMachine, which the target is not said to have",
  });
  expect(result(report, "SB-FUZZ-VALID-ACCEPTED")?.status).toBe("passed");
});

describe("what nobody is blamed for", { timeout: 60_000 }, () => {
  const blamed = (report: Report) => withStatus(report, "failed", "flaky", "oracle-error");
  const kinds: [string, Spoiler, string[]][] = [
    [
      "other statuses for refusals that the document declares",
      {
        answer: (answer, { method }) => {
          const isMisfit = answer.status === 400 && method !== "GET";
          if (isMisfit) become(answer, json(403, { error: "no", code: "missing-scope" }));
        },
      },
      event,
    ],
    [
      "a null read as nothing where nothing would do",
      {
        request: (request) => {
          const body = parsed(request);
          if (!isCreation(request) || typeof body !== "object" || body === null) return;
          const rest = Object.entries(body).filter(([name, value]) => name === "slug" || value !== null);
          request.body = Buffer.from(JSON.stringify(Array.isArray(body) ? body : Object.fromEntries(rest)));
        },
      },
      creation,
    ],
    [
      "a limit that is reached now and then",
      {
        instead: (request) => {
          const isLimited = isEvent(request) && ++reads % 7 === 0;
          return isLimited ? json(503, { error: "later", code: "unavailable" }) : undefined;
        },
      },
      event,
    ],
    [
      "a redirection of who has no token",
      {
        answer: (answer, request) =>
          request.headers.authorization === undefined &&
          become(answer, { status: 302, headers: { location: "/login" }, body: Buffer.alloc(0) }),
      },
      ["listMachines", "getMachine"],
    ],
  ];
  it.each(kinds)("%s", async (_, spoiler, operations) => {
    const report = await spoiltBy(spoiler, (url) => judge(url, { profile: having(...operations) }));
    const isStatusRule = (line: string) => line.startsWith("SB-SPEC-SUCCESS-STATUS-DECLARED");
    // A redirection is still no status that the operation declares.
    expect(blamed(report).filter((line) => !isStatusRule(line))).toEqual([]);
  });
});

describe("a shared target", { timeout: 60_000 }, () => {
  it("keeps what the run did not make", async () => {
    const seen: { method: string; path: string; slug: unknown; name: unknown; status: number }[] = [];
    const watching: Spoiler = {
      answer: ({ status }, request) => {
        const { slug, name } = Object(parsed(request));
        seen.push({ method: request.method, path: request.path, slug, name, status });
      },
    };
    const report = await spoiltBy(watching, (url) => judge(url, { prefix: "guest", seed: 9 }));
    expect(withStatus(report, "failed")).toEqual([]);
    const done = seen.filter(({ status }) => status < 300);
    const created = done.filter(({ method, path }) => method === "POST" && !path.startsWith("/http-api"));
    const foreign = created.filter(({ slug, name }) => !String(slug ?? name ?? "guest").startsWith("guest-"));
    expect(foreign.filter(({ slug, name }) => slug !== undefined || name !== undefined)).toEqual([]);
    expect(created.filter(({ slug }) => slug !== undefined).length).toBeGreaterThan(30);
    expect(seen.filter(({ path }) => path.includes(server.keyId))).toEqual([]);
    expect(created.filter(({ path }) => path === "/orgs").length).toBeLessThanOrEqual(2);
    expect(created.filter(({ path }) => path === "/keys").length).toBeLessThanOrEqual(5);
    const deletions = seen.filter(({ method, path }) => method === "DELETE" && !path.startsWith("/http-api"));
    expect(deletions.length).toBeGreaterThan(50);
    const done204 = deletions.filter(({ status }) => status === 204).map(({ path }) => path);
    expect(done204.filter((path) => !/guest-|^\/keys\/sbk_|^\/idps/.test(path))).toEqual([]);
  });

  it("is left soon when nobody waits any more", async () => {
    const controller = new AbortController();
    const told: string[] = [];
    const onEvent = (event: RunEvent) => {
      if (event.event !== "progress") return;
      told.push(event.what);
      if (event.what === "createMachine") controller.abort();
    };
    await judge(server.url, { signal: controller.signal, onEvent });
    expect(told).toEqual(["listMachines", "createMachine"]);
  });
});
