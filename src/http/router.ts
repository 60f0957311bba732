// openapi-backend's router, made for a document that doesn't change: the same matches, found without compiling every path anew.

import type { Document } from "openapi-backend";
import { OpenAPIRouter } from "openapi-backend/router.js";

type Request = Parameters<OpenAPIRouter<Document>["matchOperation"]>[0];
type Match = ReturnType<OpenAPIRouter<Document>["getOperations"]>[number];
type Parsed = ReturnType<OpenAPIRouter<Document>["parseRequest"]>;

interface Template {
  /** Its groups are the path's parameters, in the order of `names`. */
  pattern: RegExp;
  names: string[];
  /** How much of the path is literal: the more, the more specific. */
  literalLength: number;
  byMethod: Map<string, Match>;
}

/** Its answers are those of the class above it, which a test compares over every path and method. */
export class SettledRouter extends OpenAPIRouter<Document> {
  #operations: Match[] | undefined;
  #templates: Template[] | undefined;
  readonly #templateByPath = new Map<string, Template>();

  /** What a request was parsed to; openapi-backend asks three times for each. */
  readonly #parsed = new WeakMap<Request, Parsed>();

  readonly #matches = new Map<string, Match>();

  override getOperations(): Match[] {
    this.#operations ??= super.getOperations();
    return this.#operations;
  }

  /**
   * Before routing nobody looks at what a request was parsed to; after it, it is the same each time. It is parsed here for this
   * document, which has no cookies, and no query parameters but plain ones; header names are in lower case as Node gives them.
   */
  override parseRequest(request: Request, operation?: Match): Parsed {
    const known = this.#parsed.get(request);
    if (known) return known;
    const nothing = { params: {}, query: {}, cookies: {}, requestBody: undefined };
    if (!operation) return { ...request, ...nothing } as unknown as Parsed;
    const { method, path } = this.normalizeRequest(request);
    const { query, body, headers } = request;
    const parsed = { ...request, ...nothing, method, path, headers, params: this.#params(path, operation) } as Parsed;
    parsed.query = { ...(query as Parsed["query"]) };
    parsed.requestBody = typeof body === "string" ? JSON.parse(body) : body;
    this.#parsed.set(request, parsed);
    return parsed;
  }

  #params(path: string, operation: Match): { [name: string]: string } {
    this.#templates ??= this.#compile();
    const template = this.#templateByPath.get(operation.path);
    const values = template?.pattern.exec(this.normalizePath(path))?.slice(1) ?? [];
    return Object.fromEntries(values.map((value, index) => [template?.names[index] ?? "", decodeURIComponent(value)]));
  }

  #compile(): Template[] {
    const templates = templatesOf(this.getOperations());
    for (const { path, template } of templates) this.#templateByPath.set(path, template);
    return templates.map(({ template }) => template);
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
    this.#templates ??= this.#compile();
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
function templatesOf(operations: readonly Match[]): { path: string; template: Template }[] {
  const byPath = Map.groupBy(operations, ({ path }) => path);
  return [...byPath]
    .map(([path, group]) => ({ path, template: templateOf(path, group) }))
    .sort((a, b) => b.template.literalLength - a.template.literalLength);
}

function templateOf(path: string, group: readonly Match[]): Template {
  const literals = path.split(/\{[^}]*\}/);
  return {
    pattern: new RegExp(`^${literals.map(literal).join("([^/]+)")}$`),
    names: [...path.matchAll(/\{([^}]*)\}/g)].map(([, name = ""]) => name),
    literalLength: path.includes("{") ? literals.join("").length : Number.POSITIVE_INFINITY,
    byMethod: new Map(group.map((operation) => [operation.method, operation])),
  };
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
