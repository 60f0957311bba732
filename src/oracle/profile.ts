// What a target can do, as a profile says it: which contracts apply to it, and its waiting times and lengths.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { operations } from "../spec/document.ts";
import type { Capability, XStateVersion } from "./contracts.ts";

/** A file of contracts/profiles, or one like it. Times are milliseconds. */
export interface Profile {
  title: string;
  /** What it can do beside what every target must. */
  capabilities: Exclude<Capability, "restart">[];
  /** The operations that it has; all without it. */
  operations?: string[];
  settleTimeoutMs: number;
  /** Entries of a full page of a list. */
  pageSize: number;
  /** A shell command that stops the target at once, starts it again on the same data, and ends when it answers. */
  restart?: string;
  /** For a target without code upload: slugs of deployed machines that stand for machines of contracts/machines, by XState version. */
  machines?: { [machine: string]: { [V in `v${XStateVersion}`]?: string } };
}

/** A profile can't be read, or is not what its schema says. */
export class ProfileInvalid extends Error {
  override name = "ProfileInvalid";
}

/** `schemaFile` is contracts/schema/profile.schema.json. @throws ProfileInvalid */
export function loadProfile(file: string, schemaFile: string): Profile {
  const content = readYaml(file);
  const ajv = new Ajv2020({ strictTypes: false, allErrors: true });
  const validate = ajv.compile<Profile>(JSON.parse(readFileSync(schemaFile, "utf8")));
  if (!validate(content))
    throw new ProfileInvalid(`${file}: ${ajv.errorsText(validate.errors, { dataVar: "profile" })}`);
  const known = new Set(operations.map(({ operationId }) => operationId));
  const unknown = (content.operations ?? []).filter((id) => !known.has(id));
  if (unknown.length > 0) throw new ProfileInvalid(`${file}: openapi.yaml has no operation ${unknown.join(", ")}`);
  return content;
}

/** Where the profile of a name lies: contracts/profiles/<name>.yaml. */
export function profileFile(contractsFolder: string, name: string): string {
  return join(contractsFolder, "profiles", `${name}.yaml`);
}

/** The schema that lies beside the contracts. */
export function profileSchema(contractsFolder: string): string {
  return join(contractsFolder, "schema", "profile.schema.json");
}

function readYaml(file: string): unknown {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new ProfileInvalid(`${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}
