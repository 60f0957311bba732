// Versions: begin, upload, finalize, list, and everything that can go wrong on the way.

import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";

let rig: Rig;
let names = 0;
beforeAll(async () => {
  rig = await startRig();
});
afterAll(() => rig.server.close());

async function machine(): Promise<string> {
  const slug = `m-${++names}`;
  expect((await rig.call("POST", "/machines", { json: { slug } })).status).toBe(201);
  return slug;
}
const finalize = (slug: string, id: string, json: object = {}) =>
  rig.call("PUT", `/machines/${slug}/v/${id}`, { json });

test("a version is begun, uploaded and finalized; only then is it there, and current when it is told to be", async () => {
  const slug = await machine();
  const begun = await rig.begin(slug);
  expect(begun).toEqual({
    machineVersionId: expect.stringMatching(/^ver_[\w-]{22}\.[\w-]+$/),
    codeUploadUrl: `${rig.server.url}/_settle/uploads`,
    codeUploadFields: { token: expect.any(String) },
  });
  expect(await rig.upload(begun.codeUploadFields, openMachine)).toMatchObject({ status: 204 });
  expect((await rig.call("GET", `/machines/${slug}/v`)).body).toEqual({ versions: [] });
  const { status, body } = await finalize(slug, begun.machineVersionId, { clientInfo: "one" });
  expect([status, body]).toEqual([200, { machineVersionId: begun.machineVersionId.split(".")[0] }]);
  const versions = [{ id: body.machineVersionId, createdAt: expect.any(String), clientInfo: "one" }];
  expect((await rig.call("GET", `/machines/${slug}/v`)).body).toEqual({ versions });
  expect((await rig.call("GET", `/machines/${slug}`)).body).toEqual({
    machine: { createdAt: expect.any(String), indexes: [] },
  });
  await rig.publish(slug, openMachine);
  expect((await rig.call("GET", `/machines/${slug}`)).body).toMatchObject({
    machine: { currentVersion: { clientInfo: "" } },
  });
});

describe("uploading", () => {
  test.each(["announced", "seen in its first bytes"])("gzip is unzipped (%s)", async (how) => {
    const slug = await machine();
    const { machineVersionId, codeUploadFields } = await rig.begin(slug);
    const fields = how === "announced" ? { ...codeUploadFields, "content-encoding": "gzip" } : codeUploadFields;
    expect((await rig.upload(fields, gzipSync(openMachine))).status).toBe(204);
    expect((await finalize(slug, machineVersionId)).status).toBe(200);
  });

  test("again before finalizing replaces the code; afterwards it is 409", async () => {
    const slug = await machine();
    const { machineVersionId, codeUploadFields } = await rig.begin(slug);
    await rig.upload(codeUploadFields, "broken {{{");
    expect((await finalize(slug, machineVersionId)).status).toBe(400);
    await rig.upload(codeUploadFields, openMachine);
    expect((await finalize(slug, machineVersionId)).status).toBe(200);
    expect(await rig.upload(codeUploadFields, openMachine)).toMatchObject({
      status: 409,
      body: { code: "invalid-state" },
    });
  });

  test("without its token, or with one that is not ours, is refused", async () => {
    const { codeUploadFields } = await rig.begin(await machine());
    expect(await rig.upload({}, openMachine)).toMatchObject({ status: 400, body: { parameter: "token" } });
    const tampered = { token: `A${codeUploadFields.token}` };
    expect(await rig.upload(tampered, openMachine)).toMatchObject({ status: 403, body: { code: "missing-user" } });
  });

  test("what can't be unzipped or is no text is 400", async () => {
    const { codeUploadFields } = await rig.begin(await machine());
    const wrong = await rig.upload({ ...codeUploadFields, "content-encoding": "gzip" }, "not gzip at all");
    expect(wrong).toMatchObject({ status: 400, body: { parameter: "file", error: expect.stringContaining("gzip") } });
    expect(await rig.upload(codeUploadFields, new Uint8Array([0xff, 0xfe, 0x80]))).toMatchObject({
      status: 400,
      body: { parameter: "file", error: expect.stringContaining("UTF-8") },
    });
  });

  test("more than 10 MB, plain or once unzipped, is 413 with the limit", async () => {
    const { codeUploadFields } = await rig.begin(await machine());
    const large = "x".repeat(10_000_001);
    for (const code of [large, gzipSync(large)]) {
      expect(await rig.upload(codeUploadFields, code)).toMatchObject({
        status: 413,
        body: { code: "body-too-large", error: expect.stringContaining("10000000") },
      });
    }
  });

  test("a form without a file, and a body that is no form, are told so", async () => {
    const form = new FormData();
    form.append("token", "x");
    const missing = await fetch(`${rig.server.url}/_settle/uploads`, { method: "POST", body: form });
    expect([missing.status, await missing.json()]).toMatchObject([400, { parameter: "file" }]);
    const json = await fetch(`${rig.server.url}/_settle/uploads`, {
      method: "POST",
      body: "{}",
      headers: { "content-type": "application/json" },
    });
    expect([json.status, await json.json()]).toMatchObject([415, { code: "unsupported-media-type" }]);
  });

  test("one HTTP client omits the line break after the closing boundary", async () => {
    const slug = await machine();
    const { machineVersionId, codeUploadFields } = await rig.begin(slug);
    const parts = [
      `--b\r\ncontent-disposition: form-data; name="token"\r\n\r\n${codeUploadFields.token}\r\n`,
      `--b\r\ncontent-disposition: form-data; name="file"; filename="m.js"\r\ncontent-type: application/javascript\r\n\r\n${openMachine}\r\n`,
      "--b--",
    ];
    const headers = { "content-type": "multipart/form-data; boundary=b" };
    expect(
      (await fetch(`${rig.server.url}/_settle/uploads`, { method: "POST", body: parts.join(""), headers })).status,
    ).toBe(204);
    expect((await finalize(slug, machineVersionId)).status).toBe(200);
  });
});

describe("finalizing", () => {
  test("what was never uploaded, or was finalized already, is 409", async () => {
    const slug = await machine();
    const { machineVersionId, codeUploadFields } = await rig.begin(slug);
    expect(await finalize(slug, machineVersionId)).toMatchObject({ status: 409, body: { code: "invalid-state" } });
    await rig.upload(codeUploadFields, openMachine);
    const both = await Promise.all([finalize(slug, machineVersionId), finalize(slug, machineVersionId)]);
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  test("under an id of another machine, or one that nobody signed, is 404", async () => {
    const [one, other] = [await machine(), await machine()];
    const { machineVersionId, codeUploadFields } = await rig.begin(one);
    await rig.upload(codeUploadFields, openMachine);
    for (const id of [machineVersionId.split(".")[0] ?? "", `${machineVersionId}x`, "ver_x.y"]) {
      expect((await finalize(one, id)).status).toBe(404);
    }
    expect((await finalize(other, machineVersionId)).status).toBe(404);
  });

  const authorizers = "export const allowRead = () => true; export const allowWrite = () => true;";
  test.each([
    ["does not parse", "export default {{{", 400, /does not load/],
    ["exports no machine", `${authorizers} export default {};`, 400, /XState machine/],
    ["has no allowRead", openMachine.replace("export const allowRead", "const allowRead"), 400, /allowRead/],
    ["has no allowWrite", openMachine.replace("export const allowWrite", "const allowWrite"), 400, /allowWrite/],
    ["imports a file", `import "node:fs"; ${openMachine}`, 400, /node:fs/],
  ])("code that %s is refused with the reason, and no version is made", async (_name, code, status, reason) => {
    const slug = await machine();
    const { machineVersionId, codeUploadFields } = await rig.begin(slug);
    await rig.upload(codeUploadFields, code);
    const answer = await finalize(slug, machineVersionId, { makeCurrent: true });
    expect(answer).toMatchObject({ status, body: { error: expect.stringMatching(reason), parameter: "file" } });
    expect((await rig.call("GET", `/machines/${slug}/v`)).body).toEqual({ versions: [] });
  });

  test("selectors name indexes that the machine has", async () => {
    await rig.call("POST", "/machines", { json: { slug: "indexed", indexes: ["customer"] } });
    const { machineVersionId, codeUploadFields } = await rig.begin("indexed");
    await rig.upload(codeUploadFields, openMachine);
    const unknown = await finalize("indexed", machineVersionId, { indexSelectors: { colour: "$.colour" } });
    expect(unknown).toMatchObject({ status: 400, body: { parameter: "indexSelectors.colour" } });
    expect((await finalize("indexed", machineVersionId, { indexSelectors: { customer: "$.customer" } })).status).toBe(
      200,
    );
    expect((await rig.call("GET", "/machines/indexed")).body).toMatchObject({ machine: { indexes: ["customer"] } });
  });
});

test("a machine of a name that is taken is 409; unknown ones are 404 everywhere", async () => {
  const slug = await machine();
  expect(await rig.call("POST", "/machines", { json: { slug } })).toMatchObject({
    status: 409,
    body: { code: "invalid-state" },
  });
  for (const [method, path] of [
    ["GET", ""],
    ["GET", "/v"],
    ["POST", "/v"],
    ["GET", "/i"],
    ["GET", "/i/x"],
    ["GET", "/i/x/admin"],
    ["GET", "/i/x/events"],
  ] as const) {
    expect(await rig.call(method, `/machines/none${path}`)).toMatchObject({ status: 404, body: { code: "not-found" } });
  }
});

test.each(["", "?gzip", "?gzip=", "?gzip=true", "?gzip=false"])(
  "beginning a version with '%s' works, with or without a body",
  async (query) => {
    const slug = await machine();
    expect((await rig.call("POST", `/machines/${slug}/v${query}`)).status).toBe(200);
    expect((await rig.call("POST", `/machines/${slug}/v${query}`, { json: {} })).status).toBe(200);
  },
);
