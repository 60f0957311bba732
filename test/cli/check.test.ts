// `settle check` on this repository, and on copies of it that have lost something.

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { deliveredOperations } from "../../src/cli/check/run.ts";
import { operations } from "../../src/spec/document.ts";
import { copyRepository, withoutPackage } from "./copy.ts";
import { type Finished, settle, settleIn } from "./process.ts";

vi.setConfig({ testTimeout: 60_000 });

const undelivered = operations.map(({ operationId }) => operationId).filter((id) => !deliveredOperations().has(id));

let folder: string;
let own: Finished;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-check-"));
  own = await settle(["check"], {}, folder).ended;
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The check of a copy of this repository that `lose` has taken something from. */
async function checkCopy(lose: (copy: string) => Promise<void>): Promise<Finished> {
  const copy = await copyRepository(folder);
  await lose(copy);
  return settleIn(copy, ["check"]).ended;
}
async function edit(file: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(file, "utf8");
  const after = change(before);
  if (after === before) throw new Error(`nothing to change in ${file}`);
  await writeFile(file, after);
}
/** What it says that it doesn't say of this repository. */
function added({ stdout }: Finished): string[] {
  const known = new Set(own.stdout.split("\n"));
  return stdout.split("\n").filter((line) => !known.has(line) && !line.startsWith("settle check:"));
}

test("finds in this repository only what is not delivered yet, whatever folder it is run in", () => {
  const lines = own.stdout.split("\n");
  const ofUndelivered = lines.filter((line) => undelivered.some((id) => line.startsWith(`${id} (`)));
  expect(lines.slice(0, -1)).toEqual(ofUndelivered);
  expect(lines.filter((line) => line.includes("has no handler")).length).toBe(undelivered.length);
  expect(lines.at(-1)).toBe(
    lines.length === 1
      ? `settle check: ${operations.length} operations, 0 findings: each has a handler, a contract and examples.`
      : `settle check: ${operations.length} operations, ${lines.length - 1} findings.`,
  );
  expect(own).toMatchObject({ code: lines.length === 1 ? 0 : 1, stderr: "" });
});

describe("is red when the repository has lost", () => {
  /** Each with exactly what is said of it. */
  const cases: [string, (copy: string) => Promise<void>, RegExp[]][] = [
    [
      "a handler",
      (copy) => edit(join(copy, "src/operations/table.ts"), (text) => text.replace(/^ {2}getMachine,\n/m, "")),
      [/^getMachine \(GET \/machines\/\{machineSlug\}\) has no handler\. /],
    ],
    [
      "a contract",
      async (copy) => {
        for (const file of await readdir(join(copy, "contracts/scenarios"))) {
          const path = join(copy, "contracts/scenarios", file);
          const text = await readFile(path, "utf8");
          await writeFile(path, text.replaceAll(/(send|pages): listMachineVersions\b/g, "$1: listMachines"));
        }
      },
      [/^listMachineVersions \(GET .+\) has no contract\. /],
    ],
    [
      "an example, which the generated document still has",
      (copy) =>
        edit(join(copy, "openapi.yaml"), (text) =>
          text.replace(/ {14}examples:\n {16}lastPage:\n/, "              x-was:\n                lastPage:\n"),
        ),
      [/document\.json does not match/, /^The application\/json body of listMachines's 200 response has no example\. /],
    ],
    [
      "what the linter asks for, in the types too",
      (copy) => edit(join(copy, "openapi.yaml"), (text) => text.replace("      summary: Get a machine\n", "")),
      [
        /^openapi\.yaml:\d+ \(#\/paths\/.+\) .*summary.* \(lint rule operation-summary\)$/,
        /document\.json does not match/,
        /types\.ts does not match/,
      ],
    ],
    [
      "a rule that scenarios claim",
      (copy) =>
        edit(join(copy, "contracts/rules.yaml"), (text) =>
          text.replace("id: SB-EDGE-PATH-404-UNKNOWN", "id: SB-EDGE-LOST"),
        ),
      [/^contracts\/ don't fit together: There is no rule SB-EDGE-PATH-404-UNKNOWN/, /exercises SB-EDGE-LOST/],
    ],
  ];
  test.each(cases)("%s", async (_, lose, expected) => {
    const finished = await checkCopy(lose);
    expect(finished).toMatchObject({ code: 1, stderr: "" });
    expect(added(finished)).toEqual(expected.map((pattern) => expect.stringMatching(pattern)));
  });
});

describe("what it can't check it never passes", () => {
  test("without the linter", async () => {
    const finished = await checkCopy((copy) => withoutPackage(copy, "@redocly"));
    expect(finished.code).toBe(2);
    expect(finished.stderr).toBe(
      "settle: the linter of openapi.yaml is not installed here; npm install --save-dev @redocly/cli\n",
    );
    expect(finished.stdout).toContain("and not everything could be checked.");
    expect(added(finished)).toEqual([]);
  });

  test("with a generator that fails", async () => {
    const finished = await checkCopy((copy) =>
      edit(join(copy, "scripts/generate.ts"), (text) => text.replace('"openapi-typescript"', '"openapi-typoscript"')),
    );
    expect(finished.code).toBe(2);
    expect(finished.stderr).toMatch(/^settle: the generator of the types failed: .*openapi-typoscript.*\n$/);
  });

  test.each([
    ["text that is not YAML", "a: [\n"],
    ["YAML that is not a document", "hello: there\n"],
  ])("%s", async (_, text) => {
    const finished = await checkCopy((copy) => writeFile(join(copy, "openapi.yaml"), text));
    expect(finished).toMatchObject({ code: 2, stdout: "" });
    expect(finished.stderr).toMatch(/^settle: openapi\.yaml can't be read: /);
  });
});
