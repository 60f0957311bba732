// Whether what was generated from openapi.yaml is what it says now.

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual, promisify } from "node:util";
import type { OpenApiDocument } from "../../spec/document.ts";
import { document } from "../../spec/document.ts";
import { CannotRun } from "../cannot-run.ts";

export interface Drift {
  /** A sentence each. */
  stale: string[];
  /** What could not be compared, and why; null when everything was. */
  unchecked: string | null;
}

/**
 * In the repository the generator itself compares. An installed package has neither generator nor sources: only the document it serves
 * is compared, as data. @throws CannotRun when the generator fails
 */
export async function findDrift(folder: string, current: OpenApiDocument): Promise<Drift> {
  const generator = join(folder, "scripts", "generate.ts");
  if (existsSync(generator)) return { stale: await staleFiles(generator), unchecked: null };
  const isCurrent = isDeepStrictEqual(current, document);
  return {
    stale: isCurrent
      ? []
      : ["The document that Settle serves is not openapi.yaml as it lies here. Install settle-server again."],
    unchecked: "the generated types, since an installed package has no sources to compare",
  };
}

async function staleFiles(generator: string): Promise<string[]> {
  try {
    await promisify(execFile)(process.execPath, [generator, "--check"]);
    return [];
  } catch (error) {
    const { stderr = "" } = error as { stderr?: string };
    const stale = stderr.split("\n").filter((line) => /^src\/spec\/generated\/\S+ does not match/.test(line));
    if (stale.length > 0) return stale;
    const detail = stderr.split("\n").find((line) => /^\w*Error\b/.test(line));
    throw new CannotRun(`the generator of the types failed: ${detail ?? stderr.trim()}`, { cause: error });
  }
}
