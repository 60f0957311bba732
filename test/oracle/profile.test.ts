// Profiles: those that lie with the contracts can be loaded, and what is wrong with another is said.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadProfile, ProfileInvalid, profileFile, profileSchema } from "../../src/oracle/profile.ts";

const contracts = fileURLToPath(new URL("../../contracts", import.meta.url));
const schema = profileSchema(contracts);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "settle-profile-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("the profiles that lie with the contracts", () => {
  it.each(readdirSync(join(contracts, "profiles")))("%s can be loaded", (file) => {
    const profile = loadProfile(profileFile(contracts, file.replace(/\.yaml$/, "")), schema);
    expect(profile.capabilities.length).toBeGreaterThan(0);
  });
});

describe("a profile that is wrong", () => {
  const good = "title: t\ncapabilities: []\nsettleTimeoutMs: 1\npageSize: 1\n";
  it.each([
    ["has a misspelt name", `${good}restrat: x\n`, "additional properties"],
    ["names an unknown capability", good.replace("[]", "[flying]"), "profile/capabilities/0"],
    ["names an unknown operation", `${good}operations: [createMachine, fly]\n`, "openapi.yaml has no operation fly"],
    ["is no YAML", "title: [", "profile.yaml: "],
  ])("that %s is refused, with the reason", (_, text, reason) => {
    const file = join(folder, "profile.yaml");
    writeFileSync(file, text);
    expect(() => loadProfile(file, schema)).toThrow(ProfileInvalid);
    expect(() => loadProfile(file, schema)).toThrow(reason);
  });
  it("that isn't there is refused, with its name", () => {
    expect(() => loadProfile(join(folder, "none.yaml"), schema)).toThrow(/none\.yaml: .*no such file/);
  });
});
