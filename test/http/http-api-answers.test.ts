// What a response mapper may answer with, how it goes out, and what is answered when it fails.

import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { MapperRig } from "./mapper-rig.ts";
import { mapperMachine, startMapperRig, targeting } from "./mapper-rig.ts";

let rig: MapperRig;
let fresh = "";
beforeAll(async () => {
  rig = await startMapperRig();
  await rig.publish("m", mapperMachine("v1"));
});
afterAll(() => rig.server.close());
beforeEach(() => {
  fresh = rig.fresh();
  rig.printed.length = 0;
});

const nothingMapped = { status: 200, json: { ok: true } };

describe("a body that is", () => {
  test.each<[string, string, string, string | null]>([
    ["an object", "{ a: [1, null] }", '{"a":[1,null]}', "application/json"],
    ["a list", "[1]", "[1]", "application/json"],
    ["a number", "0", "0", "application/json"],
    ["false", "false", "false", "application/json"],
    ["a date", "new Date(0)", "1970-01-01T00:00:00.000Z", "text/plain; charset=utf-8"],
    ["a text", '"caf\u00e9 \u{1f600}"', "caf\u00e9 \u{1f600}", "text/plain; charset=utf-8"],
    ["an empty text", '""', "", "text/plain; charset=utf-8"],
    ["null", "null", "", null],
    ["missing", "undefined", "", null],
    ["bytes", "Uint8Array.of(0, 255, 10)", "\x00\xff\n", "application/octet-stream"],
    ["a part of bytes", "new Uint8Array([9, 1, 2, 9]).subarray(1, 3)", "\x01\x02", "application/octet-stream"],
    ["no bytes", "new Uint8Array()", "", "application/octet-stream"],
    ["a buffer of bytes", "Uint8Array.of(7).buffer", "\x07", "application/octet-stream"],
    ["a view of bytes", "new DataView(Uint8Array.of(7, 8).buffer, 1)", "\x08", "application/octet-stream"],
    ["a blob", 'new Blob(["<b>"])', "<b>", "application/octet-stream"],
  ])("%s goes out as it is", async (_what, body, sent, type) => {
    const answer = await rig.replying(`{ statusCode: 200, headers: {}, body: ${body} }`);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, type]);
    expect(answer.bytes.toString(type?.includes("octet") ? "latin1" : "utf8")).toBe(sent);
    expect(answer.headers.get("content-length")).toBe(String(answer.bytes.length));
  });

  test("labelled keeps its label, and text of any kind its letters", async () => {
    for (const type of ["text/html", "application/json", "image/svg+xml;charset=UTF-8", "x/y; a=b"]) {
      const { headers, text } = await rig.replying(
        `{ statusCode: 200, headers: { "Content-Type": "${type}" }, body: "{\u00e9}" }`,
      );
      expect([headers.get("content-type"), text]).toEqual([type, "{\u00e9}"]);
    }
  });

  test("bytes comes back byte by byte, and went in so", async () => {
    const image = randomBytes(100_000);
    const handler = `({ body }) => (${targeting(fresh, `event: { type: "REPLY", with: REPLY, picture: body }`)})`;
    const code = mapperMachine("v1")
      .replace(
        "export const httpApiMapper = {",
        `export const httpApiMapper = { picture: { handler: ${handler}, responseMapper: ({ context }) => eval(context.reply) },`,
      )
      .replace(
        "with: REPLY",
        `with: "({ statusCode: 200, headers: { 'content-type': 'image/png' }, body: bytes(context.picture) })"`,
      )
      .replace(
        "reply: ({ event }) => event.with",
        "reply: ({ event }) => event.with, picture: ({ event }) => event.picture",
      );
    await rig.publish("pictures", code);
    const { status, headers, bytes } = await rig.ask("PUT", "pictures/picture", { body: image });
    expect([status, headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(bytes.equals(image)).toBe(true);
  });

  test("larger than ten million bytes is none", async () => {
    for (const body of ["new Uint8Array(10_000_001)", `"x".repeat(10_000_001)`])
      expect(await rig.replying(`{ statusCode: 200, headers: {}, body: ${body} }`)).toMatchObject(nothingMapped);
    const fits = await rig.replying("{ statusCode: 200, headers: {}, body: new Uint8Array(10_000_000) }");
    expect([fits.status, fits.bytes.length]).toEqual([200, 10_000_000]);
  });
});

describe("a status", () => {
  test.each([200, 201, 202, 206, 300, 302, 400, 401, 404, 409, 418, 422, 429, 451, 500, 501, 503, 504, 599])(
    "%i is the mapper's own to say, with any body",
    async (statusCode) => {
      const { status, text } = await rig.replying(`{ statusCode: ${statusCode}, headers: {}, body: "mine" }`);
      expect([status, text]).toEqual([statusCode, "mine"]);
    },
  );

  test.each([204, 205, 304])("%i has no body, even if one is given", async (statusCode) => {
    const { status, headers, bytes } = await rig.replying(
      `{ statusCode: ${statusCode}, headers: { etag: '"1"' }, body: "x" }`,
    );
    expect([status, headers.get("etag"), bytes.length]).toEqual([statusCode, '"1"', 0]);
    expect(headers.get("content-length") ?? "0").toBe("0");
  });

  test("of a HEAD has no body, but its length", async () => {
    await rig.free(targeting(fresh));
    const get = await rig.ask("GET", `m/mark?to=${fresh}`);
    const head = await rig.ask("HEAD", `m/mark?to=${fresh}`);
    expect([get.text, head.text]).toEqual(["v1 of a", ""]);
    expect(head.headers.get("content-length")).toBe("7");
  });
});

describe("headers", () => {
  test("go out as they are, a redirection's and a cookie's too", async () => {
    const { status, headers } = await rig.replying(
      `{ statusCode: 303, headers: { Location: "/elsewhere", "set-cookie": "a=1; Path=/", "retry-after": 7, ETag: 'W/"1"', "x-latin": "caf\u00e9" }, body: null }`,
    );
    expect(status).toBe(303);
    expect(Object.fromEntries(headers)).toMatchObject({
      location: "/elsewhere",
      "set-cookie": "a=1; Path=/",
      "retry-after": "7",
      etag: 'W/"1"',
      "x-latin": "caf\u00e9",
    });
  });

  test("of the connection and the length are the server's", async () => {
    const { status, headers, text } = await rig.replying(
      `{ statusCode: 200, headers: { "Content-Length": "1", "transfer-encoding": "chunked", connection: "close", "keep-alive": "x", upgrade: "h2c", trailer: "x", te: "x" }, body: "whole" }`,
    );
    expect([status, text, headers.get("content-length")]).toEqual([200, "whole", "5"]);
    for (const name of ["transfer-encoding", "upgrade", "trailer", "te"]) expect(headers.get(name)).toBeNull();
  });

  test("about other origins are the mapper's when it gives them", async () => {
    const answer = await rig.replying(
      `{ statusCode: 200, headers: { "Access-Control-Allow-Origin": "https://shop.example" }, body: "" }`,
    );
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect((await rig.ask("GET", "m/mark")).headers.get("access-control-allow-origin")).toBe("*");
  });

  test("keep a page from acting as one of the service's own", async () => {
    const sandbox = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";
    const page = await rig.replying(`{ statusCode: 200, headers: { "content-type": "text/html" }, body: "<script>" }`);
    expect(page.headers.get("content-security-policy")).toBe(sandbox);
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    const strict = await rig.replying(
      `{ statusCode: 404, headers: { "Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "no" }, body: null }`,
    );
    expect(strict.headers.get("content-security-policy")).toBe(`default-src 'none', ${sandbox}`);
    expect(strict.headers.get("x-content-type-options")).toBe("nosniff");
  });
});

describe("200 {ok: true} is the answer, the event having happened, when", () => {
  test("the mapper maps no responses", async () => {
    expect(await rig.ask("POST", `m/silent?to=${fresh}`)).toMatchObject(nothingMapped);
    expect((await rig.admin(fresh)).body.context).toMatchObject({ pokes: 1 });
    expect(rig.printed).toEqual([]);
  });

  const right = `statusCode: 200, headers: {}, body: ""`;
  test.each<[string, string, RegExp]>([
    ["it throws", `(() => { throw new Error("no answer"); })()`, /responseMapper threw: Error: no answer\n/],
    ["it rejects", `Promise.reject(new Error("no answer"))`, /responseMapper threw: no answer/],
    ["it returns nothing", "undefined", /must return an object, and it returned null/],
    ["it returns a text", `"fine"`, /must return an object/],
    ["it returns a web Response", "new Response()", /wrong statusCode/],
    ["it says no status", "{ headers: {}, body: 1 }", /wrong statusCode/],
    ["its status is a text", `{ ${right}, statusCode: "200" }`, /wrong statusCode/],
    ["its status is no integer", `{ ${right}, statusCode: 200.5 }`, /wrong statusCode/],
    ["its status is NaN", `{ ${right}, statusCode: NaN }`, /wrong statusCode/],
    ["its status is too low", `{ ${right}, statusCode: 101 }`, /200 to 599/],
    ["its status is too high", `{ ${right}, statusCode: 600 }`, /200 to 599/],
    ["its headers are a list", `{ ${right}, headers: [["a", "b"]] }`, /wrong headers/],
    ["a header's name is none", `{ ${right}, headers: { "a b": "c" } }`, /header names, and it is "a b"/],
    ["a header's name is empty", `{ ${right}, headers: { "": "c" } }`, /header names/],
    ["a header's name has a line break", `{ ${right}, headers: { "a\\nb": "c" } }`, /header names/],
    ["a header has a line break", `{ ${right}, headers: { a: "b\\r\\nset-cookie: x=1" } }`, /wrong headers\.a/],
    ["a header has a NUL", `{ ${right}, headers: { a: "\\0" } }`, /wrong headers\.a/],
    ["a header is beyond Latin-1", `{ ${right}, headers: { a: "\u{1f600}" } }`, /wrong headers\.a/],
    ["a header is a list", `{ ${right}, headers: { a: ["b"] } }`, /wrong headers\.a/],
    ["its body can't be JSON", `{ ${right}, body: { n: 1n } }`, /BigInt/],
    ["its body nests too deep", `{ ${right}, body: JSON.parse("[".repeat(300) + "]".repeat(300)) }`, /deeper than 256/],
  ])("%s, and the instance's output says why", async (_what, expression, note) => {
    const answer = await rig.replying(expression);
    expect(answer).toMatchObject(nothingMapped);
    expect(answer.headers.get("set-cookie")).toBeNull();
    expect(rig.printed.slice(2).join("\n")).toMatch(note);
    expect(rig.printed.slice(1).every((line) => /^i-\d+ /.test(line))).toBe(true);
  });

  test("it never answers", async () => {
    expect(await rig.ask("POST", `m/never%20maps?to=${fresh}`)).toMatchObject(nothingMapped);
    expect(rig.printed).toEqual([expect.stringMatching(/responseMapper did not answer/)]);
  });
});

test.each([
  ["loops mapping", "cpu-limit"],
  ["bombs mapping", "memory-limit"],
])("a response mapper that %s is a 500 %s, but the event happened", async (mapper, code) => {
  const answer = await rig.ask("POST", `m/${encodeURIComponent(mapper)}?to=${fresh}`);
  expect(answer).toMatchObject({ status: 500, json: { code, error: expect.any(String) } });
  expect((await rig.admin(fresh)).body.context).toMatchObject({ pokes: 1 });
});

describe("whatever JSON is returned", () => {
  const seed = Number(process.env.SEED ?? 20_261_125);
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom("", -1, 200, 1e308, [], {}, null, true, "x"));
  const shuffled = (keys: string[]) =>
    fc
      .record(Object.fromEntries(keys.map((key) => [key, odd])), { requiredKeys: [] })
      .map((value) => JSON.stringify(value));

  test("by a handler is an event that happened, or a refusal in the API's shape", async () => {
    const keys = ["machineInstanceName", "event", "authContext", "initialContext"];
    const property = fc.asyncProperty(
      fc.oneof(
        odd.map((value) => JSON.stringify(value)),
        shuffled(keys),
      ),
      async (value) => {
        const { status, json } = await rig.free(value);
        if (status !== 200) expect({ status, json }).toMatchObject({ status: 400, json: { code: "machine-error" } });
      },
    );
    await fc.assert(property, { seed, numRuns: 150 });
  });

  test("by a response mapper is a response that can be sent, or {ok: true}", async () => {
    const right = fc.record({
      statusCode: fc.integer({ min: 200, max: 599 }),
      headers: fc.dictionary(fc.string(), fc.string()),
      body: odd,
    });
    const values = fc.oneof(
      shuffled(["statusCode", "headers", "body"]),
      right.map((value) => JSON.stringify(value)),
    );
    const property = fc.asyncProperty(values, async (value) => {
      const { status, json } = await rig.replying(value);
      const { statusCode } = JSON.parse(value) as { statusCode?: unknown };
      if (status !== statusCode) expect({ status, json }).toMatchObject(nothingMapped);
    });
    await fc.assert(property, { seed, numRuns: 150 });
  });
});

describe("versions", () => {
  test("the current one handles, the instance's own answers; the current one where that has no such mapper", async () => {
    await rig.publish("evolving", mapperMachine("v1"));
    const get = async (mapper: string, to: string) =>
      (await rig.ask("GET", `evolving/${encodeURIComponent(mapper)}?to=${to}`)).text;
    expect(await get("mark", "old")).toBe("v1 of a");
    await rig.publish("evolving", mapperMachine("v2"));
    expect(await get("mark", "old")).toBe("v1 of a");
    expect(await get("mark", "new")).toBe("v2 of a");
    expect(await get("only in v2", "old")).toBe("v2 of a");
    expect((await rig.ask("GET", "evolving/only%20in%20v1?to=old")).status).toBe(404);
  });
});
