// Code that is lost beneath a server: whoever needs it is told what is wrong and what mends it, and publishing it again does.

import { mkdtemp, readdir, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ServerLog } from "../../src/index.ts";
import type { Rig } from "./rig.ts";
import { openMachine, startRig } from "./rig.ts";

let folder: string;
let rig: Rig;
let blob: string;
let version: string;
let logged: string[];
const log: ServerLog = ({ level, message }) => level === "error" && logged.push(message);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-lost-code-"));
  logged = [];
  rig = await startRig({ store: join(folder, "db.json") });
  version = await rig.publish("open", openMachine);
  await rig.call("POST", "/machines/open", { json: { slug: "a" } });
  await rig.server.close();
  const blobs = join(folder, "db.blobs");
  const [name = ""] = await readdir(blobs);
  blob = join(blobs, name);
});
afterEach(async () => {
  await rig.server.close();
  await rm(folder, { recursive: true, force: true });
});

const damages: [what: string, does: () => Promise<unknown>, told: RegExp][] = [
  ["changed", () => writeFile(blob, "export default 2"), /is damaged: publish it again\.$/],
  ["missing", () => rm(blob), /is missing \(blob [0-9a-f]{64}\): publish it again\.$/],
  [
    "a device that never ends",
    () => rm(blob).then(() => symlink("/dev/zero", blob)),
    /is damaged: publish it again\.$/,
  ],
  ["larger than any code", () => truncate(blob, 200_000_000), /is damaged: publish it again\.$/],
  ["a folder", () => rm(blob).then(() => symlink(folder, blob)), /is damaged: publish it again\.$/],
];

test.each(damages)("code that is %s is told of, and mended by publishing it again", async (_what, does, told) => {
  await does();
  rig = await startRig({ store: join(folder, "db.json"), log });
  const event = () => rig.call("POST", "/machines/open/i/a/events", { json: { event: "ADD" } });
  const answers = [
    await event(),
    await rig.call("GET", "/_settle/state"),
    await rig.call("POST", "/_settle/snapshots", { json: { name: "x" } }),
  ];
  for (const { status, body } of answers) {
    expect([status, body.code]).toEqual([500, "internal-error"]);
    expect(body.error).toMatch(told);
    expect(body.error).toMatch(/^The code of /);
    expect(body.error).toContain(version);
  }
  expect(logged).toHaveLength(answers.length);
  for (const line of logged) expect(line).toMatch(/^the code of /);
  await rig.publish("open", openMachine);
  expect((await event()).status).toBe(200);
  expect((await rig.call("GET", "/_settle/state")).status).toBe(200);
});
