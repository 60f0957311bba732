// The judge of responses is judged itself: one that lets something pass is found out, and what it finds is no verdict.

import { expect, it } from "vitest";
import { blameJudge, deadCanaries } from "../../src/oracle/canaries.ts";
import type { Rule } from "../../src/oracle/contracts.ts";
import { exitCodeOf, Ledger } from "../../src/oracle/report.ts";
import { document, type OpenApiDocument } from "../../src/spec/document.ts";
import { createResponseCheck, type ResponseCheck } from "../../src/spec/response-check.ts";

const check = createResponseCheck();
const source = { doc: "openapi.yaml", at: "/info/title", quote: "State Backed" };
const rules: Rule[] = ["SB-SPEC-SUCCESS-CONFORMS", "SB-INST-GET-200-LAST"].map((id) => {
  return { id, title: id, level: "MUST", source };
});

it("rejects all that it must", () => {
  expect(deadCanaries(check, document)).toEqual([]);
});

it("that accepts everything is found out for each answer of each operation", () => {
  const blind: ResponseCheck = { ...check, checkResponse: () => [], checkErrorShape: () => [] };
  const dead = deadCanaries(blind, document);
  for (const what of [
    "The 200 of getMachineInstance may come with no body.",
    "The 200 of getMachineInstance may come with a body of another type.",
    "The 200 of getMachineInstance may come with a body that is no JSON.",
    'The 200 of getMachineInstance may come with {"state":"idle"}.',
    'The 403 of listKeys may come with {"error":"no"}.',
    "The 201 of createMachine may come with a body.",
    "The 101 of openRealtime may come with no header Upgrade.",
    "An error body may be empty.",
    "An operation may answer with any status.",
  ]) {
    expect(dead).toContain(what);
  }
});

it("that forgot one schema of one answer is found out by that", () => {
  const broken = structuredClone(document) as OpenApiDocument & { components: { schemas: Record<string, object> } };
  broken.components.schemas.GetBillingResponse = { "x-settle-canary": [{}] };
  expect(deadCanaries(createResponseCheck(broken), broken)).toEqual([
    "Schema GetBillingResponse accepts {}, which it must reject.",
    "The 200 of getBilling may come with {}.",
  ]);
});

it("that has no canary for an answer is not trusted", () => {
  const broken = structuredClone(document);
  const response = broken.paths["/billing"]?.get?.responses["200"] as { content: object };
  response.content = { "application/json": { schema: { type: "object" } } };
  expect(deadCanaries(createResponseCheck(broken), broken)).toContain(
    "The 200 of getBilling has a schema without a canary.",
  );
});

it("once found out, makes its rules the oracle's error, though others passed", () => {
  const ledger = new Ledger();
  for (const { id } of rules) ledger.pass(id);
  blameJudge(["The 200 of getBilling may come with {}."], rules, ledger);
  const report = ledger.report("http://x", 1, rules);
  expect(report.rules.map(({ status }) => status)).toEqual(["oracle-error", "passed"]);
  expect(exitCodeOf(report)).toBe(2);
});
