// Reads, once per runner, every module a worker may load: our worker code (types stripped) and the two XStates.

import { readdirSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Module sources by the URL under which `worker/boot.ts` serves them. */
export type Library = { [url: string]: string };

const sourceRoot = fileURLToPath(new URL("../../", import.meta.url));
const extension = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

/** Files of ours that workers run; in the published package they are `.js` and need no stripping. */
const ours = [
  "domain/json",
  "engine/protocol",
  "engine/worker/actor",
  "engine/worker/calls",
  "engine/worker/candidates",
  "engine/worker/chart",
  "engine/worker/console",
  "engine/worker/context-limit",
  "engine/worker/explain",
  "engine/worker/fair-share",
  "engine/worker/history5",
  "engine/worker/load",
  "engine/worker/lockdown",
  "engine/worker/main",
  "engine/worker/mapper",
  "engine/worker/migration",
  "engine/worker/names",
  "engine/worker/network",
  "engine/worker/outbox",
  "engine/worker/parts",
  "engine/worker/paths",
  "engine/worker/patience",
  "engine/worker/persistent",
  "engine/worker/persistent5",
  "engine/worker/plain-json",
  "engine/worker/position4",
  "engine/worker/position5",
  "engine/worker/scrub",
  "engine/worker/session",
  "engine/worker/timers",
  "engine/worker/v4",
  "engine/worker/v5",
  "engine/worker/virtual-date",
];

/** `xstate5` and `xstate4` are the packages' folders: looked up by the server, since the runner may read nothing on the way to them. */
export function readLibrary(xstate5: string, xstate4: string): Library {
  const library: Library = {};
  for (const name of ours)
    library[`settle:src/${name}${extension}`] = readSource(join(sourceRoot, `${name}${extension}`));
  for (const file of readdirSync(join(xstate5, "dist"))) {
    if (file.endsWith(".esm.js") && !file.includes(".development.")) {
      library[`settle:xstate5/dist/${file}`] = readFileSync(join(xstate5, "dist", file), "utf8");
    }
  }
  for (const file of readdirSync(join(xstate4, "es"), { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".js")) continue;
    const source = readFileSync(join(xstate4, "es", file), "utf8");
    // A bundler would have done this; machine code's world has no `process`.
    library[`settle:xstate4/es/${file}`] = source.replaceAll("process.env.NODE_ENV", '"production"');
  }
  return library;
}

/** The first module of a worker, as a URL that needs no file. */
export function bootUrl(): URL {
  const source = readSource(join(sourceRoot, `engine/worker/boot${extension}`)).replace("main.ts", `main${extension}`);
  return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
}

function readSource(file: string): string {
  const source = readFileSync(file, "utf8");
  return file.endsWith(".ts") ? stripTypeScriptTypes(source) : source;
}
