// Keeps bundles between starts, so that a start with unchanged sources runs no bundler; everything in it can be deleted at any time.

import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Bundle, bundleMachine, bundleRevision } from "./bundle.ts";
import { fingerprintFiles, sha256 } from "./fingerprint.ts";

export interface BundleCache {
  /** The kept bundle of a module, when it was made by this bundler from exactly the files there are now. Never throws: damage is a miss. */
  read(entry: string): Promise<Bundle | undefined>;
  /** Keeps a module's bundle in place of the one before. @throws when the folder can't be written */
  write(entry: string, bundle: Bundle): Promise<void>;
}

/** A kept bundle as it lies on disk. `entry` is there because the file's name is only its hash. */
interface KeptBundle extends Bundle {
  bundler: string;
  entry: string;
  codeSha256: string;
}

/** A cache in a folder of its own, made at the first write; private to the user, like the store beside it. */
export function createBundleCache(folder: string): BundleCache {
  let writes = 0;
  const fileOf = (entry: string) => join(folder, `${sha256(entry).slice(0, 32)}.json`);
  return {
    async read(entry) {
      const kept = parse(await readFile(fileOf(entry), "utf8").catch(() => ""));
      if (kept === undefined || kept.entry !== entry || kept.bundler !== bundlerName()) return undefined;
      if (kept.codeSha256 !== sha256(kept.code)) return undefined;
      const { code, watchFiles, absentFiles, fingerprint } = kept;
      const current = await fingerprintFiles([...watchFiles, ...absentFiles]);
      return current === fingerprint ? { code, watchFiles, absentFiles, fingerprint } : undefined;
    },
    async write(entry, bundle) {
      const kept: KeptBundle = { bundler: bundlerName(), entry, codeSha256: sha256(bundle.code), ...bundle };
      const file = fileOf(entry);
      const draft = `${file}.${process.pid}.${++writes}`;
      await mkdir(folder, { recursive: true, mode: 0o700 });
      try {
        // Renamed into place, so that a crash or a second server never leaves half a file under the name.
        await writeFile(draft, JSON.stringify(kept), { mode: 0o600 });
        await rename(draft, file);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    },
  };
}

/**
 * The kept bundle of a module, or a new one, which is then kept.
 * A cache that can't be written only costs time, so it is no error: the next start bundles again.
 */
export async function bundleThrough(cache: BundleCache, entry: string): Promise<Bundle & { kept: boolean }> {
  const kept = await cache.read(entry);
  if (kept !== undefined) return { ...kept, kept: true };
  const bundle = await bundleMachine(entry);
  await cache.write(entry, bundle).catch(() => undefined);
  return { ...bundle, kept: false };
}

/** Another esbuild, or other rules of ours, may make other code of the same sources. */
function bundlerName(): string {
  const { version }: { version: string } = createRequire(import.meta.url)("esbuild/package.json");
  return `esbuild ${version}, revision ${bundleRevision}`;
}

function parse(text: string): KeptBundle | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isKeptBundle(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isKeptBundle(value: unknown): value is KeptBundle {
  if (typeof value !== "object" || value === null) return false;
  const { code, codeSha256, entry, bundler, fingerprint, watchFiles, absentFiles } = value as Partial<KeptBundle>;
  const texts = [code, codeSha256, entry, bundler, fingerprint];
  return texts.every((text) => typeof text === "string") && isTexts(watchFiles) && isTexts(absentFiles);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
