// Our quicker router and request check give the answers of openapi-backend's own.

import type { Ajv } from "ajv";
import ajvFormats from "ajv-formats";
import type { Document } from "openapi-backend";
import { OpenAPIBackend } from "openapi-backend";
import { OpenAPIRouter } from "openapi-backend/router.js";
import { OpenAPIValidator } from "openapi-backend/validation.js";
import { expect, test } from "vitest";
import { queryNames } from "../../src/http/query.ts";
import { createRequestCheck } from "../../src/http/request-check.ts";
import { SettledRouter } from "../../src/http/router.ts";
import { document, operations } from "../../src/spec/document.ts";

const options = { definition: document as unknown as Document, apiRoot: "/", ignoreTrailingSlashes: true };
const theirs = new OpenAPIRouter(options);
const ours = new SettledRouter(options);

const paths = [...new Set(operations.map(({ path }) => path))];
const filled = paths.map((path) => path.replace(/\{[^}]*\}/g, "a-1"));
const odd = [
  "/",
  "",
  "//",
  "/machines/",
  "/machines/a/i/",
  "/machines//i",
  "/machines/a/b/c/d/e/f",
  "/Machines",
  "/machines?cursor=x",
  "/machines/i/i/i/events/",
  "/nope",
  "/inv_x",
  "/machines/a%2Fb",
  "/machines/.*",
];
const methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "get"];
const requests = [...filled, ...odd].flatMap((path) => methods.map((method) => ({ method, path, headers: {} })));

function answer(
  router: OpenAPIRouter<Document>,
  request: (typeof requests)[number],
  strict: boolean,
): string | undefined {
  try {
    return router.matchOperation(request, strict)?.operationId;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

test.each([true, false])("for every path and method of the document and for odd ones (strict: %s)", (strict) => {
  const answers = (router: OpenAPIRouter<Document>) =>
    requests.map((request) => [request.method, request.path, answer(router, request, strict)]);
  expect(answers(ours)).toEqual(answers(theirs));
  expect(new Set(answers(ours).map(([, , found]) => found)).size).toBeGreaterThan(operations.length);
});

const routed = requests.flatMap(({ method, path }) => {
  const operation = theirs.matchOperation({ method, path, headers: {} });
  return operation && method === operation.method.toUpperCase() ? [{ method, path: `${path}?x=1`, operation }] : [];
});

test("the parameters of what it routes are theirs", () => {
  for (const { method, path, operation } of routed) {
    const { params } = theirs.parseRequest({ method, path, headers: {} }, operation);
    expect([path, ours.params(path, operation.path)]).toEqual([path, params]);
  }
  expect(routed.length).toBeGreaterThan(operations.length);
});

const bodies = [
  undefined,
  {},
  { slug: "a", context: { deep: [1] } },
  { slug: "" },
  { event: 1 },
  { event: "go" },
  [],
  "text",
];
const queries = [{}, { cursor: "a b", limit: "7" }, { limit: "none" }, { dir: "up" }, { from: ["1", "2"], gzip: "" }];
const headers = [{ "x-statebacked-org-id": "org_a" }, {}];

test("what the document says against a request is what they say", async () => {
  const backend = new OpenAPIBackend({ definition: document as unknown as Document, quick: true, validate: false });
  await backend.init();
  const { definition } = backend;
  const router = new OpenAPIRouter({ ...options, definition });
  const ajvOpts = { strict: false };
  const customizeAjv = (ajv: Ajv) => ajvFormats.default(ajv);
  const settings = { definition, router, lazyCompileValidators: true, coerceTypes: true, ajvOpts, customizeAjv };
  const validator = new OpenAPIValidator(settings);
  const check = createRequestCheck(router, definition);
  const cases = routed.flatMap((one) =>
    bodies.flatMap((body) => queries.flatMap((query) => headers.map((header) => ({ ...one, body, query, header })))),
  );
  const seen = new Set<string>();
  for (const { method, path, operation, body, query: given, header } of cases) {
    const { operationId = "", path: template } = operation;
    const names = queryNames(operation);
    const query = Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
    // They parse a text body, so one that is a JSON string is written as JSON.
    const written = typeof body === "string" ? JSON.stringify(body) : body;
    const request = { method, path, query, headers: { ...header, "content-type": "application/json" }, body: written };
    const { errors, coerced } = validator.validateRequest(request, operationId);
    const parts = { path: ours.params(path, template), query: { ...query }, header, cookie: {}, requestBody: body };
    expect([request, check(operationId, parts)]).toEqual([request, errors ?? []]);
    if (!errors) expect(parts.query).toEqual(coerced?.query);
    for (const { keyword, instancePath } of errors ?? []) seen.add(`${keyword} ${instancePath.split("/")[1]}`);
  }
  expect([...seen]).toEqual(expect.arrayContaining(["anyOf requestBody", "pattern path", "type query", "enum query"]));
});
