// State documents that are none: each is a 400 that says where and what is wrong, and changes nothing.

import { once } from "node:events";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PieceLimits, piecesOf } from "../../src/operations/state/pieces.ts";
import type { Rig } from "./rig.ts";
import { startRig } from "./rig.ts";
import { documentOf, furnish } from "./state-rig.ts";

let rig: Rig;
let text: string;
const logged: string[] = [];
beforeAll(async () => {
  rig = await startRig({ log: ({ level, message }) => void (level === "error" && logged.push(message)) });
  await furnish(rig);
  text = await documentOf(rig);
});
afterAll(() => rig.server.close());

/** The document with the lines that fit taken away, or made others. */
function edited(pattern: RegExp, edit: (line: string) => string | null): string {
  const lines = text.split("\n").flatMap((line) => {
    const next = pattern.test(line) ? edit(line) : line;
    return next === null ? [] : [next];
  });
  if (lines.join("\n") === text) throw new Error(`nothing fits ${pattern}`);
  return lines.join("\n");
}
const without = (pattern: RegExp) => edited(pattern, () => null);
const replaced = (from: string | RegExp, to: string) => edited(/./, (line) => line.replace(from, to));

const broken: [what: string, document: () => string | Buffer, message: RegExp][] = [
  ["nothing", () => "", /There is no (document|body)/],
  ["no JSON", () => "records", /It has no list of records, and ends at line 1/],
  ["a list", () => "[]", /It has no list of records/],
  ["another document", () => '{"format":"other","records":[]}', /Its format must be "settle-state", and is "other"/],
  ["a newer one", () => replaced('"version":1', '"version":2'), /Its version is 2, .*reads 1\. A newer one wrote it/],
  ["one without a version", () => replaced('"version":1,', ""), /Its version is undefined/],
  [
    "a member before",
    () => replaced('"version":1,', '"version":1,"orgId":"org_x",'),
    /it has orgId, which nobody knows/,
  ],
  ["a member behind", () => text.replace("\n]}", '\n],"more":1}'), /it has more, which nobody knows/],
  [
    "a head that is none",
    () => replaced('{"format"', '{"format'),
    /What stands around its records is not JSON|no list/,
  ],
  ["one cut short", () => text.slice(0, text.length / 2), /ends in the middle, at line \d+, behind \d+ whole records/],
  ["one cut before its end", () => text.slice(0, -3), /ends in the middle/],
  ["something behind its end", () => `${text}{}`, /What stands around its records is not JSON/],
  ["no UTF-8", () => Buffer.concat([Buffer.from(text.slice(0, -4)), Buffer.from([0xff]), Buffer.from("\n]}\n")]), /./],
  ["no UTF-8 in a record", () => Buffer.from(text.replace('"indexes"', '"\u00e9"'), "latin1"), /not text in UTF-8/],
  [
    "a missing comma",
    () => edited(/^\{"machine"/, (line) => line.replace(/,$/, "")),
    /Before records\[\d+\] \(line \d+\) a comma is missing/,
  ],
  [
    "a comma too many",
    () => edited(/^\{"machine"/, (line) => `${line},`),
    /there is a comma without a record before it/,
  ],
  ["a comma at the end", () => text.replace("\n]}", ",\n]}"), /a comma stands behind the last record/],
  ["a record that is none", () => text.replace("[\n", "[\n7,\n"), /records\[0\] \(line 2\) is not an object/],
  ["a record that is not JSON", () => replaced('{"slug"', "{slug"), /records\[\d+\] \(line \d+\) is not JSON/],
  [
    "a kind nobody knows",
    () => replaced(/^\{"machine":/, '{"Machine":'),
    /must have one member, its kind \(.*machine.*\), and has Machine/,
  ],
  [
    "two kinds in one",
    () => replaced(/^\{"machine":/, '{"version":{},"machine":'),
    /must have one member, its kind .* and has version, machine/,
  ],
  ["an empty record", () => text.replace("[\n", "[\n{},\n"), /and has nothing/],
  [
    "an entry that is none",
    () => text.replace("[\n", '[\n{"machine":"counter"},\n'),
    /records\[0\] \(line 2\), machine: it is not an object/,
  ],
  ["a missing member", () => replaced('"status":"paused",', ""), /instance: it must have required property 'status'/],
  [
    "a member nobody knows",
    () => replaced('"transitionCount":', '"colour":"red","transitionCount":'),
    /instance: it has colour, which nobody knows/,
  ],
  [
    "a word nobody knows",
    () => replaced('"status":"paused"', '"status":"resting"'),
    /instance: status must be one of running, paused/,
  ],
  ["a time that is none", () => replaced(/"dueAt":\d+/, '"dueAt":"soon"'), /work: dueAt must be integer/],
  ["a task nobody knows", () => replaced('"kind":"timer"', '"kind":"alarm"'), /work: task/],
  [
    "a name that can't be one",
    () => replaced('"slug":"clock"', '"slug":"my clock"'),
    /machine: slug must match pattern/,
  ],
  [
    "code under another's hash",
    () => replaced("// The second.", "// The third."),
    /code: its SHA-256 is \w{64}, and not \w{64}/,
  ],
  [
    "a version without its code",
    () => without(/^\{"code".*The second/),
    /version: its code \w{64} has to stand before it/,
  ],
  [
    "a version without its machine",
    () => without(/^\{"machine":\{"slug":"clock"/),
    /version: its machine clock has to stand before it/,
  ],
  [
    "an instance without its version",
    () => without(/^\{"(version|migration)"/),
    /instance: the version ver_\S+ of its machine has to stand before it/,
  ],
  [
    "a current version that is not there",
    () => replaced(/"currentVersionId":"ver_[\w-]+"/, '"currentVersionId":"ver_x"'),
    /the machine clock has no version ver_x/,
  ],
  [
    "a transition too few",
    () => without(/^\{"transition".*"seq":2/),
    /has transitionCount 2, and a newest transition 1/,
  ],
  ["a transition out of turn", () => replaced('"seq":2', '"seq":3'), /transition: its seq must be 2, and not 3/],
  [
    "a transition of nobody",
    () => replaced('"instance":"hall","seq":2', '"instance":"attic","seq":2'),
    /transition: the instance attic has to stand right before its transitions/,
  ],
  [
    "the same record twice",
    () => edited(/^\{"machine":\{"slug":"clock"/, (line) => `${line}\n${line}`),
    /records\[\d+\] \(line \d+\) doesn't fit those before it: machine "clock" in "\S+": it stands there a second time\. Nothing/,
  ],
  [
    "a time that nobody can write",
    () => replaced(/"createdAt":\d+/, '"createdAt":253402300800000'),
    /createdAt must be <= 253402300799999/,
  ],
  [
    "a timer of nobody",
    () => replaced(/^(\{"work":\{"machine":"clock","instance":)"hall"/, '$1"cellar"'),
    /work: its instance cellar has to stand before it/,
  ],
  ["a line too many in a millisecond", () => replaced(/"nr":\d+/, '"nr":100'), /log: nr must be <= 99/],
  [
    "an instance that no address leads to",
    () => edited(/"attic"/, (line) => line.replace('"attic"', '".."')),
    /instance: slug must match pattern/,
  ],
  [
    "a version that no address leads to",
    () => edited(/^\{"version"/, (line) => line.replace(/"id":"[^"]+"/, '"id":".."')),
    /version: id must match pattern/,
  ],
  [
    "a service that no address leads to",
    () => replaced('"service":"shop"', '"service":"my/shop"'),
    /tokenProvider: service must match pattern/,
  ],
  [
    "an index that no address leads to",
    () => replaced('"indexes":["owner"]', '"indexes":[".."]'),
    /machine: indexes\/0 must match pattern/,
  ],
  ["an organization that is not there", () => without(/^\{"org"/), /its organization org_\S+ has to stand before it/],
];

describe("a document that is wrong is refused, and nothing changes:", () => {
  test.each(broken)("%s", async (_what, document, message) => {
    const answer = await rig.call("PUT", "/_settle/state", { text: document() });
    expect(answer).toMatchObject({
      status: 400,
      body: { code: "invalid-parameter", error: expect.stringMatching(message) },
    });
    expect(answer.body.parameter).toMatch(/^(body|records\[\d+\]\.\w+)$/);
    expect(await documentOf(rig)).toBe(text);
  });
});

test("the connection serves on after a refusal in the middle of a long body", async () => {
  const long = text.replace("[\n", `[\n{"machine":7},\n${`{"log":{}},\n`.repeat(500_000)}`);
  const answer = await rig.call("PUT", "/_settle/state", { text: long });
  expect(answer).toMatchObject({ status: 400, body: { error: expect.stringContaining("records[0] (line 2)") } });
  expect((await rig.call("GET", "/machines")).status).toBe(200);
});

test("a document that announces more than may be is refused before it comes", async () => {
  const { adminToken } = rig.server;
  const head = `PUT /_settle/state HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${adminToken}\r\ncontent-length: 1000000001\r\n\r\n`;
  expect(await rig.raw(head)).toMatch(/^HTTP\/1\.1 413 [\s\S]*larger than 1000000000 bytes/);
});

test("what the API could hold is not refused: the last moment, a timer beyond it, what is for or of somebody who is gone", async () => {
  const other = await startRig();
  const message = {
    kind: "message",
    from: { machine: "clock", instance: "hall" },
    event: { type: "X" },
    authContext: null,
  };
  const work = { name: "message x", machine: "gone", instance: "nobody", dueAt: 1e16, tries: 0, task: message };
  const tokenProvider = { service: "orphan", keyId: "sbk_gone", mapping: {} };
  const lines = [{ work }, { tokenProvider }].map((record) => `,\n${JSON.stringify(record)}`).join("");
  const late = replaced(/"createdAt":\d+/g, '"createdAt":253402300799999').replace("\n]}", `${lines}\n]}`);
  expect(await other.call("PUT", "/_settle/state", { text: late })).toMatchObject({ status: 200 });
  for (const path of ["/machines", "/machines/clock/i", "/machines/clock/i/hall", "/keys", "/token-providers"])
    expect([path, (await other.call("GET", path)).status]).toEqual([path, 200]);
  await other.server.close();
});

test("a document that is compressed is refused", async () => {
  const headers = { "content-encoding": "gzip" };
  expect(await rig.call("PUT", "/_settle/state", { text: gzipSync(text), headers })).toMatchObject({
    status: 415,
    body: { error: expect.stringContaining("compressed (content-encoding: gzip). Send it as it is") },
  });
});

test("a client that goes away while it sends one leaves everything as it was, and is no defect", async () => {
  const { adminToken, url } = rig.server;
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  const head = `PUT /_settle/state HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${adminToken}\r\ncontent-length: 1000000\r\n\r\n`;
  socket.write(head + text.slice(0, 1_000));
  const second = async () => (await rig.call("PUT", "/_settle/state", { text: "{}" })).status;
  // While the first one is read, there is no room for another.
  await expect.poll(second).toBe(503);
  socket.destroy();
  await expect.poll(second).toBe(400);
  expect(await documentOf(rig)).toBe(text);
  expect(logged).toEqual([]);
});

test("a record may be large, and not too large; and it may nest, and not too deep", async () => {
  const small: PieceLimits = { recordBytes: 100, depth: 10 };
  const pieces = async (record: string, chunk: number) => {
    const bytes = Buffer.from(`{"records":[\n${record}\n]}`);
    async function* chunks() {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
    }
    const texts: string[] = [];
    for await (const piece of piecesOf(chunks(), small)) texts.push(piece.text);
    return texts;
  };
  const fits = `{"x":"${"y".repeat(92)}"}`;
  const nests = `{"x":${"[".repeat(7)}${"]".repeat(7)}}`;
  for (const chunk of [1, 3, 1_000]) {
    expect((await pieces(fits, chunk))[1]).toBe(fits);
    await expect(pieces(`${fits.slice(0, -2)}y"}`, chunk)).rejects.toThrow(
      "records[0] (line 2) is larger than 100 bytes",
    );
    expect((await pieces(nests, chunk))[1]).toBe(nests);
    await expect(pieces(`{"x":${nests}}`, chunk)).rejects.toThrow("records[0] (line 2) nests too deep");
  }
});
