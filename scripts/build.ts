// Builds dist from src: JavaScript, declarations and the JSON they import; the command can be run as a file.

import { execFileSync } from "node:child_process";
import { chmodSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);
const dist = new URL("dist/", root);

// What a source left behind under an old name must not be published.
rmSync(dist, { recursive: true, force: true });
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json"], { cwd: fileURLToPath(root), stdio: "inherit" });
chmodSync(new URL("cli/main.js", dist), 0o755);
