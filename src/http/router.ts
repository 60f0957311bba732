// openapi-backend's router, made for a document that doesn't change: the same matches, found without compiling every path anew.

import type { Document } from "openapi-backend";
import { OpenAPIRouter } from "openapi-backend/router.js";

type Request = Parameters<OpenAPIRouter<Document>["matchOperation"]>[0];
type Match = ReturnType<OpenAPIRouter<Document>["getOperations"]>[number];
type Parsed = ReturnType<OpenAPIRouter<Document>["parseRequest"]>;

interface Template {
  pattern: RegExp;
  /** How much of the path is literal: the more, the more specific. */
  literalLength: number;
  byMethod: Map<string, Match>;
}

/** Its answers are those of the class above it, which a test compares over every path and method. */
export class SettledRouter extends OpenAPIRouter<Document> {
  #operations: Match[] | undefined;
  #templates: Template[] | undefined;

  /** What a request was parsed to; openapi-backend asks three times for each. */
  readonly #parsed = new WeakMap<Request, Parsed>();

  readonly #matches = new Map<string, Match>();

  override getOperations(): Match[] {
    this.#operations ??= super.getOperations();
    return this.#operations;
  }

  /** Before routing nobody looks at what a request was parsed to; after it, it is the same each time. */
  override parseRequest(request: Request, operation?: Match): Parsed {
    const known = this.#parsed.get(request);
    if (known) return known;
    if (!operation) return { ...request, params: {}, query: {}, cookies: {}, requestBody: undefined } as Parsed;
    const parsed = super.parseRequest(request, operation);
    this.#parsed.set(request, parsed);
    return parsed;
  }

  override matchOperation(request: Request): Match | undefined;
  override matchOperation(request: Request, strict: boolean): Match;
  override matchOperation(request: Request, strict = false): Match | undefined {
    const { method, path } = this.normalizeRequest(request);
    const key = `${method} ${path}`;
    // Each request is routed twice, before its body is read and by openapi-backend.
    const known = this.#matches.get(key);
    if (known) return known;
    const normalized = this.normalizePath(path);
    this.#templates ??= templatesOf(this.getOperations());
    const fitting = this.#templates.filter(({ pattern }) => pattern.test(normalized));
    const found = fitting.find(({ byMethod }) => byMethod.has(method))?.byMethod.get(method);
    if (found) this.#remember(key, found);
    if (found || !strict) return found;
    throw new Error(
      fitting.length === 0
        ? "404-notFound: no route matches request"
        : "405-methodNotAllowed: this method is not registered for the route",
    );
  }

  #remember(key: string, match: Match): void {
    if (this.#matches.size >= maxMatches) this.#matches.clear();
    this.#matches.set(key, match);
  }
}

/** Matches remembered; paths are made of names, so there may be any number of them. */
const maxMatches = 1_000;

/** Most specific first; a path without parameters is as specific as can be. */
function templatesOf(operations: readonly Match[]): Template[] {
  const byPath = Map.groupBy(operations, ({ path }) => path);
  return [...byPath]
    .map(([path, group]) => ({
      pattern: new RegExp(
        `^${path
          .split(/\{[^}]*\}/)
          .map(literal)
          .join("[^/]+")}$`,
      ),
      literalLength: path.includes("{") ? path.replace(/\{.*?\}/g, "").length : Number.POSITIVE_INFINITY,
      byMethod: new Map(group.map((operation) => [operation.method, operation])),
    }))
    .sort((a, b) => b.literalLength - a.literalLength);
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
