// openapi-backend's router, made for a document that doesn't change: the same matches, found without compiling every path anew.

import type { Document } from "openapi-backend";
import { OpenAPIRouter } from "openapi-backend/router.js";

type Request = Parameters<OpenAPIRouter<Document>["matchOperation"]>[0];
type Match = ReturnType<OpenAPIRouter<Document>["getOperations"]>[number];

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
  /** By how many slashes their paths have: a parameter has none. */
  #templates: Map<number, Template[]> | undefined;
  readonly #templateByPath = new Map<string, Template>();

  override getOperations(): Match[] {
    this.#operations ??= super.getOperations();
    return this.#operations;
  }

  /** The parameters in the path of a URL that an operation of the path `template` was found for. @throws URIError for a broken escape */
  params(url: string, template: string): { [name: string]: string } {
    this.#templates ??= this.#compile();
    const { pattern, names = [] } = this.#templateByPath.get(template) ?? {};
    if (names.length === 0) return {};
    const { path } = this.normalizeRequest({ method: "", path: url, headers: {} });
    const values = pattern?.exec(this.normalizePath(path)) ?? [];
    const params: { [name: string]: string } = {};
    for (const [index, name] of names.entries()) params[name] = decodeURIComponent(values[index + 1] ?? "");
    return params;
  }

  #compile(): Map<number, Template[]> {
    const templates = templatesOf(this.getOperations());
    for (const { path, template } of templates) this.#templateByPath.set(path, template);
    const bySlashes = Map.groupBy(templates, ({ path }) => slashesIn(path));
    return new Map([...bySlashes].map(([slashes, group]) => [slashes, group.map(({ template }) => template)]));
  }

  override matchOperation(request: Request): Match | undefined;
  override matchOperation(request: Request, strict: boolean): Match;
  override matchOperation(request: Request, strict = false): Match | undefined {
    const { method, path } = this.normalizeRequest(request);
    const normalized = this.normalizePath(path);
    this.#templates ??= this.#compile();
    const candidates = this.#templates.get(slashesIn(normalized)) ?? [];
    const found = candidates.find(({ byMethod, pattern }) => byMethod.has(method) && pattern.test(normalized));
    if (found) return found.byMethod.get(method);
    if (!strict) return undefined;
    throw new Error(
      candidates.some(({ pattern }) => pattern.test(normalized))
        ? "405-methodNotAllowed: this method is not registered for the route"
        : "404-notFound: no route matches request",
    );
  }
}

function slashesIn(path: string): number {
  let count = 0;
  for (let at = path.indexOf("/"); at !== -1; at = path.indexOf("/", at + 1)) count++;
  return count;
}

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
