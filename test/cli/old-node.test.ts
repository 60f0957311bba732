// The command under a Node that is too old: it says so in a line, where it would stumble over the first thing that isn't there yet.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const main = fileURLToPath(new URL("../../src/cli/main.js", import.meta.url));

/** The command's help, under a Node that says it is of this version. */
function helpUnder(version: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const pretence = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
  const args = ["--import", `data:text/javascript,${encodeURIComponent(pretence)}`, main, "--help"];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, args, (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

test.each(["20.20.2", "22.22.0", "24.17.9"])("Node %s is refused in one line, with exit code 2", async (version) => {
  const { code, stdout, stderr } = await helpUnder(version);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(
    new RegExp(`^settle: this is Node ${version}, and settle needs 24\\.18 or newer; install .*\n$`),
  );
});

test.each(["24.18.0", "25.0.0"])("Node %s is not", async (version) => {
  expect(await helpUnder(version)).toMatchObject({ code: 0, stderr: "" });
});

test("it asks for what the package asks for, and before anything is imported", async () => {
  expect(manifest.engines.node).toBe(">=24.18");
  const text = await readFile(main, "utf8");
  expect(text).not.toMatch(/^import\b/m);
  expect(text.indexOf("24.18")).toBeLessThan(text.indexOf("import("));
});
