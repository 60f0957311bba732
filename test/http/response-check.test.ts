// Our own answers are held against the document: a broken one is refused, reported or let through, as the server was told.

import { afterEach, describe, expect, test } from "vitest";
import type { ResponseCheckMode } from "../../src/http/responses.ts";
import type { Operation, Reply } from "../../src/operations/services.ts";
import { StoreUnavailable } from "../../src/store/port.ts";
import type { AppRig } from "./app-rig.ts";
import { startAppRig } from "./app-rig.ts";

let rig: AppRig | undefined;
afterEach(() => rig?.close());

/** GET /machines/x, answered by an operation that replies so. */
async function replying(reply: Reply, responseCheck: ResponseCheckMode) {
  return performing(async () => reply, responseCheck);
}

async function performing(getMachine: Operation, responseCheck: ResponseCheckMode) {
  rig = await startAppRig({ responseCheck, operations: { getMachine } });
  const { status, body, headers } = await rig.call("GET", "/machines/x");
  return { status, body, type: headers["content-type"], errors: rig.errors };
}

const right = { machine: { createdAt: "2026-01-05T10:00:00.000Z", indexes: [] } };
const broken: [string, Reply, string][] = [
  ["a body that does not fit", { status: 200, body: { machine: { createdAt: "soon", indexes: [] } } }, "createdAt"],
  ["a body that lacks something", { status: 200, body: {} }, "machine"],
  ["no body where one must be", { status: 200 }, "content type"],
  ["a status that is not declared", { status: 202, body: right }, "202"],
  ["a code of another status", { status: 404, body: { error: "no", code: "invalid-state" } }, "code"],
  ["text", { status: 200, body: "machine" }, "object"],
];

describe.each(broken)("%s", (_what, reply, telling) => {
  test("is a 500 contract-violation when strict, and in the log", async () => {
    const { status, body, type, errors } = await replying(reply, "strict");
    expect([status, body.code, type]).toEqual([500, "contract-violation", "application/json; charset=utf-8"]);
    expect(body.error).toContain(telling);
    expect(errors).toEqual([expect.stringContaining("getMachine")]);
  });

  test("goes out as it is when only warned of, and is in the log", async () => {
    const { status, body, errors } = await replying(reply, "warn");
    expect(status).toBe(reply.status);
    if (typeof reply.body === "object") expect(body).toEqual(reply.body);
    expect(errors).toEqual([expect.stringContaining(telling)]);
  });

  test("goes out unseen when off", async () => {
    const { status, errors } = await replying(reply, "off");
    expect([status, errors]).toEqual([reply.status, []]);
  });
});

test.each(["strict", "warn", "off"] as const)("an answer that is right passes (%s)", async (mode) => {
  const { status, body, errors } = await replying({ status: 200, body: right }, mode);
  expect([status, body, errors]).toEqual([200, right, []]);
});

test.each(["strict", "off"] as const)("a defect is an opaque 500 and tells the log alone (%s)", async (mode) => {
  const { status, body, errors } = await performing(async () => {
    throw new TypeError("the secret is 42");
  }, mode);
  expect([status, body.code]).toEqual([500, "internal-error"]);
  expect(JSON.stringify(body)).not.toContain("42");
  expect(errors).toEqual([expect.stringContaining("the secret is 42")]);
});

test("a store that can't take anything now is a 503", async () => {
  const { status, body } = await performing(async () => {
    throw new StoreUnavailable("no space left on the disk", false);
  }, "strict");
  expect([status, body.code]).toEqual([503, "unavailable"]);
});

describe("the control plane", () => {
  test("is alive before it is ready", async () => {
    let isReady = false;
    rig = await startAppRig({ isReady: () => isReady, version: "1.2.3" });
    const asked = async (path: string) => {
      const { status, body } = await (rig as AppRig).call("GET", path);
      return { status, body };
    };
    expect(await asked("/_settle/health")).toEqual({ status: 200, body: { status: "ok", version: "1.2.3" } });
    expect(await asked("/_settle/ready")).toMatchObject({ status: 503, body: { code: "unavailable" } });
    isReady = true;
    expect(await asked("/_settle/ready")).toMatchObject({ status: 200 });
    expect(await asked("/_settle/health")).toMatchObject({ status: 200 });
  });
});
