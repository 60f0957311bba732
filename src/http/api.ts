// The only place that knows openapi-backend: routes a request by the document, checks its scope and its schema, and runs the operation.

import type { Options as AjvOptions } from "ajv";
import ajvFormats from "ajv-formats";
import type { Request as ApiRequest, Context, Document } from "openapi-backend";
import { OpenAPIBackend } from "openapi-backend";
import { OpenAPIValidator } from "openapi-backend/validation.js";
import { Problem } from "../domain/problem.ts";
import type { Caller, HttpRequest, OperationRequest, Reply, Services } from "../operations/services.ts";
import type { operationTable } from "../operations/table.ts";
import type { Operation } from "../spec/document.ts";
import { document, operations } from "../spec/document.ts";
import type { Authenticator } from "./authentication.ts";
import { readBody } from "./body.ts";
import { queryNames, readQuery } from "./query.ts";
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

/** What the steps of one request hand on to each other. */
interface Exchange {
  raw: RawRequest;
  body: unknown;
  caller?: Promise<Caller>;
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
  backend.router = router;
  backend.validator = new OpenAPIValidator({
    definition: backend.definition,
    router,
    lazyCompileValidators: true,
    // Only parameters, which are text on the wire; a body is never coerced.
    coerceTypes: true,
    ajvOpts: { strict: false, allErrors: false } satisfies AjvOptions,
    customizeAjv: (ajv) => ajvFormats.default(ajv),
  });
  backend.validate = true;
  backend.register(handlers(table, services));
  backend.registerSecurityHandler("BearerAuth", (context: Context, exchange: Exchange) => {
    // Asked once for each alternative; the answer is one.
    const { scopes } = operationOf(byId, context);
    exchange.caller ??= authenticator.authenticate(exchange.raw.headers, scopes);
    return exchange.caller;
  });

  const declaredQueries = new Map(
    router.getOperations().map((operation) => [operation.operationId, queryNames(operation)]),
  );

  return {
    route: (method, url) => route(router, byId, method, url),
    handle: async (operation, raw) => {
      const exchange: Exchange = { raw, body: undefined };
      const problem = attempt(() => {
        exchange.body = readBody(operation, raw.contentType, raw.bytes);
      });
      const request = validatable(raw, exchange.body, declaredQueries.get(operation.operationId) ?? []);
      if (problem) exchange.body = problem;
      return (await backend.handleRequest(request, exchange)) as Reply;
    },
  };
}

/** The request as openapi-backend is to judge it: the query's declared part, and the body as the value it was read to be. */
function validatable({ method, url, headers }: RawRequest, body: unknown, query: readonly string[]): ApiRequest {
  return {
    method,
    path: url,
    query: readQuery(url, query),
    // It passes over a body that is neither an object nor labelled as JSON.
    headers: { ...headers, "content-type": "application/json" } as ApiRequest["headers"],
    // It parses every text body, even one that is a JSON string already: so a string is written as JSON again.
    body: typeof body === "string" ? JSON.stringify(body) : body,
  };
}

function handlers(table: typeof operationTable, services: Services) {
  const run = Object.entries(table).map(([operationId, operation]) => [
    operationId,
    (context: Context, exchange: Exchange) => perform(operation, services, context, exchange),
  ]);
  return {
    ...Object.fromEntries(run),
    unauthorizedHandler: (context: Context) => {
      throw context.security?.BearerAuth?.error ?? new Problem("missing-user", "This operation needs a bearer token.");
    },
    // Its scope is fine; only now does it matter whether the body could be read.
    postSecurityHandler: (context: Context, exchange: Exchange) => {
      const { security } = context.operation;
      if (!context.security?.authorized && security?.length !== 0) return;
      if (exchange.body instanceof Problem) throw exchange.body;
    },
    validationFail: (context: Context) => {
      throw validationProblem(context.validation.errors ?? []);
    },
    notImplemented: (context: Context) => {
      throw new Error(`the operation ${context.operation.operationId} has no function`);
    },
  };
}

async function perform(
  operation: (typeof operationTable)[string],
  services: Services,
  context: Context,
  exchange: Exchange,
): Promise<Reply> {
  const caller = (await exchange.caller) ?? { orgId: "", keyId: "", authContext: {} };
  const { params, query } = context.request;
  const request: OperationRequest = {
    params: params as OperationRequest["params"],
    query: query as OperationRequest["query"],
    body: exchange.body,
    baseUrl: exchange.raw.baseUrl,
    // Only mapped requests are read in this form, so it is not made for the others.
    get http() {
      return httpRequest(exchange.raw);
    },
  };
  return operation(services, caller, request);
}

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

function operationOf(byId: ReadonlyMap<string, Operation>, context: Context): Operation {
  const operation = byId.get(context.operation.operationId ?? "");
  if (!operation) throw new Error(`the document's table has no operation ${context.operation.operationId}`);
  return operation;
}

function attempt(fn: () => void): Problem | null {
  try {
    fn();
    return null;
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
}
