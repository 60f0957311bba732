// The shape of a file: how it opens, how long it and its functions are, what it exports, what it leaves undone.

import ts from "typescript";
import type { Module, Rule, Violation } from "./modules.ts";
import { isGenerated, lineOf, nodesOf } from "./modules.ts";

const longestFunction = 70;
const longestFile = 400;

export const openingRule: Rule = (modules) =>
  written(modules).flatMap((module) => {
    const message = judgeOpening(module.text);
    return message === undefined ? [] : [violation("opening", module, 1, message)];
  });

export const fileLengthRule: Rule = (modules) =>
  written(modules).flatMap((module) => {
    const lines = module.text.trimEnd().split("\n").length;
    return lines <= longestFile
      ? []
      : [violation("file-length", module, 1, `has ${lines} lines; at most ${longestFile} are kept in mind`)];
  });

export const functionLengthRule: Rule = (modules) =>
  eachNode(modules, (module, node) => {
    if (!ts.isFunctionLike(node) || !("body" in node) || node.body === undefined) return [];
    const { source } = module;
    const lines = source.getLineAndCharacterOfPosition(node.getEnd()).line + 2 - lineOf(node);
    return lines <= longestFunction
      ? []
      : [
          violation(
            "function-length",
            module,
            lineOf(node),
            `a function of ${lines} lines; at most ${longestFunction}`,
          ),
        ];
  });

export const namedExportRule: Rule = (modules) =>
  eachNode(modules, (module, node) => {
    const message = judgeExport(node);
    return message === undefined ? [] : [violation("named-exports", module, lineOf(node), message)];
  });

export const leftoverRule: Rule = (modules) =>
  written(modules).flatMap((module) =>
    commentsOf(module).flatMap(({ text, line }) => {
      const [mark] = /\b(?:TODO|FIXME|XXX|HACK)\b/.exec(text) ?? [];
      return mark === undefined ? [] : [violation("leftovers", module, line, `${mark}: do it, or open an issue`)];
    }),
  );

function judgeOpening(text: string): string | undefined {
  const body = text.startsWith("#!") ? text.slice(text.indexOf("\n") + 1) : text;
  const ranges = ts.getLeadingCommentRanges(body, 0) ?? [];
  if (ranges[0]?.pos !== 0) return "does not open with a comment that names its job";
  // The first paragraph; the shape of a file, or why it is so, may follow in others.
  const [opening = ""] = body.split(/\n(?!\/\/ )/);
  const words = opening
    .replaceAll(/^\/\/ /gm, "")
    .replaceAll("\n", " ")
    .trim();
  if (!opening.startsWith("//") || !words.endsWith("."))
    return "does not open with a `//` sentence that ends in a period";
  return /[.!?] +\p{Lu}/u.test(words) ? "opens with more than one sentence" : undefined;
}

function judgeExport(node: ts.Node): string | undefined {
  if (ts.isExportAssignment(node)) return "has a default export";
  if (ts.isExportDeclaration(node) && !node.exportClause)
    return "exports everything of another file; name what is meant";
  if (ts.isExportSpecifier(node) && node.name.text === "default") return "exports a name as default";
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) ? "has a default export" : undefined;
}

/** Comments hang before and behind tokens, which only `getChildren` shows. */
function commentsOf({ text, source }: Module): { text: string; line: number }[] {
  const found = new Map<number, ts.CommentRange>();
  const visit = (node: ts.Node) => {
    for (const range of ts.getLeadingCommentRanges(text, node.getFullStart()) ?? []) found.set(range.pos, range);
    for (const range of ts.getTrailingCommentRanges(text, node.getEnd()) ?? []) found.set(range.pos, range);
    for (const child of node.getChildren(source)) visit(child);
  };
  visit(source);
  return [...found.values()].map(({ pos, end }) => ({
    text: text.slice(pos, end),
    line: source.getLineAndCharacterOfPosition(pos).line + 1,
  }));
}

function eachNode(modules: readonly Module[], judge: (module: Module, node: ts.Node) => Violation[]): Violation[] {
  return written(modules).flatMap((module) => [...nodesOf(module.source)].flatMap((node) => judge(module, node)));
}

function written(modules: readonly Module[]): readonly Module[] {
  return modules.filter((module) => !isGenerated(module));
}

function violation(rule: string, { path }: Module, line: number, message: string): Violation {
  return { rule, path, line, message };
}
