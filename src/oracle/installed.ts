// Finds what lies beside the code, in the repository as in an installed package: the contracts, and which ones they are.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadProfile, type Profile, ProfileInvalid, profileFile, profileSchema } from "./profile.ts";
import { type Suite, suiteOf } from "./report/facts.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

export const installedContracts = join(root, "contracts");

/** Which contracts these are, for reports. */
export function readSuite(folder: string): Suite {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  return suiteOf(folder, version);
}

/** `profile`: a file, where it is one or looks like one, else a name of contracts/profiles. @throws ProfileInvalid */
export function findProfile(profile: string, folder: string): Profile {
  const isFile = existsSync(profile) || /[/\\]|\.(ya?ml|json)$/.test(profile);
  const file = isFile ? profile : profileFile(folder, profile);
  if (!existsSync(file)) {
    const names = readdirSync(join(folder, "profiles")).map((name) => name.replace(/\.yaml$/, ""));
    throw new ProfileInvalid(`${profile} is not there; name a file, or one of ${names.join(", ")}`);
  }
  return loadProfile(file, profileSchema(folder));
}
