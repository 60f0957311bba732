#!/usr/bin/env node
// The command `settle`: keeps compiled code between starts (a third of a start is compiling), then the program proper begins.
//
// JavaScript, since for a single TypeScript file before the cache is there Node would load its whole type stripper: 18 MB and 60 ms.
// And without a static import: an older Node must get as far as being told so.

const { node } = process.versions;
const [major = 0, minor = 0] = node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 18)) {
  process.stderr.write(
    `settle: this is Node ${node}, and settle needs 24.18 or newer; install one, or put one beside settle: npm install --save-dev node@24, then npx settle\n`,
  );
  process.exitCode = 2;
} else {
  const { enableCompileCache } = await import("node:module");
  enableCompileCache();
  await import("./program.ts");
}
