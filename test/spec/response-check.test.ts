// The response check notices every way in which a response can break the document, and nothing else.

import { describe, expect, it } from "vitest";
import type { OpenApiDocument } from "../../src/spec/document.ts";
import { document } from "../../src/spec/document.ts";
import { createResponseCheck, type WireResponse } from "../../src/spec/response-check.ts";

const check = createResponseCheck();
const json = { "content-type": "application/json; charset=utf-8" };
const state = { ts: 1767607200000, state: { checkout: { payment: "open" } }, tags: ["a"], done: false };

function judge(operationId: string, response: Partial<WireResponse>) {
  const violations = check.checkResponse({ operationId, status: 200, headers: json, body: null, ...response });
  return violations.map(({ rule, pointer }) => (pointer === undefined ? rule : `${rule} ${pointer}`));
}

const get = (body: unknown, more: Partial<WireResponse> = {}) =>
  judge("getMachineInstance", { body: JSON.stringify(body), ...more });

describe("conforming responses", () => {
  it("pass as text and as bytes", () => {
    expect(get(state)).toEqual([]);
    expect(get(state, { body: Buffer.from(JSON.stringify(state)) })).toEqual([]);
  });
  it("may say more than the document does", () => {
    expect(get({ ...state, publicContext: {}, extra: 1 })).toEqual([]);
    expect(get({ error: "no", code: "not-found", hint: "…" }, { status: 404 })).toEqual([]);
  });
  it("may write the media type in any case, with parameters or without", () => {
    expect(get(state, { headers: { "content-type": "Application/JSON;charset=UTF-8" } })).toEqual([]);
    expect(get(state, { headers: { "content-type": "application/json" } })).toEqual([]);
  });
  it("of 201 and 204 have no content", () => {
    expect(judge("createMachine", { status: 201, headers: {}, body: null })).toEqual([]);
    expect(judge("deleteMachine", { status: 204, headers: {}, body: "" })).toEqual([]);
  });
  it("of a mapper may be anything", () => {
    expect(judge("sendHttpApiPost", { headers: { "content-type": "text/html" }, body: "<p>" })).toEqual([]);
    for (const status of [204, 418, 502, 503])
      expect(judge("sendHttpApiPost", { status, headers: {}, body: null })).toEqual([]);
  });
});

describe("violations", () => {
  it("undeclared status", () => {
    expect(get(state, { status: 202 })).toEqual(["undeclared-status"]);
    expect(judge("listMachines", { status: 409, body: '{"error":"no","code":"invalid-state"}' })).toEqual([
      "undeclared-status",
    ]);
  });
  it("wrong or missing content type", () => {
    expect(get(state, { headers: { "content-type": "text/plain" } })).toEqual(["content-type"]);
    expect(get(state, { headers: {} })).toEqual(["content-type"]);
  });
  it("content where none is declared", () => {
    expect(judge("createMachine", { status: 201, headers: json, body: "{}" })).toEqual(["body", "content-type"]);
    expect(judge("deleteMachine", { status: 204, headers: json, body: null })).toEqual(["content-type"]);
  });
  it("no body where one is declared", () => {
    expect(get(state, { body: "" })).toEqual(["body "]);
    expect(get(state, { body: null })).toEqual(["body "]);
  });
  it("a body that is not JSON, or not UTF-8", () => {
    expect(get(state, { body: "{" })).toEqual(["body "]);
    expect(get(state, { body: Uint8Array.of(0x22, 0xff, 0x22) })).toEqual(["body "]);
  });
  it("a missing property, a wrong type", () => {
    const { ts, ...timeless } = state;
    expect(get(timeless)).toEqual(["body "]);
    expect(get({ ...state, ts: String(ts) })).toEqual(["body /ts"]);
    expect(get({ ...state, publicContext: null })).toEqual(["body /publicContext"]);
    expect(get({ ...state, state: { checkout: { payment: 7 } } })).toEqual(["body /state"]);
  });
  it("a date that is none", () => {
    const machine = (createdAt: string) =>
      judge("listMachines", { body: JSON.stringify({ machines: [{ slug: "a", createdAt }] }) });
    expect(machine("2026-01-05T09:00:00.000Z")).toEqual([]);
    expect(machine("2026-13-05T09:00:00.000Z")).toEqual(["body /machines/0/createdAt"]);
    expect(machine("2026-01-05")).toEqual(["body /machines/0/createdAt"]);
  });
  it("an error code that belongs to another status", () => {
    expect(get({ error: "no", code: "not-found" }, { status: 403 })).toEqual(["body /code"]);
    expect(get({ error: "no" }, { status: 403 })).toEqual(["body "]);
  });
  it("a missing or wrong header", () => {
    expect(judge("openRealtime", { status: 101, headers: {} })).toEqual(["header"]);
    expect(judge("openRealtime", { status: 101, headers: { upgrade: "h2c" } })).toEqual(["header"]);
    expect(judge("openRealtime", { status: 101, headers: { upgrade: "WebSocket" } })).toEqual([]);
  });
  it("tell an empty body and one that isn't UTF-8 from a wrong one", () => {
    const message = (body: WireResponse["body"]) =>
      check.checkResponse({ operationId: "getMachineInstance", status: 200, headers: json, body })[0]?.message;
    expect(message(null)).toBe("A 200 has a body here; none came.");
    expect(message(Uint8Array.of(0x22, 0xff, 0x22))).toContain("not JSON in UTF-8");
  });
  it("say what was seen and what would be right", () => {
    const [violation] = check.checkResponse({ operationId: "getMachine", status: 302, headers: {}, body: null });
    expect(violation?.message).toBe("getMachine answered 302; it may answer 200, 400, 403, 404, 500, 503.");
  });
});

it("an unknown operation is a mistake of the caller's", () => {
  expect(() => judge("getTea", {})).toThrow("getTea");
});

describe("responses that belong to no operation", () => {
  const shape = (response: Partial<WireResponse>) =>
    check.checkErrorShape({ status: 404, headers: json, body: null, ...response }).map(({ rule }) => rule);
  it("are error bodies", () => {
    expect(shape({ body: '{"error":"no","code":"method-not-allowed"}' })).toEqual([]);
    expect(shape({ body: '{"error":"no","code":"teapot"}' })).toEqual(["body"]);
    expect(shape({ body: "Not Found", headers: { "content-type": "text/plain" } })).toEqual(["content-type"]);
    expect(shape({})).toEqual(["body"]);
  });
});

describe("canaries", () => {
  it("are all rejected, and every schema has one", () => {
    expect(check.verifyCanaries()).toEqual([]);
  });
  it("notice a schema that checks nothing, and one without a canary", () => {
    const broken = structuredClone(document) as OpenApiDocument & { components: { schemas: Record<string, object> } };
    broken.components.schemas.Timestamp = { "x-settle-canary": ["yesterday"] };
    broken.components.schemas.OrgId = { type: "string" };
    const found = createResponseCheck(broken).verifyCanaries();
    expect(found.map(({ pointer }) => pointer)).toEqual([
      "#/components/schemas/OrgId",
      "#/components/schemas/Timestamp",
      "#/components/schemas/Transition", // its canary is a bad timestamp
    ]);
    expect(found[1]?.message).toContain('"yesterday"');
  });
});

it("a keyword that ajv doesn't know is refused, not ignored", () => {
  const broken = structuredClone(document) as OpenApiDocument & { components: { schemas: Record<string, object> } };
  broken.components.schemas.State = { type: "object", requird: ["ts"] };
  const body = JSON.stringify(state);
  const ask = () =>
    createResponseCheck(broken).checkResponse({ operationId: "getMachineInstance", status: 200, headers: json, body });
  expect(ask).toThrow("requird");
});
