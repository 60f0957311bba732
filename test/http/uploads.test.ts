// The upload URL's limits and odd forms: how long a form may be, how it may be sent, and whose code it then is.

import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";
import { exchange } from "./wire.ts";

let rig: Rig;
beforeAll(async () => {
  rig = await startRig();
  await rig.call("POST", "/machines", { json: { slug: "open" } });
});
afterAll(() => rig.server.close());

/** A machine's code with a comment that makes it exactly so long. */
const codeOf = (bytes: number) => `${openMachine}\n//${"x".repeat(bytes - openMachine.length - 3)}`;
/** Text that gzip can do little about. */
const noise = (bytes: number) =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => 33 + ((i * i * 7919 + i * 104_729) % 89)));
const finalize = (id: string, json: object = {}) => rig.call("PUT", `/machines/open/v/${id}`, { json });

describe("code", () => {
  test("may have 10,000,000 bytes and not one more", async () => {
    const { machineVersionId, codeUploadFields } = await rig.begin("open");
    expect(await rig.upload(codeUploadFields, codeOf(10_000_001))).toMatchObject({
      status: 413,
      body: { code: "body-too-large", parameter: "file" },
    });
    expect((await finalize(machineVersionId)).status).toBe(409);
    expect((await rig.upload(codeUploadFields, codeOf(10_000_000))).status).toBe(204);
    expect((await finalize(machineVersionId)).status).toBe(200);
  });

  test("may have 1,000,000 bytes when it comes gzipped, and 10,000,000 once unzipped", async () => {
    const { codeUploadFields } = await rig.begin("open");
    const fields = { ...codeUploadFields, "content-encoding": "gzip" };
    expect((await rig.upload(fields, gzipSync(codeOf(10_000_000)))).status).toBe(204);
    for (const file of [
      gzipSync(codeOf(10_000_001)),
      gzipSync(Buffer.alloc(100_000_000)),
      gzipSync(noise(1_000_000), { level: 0 }),
    ]) {
      expect(await rig.upload(fields, file)).toMatchObject({ status: 413, body: { code: "body-too-large" } });
    }
  });

  test("that is cut off while unzipping is 400", async () => {
    const { codeUploadFields } = await rig.begin("open");
    const fields = { ...codeUploadFields, "content-encoding": "gzip" };
    expect(await rig.upload(fields, gzipSync(openMachine).subarray(0, 60))).toMatchObject({
      status: 400,
      body: { parameter: "file" },
    });
  });
});

describe("a form", () => {
  const part = (disposition: string, value: string) =>
    `--b\r\ncontent-disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
  const formWith = (fields: { [name: string]: string }, code: string) =>
    Object.entries(fields)
      .map(([name, value]) => part(`name="${name}"`, value))
      .join("") + part('name="file"; filename="m.js"', code);
  const post = (framing: string, body: string) =>
    exchange(
      rig.server.url,
      `POST /_settle/uploads HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: multipart/form-data; boundary=b\r\n${framing}\r\n\r\n${body}`,
    );

  test("may come in chunks, whatever its length", async () => {
    const { machineVersionId, codeUploadFields } = await rig.begin("open");
    const form = `${formWith(codeUploadFields, codeOf(300_000))}--b--\r\n`;
    const chunks = form.match(/[\s\S]{1,40000}/g)?.map((text) => `${text.length.toString(16)}\r\n${text}\r\n`) ?? [];
    expect(await post("transfer-encoding: chunked", `${chunks.join("")}0\r\n\r\n`)).toMatchObject([{ status: 204 }]);
    expect((await finalize(machineVersionId)).status).toBe(200);
  });

  test("announced as longer than any code is refused before it is sent", async () => {
    expect(await post("content-length: 50000000", "--b\r\n")).toMatchObject([
      { status: 413, body: { code: "body-too-large" } },
    ]);
  });

  test.each([
    ["that ends too soon", (form: string) => form],
    ["of another boundary", (form: string) => `${form.replaceAll("--b", "--c")}--c--\r\n`],
    ["of nothing", () => ""],
    ["of nothing but an end", () => "--b--\r\n"],
    ["without form data", () => "--b\r\ncontent-type: text/plain\r\n\r\nhello\r\n--b--\r\n"],
    [
      "with too many fields",
      (form: string) => `${Array.from({ length: 50 }, (_, i) => part(`name="f${i}"`, "x")).join("")}${form}--b--\r\n`,
    ],
    [
      "with a token without an end",
      () => `${part('name="token"', "x".repeat(50_000))}${part('name="file"; filename="m.js"', "x")}--b--\r\n`,
    ],
  ])("%s is refused, and nothing is uploaded", async (_what, spoil) => {
    const { machineVersionId, codeUploadFields } = await rig.begin("open");
    const body = spoil(formWith(codeUploadFields, openMachine));
    const [answer, ...more] = await post(`content-length: ${Buffer.byteLength(body)}`, body);
    expect(more).toEqual([]);
    expect([400, 403]).toContain(answer?.status);
    expect(answer?.body).toMatchObject({ error: expect.any(String), code: expect.any(String) });
    expect(await finalize(machineVersionId)).toMatchObject({ status: 409 });
  });

  test.each(["__proto__", "constructor", "toString"])("may have a field %s", async (name) => {
    const { codeUploadFields } = await rig.begin("open");
    const body = `${part(`name="${name}"`, "x")}${formWith(codeUploadFields, openMachine)}--b--\r\n`;
    expect(await post(`content-length: ${Buffer.byteLength(body)}`, body)).toMatchObject([{ status: 204 }]);
  });
});

describe("a token", () => {
  test("uploads the version it was given for, and no other machine's", async () => {
    await rig.call("POST", "/machines", { json: { slug: "other" } });
    const [ours, theirs] = [await rig.begin("open"), await rig.begin("other")];
    expect((await rig.upload(theirs.codeUploadFields, openMachine)).status).toBe(204);
    expect(await finalize(ours.machineVersionId)).toMatchObject({ status: 409 });
    expect(await finalize(theirs.machineVersionId)).toMatchObject({ status: 404 });
  });

  const forged = (ticket: unknown) => `${Buffer.from(JSON.stringify(ticket)).toString("base64url")}.AAAA`;
  test.each([
    ["empty", ""],
    ["a word", "token"],
    ["dots", "..."],
    ["for nothing", forged(null)],
    ["for a number", forged(7)],
    ["without a signature", forged({ orgId: "o", machine: "open", versionId: "ver_x" }).split(".")[0] ?? ""],
    ["with somebody else's", forged({ orgId: "o", machine: "open", versionId: "ver_x" })],
    ["that is no JSON", "AAAA.AAAA"],
  ])("%s is refused", async (_what, token) => {
    const { status, body } = await rig.upload({ token }, openMachine);
    expect([status, body.code]).toEqual([403, "missing-user"]);
  });

  test("once finalized is good for one version: of two that finalize at once, one is told so", async () => {
    const { machineVersionId, codeUploadFields } = await rig.begin("open");
    await rig.upload(codeUploadFields, openMachine);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => finalize(machineVersionId, { makeCurrent: true })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409]);
    const { versions } = (await rig.call("GET", "/machines/open/v")).body as { versions: { id: string }[] };
    expect(versions.filter(({ id }) => machineVersionId.startsWith(id))).toHaveLength(1);
  });
});
