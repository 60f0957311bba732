// Requests that are wrong in every way there is: each is answered in the API's own shape, nothing is half done, the server stays up.

import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { operationTable } from "../../src/operations/table.ts";
import { operations } from "../../src/spec/document.ts";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";

const seed = Number(process.env.SEED ?? 20_261_124);
let rig: Rig;
const defects: string[] = [];
beforeAll(async () => {
  rig = await startRig({ log: ({ level, message }) => void (level === "error" && defects.push(message)) });
  await rig.publish("open", openMachine);
  await rig.call("POST", "/machines/open", { json: { slug: "here" } });
});
afterAll(() => rig.server.close());

// Whatever came before: the server answers, the one instance is as it was, and nothing was logged as a defect.
afterEach(async () => {
  expect((await rig.call("GET", "/machines/open/i/here")).body).toMatchObject({ state: "a", publicContext: { n: 0 } });
  expect((await rig.call("GET", "/machines/open/i")).body).toMatchObject({ instances: [{ slug: "here" }] });
  expect(defects).toEqual([]);
});

interface Told {
  status: number;
  body: unknown;
}
const errorShape = { error: expect.any(String), code: expect.any(String) };
function expectRefusal({ status, body }: Told): void {
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(body).toMatchObject(errorShape);
  // The description is what OAuth adds when an exchange is refused.
  const known = ["error", "code", "parameter", "error_description"];
  expect(Object.keys(body as object).filter((key) => !known.includes(key))).toEqual([]);
}

const nested = (depth: number, open: string, close: string) => open.repeat(depth) + close.repeat(depth);
const bodies: [string, string | Uint8Array, number][] = [
  ["nothing", "", 400],
  ["a lone brace", "{", 400],
  ["a trailing comma", '{"slug":"x",}', 400],
  ["two documents", '{"slug":"x"}{"slug":"y"}', 400],
  ["single quotes", "{'slug':'x'}", 400],
  ["a comment", '{"slug":"x"/**/}', 400],
  ["NaN", '{"slug":"x","context":{"n":NaN}}', 400],
  ["a string", '"slug"', 400],
  ["a string that holds a document", JSON.stringify('{"slug":"x"}'), 400],
  ["a number", "7", 400],
  ["null", "null", 400],
  ["an array", '[{"slug":"x"}]', 400],
  ["deep arrays", `{"slug":"x","context":{"a":${nested(100_000, "[", "]")}}}`, 400],
  ["deep objects", `{"slug":"x","context":${nested(50_000, '{"a":', "")}1${"}".repeat(50_000)}}`, 400],
  ["brackets that never close", "[".repeat(500_000), 400],
  ["bytes that are no UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 400],
  ["UTF-16", Buffer.from('{"slug":"x"}', "utf16le"), 400],
  ["a cut character", Buffer.from('{"slug":"\u00e9"}').subarray(0, 10), 400],
  ["NUL in a name", '{"slug":"a\\u0000b"}', 400],
  ["a line break in a name", '{"slug":"a\\nb"}', 400],
  ["a name that ends in a line break", '{"slug":"ab\\n"}', 400],
  ["letters of another alphabet", '{"slug":"\u0430\u0431"}', 400],
  ["a path as a name", '{"slug":"../../etc"}', 400],
  ["a huge number as a name", '{"slug":1e999}', 400],
  ["more than fits", `{"slug":"x","context":{"a":"${"x".repeat(2_000_000)}"}}`, 413],
];

test.each(bodies)("a body of %s is refused", async (_name, text, status) => {
  const answer = await rig.call("POST", "/machines/open", { text });
  expectRefusal(answer);
  expect(answer.status).toBe(status);
});

describe("odd but legal content is kept as it came", () => {
  test.each([
    ["a lone surrogate", '{"a":"\\ud800"}'],
    ["NUL", '{"a":"\\u0000"}'],
    ["an astral character", '{"a":"\u{1f600}"}'],
    ["what other texts end their lines with", '{"a":"\u2028\u2029\u0085","b":"\\r\\n"}'],
    ["`__proto__`", '{"a":{"__proto__":{"polluted":true}}}'],
    ["`constructor`", '{"constructor":{"prototype":{"polluted":true}}}'],
    ["a nest of 200", `{"a":${nested(200, "[", "]")}}`],
  ])("%s in a context", async (_name, context) => {
    const other = await startRig();
    try {
      await other.publish("open", openMachine);
      expect((await other.call("POST", "/machines/open", { text: `{"slug":"odd","context":${context}}` })).status).toBe(
        200,
      );
      const { body } = await other.call("GET", "/machines/open/i/odd/admin");
      const kept = body.context as { [key: string]: unknown };
      for (const [key, value] of Object.entries(JSON.parse(context) as object)) {
        expect(Object.getOwnPropertyDescriptor(kept, key)?.value).toEqual(value);
      }
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    } finally {
      await other.server.close();
    }
  });
});

test.each([
  ["text/plain", 415],
  ["application/xml", 415],
  ["application/x-www-form-urlencoded", 415],
  ["multipart/form-data; boundary=x", 415],
  ["application/jsonx", 415],
  ["json", 415],
  ["/", 415],
  [";;;", 415],
  ["\u00e9", 415],
])("a body labelled %j is 415", async (type, status) => {
  const answer = await rig.call("POST", "/machines/open", { text: '{"slug":"x"}', headers: { "content-type": type } });
  expectRefusal(answer);
  expect(answer.status).toBe(status);
});

test.each(["gzip", "br", "GZIP, identity"])("a body in the coding %s is 415, and says why", async (coding) => {
  const [text, headers] = [new Uint8Array(gzipSync('{"slug":"x"}')), { "content-encoding": coding }];
  const answer = await rig.call("POST", "/machines/open", { text, headers });
  expectRefusal(answer);
  const error = `The body is compressed (content-encoding: ${coding}). Send it as it is.`;
  expect(answer).toMatchObject({ status: 415, body: { error } });
});

test("a body in the coding that changes nothing, and a coding without a body, are read", async () => {
  const headers = { "content-encoding": "Identity" };
  expect((await rig.call("POST", "/machines/open", { json: { slug: "here" }, headers })).status).toBe(409);
  expect((await rig.call("GET", "/machines", { headers: { "content-encoding": "gzip" } })).status).toBe(200);
});

test.each([
  "/nowhere",
  "/machines/open/nothing",
  "/machines//i",
  "/machines/%00",
  "/machines/%ZZ",
  "/machines/%",
  "/machines/%E0%A4%A",
  "/machines/open%2Fi",
  "/machines/..%2f..%2fetc",
  "/machines/\u00e9",
  `/machines/${"x".repeat(129)}`,
  `/machines/${"x".repeat(10_000)}`,
  "/machines/open/i/a b",
  "/machines?cursor=a&cursor=b",
  "/machines?cursor=%ff",
  "/_settle/nothing",
])("GET %j is refused", async (path) => {
  expectRefusal(await rig.call("GET", path));
});

describe("on the wire", () => {
  const post = (more: string) =>
    `POST /machines/open HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${rig.server.adminToken}\r\ncontent-type: application/json\r\n${more}`;
  const wires: [string, () => string | Buffer, number][] = [
    ["no HTTP at all", () => "hello\r\n\r\n", 400],
    ["binary noise", () => Buffer.from([0, 1, 2, 3, 255, 13, 10, 13, 10]), 400],
    ["a TLS greeting", () => Buffer.from("16030100a5010000a10303", "hex"), 400],
    ["an unknown method", () => "BREW /machines HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["a space in the path", () => "GET /mach ines HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["a header without a name", () => "GET /machines HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n", 400],
    ["headers that are too large", () => `GET /machines HTTP/1.1\r\nhost: x\r\nx: ${"y".repeat(100_000)}\r\n\r\n`, 431],
    ["two lengths", () => post("content-length: 1\r\ncontent-length: 2\r\n\r\nx"), 400],
    ["a length and chunks", () => post("content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), 400],
    ["a length that is no number", () => post("content-length: ten\r\n\r\n"), 400],
    ["a negative length", () => post("content-length: -1\r\n\r\n"), 400],
    ["a body shorter than its length", () => post('content-length: 100\r\n\r\n{"slug":"half"}'), 400],
    ["chunks that are broken", () => post('transfer-encoding: chunked\r\n\r\nZZ\r\n{"slug":"half"}\r\n0\r\n\r\n'), 400],
    ["chunks that end in the middle", () => post('transfer-encoding: chunked\r\n\r\nf\r\n{"slug":"half"}'), 400],
    [
      "chunks that never stop",
      () => post(`transfer-encoding: chunked\r\n\r\n${`186a0\r\n${"x".repeat(100_000)}\r\n`.repeat(25)}0\r\n\r\n`),
      413,
    ],
    ["an expectation that can't be met", () => post("expect: the-unexpected\r\ncontent-length: 0\r\n\r\n"), 417],
    ["no host", () => "GET /machines HTTP/1.1\r\n\r\n", 400],
  ];
  test.each(wires)("%s is answered in the API's shape", async (_name, bytes, status) => {
    const received = await rig.raw(bytes());
    const [head = "", ...rest] = received.split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    const text = rest.join("\r\n\r\n");
    expect(JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1))).toMatchObject(errorShape);
  });

  test("a request that is broken off is nobody's: nothing is stored", async () => {
    await rig.raw(post('content-length: 1000\r\n\r\n{"slug":"broken-off"'));
    expect((await rig.call("GET", "/machines/open/i/broken-off")).status).toBe(404);
  });

  test("what came whole before the broken part is answered first", async () => {
    const received = await rig.raw(`GET /_settle/health HTTP/1.1\r\nhost: x\r\n\r\nrubbish\r\n\r\n`);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
  });
});

const mapperMethods = ["Get", "Put", "Post", "Delete", "Options", "Head", "Patch"];
const mapped = { path: "/http-api/{orgId}/machines/open/hook", json: { to: "here", event: "ADD", as: { sub: "ada" } } };
const mapper = `export const httpApiMapper = { hook: { handler: ({ body }) =>
  ({ machineInstanceName: body.to, event: body.event, authContext: body.as, initialContext: body.context }) } };`;

/** Valid requests of every delivered operation, and ways to spoil each of their parts. */
const valid: { [operationId: string]: { path: string; json?: unknown; form?: string } } = {
  ...Object.fromEntries(mapperMethods.map((method) => [`sendHttpApi${method}`, mapped])),
  createMachine: { path: "/machines", json: { slug: "here-too", indexes: ["a"] } },
  createMachineInstance: { path: "/machines/open", json: { slug: "x", context: { a: 1 } } },
  sendMachineInstanceEvent: { path: "/machines/open/i/here/events", json: { event: { type: "ADD" } } },
  finalizeMachineVersion: { path: "/machines/open/v/ver_x.y", json: { clientInfo: "x", makeCurrent: true } },
  createMachineVersion: { path: "/machines/open/v" },
  listMachines: { path: "/machines" },
  getMachine: { path: "/machines/open" },
  listMachineVersions: { path: "/machines/open/v" },
  listMachineInstances: { path: "/machines/open/i" },
  getMachineInstance: { path: "/machines/open/i/here" },
  getMachineInstanceAdmin: { path: "/machines/open/i/here/admin" },
  listMachineInstanceTransitions: { path: "/machines/open/i/here/events" },
  queryMachineInstances: { path: "/machines/open/indexes/color/query" },
  getLogs: { path: "/logs?from=2026-01-05T10:00:00.000Z" },
  listIdentityProviders: { path: "/idps" },
  upsertIdentityProvider: {
    path: "/idps",
    json: { aud: "a", iss: "i", algs: ["HS256"], key: "azE", mapping: { "sub.$": "$.sub", deep: { fixed: 1 } } },
  },
  deleteIdentityProvider: { path: "/idps", json: { aud: "a", iss: "i" } },
  listTokenProviders: { path: "/token-providers" },
  upsertTokenProvider: {
    path: "/token-providers",
    json: { service: "shop", keyId: "sbk_x", mapping: { "sub.$": "$.sub" } },
  },
  deleteTokenProvider: { path: "/token-providers/shop" },
  exchangeToken: {
    path: "/tokens",
    form: new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      requested_token_type: "urn:ietf:params:oauth:token-type:access_token",
      audience: "https://tokens.statebacked.dev/org_x/shop",
      subject_token: "e30.e30.e30",
    }).toString(),
  },
  listOrgs: { path: "/orgs" },
  createOrg: { path: "/orgs", json: { name: "shop", allowAnonymousAccess: true } },
  sendInvitation: { path: "/org-members", json: { email: "ada@example.org", role: "read" } },
  acceptInvitation: { path: "/inv_none" },
  listKeys: { path: "/keys" },
  createKey: { path: "/keys", json: { name: "k", use: "ci", scopes: ["state.read"] } },
  deleteKey: { path: "/keys/sbk_none" },
  getBilling: { path: "/billing" },
  openRealtime: { path: "/rt?token=x" },
  deleteMachine: {
    path: "/machines/open",
    json: { dangerDataWillBeDeletedForever: true, hmacSha256OfMachineNameWithMachineNameKey: "x" },
  },
  deleteMachineInstance: {
    path: "/machines/open/i/here",
    json: { dangerDataWillBeDeletedForever: true, hmacSha256OfMachineInstanceNameWithMachineNameKey: "x" },
  },
  setMachineInstanceStatus: { path: "/machines/open/i/gone/status", json: { status: "paused" } },
  setDesiredMachineVersion: { path: "/machines/open/i/here/v", json: { targetMachineVersionId: "ver_x" } },
  createMigration: {
    path: "/machines/open/migrations",
    json: { fromMachineVersionId: "ver_x", toMachineVersionId: "ver_y" },
  },
  finalizeMigration: { path: "/machines/open/migrations/mig_x.ver_x.ver_y.z" },
};

test("a delivered operation that nobody spoils here would be noticed", () => {
  expect(Object.keys(valid).sort()).toEqual(Object.keys(operationTable).sort());
});

const junk = fc.oneof(
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom("", "__proto__", "\u0000", "\ud800", -1, 1e308, [], {}, null, true),
);
const spoilt = fc.record({
  operationId: fc.constantFrom(...Object.keys(valid)),
  body: fc.oneof(
    junk.map((value) => JSON.stringify(value)),
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.tuple(fc.nat(60), fc.nat(255)).map(([at, byte]) => ({ at, byte })),
    fc
      .record(
        {
          slug: junk,
          context: junk,
          event: junk,
          machineVersionId: junk,
          clientInfo: junk,
          makeCurrent: junk,
          indexSelectors: junk,
          indexes: junk,
          dangerDataWillBeDeletedForever: junk,
          hmacSha256OfMachineInstanceNameWithMachineNameKey: junk,
          status: junk,
          targetMachineVersionId: junk,
          fromMachineVersionId: junk,
          toMachineVersionId: junk,
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
    fc
      .record(
        {
          aud: junk,
          iss: fc.constantFrom("i", "", 7),
          algs: fc.oneof(junk, fc.subarray(["HS256", "RS256", "ES256", "EdDSA", "none"])),
          key: fc.oneof(
            junk,
            fc.base64String().map((text) => text.replaceAll(/[+/=]/g, "-")),
          ),
          jwksUrl: fc.oneof(junk, fc.webUrl(), fc.constantFrom("file:///etc/passwd", "//x", "http://a:b@c/")),
          mapping: fc.oneof(junk, fc.dictionary(fc.constantFrom("a.$", "b", ".$", "__proto__.$"), junk)),
          service: junk,
          keyId: junk,
          name: junk,
          use: junk,
          scopes: junk,
          email: junk,
          role: junk,
          allowAnonymousAccess: junk,
        },
        { requiredKeys: [] },
      )
      .map((value) => JSON.stringify(value)),
  ),
  suffix: fc.oneof(
    fc.constant(""),
    fc.webQueryParameters().map((query) => `?cursor=${query}`),
    fc.webPath({ size: "small" }),
  ),
  headers: fc.dictionary(
    fc.constantFrom(
      "content-type",
      "x-statebacked-act",
      "x-statebacked-org-id",
      "authorization",
      "accept",
      "content-encoding",
      "x-anything",
    ),
    fc.oneof(
      fc.string({ unit: "grapheme-ascii", maxLength: 30 }),
      fc.constantFrom("application/json", "gzip", "{}", "Bearer ", "Bearer a.b.c"),
    ),
    { maxKeys: 2 },
  ),
});

test("requests spoilt at random are refused in the API's shape, or harmless", { timeout: 60_000 }, async () => {
  const other = await startRig({ log: ({ level, message }) => void (level === "error" && defects.push(message)) });
  await other.call("POST", "/machines", { json: { slug: "open", indexes: ["color"] } });
  await other.publish("open", openMachine + mapper);
  await other.call("POST", "/machines/open", { json: { slug: "here" } });
  const methods = new Map(operations.map(({ operationId, method }) => [operationId, method.toUpperCase()]));
  try {
    const property = fc.asyncProperty(spoilt, async ({ operationId, body, suffix, headers }) => {
      const { path = "", json, form } = valid[operationId] ?? {};
      const method = methods.get(operationId) ?? "GET";
      const bodiless = method === "GET" || method === "HEAD";
      const spoiltText = () => (typeof body === "string" ? body : flip(form ?? JSON.stringify(json ?? {}), body));
      const text = bodiless ? undefined : spoiltText();
      const sendable = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name, value.replace(/[^\x20-\x7e]/g, "")]),
      );
      const answer = await other.call(method, `${path.replace("{orgId}", other.server.orgId)}${suffix}`, {
        ...(text === undefined ? {} : { text }),
        headers: { ...(form ? { "content-type": "application/x-www-form-urlencoded" } : {}), ...sendable },
      });
      if (method === "HEAD") expect(answer.status).toBeLessThan(500);
      else if (answer.status >= 400) expectRefusal(answer);
      else expect([200, 201, 204]).toContain(answer.status);
    });
    await fc.assert(property, { seed, numRuns: 1_200 });
    expect((await other.call("GET", "/machines/open/i/here")).status).toBe(200);
  } finally {
    await other.server.close();
  }
});

/** The text with one byte changed. */
function flip(text: string, { at, byte }: { at: number; byte: number }): Uint8Array {
  const bytes = Buffer.from(text);
  bytes[at % bytes.length] = byte;
  return bytes;
}
