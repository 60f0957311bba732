// Bundles a machine's source into the one self-contained ES module that a machine version is.

import { access, realpath } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import type { BuildFailure, BuildOptions, Message } from "esbuild";
import { fingerprint, hashFile } from "./fingerprint.ts";
import { importRules } from "./import-rules.ts";
import { SourceError, type SourceMistake } from "./source-error.ts";

export interface Bundle {
  /** One ES module that imports nothing but `npm:xstate…`. The same sources give the same text wherever they lie. */
  code: string;
  /** Absolute paths of the files it was made from, sorted: sources, and the package.json and tsconfig.json files that steered it. */
  watchFiles: string[];
  /** Absolute paths, sorted, of files that were looked for in vain: one that appears may change the outcome. */
  absentFiles: string[];
  /** What `fingerprintFiles([...watchFiles, ...absentFiles])` gives as long as a new bundle would be the same. */
  fingerprint: string;
}

/** Raised whenever the same sources would give other code, so that kept bundles are made again. */
export const bundleRevision = 1;

/**
 * The bundle of a machine's module.
 *
 * @param entry absolute path of the module
 * @throws SourceError with the position of each mistake in the sources
 */
export async function bundleMachine(entry: string): Promise<Bundle> {
  const { build } = await loadBundler();
  // Where a link leads to: esbuild names modules by their real paths, relative to the folder it works in.
  const module = await realpath(entry).catch(() => entry);
  const hashes = new Map<string, string | null>();
  try {
    const result = await build({
      ...options,
      entryPoints: [module],
      absWorkingDir: dirname(module),
      plugins: [importRules(module, hashes)],
    });
    const [output] = result.outputFiles;
    if (output === undefined) throw new Error(`esbuild gave no output for ${entry}`);
    for (const [file, before] of hashes) {
      if ((await hashFile(file)) !== before) hashes.set(file, editedMeanwhile);
    }
    for (const file of await steeringFiles([...hashes.keys()])) hashes.set(file, await hashFile(file));
    return { code: output.text, ...filesOf(hashes), fingerprint: fingerprint(hashes) };
  } catch (error) {
    throw isBuildFailure(error)
      ? new SourceError(
          error.errors.map((message) => toMistake(message, module)),
          { cause: error },
        )
      : error;
  }
}

/** In place of a file's hash, when nobody knows which of its contents was bundled: no file's hash equals it, so nothing is kept by it. */
const editedMeanwhile = "edited while it was bundled";

/** Ends the bundler's process, if there is one; it would stay for the next bundle and hold some 13 MB. Bundling starts it again. */
export async function stopBundler(): Promise<void> {
  await (await bundler)?.stop();
}

/** Loaded with the first bundle, since a start whose bundles are all kept from last time needs none. */
let bundler: Promise<typeof import("esbuild")> | undefined;

function loadBundler(): Promise<typeof import("esbuild")> {
  bundler ??= import("esbuild");
  return bundler;
}

const options = {
  bundle: true,
  write: false,
  format: "esm",
  target: "es2022",
  // A world with the web's APIs and without Node: packages are asked for the build they make for workers, then for browsers.
  platform: "browser",
  conditions: ["module", "worker", "browser"],
  mainFields: ["browser", "module", "main"],
  // There is no `process` where the code runs, and packages ask for this one variable.
  define: { "process.env.NODE_ENV": '"production"' },
  charset: "utf8",
  legalComments: "none",
  logLevel: "silent",
} as const satisfies BuildOptions;

/** For each source its nearest package.json (which says how its imports resolve) and, for the user's own, its nearest tsconfig.json. */
async function steeringFiles(sources: readonly string[]): Promise<Set<string>> {
  const folders = new Set(sources.filter((file) => !file.endsWith("package.json")).map(dirname));
  const asked = new Set<string>();
  for (const folder of folders) {
    await askUpwards(folder, "package.json", asked);
    if (!folder.includes(`${sep}node_modules${sep}`)) await askUpwards(folder, "tsconfig.json", asked);
  }
  return asked;
}

/** Adds the paths where a file was looked for, from a folder upwards, up to the one where it is. */
async function askUpwards(folder: string, name: string, asked: Set<string>): Promise<void> {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, name);
    if (asked.has(file)) return;
    asked.add(file);
    if ((await exists(file)) || dirname(at) === at) return;
  }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function filesOf(hashes: ReadonlyMap<string, string | null>): { watchFiles: string[]; absentFiles: string[] } {
  const paths = [...hashes.keys()].sort();
  return {
    watchFiles: paths.filter((path) => hashes.get(path) !== null),
    absentFiles: paths.filter((path) => hashes.get(path) === null),
  };
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

function toMistake({ text, location, notes }: Message, entry: string): SourceMistake {
  const whole = builtinText(text) ?? [text, ...notes.map((note) => note.text)].join("; ");
  if (location === null) return { file: entry, text: whole };
  const file = isAbsolute(location.file) ? location.file : resolve(dirname(entry), location.file);
  // esbuild counts columns in bytes from 0.
  const before = Buffer.from(location.lineText).subarray(0, location.column).toString();
  return { file, line: location.line, column: before.length + 1, text: whole };
}

/**
 * The text for an import of what only Node has. Only for those that esbuild didn't find: a package of the same name may be installed
 * (`events`, `buffer`), and a package's `browser` field may put something in a built-in's place.
 */
function builtinText(text: string): string | undefined {
  const [, name] = /^Could not resolve "(.+)"$/.exec(text) ?? [];
  if (name === undefined || !isBuiltin(name)) return undefined;
  return `"${name}" is part of Node, which machine code doesn't run on: it has the web's APIs (fetch, URL, crypto, …), no files and no processes`;
}
