// Files that commands write at their end: each says before it begins that one can't be written, and each makes its folder.

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { writeReports } from "../../src/cli/report-options.ts";
import type { Report } from "../../src/oracle/report.ts";
import { settle } from "./process.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-written-"));
  await writeFile(join(folder, "plain"), "");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const nobody = "http://127.0.0.1:9";
const env = { SETTLE_ORG_ID: "org_x", SETTLE_KEY_ID: "sbk_x", SETTLE_SECRET_KEY: "sbsec_x" };
const writers: [what: string, args: (file: string) => string[]][] = [
  ["serve --coverage", (file) => ["serve", "--port", "0", "--store", "memory:", "--coverage", file]],
  ["exec --coverage", (file) => ["exec", "--coverage", file, "--", process.execPath, "-e", "console.log('ran')"]],
  ["verify --report-json", (file) => ["verify", nobody, "--report-json", file]],
  ["proxy --report-html", (file) => ["proxy", nobody, "--port", "0", "--report-html", file]],
  ["proxy --record", (file) => ["proxy", nobody, "--port", "0", "--record", file]],
  ["store export", (file) => ["store", "export", file, "--store", "none.json"]],
];

describe.each(writers)("%s", (_what, args) => {
  test.each([
    ["plain/x.json", /^settle: .*plain\/x\.json can't be written: E[A-Z]+: .*\n$/],
    [".", /^settle: .* it is a folder; name a file in it\n$|^settle: \. is a folder; name a file in it\n$/],
    ["", /^settle: .* can't be written: a file has a name\n$/],
  ])("%j is refused before anything is done", async (file, message) => {
    const { code, stdout, stderr } = await settle(args(file), env, folder).ended;
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, ""]);
    expect(await readdir(folder)).toEqual(["plain"]);
  });
});

test("the folder is made, and what a proxy recorded before outlives one that can't begin", async () => {
  const one = settle(["proxy", nobody, "--port", "0", "--json", "--record", "made/by/one.yaml"], env, folder);
  const { url } = JSON.parse(await one.line(/"event":"ready"/)) as { url: string };
  await writeFile(join(folder, "made/by/one.yaml"), "recorded");
  const port = new URL(url).port;
  const other = await settle(["proxy", nobody, "--port", port, "--record", "made/by/one.yaml"], env, folder).ended;
  expect([other.code, other.stderr]).toEqual([2, expect.stringContaining("is taken")]);
  expect(await readFile(join(folder, "made/by/one.yaml"), "utf8")).toBe("recorded");
  await one.stop();
});

test("an export's folder is made, too", async () => {
  const serve = settle(["serve", "--port", "0", "--store", "db.json", "--json"], {}, folder);
  await serve.line(/"event":"ready"/);
  await serve.stop();
  const { code } = await settle(["store", "export", "made/state.json", "--store", "db.json"], {}, folder).ended;
  expect(code).toBe(0);
  expect(await readFile(join(folder, "made/state.json"), "utf8")).toMatch(/^\{"format":"settle-state"/);
});

test("a report that can't be written after all costs no other one, and the folder is made again", async () => {
  const report = { verdict: "conforms", rules: [] } as unknown as Report;
  const [json, badge] = [folder, join(folder, "cleared", "badge.json")];
  const writing = writeReports(report, { reportJson: json, reportBadge: badge }, "settle verify");
  await expect(writing).rejects.toThrow(/^--report-json .* can't be written: EISDIR/);
  expect(JSON.parse(await readFile(badge, "utf8"))).toMatchObject({ message: "conforms, 0 rules" });
});
