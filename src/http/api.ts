// Routes a request by the document, checks its token, its scope and its schema, and runs the operation.

import type { Document } from "openapi-backend";
import { OpenAPIBackend } from "openapi-backend";
import { Problem } from "../domain/problem.ts";
import type { Caller, HttpRequest, OperationRequest, Reply, Services } from "../operations/services.ts";
import type { operationTable } from "../operations/table.ts";
import type { Operation } from "../spec/document.ts";
import { document, operations } from "../spec/document.ts";
import type { Authenticator } from "./authentication.ts";
import { readBody } from "./body.ts";
import { queryNames, readQuery } from "./query.ts";
import { createRequestCheck } from "./request-check.ts";
import { SettledRouter } from "./router.ts";
import { validationProblem } from "./validation-problem.ts";

/** A request as it came, its body not looked at yet. `url` is path and query. */
export interface RawRequest {
  method: string;
  url: string;
  headers: { [name: string]: string | string[] | undefined };
  contentType: string | undefined;
  bytes: Buffer | undefined;
  baseUrl: string;
}

export interface Api {
  /** The operation a request is routed to, or a Problem: 404, or 405 with the methods there are. */
  route(method: string, url: string): Operation | { problem: Problem; allow?: string };
  /** @throws Problem, and whatever an operation throws */
  handle(operation: Operation, raw: RawRequest): Promise<Reply>;
}

export async function createApi(
  services: Services,
  authenticator: Authenticator,
  table: typeof operationTable,
): Promise<Api> {
  const byId = new Map(operations.map((operation) => [operation.operationId, operation]));
  // Without `quick` it refuses 3.1 documents and then routes nothing; the document's own validity is a test's job.
  const backend = new OpenAPIBackend({ definition: document as unknown as Document, quick: true, validate: false });
  await backend.init();
  const router = new SettledRouter({ definition: backend.definition, apiRoot: "/", ignoreTrailingSlashes: true });
  const validate = createRequestCheck(router, backend.definition);
  const declaredQueries = new Map(
    router.getOperations().map((operation) => [operation.operationId, queryNames(operation)]),
  );

  return {
    route: (method, url) => route(router, byId, method, url),
    handle: async (operation, raw) => {
      const { operationId, path, scopes } = operation;
      const params = router.params(raw.url, path);
      const query = readQuery(raw.url, declaredQueries.get(operationId) ?? []);
      const labels = { contentType: raw.contentType, coding: raw.headers["content-encoding"]?.toString() };
      const body = attempt(() => readBody(operation, labels, raw.bytes));
      const caller = scopes.length === 0 ? nobody : await authenticator.authenticate(raw.headers, scopes);
      // Its scope is fine; only now does it matter whether the body could be read.
      if (body instanceof Problem) throw body;
      const errors = validate(operationId, { path: params, query, header: raw.headers, cookie: {}, requestBody: body });
      if (errors.length > 0) throw validationProblem(errors);
      const perform = table[operationId];
      if (!perform) throw new Error(`the operation ${operationId} has no function`);
      return perform(services, caller, {
        params,
        // Text, or whole numbers where the document has them: the check made them so in place.
        query: query as OperationRequest["query"],
        body,
        baseUrl: raw.baseUrl,
        // Only mapped requests are read in this form, so it is not made for the others.
        get http() {
          return httpRequest(raw);
        },
      });
    },
  };
}

/** Who calls an operation that is open. */
const nobody: Caller = { orgId: "", keyId: "", authContext: {} };

function httpRequest({ method, url, headers, contentType }: RawRequest): HttpRequest {
  const labelled = { ...headers, "content-type": contentType };
  const single = Object.entries(labelled).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value]],
  );
  const [, search = ""] = /^[^?]*(\?.*)?$/s.exec(url) ?? [];
  return { method, headers: Object.fromEntries(single), search };
}

function route(
  router: SettledRouter,
  byId: ReadonlyMap<string, Operation>,
  method: string,
  url: string,
): ReturnType<Api["route"]> {
  const match = router.matchOperation({ method, path: url, headers: {} });
  const operation = byId.get(match?.operationId ?? "");
  if (operation) return operation;
  const path = url.split("?")[0] ?? url;
  const allowed = operations.filter(
    (other) => router.matchOperation({ method: other.method, path, headers: {} })?.operationId === other.operationId,
  );
  if (allowed.length === 0) return { problem: new Problem("not-found", `There is nothing at ${path}.`) };
  const allow = allowed.map((other) => other.method.toUpperCase()).join(", ");
  return { problem: new Problem("method-not-allowed", `${path} takes ${allow}, not ${method}.`), allow };
}

/** What it returns, or the Problem that it throws. */
function attempt<T>(fn: () => T): T | Problem {
  try {
    return fn();
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}
