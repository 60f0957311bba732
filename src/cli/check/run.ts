// Whether openapi.yaml, the handlers, the contracts and the examples fit together: a line a finding, and an exit code for CI.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { messageOf } from "../../domain/message-of.ts";
import { operationTable } from "../../operations/table.ts";
import { ContractsInvalid, loadContracts } from "../../oracle/contracts.ts";
import { findGaps } from "../../oracle/gaps.ts";
import { type OpenApiDocument, operationsOf } from "../../spec/document.ts";
import { CannotRun } from "../cannot-run.ts";
import { findDrift } from "./generated.ts";
import { lint } from "./lint.ts";

/** The repository, or the installed package: openapi.yaml and contracts/ lie there. */
const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A line each. */
interface Report {
  findings: string[];
  notes: string[];
}

/** All that can be checked is, even when something can't: what hinders it is thrown last. Sets the exit code. @throws CannotRun */
export async function check(): Promise<void> {
  const document = readDocument();
  const parts = await Promise.allSettled([lintPart(), driftPart(document), gapsPart(document)]);
  const reports = parts.flatMap((part) => (part.status === "fulfilled" ? [part.value] : []));
  const findings = reports.flatMap((report) => report.findings);
  const hindrance = parts.find((part) => part.status === "rejected")?.reason as unknown;
  const lines = [...findings, ...reports.flatMap(({ notes }) => notes), summary(document, findings.length, hindrance)];
  for (const line of lines) process.stdout.write(`${line}\n`);
  if (hindrance !== undefined) throw hindrance;
  process.exitCode = findings.length === 0 ? 0 : 1;
}

function summary(document: OpenApiDocument, findings: number, hindrance: unknown): string {
  const { length } = operationsOf(document);
  const found = `settle check: ${length} operations, ${findings} finding${findings === 1 ? "" : "s"}`;
  if (hindrance !== undefined) return `${found}, and not everything could be checked.`;
  return findings === 0 ? `${found}: each has a handler, a contract and examples.` : `${found}.`;
}

async function lintPart(): Promise<Report> {
  return { findings: await lint(root), notes: [] };
}

async function driftPart(document: OpenApiDocument): Promise<Report> {
  const { stale, unchecked } = await findDrift(root, document);
  return { findings: stale, notes: unchecked === null ? [] : [`Not checked: ${unchecked}.`] };
}

async function gapsPart(document: OpenApiDocument): Promise<Report> {
  try {
    const { scenarios, unreached } = loadContracts(join(root, "contracts"));
    const gaps = findGaps({ document, handled: deliveredOperations(), scenarios, unreached });
    return { findings: gaps.map(({ message }) => message), notes: [] };
  } catch (error) {
    if (error instanceof ContractsInvalid) {
      return { findings: error.message.split("\n").map((line) => `contracts/ don't fit together: ${line}`), notes: [] };
    }
    throw new CannotRun(`the operations can't be compared with the contracts: ${messageOf(error)}`, { cause: error });
  }
}

/** Ids of the operations that have a handler. */
export function deliveredOperations(): ReadonlySet<string> {
  return new Set(Object.keys(operationTable));
}

function readDocument(): OpenApiDocument {
  try {
    const document = parse(readFileSync(join(root, "openapi.yaml"), "utf8")) as OpenApiDocument;
    operationsOf(document); // throws where it is not even a document
    return document;
  } catch (error) {
    throw new CannotRun(`openapi.yaml can't be read: ${messageOf(error)}`, { cause: error });
  }
}
