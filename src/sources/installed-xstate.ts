// Which XState a source file was written for: the one that Node would find from its folder.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface XStateLookup {
  /** Version as its package.json has it; absent when none is installed. */
  version?: string;
  /** The package.json files that decided it, in the order asked; those before the last don't exist, and none does without a version. */
  asked: string[];
}

/** Looks for `node_modules/xstate` in a folder and the folders above it, nearest first. */
export async function findInstalledXState(folder: string): Promise<XStateLookup> {
  const asked: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, "node_modules", "xstate", "package.json");
    asked.push(file);
    const version = await packageVersion(file);
    if (version !== undefined) return { version, asked };
    if (dirname(at) === at) return { asked };
  }
}

/** A damaged package.json counts as none: the next one up decides, as when the package was never installed. */
async function packageVersion(file: string): Promise<string | undefined> {
  try {
    const parsed: unknown = JSON.parse(await readFile(file, "utf8"));
    if (typeof parsed !== "object" || parsed === null || !("version" in parsed)) return undefined;
    return typeof parsed.version === "string" ? parsed.version : undefined;
  } catch {
    return undefined;
  }
}
