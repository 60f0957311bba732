// What a mapper's handler gets of a request: every method, and every kind of body.

import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/domain/json.ts";
import type { MapperRig } from "./mapper-rig.ts";
import { mapperMachine, startMapperRig } from "./mapper-rig.ts";

let rig: MapperRig;
let fresh = "";
beforeAll(async () => {
  rig = await startMapperRig();
  await rig.publish("m", mapperMachine("v1"));
});
afterAll(() => rig.server.close());
beforeEach(() => {
  fresh = rig.fresh();
});

describe("the handler is told", () => {
  test.each(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("of a %s: method, query, headers", async (method) => {
    const query = `to=${fresh}&a=1&a=2&b=%20x&c&__proto__=p`;
    const { status, json } = await rig.ask(method, `m/echo?${query}`, {
      headers: { authorization: "Bearer theirs", "X-Signature": "t=1", cookie: "a=1; b=2" },
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      method,
      query: { to: fresh, a: "2", b: " x", c: "" },
      headers: {
        authorization: "Bearer theirs",
        "x-signature": "t=1",
        cookie: "a=1; b=2",
        host: new URL(rig.server.url).host,
      },
      body: null,
    });
    expect(Object.keys((json as { query: object }).query)).toContain("__proto__");
    expect(Object.keys((json as { headers: object }).headers)).not.toContain("connection");
  });

  test("of a HEAD: the same, and the answer comes without its body", async () => {
    const { status, headers, bytes } = await rig.ask("HEAD", `m/echo?to=${fresh}`);
    expect([status, bytes.length]).toEqual([200, 0]);
    const { request } = (await rig.admin(fresh)).body.context as { request: JsonObject };
    expect(request).toMatchObject({ method: "HEAD", query: { to: fresh }, body: null });
    expect(Number(headers.get("content-length"))).toBe(JSON.stringify(request).length);
  });

  test.each([
    ["POST", { a: 1 }],
    ["PUT", { a: 1 }],
    ["PATCH", { a: 1 }],
    ["DELETE", { a: 1 }],
    ["OPTIONS", null],
  ])("of a %s with a body: %j", async (method, expected) => {
    const headers = { "content-type": "application/json" };
    const { status, json } = await rig.ask(method, `m/echo?to=${fresh}`, { body: '{"a":1}', headers });
    expect([status, (json as { body: unknown }).body]).toEqual([200, expected]);
  });

  const latin = Buffer.from("caf\u00e9", "latin1");
  const gzipped = Buffer.from("1f8b0800", "hex");
  test.each<[string, string, string | Uint8Array, unknown]>([
    [
      "JSON",
      "application/json",
      '{"a":[1,{"b":null}],"__proto__":{"x":1}}',
      JSON.parse('{"a":[1,{"b":null}],"__proto__":{"x":1}}'),
    ],
    ["JSON that is a string", "application/json; charset=utf-8", '"text"', "text"],
    ["JSON under another name", "application/cloudevents+json", "[1]", [1]],
    ["a form", "application/x-www-form-urlencoded", "a=1&b=x+y%21&a=2&c", { a: "2", b: "x y!", c: "" }],
    ["a form with a charset", "application/x-www-form-urlencoded; charset=UTF-8", "n=\u00e9", { n: "\u00e9" }],
    ["plain text", "text/plain", "hello \u{1f600}", "hello \u{1f600}"],
    ["text in Latin-1", "text/plain; charset=iso-8859-1", latin, "caf\u00e9"],
    ["text in a quoted charset", 'text/csv; charset="utf-8"; header=present', "a,b", "a,b"],
    ["HTML", "TEXT/HTML", "<p>", "<p>"],
    ["XML that is not text", "application/xml", "<p/>", Buffer.from("<p/>").toString("base64")],
    ["bytes", "application/octet-stream", Uint8Array.of(0, 255, 13, 10), "AP8NCg=="],
    ["bytes of no kind that anybody knows", "weird", "x", "eA=="],
    ["an empty text", "text/plain", "", null],
    ["an empty JSON", "application/json", "", null],
  ])("of %s", async (_name, type, body, expected) => {
    const { status, json } = await rig.ask("POST", `m/echo?to=${fresh}`, { body, headers: { "content-type": type } });
    expect(status).toBe(200);
    expect((json as { body: unknown }).body).toEqual(expected);
    expect(json).toMatchObject({ headers: { "content-type": type } });
  });

  test("of a compressed body: base64, since it is text to nobody yet", async () => {
    const headers = { "content-type": "application/json", "content-encoding": "gzip" };
    const { json } = await rig.ask("PUT", `m/echo?to=${fresh}`, { body: gzipped, headers });
    expect(json).toMatchObject({ body: "H4sIAA==", headers: { "content-encoding": "gzip" } });
  });

  test("of a body without a content type: base64", async () => {
    // Bytes, to which fetch adds no label.
    const { json } = await rig.ask("POST", `m/echo?to=${fresh}`, { body: Buffer.from("a=1") });
    expect((json as { body: unknown }).body).toBe("YT0x");
  });

  test("of a multipart form: its fields, and files with name, type and bytes", async () => {
    const file = randomBytes(1_000);
    const form = new FormData();
    form.append("title", "caf\u00e9");
    form.append("title", "twice");
    form.append("file", new Blob([file], { type: "image/png" }), "p.png");
    const { json } = await rig.ask("POST", `m/echo?to=${fresh}`, { body: form });
    const expected = { title: "twice", file: { name: "p.png", type: "image/png", base64: file.toString("base64") } };
    expect((json as { body: unknown }).body).toEqual(expected);
  });

  test.each([
    ["JSON that is none", "application/json", "{", 400, "invalid-parameter", /not JSON/],
    ["JSON too deep", "application/json", "[".repeat(300) + "]".repeat(300), 400, "invalid-parameter", /deeper/],
    ["JSON in no UTF-8", "application/json", Uint8Array.of(0x22, 0xff, 0x22), 400, "invalid-parameter", /UTF-8/],
    ["text in no UTF-8", "text/plain", Uint8Array.of(0xff), 400, "invalid-parameter", /UTF-8/],
    ["text in a charset nobody knows", "text/plain; charset=klingon", "x", 415, "unsupported-media-type", /klingon/],
    ["a form without a boundary", "multipart/form-data", "x", 400, "invalid-parameter", /multipart/],
    ["a form that is none", "multipart/form-data; boundary=x", "x", 400, "invalid-parameter", /multipart/],
    ["more than fits", "text/plain", "x".repeat(2_000_001), 413, "body-too-large", /2000000/],
  ])("a body of %s is refused, and nothing happens", async (_name, type, body, status, code, error) => {
    const answer = await rig.ask("POST", `m/echo?to=${fresh}`, { body, headers: { "content-type": type } });
    expect(answer).toMatchObject({ status, json: { code, error: expect.stringMatching(error) } });
    expect((await rig.admin(fresh)).status).toBe(404);
  });
});
