// The GitHub Action: its inputs are the options of `settle verify`, and reach the command as they were written.

import { execFile } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { verifyCommand } from "../../src/cli/verify.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

interface Action {
  inputs: { [name: string]: { description: string; default?: string } };
  runs: { using: string; steps: { run?: string; env?: { [name: string]: string }; if?: string; uses?: string }[] };
}
const action = parse(await readFile(join(root, "action.yml"), "utf8")) as Action;
const step = action.runs.steps.find(({ run }) => run !== undefined) ?? {};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "settle-action-"));
  const npx = `#!/usr/bin/env bash\nprintf '%s\\n' "$SETTLE_ORG_ID" "$SETTLE_KEY_ID" "$SETTLE_SECRET_KEY" "$@"\nexit 3\n`;
  await writeFile(join(folder, "npx"), npx);
  await chmod(join(folder, "npx"), 0o755);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What npx is given; the runner turns `${{ inputs.x }}` into the input's text. */
async function givenTo(inputs: { [name: string]: string }): Promise<string[]> {
  const defaults = Object.entries(action.inputs).map(([name, input]) => [name, inputs[name] ?? input.default ?? ""]);
  const values = Object.fromEntries(defaults) as { [name: string]: string };
  const variables = Object.entries(step.env ?? {}).map(([variable, expression]) => {
    const [, name = ""] = /^\$\{\{ inputs\.([a-z-]+) \}\}$/.exec(expression) ?? [];
    return [variable, values[name]];
  });
  const env = { ...Object.fromEntries(variables), PATH: [folder, process.env.PATH].join(delimiter) };
  const failed = await promisify(execFile)("bash", ["-eo", "pipefail", "-c", step.run ?? ""], { env }).catch(
    (error: { code: number; stdout: string }) => error,
  );
  expect(failed).toMatchObject({ code: 3 }); // the command's own
  return failed.stdout.trimEnd().split("\n");
}

test("has an input for every option of verify, and no others", () => {
  // Those that only say how it talks: annotations are on by themselves there.
  const talk = ["json", "github", "no-github"];
  const options = verifyCommand().options.map(({ long }) => (long ?? "").replace("--", ""));
  const inputs = Object.keys(action.inputs).filter((name) => !["base-url", "version", "upload"].includes(name));
  expect(inputs.sort()).toEqual(options.filter((name) => !talk.includes(name)).sort());
});

test("uses every input, and none within a script, where it would be code", () => {
  const text = JSON.stringify(action.runs);
  for (const name of Object.keys(action.inputs)) expect(text).toContain(`inputs.${name}`);
  for (const { run = "" } of action.runs.steps) expect(run).not.toContain("${{");
});

test("runs the command with what it was given, credentials aside, and passes its exit code on", async () => {
  const said = await givenTo({
    "base-url": "http://127.0.0.1:4380",
    org: "org_1",
    key: "sbk_1",
    secret: "sbsec_1",
    only: "SB-INST\n\ninstance name; $(exit)\n",
    "fail-under": "60",
    "report-junit": "a b.xml",
  });
  expect(said).toEqual([
    ...["org_1", "sbk_1", "sbsec_1", "--yes", "settle-server@latest", "verify"],
    ...["--only=SB-INST", "--only=instance name; $(exit)", "--fail-under=60"],
    ...["--report-junit=a b.xml", "--report-html=settle-report.html", "--", "http://127.0.0.1:4380"],
  ]);
});

test("leaves out what was not given", async () => {
  const said = await givenTo({ "base-url": "http://x", "report-html": "" });
  expect(said).toEqual(["", "", "", "--yes", "settle-server@latest", "verify", "--", "http://x"]);
});
