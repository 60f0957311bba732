// What a run of the contracts needs, from flags: everything that can be wrong is told before anything is sent.

import { isAbsolute, relative } from "node:path";
import {
  type Contracts,
  ContractsInvalid,
  loadContracts,
  loadScenarios,
  rulesOf,
  rulesOfEveryExchange,
} from "../../oracle/contracts.ts";
import type { Target } from "../../oracle/exchange.ts";
import { findProfile, installedContracts } from "../../oracle/installed.ts";
import { type Profile, ProfileInvalid } from "../../oracle/profile.ts";
import { stageNames } from "../../oracle/verify.ts";
import { CannotRun } from "../cannot-run.ts";

/** Where the contracts lie, as seen from here, so that the lines of a repro are short. */
export function contractsFolder(): string {
  const fromHere = relative(process.cwd(), installedContracts);
  return fromHere.startsWith("..") || isAbsolute(fromHere) ? installedContracts : fromHere;
}

/** @throws CannotRun */
export function readContracts(folder: string): Contracts {
  try {
    return loadContracts(folder);
  } catch (cause) {
    throw new CannotRun(`the contracts can't be read: ${(cause as Error).message}; install settle-server again`, {
      cause,
    });
  }
}

/** With the scenarios of these files in the place of their own, and only the rules that those claim. @throws CannotRun */
export function withScenarios(contracts: Contracts, files: readonly string[]): Contracts {
  try {
    const scenarios = files.flatMap((file) => loadScenarios(file, contracts));
    const claimed = new Set(rulesOf(scenarios.flatMap(({ steps }) => steps)));
    const rules = contracts.rules.filter(({ id }) => claimed.has(id) || rulesOfEveryExchange.test(id));
    return { ...contracts, scenarios, rules };
  } catch (cause) {
    if (cause instanceof ContractsInvalid) throw new CannotRun(`--scenarios ${cause.message}`, { cause });
    throw cause;
  }
}

/** @throws CannotRun */
export function readTarget(url: string | undefined, flags: { org?: string; key?: string; secret?: string }): Target {
  if (url === undefined || url === "") {
    throw new CannotRun("where is the implementation? Write its base URL, as in settle verify http://127.0.0.1:4380");
  }
  const base = URL.canParse(url) ? new URL(url) : undefined;
  const isPlain = base !== undefined && base.username === "" && base.search === "" && base.hash === "";
  if (!isPlain || (base.protocol !== "http:" && base.protocol !== "https:")) {
    throw new CannotRun(`${url} is no base URL; write one such as http://127.0.0.1:4380`);
  }
  const { org, key, secret } = flags;
  if (!org || !key || !secret) {
    const missing = [
      org ? "" : "--org (SETTLE_ORG_ID)",
      key ? "" : "--key (SETTLE_KEY_ID)",
      secret ? "" : "--secret (SETTLE_SECRET_KEY)",
    ];
    throw new CannotRun(
      `the target's requests have to be signed: give ${missing.filter((part) => part !== "").join(", ")}`,
    );
  }
  return { url: url.replace(/\/+$/, ""), orgId: org, keyId: key, secretKey: secret };
}

/** A file, or a name of contracts/profiles. @throws CannotRun */
export function readProfile(profile: string, folder: string): Profile {
  try {
    return findProfile(profile, folder);
  } catch (error) {
    if (error instanceof ProfileInvalid) throw new CannotRun(`--profile ${error.message}`, { cause: error });
    throw error;
  }
}

/** @throws CannotRun when something of what was asked for is nothing that there is */
export function checkOnly(only: readonly string[], { rules, scenarios }: Contracts): void {
  const names = [
    ...rules.map(({ id }) => id),
    ...scenarios.flatMap(({ name, tags = [] }) => [name, ...tags]),
    ...stageNames,
  ];
  const unknown = only.find((start) => start === "" || !names.some((name) => name.startsWith(start)));
  if (unknown === undefined) return;
  throw new CannotRun(`--only ${unknown || "''"}: no rule, scenario, tag or stage begins so; contracts/ lists them`);
}
