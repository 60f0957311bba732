// Our quicker router gives the answers of the one it replaces.

import type { Document } from "openapi-backend";
import { OpenAPIRouter } from "openapi-backend/router.js";
import { expect, test } from "vitest";
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

test("parses what it routes: parameters, query and body are theirs", () => {
  const bodies = [undefined, { slug: "a", context: { deep: [1] } }, JSON.stringify("text"), Buffer.from("bytes")];
  const queries = [{}, { cursor: "a%20b" }, { from: ["1", "2"], gzip: "" }];
  const compared = requests.flatMap(({ method, path }) => {
    const operation = theirs.matchOperation({ method, path, headers: {} });
    if (!operation || method !== operation.method.toUpperCase()) return [];
    return bodies.flatMap((body) => queries.map((query) => ({ method, path: `${path}?x=1`, query, body, operation })));
  });
  for (const { operation, ...rest } of compared) {
    const request = { ...rest, headers: { authorization: "Bearer x" } };
    const { params, query, requestBody, cookies, headers, path, method } = theirs.parseRequest(request, operation);
    expect(ours.parseRequest(request, operation)).toMatchObject({ params, query, requestBody, headers, path, method });
    expect(cookies).toEqual({});
  }
  expect(compared.length).toBeGreaterThan(operations.length * 10);
});
