// Names that no store can have: each is refused with a line that says what would be right, and nothing is made.

import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Running, settle } from "./process.ts";

let folder: string;
let one: Running | undefined;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-names-"));
  await mkdir(join(folder, "there"));
});
afterEach(async () => {
  await one?.stop("SIGKILL");
  await rm(folder, { recursive: true, force: true });
});

const takesFile = /^settle: --store takes a file path or memory:, and not (\S+); a file of that name is \.\/\1\n$/;
const isEmpty = /^settle: --store is empty; name the store's JSON file, such as \.settle\/db\.json\n$/;

test.each<[command: string, store: string, told: RegExp]>([
  ["serve", "there", /^settle: \S+there is a folder\. Name the store's JSON file in it\.\n$/],
  ["serve", "", isEmpty],
  ["serve", "postgres:x", takesFile],
  ["serve", "postgres://x/y", takesFile],
  ["serve", "memory:x", takesFile],
  ["store check", "", isEmpty],
  ["store export", "", isEmpty],
  ["store export", "postgres:x", /^settle: only stores in files are looked after, and postgres:x is none/],
])("%s --store %j", { timeout: 60_000 }, async (command, store, told) => {
  one = settle([...command.split(" "), "--store", store], { SETTLE_PORT: "0" }, folder);
  const ended = await Promise.race([one.ended, one.line(/ready/).then((line) => line)]);
  expect(ended).toMatchObject({ code: 2, stderr: expect.stringMatching(told) });
  expect(await readdir(folder)).toEqual(["there"]);
});

// Node's own way to make a folder with its parents never comes back from there.
test.runIf(process.platform === "linux")("a place where no folder can be made", { timeout: 60_000 }, async () => {
  one = settle(["serve", "--store", "/proc/nope/deep/db.json"], { SETTLE_PORT: "0" }, folder);
  expect(await one.ended).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^settle: \/proc\/nope\/deep\/db\.json can't be opened: ENOENT[^\n]*\n$/),
  });
});
