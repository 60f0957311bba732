// Whether the judge of responses can still say no: each thing that it must reject is shown to it before a run.

import {
  at,
  type JsonSchema,
  type OpenApiDocument,
  operationsOf,
  pointer,
  type Response,
  resolve,
} from "../spec/document.ts";
import type { ResponseCheck, WireResponse } from "../spec/response-check.ts";
import { type Rule, rulesOfEveryExchange } from "./contracts.ts";
import type { Findings } from "./run/findings.ts";

/** What the judge lets pass though it must not: a sentence each; empty when it is fit to judge. */
export function deadCanaries(check: ResponseCheck, root: OpenApiDocument): string[] {
  return [
    ...check.verifyCanaries().map(({ message }) => message),
    ...operationsOf(root).flatMap(({ operationId, method, path, statuses }) =>
      statuses.flatMap((status) => {
        const written = root.paths[path]?.[method]?.responses[status];
        if (written === undefined) return [];
        const [response] = resolve<Response>(root, written, pointer("paths", path, method, "responses", status));
        return isOpen(response) ? [] : deadFor(check, root, operationId, Number(status), response);
      }),
    ),
    ...deadShapes(check),
  ];
}

/** Where the judge of responses is not fit, whatever it finds is the oracle's fault. */
export function blameJudge(dead: readonly string[], rules: readonly Rule[], ledger: Findings): void {
  for (const { id } of rules.filter(({ id }) => rulesOfEveryExchange.test(id))) {
    for (const message of dead) ledger.fault(id, message);
  }
}

/** A mapper's answers may be anything, so nothing can be rejected of them. */
function isOpen({ content = {} }: Response): boolean {
  return "*/*" in content;
}

const json = { "content-type": "application/json" };

function deadFor(
  check: ResponseCheck,
  root: OpenApiDocument,
  operationId: string,
  status: number,
  { content = {}, headers = {} }: Response,
): string[] {
  const accepts = (what: string, response: Partial<WireResponse>) => {
    const violations = check.checkResponse({ operationId, status, headers: {}, body: null, ...response });
    return violations.length > 0 ? [] : [`The ${status} of ${operationId} may come with ${what}.`];
  };
  const ofHeaders = Object.entries(headers).flatMap(([name, { required }]) =>
    required ? accepts(`no header ${name}`, {}) : [],
  );
  const media = Object.entries(content);
  if (media.length === 0) return [...ofHeaders, ...accepts("a body", { headers: json, body: "{}" })];
  const bodies = media.flatMap(([, { schema }]) => canariesOf(root, schema ?? {}));
  return [
    ...ofHeaders,
    ...accepts("no body", { headers: json }),
    ...accepts("a body of another type", { headers: { "content-type": "text/html" }, body: "<p>" }),
    ...accepts("a body that is no JSON", { headers: json, body: "{" }),
    ...bodies.flatMap((body) => accepts(JSON.stringify(body), { headers: json, body: JSON.stringify(body) })),
    ...(bodies.length === 0 ? [`The ${status} of ${operationId} has a schema without a canary.`] : []),
  ];
}

function canariesOf(root: OpenApiDocument, schema: JsonSchema): unknown[] {
  const own = schema["x-settle-canary"];
  if (Array.isArray(own)) return own;
  return typeof schema.$ref === "string" ? canariesOf(root, at(root, schema.$ref) as JsonSchema) : [];
}

/** Answers that belong to no operation, and statuses that an operation doesn't have. */
function deadShapes(check: ResponseCheck): string[] {
  const isShapeDead = check.checkErrorShape({ status: 404, headers: json, body: "{}" }).length === 0;
  const isStatusDead =
    check.checkResponse({ operationId: "listMachines", status: 299, headers: {}, body: null }).length === 0;
  return [
    ...(isShapeDead ? ["An error body may be empty."] : []),
    ...(isStatusDead ? ["An operation may answer with any status."] : []),
  ];
}
