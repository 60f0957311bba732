// A fingerprint over files' contents: equal exactly when none of them changed, appeared or went away.

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";

/** Each file's SHA-256 in hex by absolute path, or `null` for a file that isn't there. */
type FileHashes = ReadonlyMap<string, string | null>;

/** SHA-256 in hex. */
export function sha256(contents: string | Uint8Array): string {
  return createHash("sha256").update(contents).digest("hex");
}

/** Fingerprint of what was read; the order of the entries doesn't matter. */
export function fingerprint(hashes: FileHashes): string {
  const lines = [...hashes].map(([path, hash]) => JSON.stringify([path, hash]));
  return sha256(lines.sort().join("\n"));
}

/** Fingerprint of the files as they are on disk now; one that can't be read counts as not there. */
export async function fingerprintFiles(files: readonly string[]): Promise<string> {
  const hashes = await Promise.all(files.map(async (file) => [file, await hashFile(file)] as const));
  return fingerprint(new Map(hashes));
}

/** SHA-256 of one file in hex, `null` when it can't be read. */
export async function hashFile(file: string): Promise<string | null> {
  return readFile(file).then(sha256, () => null);
}
