// Finds the commands of packages that a person installed: those of their project first, then those beside Settle.

import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** The file of the command that a package brings under its own or the given name; null when it isn't installed. */
export function installedCommand(packageName: string, command = packageName): string | null {
  for (const from of [pathToFileURL(join(process.cwd(), "package.json")).href, import.meta.url]) {
    const manifest = manifestOf(packageName, from);
    if (manifest === undefined) continue;
    const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin?: string | { [name: string]: string } };
    const file = typeof bin === "string" ? bin : bin?.[command];
    if (file !== undefined) return join(dirname(manifest), file);
  }
  return null;
}

function manifestOf(packageName: string, from: string): string | undefined {
  try {
    return findPackageJSON(packageName, from);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}
