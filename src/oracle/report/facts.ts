// What ran: the suite and its contracts, the target's profile, the run's own names and numbers, and how its time was spent.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { document } from "../../spec/document.ts";
import type { Profile } from "../profile.ts";

export interface RunFacts {
  suite: Suite;
  profile: Profile;
  /** Starts the name of everything that the run made. */
  namespace: string;
  /** ISO 8601. */
  startedAt: string;
  endedAt: string;
  /** What was asked for, where not everything was. */
  only?: readonly string[];
  /** Whether it was ended early. */
  isInterrupted: boolean;
  stages: StageTime[];
  /** Exchanges with the target: how many in each part of the run's time. */
  pace: { widthMs: number; counts: number[] };
}

/** Which contracts judged. Hashes are SHA-256 in hex. */
export interface Suite {
  version: string;
  document: string;
  rules: string;
  errata: string;
}

/** Milliseconds since the run began. */
export interface StageTime {
  stage: string;
  startMs: number;
  endMs: number;
}

/** `version`: of the package. */
export function suiteOf(contractsFolder: string, version: string): Suite {
  const hashOf = (file: string) => hash(readFileSync(join(contractsFolder, file)));
  return {
    version,
    document: hash(JSON.stringify(document)),
    rules: hashOf("rules.yaml"),
    errata: hashOf("errata.yaml"),
  };
}

function hash(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

const mostParts = 120;

/** `moments`: milliseconds since the run began, which lasted `totalMs`. */
export function paceOf(moments: readonly number[], totalMs: number): RunFacts["pace"] {
  const widthMs = Math.max(1, Math.ceil((totalMs + 1) / mostParts));
  const counts = Array.from({ length: Math.ceil((totalMs + 1) / widthMs) }, () => 0);
  for (const moment of moments) {
    const part = Math.min(counts.length - 1, Math.floor(moment / widthMs));
    counts[part] = (counts[part] ?? 0) + 1;
  }
  return { widthMs, counts };
}
