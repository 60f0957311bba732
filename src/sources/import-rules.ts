// What machine code may import, as an esbuild plugin: XState stays an import, everything else is a file that comes along.

import { dirname } from "node:path";
import type { ImportKind, OnResolveResult, Plugin, PluginBuild } from "esbuild";
import { hashFile } from "./fingerprint.ts";
import { findInstalledXState, type XStateLookup } from "./installed-xstate.ts";

const requiredNamespace = "required-xstate";

/**
 * Every file that takes part in the bundle is noted in `hashes`, with its hash before esbuild reads it. (To give esbuild what was hashed
 * would be simpler, but then a file that a package's `browser` field turns off would be on again.)
 */
export function importRules(entry: string, hashes: Map<string, string | null>): Plugin {
  return {
    name: "machine-import-rules",
    setup(build) {
      build.onLoad({ filter: /.*/, namespace: "file" }, async ({ path }) => {
        hashes.set(path, await hashFile(path));
        return undefined;
      });
      keepXStateOutside(build, entry, hashes);
      refuseRemoteModules(build);
    },
  };
}

function keepXStateOutside(build: PluginBuild, entry: string, hashes: Map<string, string | null>): void {
  const lookups = new Map<string, Promise<XStateLookup>>();
  const lookUp = (folder: string) => {
    const lookup = lookups.get(folder) ?? findInstalledXState(folder);
    lookups.set(folder, lookup);
    return lookup;
  };

  build.onResolve({ filter: /^npm:xstate(?:@[^/]*)?(?:\/|$)/ }, ({ path, kind }) => outside(path, kind));
  build.onResolve({ filter: /^xstate(?:\/|$)/ }, async ({ path, kind, resolveDir }) => {
    // A dependency linked from elsewhere may have no XState above it: then the machine's own decides.
    const nearest = await lookUp(resolveDir);
    const lookup = nearest.version === undefined ? await lookUp(dirname(entry)) : nearest;
    for (const file of [...nearest.asked, ...lookup.asked]) hashes.set(file, await hashFile(file));
    const major = lookup.version === undefined ? "5" : lookup.version.split(".")[0];
    if (major === "4" || major === "5") return outside(path.replace("xstate", `npm:xstate@${major}`), kind);
    return mistake(
      `XState ${lookup.version} is installed here (${lookup.asked.at(-1)}); machines run on XState 4 or 5`,
    );
  });
  // `require` of an outside module would throw when it runs; a bundled module that re-exports the import gives the same object.
  build.onLoad({ filter: /.*/, namespace: requiredNamespace }, ({ path }) => ({
    contents: `export * from ${JSON.stringify(path)};`,
  }));
}

function outside(specifier: string, kind: ImportKind): OnResolveResult {
  return kind === "require-call"
    ? { path: specifier, namespace: requiredNamespace }
    : { path: specifier, external: true };
}

function refuseRemoteModules(build: PluginBuild): void {
  build.onResolve({ filter: /^(?:https?:)?\/\// }, ({ path }) =>
    mistake(
      `"${path}" is a URL, and machine code can't load modules while it runs; install the package and import its name`,
    ),
  );
  build.onResolve({ filter: /^npm:/ }, ({ path }) =>
    mistake(
      `only XState is provided as an npm: import; install the package and import it by name instead of "${path}"`,
    ),
  );
}

function mistake(text: string): OnResolveResult {
  return { errors: [{ text }] };
}
