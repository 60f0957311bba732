// What clients are known to send and stricter servers turn away: all of it is taken.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";
import { exchange } from "./wire.ts";

let rig: Rig;
let names = 0;
const fresh = () => `i-${++names}`;
beforeAll(async () => {
  rig = await startRig({ publicUrl: "https://machines.example/base/" });
  await rig.publish("open", openMachine);
  await rig.call("POST", "/machines/open", { json: { slug: "here" } });
});
afterAll(() => rig.server.close());

test.each(["//machines", "///machines", "/machines/", "/machines?", "//machines/open/i/here", "/machines/open/v/"])(
  "GET %s is what it is without the extra characters",
  async (path) => {
    const plain = path.replace(/^\/+/, "/").replace(/[/?]$/, "");
    const answer = await rig.call("GET", path);
    expect([answer.status, answer.body]).toEqual([200, (await rig.call("GET", plain)).body]);
  },
);

test("an empty body under the label of JSON is no body", async () => {
  expect((await rig.call("POST", "/machines/open/v", { text: "" })).status).toBe(200);
  expect((await rig.call("GET", "/machines")).status).toBe(200);
});

test.each(["application/json", "APPLICATION/JSON", "application/json;charset=utf-8", "application/json ; x=y", ""])(
  "a body labelled '%s' is read as JSON",
  async (type) => {
    const text = JSON.stringify({ slug: fresh() });
    const label = type === "" ? "" : `content-type: ${type}\r\n`;
    const head = `host: x\r\nauthorization: Bearer ${rig.server.adminToken}\r\nconnection: close\r\n${label}`;
    const [answer] = await exchange(
      rig.server.url,
      `POST /machines/open HTTP/1.1\r\n${head}content-length: ${text.length}\r\n\r\n${text}`,
    );
    expect(answer).toMatchObject({ status: 200, body: { state: "a" } });
  },
);

test("properties and query parameters that nobody knows are ignored", async () => {
  const json = { slug: fresh(), colour: "red", context: {} };
  expect((await rig.call("POST", "/machines/open?trace=1&gzip=7", { json })).status).toBe(200);
  expect((await rig.call("GET", "/machines?limit=3&cursor[x]=1")).status).toBe(200);
  expect((await rig.call("PUT", "/machines/open/v/ver_x.y?trace", { json: { unknown: 1 } })).status).toBe(404);
});

test.each(["gzip=maybe", "gzip=true&gzip=false"])("%s is 400 and names itself", async (query) => {
  const answer = await rig.call("POST", `/machines/open/v?${query}`);
  expect(answer).toMatchObject({ status: 400, body: { code: "invalid-parameter", parameter: "gzip" } });
});

test("names are whatever their pattern admits, those of JavaScript's own properties included", async () => {
  for (const slug of ["-", "_", "0", "a".repeat(128), "__proto__", "constructor", "hasOwnProperty", "toString"]) {
    expect([slug, (await rig.call("POST", "/machines", { json: { slug } })).status]).toEqual([slug, 201]);
    expect([slug, (await rig.call("POST", "/machines", { json: { slug } })).status]).toEqual([slug, 409]);
    expect([slug, (await rig.call("GET", `/machines/${slug}/i/${slug}`)).status]).toEqual([slug, 404]);
    expect([slug, (await rig.call("POST", "/machines/open", { json: { slug } })).status]).toEqual([slug, 200]);
    expect((await rig.call("GET", `/machines/open/i/${slug}`)).body).toMatchObject({ state: "a" });
  }
});

describe("given contexts", () => {
  const contextOf = async (slug: string) => (await rig.call("GET", `/machines/open/i/${slug}/admin`)).body.context;

  test("replace the machine's own key by key, at the top level only", async () => {
    const slug = fresh();
    const context = { public: { colour: "red" }, more: [1, { two: null }] };
    const { body } = await rig.call("POST", "/machines/open", { json: { slug, context } });
    expect(body.publicContext).toEqual({ colour: "red" });
    expect(await contextOf(slug)).toEqual({ own: true, ...context });
  });

  test("are the input of a context function, and laid over what it returns", async () => {
    const computed = `context: ({ input }) => ({ public: { greeting: "hello " + (input?.name ?? "nobody") }, name: "-" }),`;
    await rig.publish("greeter", openMachine.replace(/context: \{ public.*\},/, computed));
    const greet = async (json: object) => (await rig.call("POST", "/machines/greeter", { json })).body.publicContext;
    expect(await greet({ slug: "nobody" })).toEqual({ greeting: "hello nobody" });
    expect(await greet({ slug: "ada", context: { name: "Ada" } })).toEqual({ greeting: "hello Ada" });
    expect((await rig.call("GET", "/machines/greeter/i/ada/admin")).body.context).toMatchObject({ name: "Ada" });
  });

  test.each([["text"], [[1]], [null], [7]])("show nothing public when that is %j", async (value) => {
    const slug = fresh();
    const created = await rig.call("POST", "/machines/open", { json: { slug, context: { public: value } } });
    expect(Object.keys(created.body).sort()).toEqual(["done", "state", "tags", "ts"]);
    expect(await contextOf(slug)).toEqual({ own: true, public: value });
  });

  test("may have 400,000 bytes, counted as UTF-8, and not one more", async () => {
    const sizeOf = (letters: number) =>
      Buffer.byteLength(JSON.stringify({ public: { n: 0 }, own: true, a: "\u00e9".repeat(letters), b: "" }));
    const letters = 199_900;
    const create = (b: number) =>
      rig.call("POST", "/machines/open", {
        json: { slug: fresh(), context: { a: "\u00e9".repeat(letters), b: "x".repeat(b) } },
      });
    const fits = 400_000 - sizeOf(letters);
    expect((await create(fits)).status).toBe(200);
    expect(await create(fits + 1)).toMatchObject({ status: 400, body: { code: "context-too-large" } });
  });
});

test("absolute URLs begin with the public URL when there is one", async () => {
  const { codeUploadUrl } = await rig.begin("open");
  expect(codeUploadUrl).toBe("https://machines.example/base/_settle/uploads");
});
