// Finds the machines under the paths given with `--machines`: one for each source file, and for each folder with an index.

import type { Dirent } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { namePattern } from "../domain/ids.ts";
import { SourceError } from "./source-error.ts";

export interface MachineSource {
  /** The machine it becomes. */
  name: string;
  /** Absolute path of the module to bundle. */
  entry: string;
}

const modulePattern = /\.(?:ts|mts|js|mjs)$/;
const skippedPattern = /\.d\.m?ts$|\.(?:test|spec)\.m?[jt]s$/;
const indexPattern = /^index\.(?:ts|mts|js|mjs)$/;

/**
 * The machines of each path, sorted by name. A path is a source file, a folder of machines, or (when it holds an index) the folder of
 * one machine. An empty folder gives an empty list, which the caller reports: a first machine may be written while the server watches.
 *
 * @throws SourceError for a missing path, a file that is no module, a name the API doesn't allow, and two sources of one name.
 */
export async function findMachineSources(...paths: string[]): Promise<MachineSource[]> {
  const found = await Promise.all(paths.map((path) => sourcesAt(resolve(path))));
  const byName = new Map<string, MachineSource>();
  for (const source of found.flat()) {
    const other = byName.get(source.name);
    // The same file named twice on the command line is no conflict.
    if (other !== undefined && other.entry !== source.entry) throw sameName(source.name, other.entry, source.entry);
    byName.set(source.name, source);
  }
  return [...byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function sourcesAt(path: string): Promise<MachineSource[]> {
  const found = await stat(path).catch((error: unknown) => {
    throw new SourceError([{ file: path, text: "no such file or folder; --machines takes the path of one" }], {
      cause: error,
    });
  });
  if (!found.isDirectory()) return [sourceFile(path)];
  const own = await folderSource(path);
  return own === undefined ? sourcesIn(path) : [own];
}

function sourceFile(file: string): MachineSource {
  const fileName = basename(file);
  if (!isModule(fileName))
    throw new SourceError([{ file, text: "a machine's source is a .ts, .mts, .js or .mjs file" }]);
  if (indexPattern.test(fileName)) return named(basename(dirname(file)), file, dirname(file));
  return named(fileName.replace(modulePattern, ""), file, file);
}

async function sourcesIn(folder: string): Promise<MachineSource[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const visible = entries.filter(({ name }) => !name.startsWith(".") && name !== "node_modules");
  const sources = await Promise.all(visible.map((entry) => sourceOf(folder, entry)));
  return sources.filter((source) => source !== undefined);
}

async function sourceOf(folder: string, entry: Dirent): Promise<MachineSource | undefined> {
  const path = join(folder, entry.name);
  if (await isFolder(entry, path)) return folderSource(path);
  return isModule(entry.name) ? sourceFile(path) : undefined;
}

/** A symbolic link counts as what it leads to; one that leads nowhere is left to the bundler, whose error names it. */
async function isFolder(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return stat(path).then(
    (target) => target.isDirectory(),
    () => false,
  );
}

async function folderSource(folder: string): Promise<MachineSource | undefined> {
  const names = await readdir(folder);
  const [index, second] = names.filter((name) => indexPattern.test(name)).sort();
  if (index === undefined) return undefined;
  if (second !== undefined) throw sameName(basename(folder), join(folder, index), join(folder, second));
  return named(basename(folder), join(folder, index), folder);
}

function isModule(fileName: string): boolean {
  return modulePattern.test(fileName) && !skippedPattern.test(fileName);
}

function named(name: string, entry: string, namedAfter: string): MachineSource {
  if (namePattern.test(name)) return { name, entry };
  const text = `${JSON.stringify(name)} can't name a machine: 1 to 128 letters, digits, - and _ (${namePattern.source}); rename it`;
  throw new SourceError([{ file: namedAfter, text }]);
}

function sameName(name: string, one: string, other: string): SourceError {
  const [file, second] = one < other ? [one, other] : [other, one];
  return new SourceError([
    { file, text: `the machine "${name}" has a second source, ${second}; rename or remove one` },
  ]);
}
