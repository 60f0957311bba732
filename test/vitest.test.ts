// `expect(response).toConform(operationId)`: for fetch, supertest and plain objects, with a message that lists what is wrong.

import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type SettleServer, startServer } from "../src/index.ts";
import { matchers, type OperationId } from "../src/vitest.ts";

expect.extend(matchers);

let server: SettleServer;
beforeAll(async () => {
  server = await startServer({ port: 0, store: "memory:" });
});
afterAll(() => server.close());

const json = { "content-type": "application/json; charset=utf-8" };
const state = { ts: 1, state: "on", tags: [], done: false };

describe("what conforms", () => {
  test("fetch's Response, whose body can still be read", async () => {
    const headers = { authorization: `Bearer ${server.adminToken}` };
    const response = await fetch(`${server.url}/machines`, { headers });
    await expect(response).toConform("listMachines");
    expect(await response.json()).toEqual({ machines: [] });
    await expect(await fetch(`${server.url}/machines`)).toConform("listMachines");
  });
  test("a response of supertest's", async () => {
    const response = await request(server.handler).get("/machines").auth(server.adminToken, { type: "bearer" });
    expect(response).toConform("listMachines");
  });
  test("plain objects, with headers in any case and bodies in any form", () => {
    const text = JSON.stringify(state);
    expect({ status: 200, headers: { "Content-Type": "application/json" }, body: state }).toConform(
      "getMachineInstance",
    );
    expect({ status: 200, headers: json, body: text }).toConform("getMachineInstance");
    expect({ status: 200, headers: new Headers(json), body: Buffer.from(text) }).toConform("getMachineInstance");
    expect({ status: 201, headers: {} }).toConform("createMachine");
  });
});

describe("what doesn't", () => {
  const late = { status: 200, headers: json, body: { ...state, ts: "late" } };
  test("is told with everything that is wrong", () => {
    expect(late).not.toConform("getMachineInstance");
    expect(() => expect(late).toConform("getMachineInstance")).toThrow(
      /^this response of getMachineInstance \(status 200\) does not conform to openapi\.yaml:\n {2}- \/ts must be/,
    );
    const odd = { status: 200, headers: { "content-type": "text/html" }, body: "<p>" };
    expect(() => expect(odd).toConform("getMachineInstance")).toThrow(/content type is text\/html; application\/json/);
    expect(() => expect({ ...late, status: 302 }).toConform("getMachineInstance")).toThrow(/answered 302; it may/);
  });
  test("rejects for a Response", async () => {
    const response = new Response(JSON.stringify(late.body), { headers: json });
    await expect(expect(response).toConform("getMachineInstance")).rejects.toThrow(/\/ts must be/);
  });
  test("is what conforms where that is not wanted", () => {
    const good = { ...late, body: state };
    expect(() => expect(good).not.toConform("getMachineInstance")).toThrow(
      /conforms to openapi.yaml, and was expected/,
    );
  });
});

describe("what can't be judged", () => {
  test("an operation that there is not, which the compiler knows too", () => {
    const id = "getTea" as OperationId;
    expect(() => expect({ status: 200, headers: {} }).toConform(id)).toThrow("openapi.yaml has no operation getTea");
    // @ts-expect-error there is no such operation
    expect(() => expect({ status: 200, headers: {} }).toConform("getTea")).toThrow(TypeError);
  });
  test("something that is no response, and a body that is gone", async () => {
    expect(() => expect("200").toConform("listMachines")).toThrow(/judges fetch's Response, supertest's, or an object/);
    const read = new Response("{}");
    await read.text();
    expect(() => expect(read).toConform("listMachines")).toThrow(/body was read before/);
  });
});
