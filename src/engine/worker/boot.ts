// First code in a worker: serves every module from memory, so that neither we nor machine code ever touch a file, then starts `main`.

import { registerHooks } from "node:module";
import { workerData } from "node:worker_threads";

interface Library {
  /** Module sources by URL: `settle:src/…` ours, `settle:xstate5/…` and `settle:xstate4/…` the two XStates. */
  [url: string]: string;
}
// Machine code may take it away.
const { URL } = globalThis;
const { library, code } = workerData as { library: Library; code: string };

/** Which XState an import means: an explicit major; else bare `xstate` is 5 and `npm:xstate` is 4, unless `prefer` says otherwise. */
function xstateModule(specifier: string, prefer: string | null): string | null {
  const match = /^(npm:)?xstate(?:@[~^]?(\d+)[^/]*)?(\/.*)?$/.exec(specifier);
  if (!match) return null;
  const [, npm, explicit, path = ""] = match;
  const major = explicit ?? prefer ?? (npm ? "4" : "5");
  if (major === "5") return `settle:xstate5/dist/xstate${path.replace("/", "-")}.esm.js`;
  if (major !== "4") return null;
  const inside = path.replace(/^\/(lib|es)\//, "/").replace(/\.js$/, "") || "/index";
  return `settle:xstate4/es${inside}.js`;
}

function resolveForMachine(specifier: string, parent: string): string {
  const prefer = parent.startsWith(`${machine}?prefer=`) ? parent.slice(-1) : null;
  const url = xstateModule(specifier, prefer);
  if (url && library[url] !== undefined) return url;
  throw new Error(
    `machine code may not import '${specifier}': a bundle must be self-contained, its only imports xstate or npm:xstate (4 or 5)`,
  );
}

function resolveForUs(specifier: string, parent: string): string | null {
  if (specifier.startsWith("settle:")) return specifier;
  if (specifier === "xstate") return "settle:xstate5/dist/xstate.esm.js";
  if (specifier === "xstate4") return "settle:xstate4/es/index.js";
  if (specifier.startsWith("xstate4/lib/")) return `settle:xstate4/es/${specifier.slice("xstate4/lib/".length)}`;
  if (!specifier.startsWith(".")) return null;
  // `settle:` URLs are opaque, so the path arithmetic borrows a hierarchical scheme.
  return new URL(specifier, parent.replace("settle:", "file:///")).href.replace("file:///", "settle:");
}

const machine = "settle:machine";
/** From the first import of the machine on, nothing is loaded but ours, the XStates and the machine, whoever asks, under whatever name. */
let sealed = false;

registerHooks({
  resolve(specifier, context, nextResolve) {
    const { parentURL: parent = "" } = context;
    const isOurs = parent.startsWith("settle:src/") || parent.startsWith("settle:xstate");
    if (isOurs && specifier.startsWith(machine)) sealed = true;
    if (sealed && !isOurs) return { url: resolveForMachine(specifier, parent), shortCircuit: true };
    const url = resolveForUs(specifier, parent);
    if (url) return { url, shortCircuit: true };
    if (sealed) throw new Error(`no such module: ${specifier}`);
    return nextResolve(specifier, context);
  },
  load(url, context, nextLoad) {
    if (url.startsWith(machine)) return { format: "module", source: code, shortCircuit: true };
    const source = library[url];
    if (source !== undefined) return { format: "module", source, shortCircuit: true };
    if (sealed || url.startsWith("settle:")) throw new Error(`no such module: ${url}`);
    return nextLoad(url, context);
  },
});

const main = "settle:src/engine/worker/main.ts";
await import(main);
