// The contracts as data: they fit their schemas, refer to what exists, and quote what is still written.

import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  ContractsInvalid,
  loadContracts,
  migrationsOf,
  type Rule,
  rulesOf,
  type Step,
} from "../../src/oracle/contracts.ts";
import { at, type OpenApiDocument, operations } from "../../src/spec/document.ts";

const root = new URL("../../", import.meta.url);
const folder = new URL("contracts/", root);
const text = (path: string) => readFileSync(new URL(path, root), "utf8");
const contracts = loadContracts(folder.pathname);
const errata: { id: string }[] = parse(text("contracts/errata.yaml")).errata;
const openapi: OpenApiDocument = parse(text("openapi.yaml"));
const scenarioFiles = readdirSync(new URL("scenarios/", folder)).map((file) => `scenarios/${file}`);

function violations(file: string, schema: string): string {
  const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });
  const validate = ajv.compile(JSON.parse(text(`contracts/schema/${schema}.schema.json`)));
  return validate(parse(text(`contracts/${file}`))) ? "" : ajv.errorsText(validate.errors);
}

describe("loading", () => {
  function loadWith(file: string, change: (text: string) => string) {
    const copy = mkdtempSync(join(tmpdir(), "settle-contracts-"));
    try {
      cpSync(folder, copy, { recursive: true });
      writeFileSync(join(copy, file), change(readFileSync(join(copy, file), "utf8")));
      return loadContracts(copy);
    } finally {
      rmSync(copy, { recursive: true });
    }
  }
  it.each([
    ["a file that doesn't fit its schema", "rules.yaml", "level: MUST", "level: MAY", "rules.yaml"],
    ["a claim of an unknown rule", "scenarios/edge.yaml", "SB-EDGE-PATH-404-UNKNOWN", "SB-EDGE-PATH-404", "no rule"],
    ["a rule that nothing exercises", "rules.yaml", "- id: SB-EDGE", "- id: SB-LEDGE", "No scenario exercises"],
    [
      "an unknown migration",
      "scenarios/migrations.yaml",
      "migration:parcel-to",
      "migration:box-to",
      "unknown migration",
    ],
    ["an unknown machine", "scenarios/faults.yaml", "machines: [faulty]", "machines: [fault]", "unknown machine"],
    ["two scenarios of one name", "scenarios/edge.yaml", "method-is-unknown", "path-is-unknown", "two scenarios"],
  ])("refuses %s", (_, file, from, to, message) => {
    const load = () => loadWith(file, (content) => content.replace(from, to));
    expect(load).toThrow(ContractsInvalid);
    expect(load).toThrow(message);
  });
});

describe("files", () => {
  it.each([
    ["rules.yaml", "rules"],
    ["errata.yaml", "errata"],
    ["models.yaml", "models"],
    ...scenarioFiles.map((file) => [file, "scenarios"]),
  ])("%s fits its schema", (file = "", schema = "") => {
    expect(violations(file, schema)).toBe("");
  });
});

describe("rules", () => {
  it("have ids of their own", () => {
    const ids = contracts.rules.map(({ id }) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
  });
  it.each(contracts.rules.map((rule) => [rule.id, rule] as const))("%s quotes what its source says", (_, rule) => {
    expect(plain(sourceText(rule))).toContain(plain(rule.source.quote));
  });
  it("that rest on a decision of ours alone only advise", () => {
    const decided = contracts.rules.filter(({ source }) => isDecision(source) && source.doc === "docs/semantics.md");
    expect(decided.length).toBeGreaterThan(5);
    expect(decided.filter(({ level }) => level !== "ADVISORY").map(({ id }) => id)).toEqual([]);
  });
});

describe("errata", () => {
  it("are numbered without gaps", () => {
    expect(errata.map(({ id }) => id)).toEqual(errata.map((_, i) => `E-${String(i + 1).padStart(2, "0")}`));
  });
  it("that files refer to exist", () => {
    const files = ["openapi.yaml", "docs/semantics.md", "src/oracle/claims.ts", "contracts/README.md"];
    const referred = [...new Set(files.flatMap((file) => text(file).match(/\bE-\d\d\b/g) ?? []))];
    expect(referred.filter((id) => !errata.some((erratum) => erratum.id === id))).toEqual([]);
  });
});

describe("scenarios", () => {
  const ids = new Set(operations.map(({ operationId }) => operationId));
  it.each(contracts.scenarios.map((scenario) => [scenario.name, scenario] as const))(
    "%s refers to what exists",
    (_, scenario) => {
      const rules = contracts.rules.map(({ id }) => id);
      expect(rules).toEqual(expect.arrayContaining(rulesOf(scenario.steps)));
      expect(operationsOf(scenario.steps).filter((id) => !ids.has(id))).toEqual([]);
      expect((scenario.machines ?? []).filter((machine) => !contracts.machines.has(machine))).toEqual([]);
      expect(parametersUnknown(scenario.steps)).toEqual([]);
      expect(namesUnset(scenario)).toEqual([]);
    },
  );
  it("need what their rules need", () => {
    const byId = new Map(contracts.rules.map((rule) => [rule.id, rule]));
    const unmet = contracts.scenarios.flatMap(({ name, needs = [], steps }) =>
      rulesOf(steps)
        .filter((id) => byId.get(id)?.needs?.some((capability) => !needs.includes(capability)))
        .map((id) => `${name} exercises ${id}`),
    );
    expect(unmet).toEqual([]);
  });
  it("exercise every rule but those of every exchange and of other stages", () => {
    const exercised = new Set(contracts.scenarios.flatMap(({ steps }) => rulesOf(steps)));
    const idle = contracts.rules.filter(({ id, stage }) => !exercised.has(id) && stage === undefined);
    expect(idle.map(({ id }) => id).filter((id) => !id.startsWith("SB-SPEC-"))).toEqual([]);
  });
});

describe("machines", () => {
  const planned = contracts.plans.map(({ machine }) => machine);
  const used = new Set([...contracts.scenarios.flatMap(({ machines = [] }) => machines), ...planned]);
  it.each(
    [...contracts.machines].flatMap(([name, variants]) =>
      [...variants].map(([version, code]) => [name, version, code] as const),
    ),
  )("%s of XState %d imports its version, and is used", (name, version, code) => {
    expect(code).toContain(version === 4 ? 'from "npm:xstate"' : 'from "npm:xstate@5"');
    expect(code).toMatch(/^\/\/ .+\.\n/);
    expect(used).toContain(name);
  });
});

describe("migrations", () => {
  const used = new Set(contracts.scenarios.flatMap(({ steps }) => migrationsOf(steps)));
  it.each([...contracts.migrations])("%s says what it is, and is used", (name, code) => {
    expect(code).toMatch(/^\/\/ .+\.\n/);
    expect(used).toContain(name);
  });
});

/** White space aside: the documents may break lines anywhere. */
function plain(words: string): string {
  return words.replaceAll(/\s+/g, " ");
}

function sourceText({ source: { doc, at: place } }: Rule): string {
  if (doc === "openapi.yaml") return String(at(openapi, `#${encodeURI(place)}`));
  const section = text(doc)
    .split(/^#+ /m)
    .find((part) => part.startsWith(`${place}\n`));
  return section ?? "";
}

/** Whether the quotation stands in a sentence that is marked as a decision. */
function isDecision({ at: place, quote }: Rule["source"]): boolean {
  const section =
    text("docs/semantics.md")
      .split(/^#+ /m)
      .find((part) => part.startsWith(`${place}\n`)) ?? "";
  const line = section.split("\n").find((sentence) => plain(sentence).includes(plain(quote)));
  return line?.startsWith("**Decision:**") ?? false;
}

/** Steps and the steps within them. */
function allSteps(steps: readonly Step[]): Step[] {
  return steps.flatMap((step): Step[] => {
    if ("repeat" in step) return allSteps(step.steps);
    if ("parallel" in step) return step.parallel.flatMap(allSteps);
    if ("eventually" in step) return [step.eventually];
    if ("restart" in step) return [step, ...(step.during ?? [])];
    return "pages" in step ? [step, ...allSteps(step.between ?? [])] : [step];
  });
}

function operationOf(step: Step): string {
  if ("ws" in step) return "openRealtime";
  return "send" in step ? step.send : "pages" in step ? step.pages : "";
}

function operationsOf(steps: readonly Step[]): string[] {
  return allSteps(steps)
    .map(operationOf)
    .filter((id) => id !== "");
}

function parametersUnknown(steps: readonly Step[]): string[] {
  return allSteps(steps).flatMap((step) => {
    const id = operationOf(step);
    const known = operations.find(({ operationId }) => operationId === id)?.parameters.map(({ name }) => name) ?? [];
    const given = "params" in step ? Object.keys(step.params ?? {}) : [];
    return given.filter((name) => !known.includes(name)).map((name) => `${id} ${name}`);
  });
}

/** Variables that nothing sets. */
function namesUnset({ machines = [], names = [], steps }: (typeof contracts.scenarios)[number]): string[] {
  const saved = allSteps(steps).flatMap((step) => ("save" in step ? Object.keys(step.save ?? {}) : []));
  const set = new Set([...machines, ...names, ...saved, "i", "longerThanSettlingMs", "orgId", ...tallied(steps)]);
  const used = [...JSON.stringify(steps).matchAll(/\{([a-z]\w*)\}/g)].map(([, name = ""]) => name);
  return used.filter((name) => !set.has(name));
}

/** Variables that a restart sets. */
function tallied(steps: readonly Step[]): string[] {
  const during = allSteps(steps).flatMap((step) => ("restart" in step ? (step.during ?? []) : []));
  return during.flatMap((_, i) => [`acknowledged${i}`, `attempted${i}`]);
}
