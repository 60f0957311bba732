// A tree of source files as the structure rules see it: each file parsed once, with its imports resolved.

import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

/** File texts by path from the repository's root, with forward slashes: `src/index.ts`. */
export interface Tree {
  [path: string]: string;
}

export interface Import {
  /** As written. */
  specifier: string;
  /** A path of the tree for a relative import; `node:…` or the name of a package for another; absent when it is computed. */
  target?: string;
  kind: "builtin" | "package" | "relative" | "computed";
  /** The names taken, `default` and `*` included. */
  names: string[];
  line: number;
}

export interface Module {
  path: string;
  text: string;
  source: ts.SourceFile;
  imports: Import[];
}

export interface Violation {
  rule: string;
  path: string;
  line: number;
  message: string;
}

/** One structural rule: what breaks it in a set of modules. */
export type Rule = (modules: readonly Module[]) => Violation[];

export const root = fileURLToPath(new URL("../../", import.meta.url));

/** The repository's own `src`. Generated files count as modules but aren't written by anyone. */
export function readTree(): Tree {
  const paths = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).map(
    (path) => `src/${path.replaceAll("\\", "/")}`,
  );
  const sources = paths.filter((path) => /\.[jt]s$/.test(path)).sort();
  return Object.fromEntries(sources.map((path) => [path, readFileSync(join(root, path), "utf8")]));
}

export function parse(tree: Tree): Module[] {
  return Object.entries(tree).map(([path, text]) => {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
    return { path, text, source, imports: importsOf(source) };
  });
}

export function isGenerated({ path }: Module): boolean {
  return path.startsWith("src/spec/generated/");
}

export function lineOf(node: ts.Node): number {
  const source = node.getSourceFile();
  return source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
}

/** Every node of a file, parents first. */
export function* nodesOf(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodesOf(child);
}

function importsOf(source: ts.SourceFile): Import[] {
  return [...nodesOf(source)].flatMap((node) => {
    const found = importAt(node);
    return found ? [{ ...resolve(source.fileName, found.specifier), names: found.names, line: lineOf(node) }] : [];
  });
}

/** What a node imports, whichever of the language's six ways it uses; a specifier that is not a literal is undefined. */
function importAt(node: ts.Node): { specifier: ts.Node | undefined; names: string[] } | undefined {
  if (ts.isImportDeclaration(node)) return { specifier: node.moduleSpecifier, names: namesOf(node.importClause) };
  if (ts.isExportDeclaration(node) && node.moduleSpecifier)
    return { specifier: node.moduleSpecifier, names: exportedNames(node) };
  if (ts.isImportTypeNode(node)) {
    return { specifier: ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument, names: ["*"] };
  }
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    return { specifier: node.moduleReference.expression, names: ["*"] };
  }
  if (!ts.isCallExpression(node)) return undefined;
  const isImport = node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const isRequire = ts.isIdentifier(node.expression) && node.expression.text === "require";
  return isImport || isRequire ? { specifier: node.arguments[0], names: ["*"] } : undefined;
}

function namesOf(clause: ts.ImportClause | undefined): string[] {
  const bindings = clause?.namedBindings;
  const named = !bindings
    ? []
    : ts.isNamespaceImport(bindings)
      ? ["*"]
      : bindings.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
  return clause?.name ? ["default", ...named] : named;
}

function exportedNames({ exportClause }: ts.ExportDeclaration): string[] {
  if (!exportClause || ts.isNamespaceExport(exportClause)) return ["*"];
  return exportClause.elements.map(({ name, propertyName }) => (propertyName ?? name).text);
}

function resolve(from: string, node: ts.Node | undefined): Pick<Import, "specifier" | "target" | "kind"> {
  if (!node || !ts.isStringLiteralLike(node)) return { specifier: node?.getText() ?? "", kind: "computed" };
  const specifier = node.text;
  if (specifier.startsWith("node:")) return { specifier, target: specifier, kind: "builtin" };
  if (/^\.{0,2}\//.test(specifier))
    return { specifier, target: posix.join(posix.dirname(from), specifier), kind: "relative" };
  const [scope = "", name] = specifier.split("/");
  return { specifier, target: scope.startsWith("@") ? `${scope}/${name}` : scope, kind: "package" };
}
