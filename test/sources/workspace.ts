// A throwaway folder with sources in it, as a user's project on disk.

import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export interface Workspace {
  /** Absolute path of a file in it, by its path from its root. */
  at(path: string): string;
  /** Writes files, by their path from its root, with the folders they need. */
  write(files: Record<string, string>): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function makeWorkspace(files: Record<string, string> = {}): Promise<Workspace> {
  const root = await realpath(await mkdtemp(join(tmpdir(), "sources-")));
  const at = (path: string) => join(root, path);
  const write = async (more: Record<string, string>) => {
    for (const [path, text] of Object.entries(more)) {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), text);
    }
  };
  await write(files);
  return { at, write, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) };
}

/** An installed package: its package.json alone is what decides which XState a source means. */
export function installedXState(version: string, folder = ""): Record<string, string> {
  return { [join(folder, "node_modules/xstate/package.json")]: JSON.stringify({ name: "xstate", version }) };
}
