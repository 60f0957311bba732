// Copies of this repository that tests may spoil.

import { cp, mkdir, mkdtemp, readdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** A copy of what commands read, in a new folder within `folder`; its packages are a link to ours. */
export async function copyRepository(folder: string): Promise<string> {
  const copy = await mkdtemp(join(folder, "copy-"));
  for (const name of ["src", "contracts", "scripts", "openapi.yaml", "redocly.yaml", "package.json"]) {
    await cp(join(root, name), join(copy, name), { recursive: true });
  }
  await symlink(join(root, "node_modules"), join(copy, "node_modules"));
  return copy;
}

/** Uninstalls a package, or all of a scope, in a copy. */
export async function withoutPackage(copy: string, without: string): Promise<void> {
  await rm(join(copy, "node_modules"));
  await mkdir(join(copy, "node_modules"));
  for (const name of await readdir(join(root, "node_modules"))) {
    if (name !== without) await symlink(join(root, "node_modules", name), join(copy, "node_modules", name));
  }
}
