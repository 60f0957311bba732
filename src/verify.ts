// The oracle as a library: `verify` judges an implementation and resolves to the report that `settle verify` writes.

import { randomBytes } from "node:crypto";
import { loadContracts } from "./oracle/contracts.ts";
import { findProfile, installedContracts, readSuite } from "./oracle/installed.ts";
import { CredentialsRefused, preflight } from "./oracle/preflight.ts";
import { type Profile, ProfileInvalid } from "./oracle/profile.ts";
import { withoutSecrets } from "./oracle/report/redact.ts";
import type { Report, RuleResult } from "./oracle/report.ts";
import { verify as judge, type RunEvent, TargetUnreachable } from "./oracle/verify.ts";

export type { Profile, Report, RuleResult, RunEvent };
export { CredentialsRefused, ProfileInvalid, TargetUnreachable };

export interface VerifyOptions {
  /** Base URL of the implementation. */
  url: string;
  orgId: string;
  keyId: string;
  /** The whole `sbsec_…` string. */
  secretKey: string;
  /** What the target can do: a file, a name of contracts/profiles, or the profile itself. @default "default" */
  profile?: string | Profile;
  /** Starts of rule ids, of scenarios' names and tags, or of stages. @default everything */
  only?: readonly string[];
  /** @default 1 */
  seed?: number;
  /** Size of the generated part. @default 100 */
  runs?: number;
  /** Ends the run early; the report then holds what is known. */
  signal?: AbortSignal;
  onEvent?: (event: RunEvent) => void;
}

const names = ["url", "orgId", "keyId", "secretKey", "profile", "only", "seed", "runs", "signal", "onEvent"];

/**
 * What it makes on the target has names that nobody else has, and is taken away again.
 * @throws TargetUnreachable, CredentialsRefused, ProfileInvalid; TypeError for an option that is unknown or missing
 */
export async function verify(options: VerifyOptions): Promise<Report> {
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new TypeError(`verify has no option ${unknown}`);
  const missing = (["url", "orgId", "keyId", "secretKey"] as const).find((name) => !options[name]);
  if (missing !== undefined) throw new TypeError(`verify needs the option ${missing}`);
  const { url, orgId, keyId, secretKey, profile = "default", ...rest } = options;
  const target = { url: url.replace(/\/+$/, ""), orgId, keyId, secretKey };
  const now = () => Date.now();
  const found = typeof profile === "string" ? findProfile(profile, installedContracts) : profile;
  await preflight(target, now);
  const contracts = loadContracts(installedContracts);
  const suite = readSuite(installedContracts);
  const prefix = `settle-${now().toString(36)}-${randomBytes(3).toString("hex")}`;
  const report = await judge({ ...rest, target, contracts, profile: found, prefix, now, suite });
  return withoutSecrets(report, [secretKey]);
}
