// The house rules, kept: our own sources break none of them, and a small tree that breaks one is caught at it.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ambientRule } from "./ambient.ts";
import { deadFileRule, importRule } from "./floors.ts";
import type { Module, Rule, Tree, Violation } from "./modules.ts";
import { parse, readTree, root } from "./modules.ts";
import { fileLengthRule, functionLengthRule, leftoverRule, namedExportRule, openingRule } from "./shape.ts";

const rules: { [name: string]: Rule } = {
  floors: importRule,
  "dead-file": deadFileRule,
  ambient: ambientRule,
  opening: openingRule,
  "file-length": fileLengthRule,
  "function-length": functionLengthRule,
  "named-exports": namedExportRule,
  leftovers: leftoverRule,
};

function check(modules: readonly Module[]): Violation[] {
  return Object.values(rules).flatMap((rule) => rule(modules));
}

describe("our sources", () => {
  const modules = parse(readTree());

  test.each(Object.entries(rules))("keep the rule %s", (_name, rule) => {
    const lines = rule(modules).map(({ path, line, message }) => `${path}:${line} ${message}`);
    expect(lines.join("\n")).toBe("");
  });

  test("would not keep it with one import of the wrong floor", () => {
    const path = "src/engine/sandbox.ts";
    const sandbox = modules.find((module) => module.path === path);
    const broken = parse({ [path]: `${sandbox?.text}import "../store/memory.ts";\n` });
    const rest = modules.filter((module) => module !== sandbox);
    expect(check([...broken, ...rest])).toMatchObject([
      { rule: "floors", path, message: "src/engine may not import src/store/memory.ts" },
    ]);
  });

  test("import exactly the packages that come with ours, beside those that users bring", () => {
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const { dependencies, peerDependencies } = manifest as { dependencies: object; peerDependencies: object };
    const imports = modules.flatMap((module) => module.imports);
    const imported = new Set(imports.flatMap(({ kind, target }) => (kind === "package" ? [target] : [])));
    const brought = Object.keys(peerDependencies).filter((name) => imported.has(name));
    expect([...Object.keys(dependencies), ...brought].sort()).toEqual([...imported].sort());
  });
});

/** A house as small as it gets, with nothing wrong in it. */
const tidyTree: Tree = {
  "src/index.ts": `// The root.\nimport { app } from "./http/app.ts";\nimport { engine } from "./engine/sandbox.ts";\nimport { open } from "./store/memory.ts";\nexport const at = () => [app, engine, open, Date.now()];\n`,
  "src/cli/main.js": `#!/usr/bin/env node\n// The command.\nimport { at } from "../index.ts";\nprocess.stdout.write(String([at(), process.env.HOME]));\n`,
  "src/http/app.ts": `// The edge.\nimport Fastify from "fastify";\nimport { act } from "../operations/act.ts";\nexport const app = () => [Fastify(), act()];\n`,
  "src/operations/act.ts": `// The deed.\nimport type { Engine } from "../engine/port.ts";\nimport type { Store } from "../store/port.ts";\nexport const act = (): [Engine?, Store?] => [];\n`,
  "src/engine/port.ts": `// What an engine is.\nexport interface Engine {}\n`,
  "src/engine/sandbox.ts": `// An engine.\nimport { spawn } from "node:child_process";\nimport type { Engine } from "./port.ts";\nexport const engine: [Engine, unknown] = [{}, spawn];\n`,
  "src/store/port.ts": `// What a store is.\nimport type { Id } from "../domain/ids.ts";\nexport interface Store { id: Id }\n`,
  "src/store/memory.ts": `// A store.\nimport type { Store } from "./port.ts";\nexport const open = (): Store => ({ id: new Date(0) });\n`,
  "src/domain/ids.ts": `// Ids.\nimport { createHmac } from "node:crypto";\nexport type Id = unknown;\nexport const sign = createHmac;\n`,
};

function withLine(path: string, line: string): Tree {
  return { ...tidyTree, [path]: `${tidyTree[path] ?? "// New.\n"}${line}\n` };
}

/** Each with the one violation it must earn: the rule, the file, and words of the message. */
const breaches: [what: string, tree: Tree, rule: string, path: string, words: string][] = [
  ["domain reads a file", withLine("src/domain/ids.ts", `import "node:fs";`), "floors", "src/domain/ids.ts", "is pure"],
  [
    "domain imports a package",
    withLine("src/domain/ids.ts", `import "ajv";`),
    "floors",
    "src/domain/ids.ts",
    "ajv belongs to",
  ],
  [
    "domain looks up",
    withLine("src/domain/ids.ts", `import "../store/port.ts";`),
    "floors",
    "src/domain/ids.ts",
    "src/domain may not",
  ],
  [
    "the engine imports the store's port",
    withLine("src/engine/sandbox.ts", `import "../store/port.ts";`),
    "floors",
    "src/engine/sandbox.ts",
    "src/engine may not",
  ],
  [
    "the store imports the engine's port",
    withLine("src/store/memory.ts", `import "../engine/port.ts";`),
    "floors",
    "src/store/memory.ts",
    "may not import src/engine/port.ts",
  ],
  [
    "a port imports its adapter",
    withLine("src/engine/port.ts", `import "./sandbox.ts";`),
    "floors",
    "src/engine/port.ts",
    "src/engine/port.ts may not",
  ],
  [
    "an operation imports an adapter",
    withLine("src/operations/act.ts", `import "../store/memory.ts";`),
    "floors",
    "src/operations/act.ts",
    "src/operations may not",
  ],
  [
    "an operation looks up, for a type",
    withLine("src/operations/act.ts", `import type { app } from "../http/app.ts";`),
    "floors",
    "src/operations/act.ts",
    "src/operations may not",
  ],
  [
    "an operation looks up, by a type import",
    withLine("src/operations/act.ts", `export type A = typeof import("../http/app.ts");`),
    "floors",
    "src/operations/act.ts",
    "src/operations may not",
  ],
  [
    "an operation looks up, late",
    withLine("src/operations/act.ts", `await import("../http/app.ts");`),
    "floors",
    "src/operations/act.ts",
    "src/operations may not",
  ],
  [
    "an operation looks up, by passing on",
    withLine("src/operations/act.ts", `export { app } from "../http/app.ts";`),
    "floors",
    "src/operations/act.ts",
    "src/operations may not",
  ],
  [
    "an operation looks up, the old way",
    withLine("src/operations/act.ts", `require("../http/app.ts");`),
    "floors",
    "src/operations/act.ts",
    "src/operations may not",
  ],
  [
    "the edge imports an adapter",
    withLine("src/http/app.ts", `import "../engine/sandbox.ts";`),
    "floors",
    "src/http/app.ts",
    "src/http may not",
  ],
  [
    "the root knows the framework",
    withLine("src/index.ts", `import type { FastifyInstance } from "fastify";`),
    "floors",
    "src/index.ts",
    "fastify belongs to src/http",
  ],
  [
    "the command knows the router",
    withLine("src/cli/main.js", `import "openapi-backend";`),
    "floors",
    "src/cli/main.js",
    "openapi-backend belongs to src/http",
  ],
  [
    "the command builds an adapter",
    withLine("src/cli/main.js", `import "../store/memory.ts";`),
    "floors",
    "src/cli/main.js",
    "src/cli may not",
  ],
  [
    "the judge shares code",
    {
      ...withLine("src/oracle/verify.ts", `import "../domain/ids.ts";`),
      "src/verify.ts": `// The judge for others.\nexport { verify } from "./oracle/verify.ts";\n`,
    },
    "floors",
    "src/oracle/verify.ts",
    "src/oracle may not",
  ],
  [
    "sources import the engine's port",
    {
      ...withLine("src/publisher.ts", `import "./sources/find.ts";`),
      ...withRoot("./publisher.ts"),
      "src/sources/find.ts": `// Finds.\nimport "../engine/port.ts";\n`,
    },
    "floors",
    "src/sources/find.ts",
    "src/sources may not",
  ],
  [
    "an operation opens a socket",
    withLine("src/operations/act.ts", `import "node:net";`),
    "floors",
    "src/operations/act.ts",
    "node:net belongs to",
  ],
  [
    "a package nobody placed",
    withLine("src/http/app.ts", `import "left-pad";`),
    "floors",
    "src/http/app.ts",
    "left-pad belongs to no room",
  ],
  [
    "a builtin in disguise",
    withLine("src/http/app.ts", `import "fs";`),
    "floors",
    "src/http/app.ts",
    "without its node: prefix",
  ],
  [
    "a path nobody can check",
    withLine("src/http/app.ts", `await import(String(app));`),
    "floors",
    "src/http/app.ts",
    "computed path",
  ],
  [
    "an import without .ts",
    withLine("src/http/app.ts", `import "../domain/ids";`),
    "floors",
    "src/http/app.ts",
    "is no file of src",
  ],
  [
    "a file outside the rooms",
    { ...withRoot("./helpers/all.ts"), "src/helpers/all.ts": "// Helps.\n" },
    "floors",
    "src/helpers/all.ts",
    "is in no room",
  ],
  [
    "a file nobody reaches",
    withLine("src/http/lost.ts", "export const lost = 1;"),
    "dead-file",
    "src/http/lost.ts",
    "no program",
  ],
  ["the time", withLine("src/http/app.ts", "export const t = Date.now();"), "ambient", "src/http/app.ts", "Date.now"],
  [
    "the time, by a detour",
    withLine("src/http/app.ts", "export const { now: t } = globalThis.Date;"),
    "ambient",
    "src/http/app.ts",
    "Date.now",
  ],
  [
    "the time, as an object",
    withLine("src/http/app.ts", "export const t = new Date();"),
    "ambient",
    "src/http/app.ts",
    "new Date()",
  ],
  [
    "the time, as text",
    withLine("src/http/app.ts", "export const t = Date();"),
    "ambient",
    "src/http/app.ts",
    "Date()",
  ],
  [
    "the time since the start",
    withLine("src/http/app.ts", "export const t = performance.now();"),
    "ambient",
    "src/http/app.ts",
    "performance.now",
  ],
  [
    "chance",
    withLine("src/store/memory.ts", `export const r = Math["random"]();`),
    "ambient",
    "src/store/memory.ts",
    "Math.random",
  ],
  [
    "chance, imported",
    withLine("src/store/memory.ts", `import { randomBytes as r } from "node:crypto";`),
    "ambient",
    "src/store/memory.ts",
    "randomBytes",
  ],
  [
    "the environment",
    withLine("src/http/app.ts", "export const { env } = process;"),
    "ambient",
    "src/http/app.ts",
    "process.env",
  ],
  [
    "an exception nobody needs",
    {
      ...withRoot("./http/authentication.ts"),
      "src/http/authentication.ts": "// Who.\nexport const t = performance.timeOrigin;\n",
    },
    "ambient",
    "src/http/authentication.ts",
    "performance.now is no longer needed",
  ],
  [
    "no opening comment",
    { ...tidyTree, "src/domain/ids.ts": "export type Id = 1;\n" },
    "opening",
    "src/domain/ids.ts",
    "does not open",
  ],
  [
    "an opening that is no sentence",
    { ...tidyTree, "src/domain/ids.ts": "// Ids\nexport type Id = 1;\n" },
    "opening",
    "src/domain/ids.ts",
    "ends in a period",
  ],
  [
    "an opening of two sentences",
    { ...tidyTree, "src/domain/ids.ts": "// Ids. Of all kinds.\nexport type Id = 1;\n" },
    "opening",
    "src/domain/ids.ts",
    "more than one sentence",
  ],
  ["a long file", withLine("src/domain/ids.ts", "// more\n".repeat(400)), "file-length", "src/domain/ids.ts", "lines"],
  [
    "a long function",
    withLine("src/domain/ids.ts", `export const f = () => {\n${"  f();\n".repeat(69)}};`),
    "function-length",
    "src/domain/ids.ts",
    "71 lines",
  ],
  [
    "a default export",
    withLine("src/domain/ids.ts", "export default 1;"),
    "named-exports",
    "src/domain/ids.ts",
    "default",
  ],
  [
    "a default function",
    withLine("src/domain/ids.ts", "export default function f() {}"),
    "named-exports",
    "src/domain/ids.ts",
    "default",
  ],
  [
    "a default by renaming",
    withLine("src/domain/ids.ts", "export { sign as default };"),
    "named-exports",
    "src/domain/ids.ts",
    "default",
  ],
  [
    "exports wholesale",
    withLine("src/store/memory.ts", `export * from "./port.ts";`),
    "named-exports",
    "src/store/memory.ts",
    "everything",
  ],
  [
    "work left undone",
    withLine("src/domain/ids.ts", "export const f = () => {\n  // TODO: all of it\n};"),
    "leftovers",
    "src/domain/ids.ts",
    "TODO",
  ],
];

function withRoot(specifier: string): Tree {
  return { ...tidyTree, "src/index.ts": `${tidyTree["src/index.ts"]}import ${JSON.stringify(specifier)};\n` };
}

describe("the rules", () => {
  test("find nothing wrong with a tidy house", () => {
    expect(check(parse(tidyTree))).toEqual([]);
  });

  test.each(breaches)("catch it: %s", (_what, tree, rule, path, words) => {
    expect(check(parse(tree))).toEqual([
      { rule, path, line: expect.any(Number), message: expect.stringContaining(words) },
    ]);
  });

  test("are each broken by one of these", () => {
    expect(new Set(breaches.map(([, , rule]) => rule))).toEqual(new Set(Object.keys(rules)));
  });

  test("allow 70 lines, a word in a text, a generated file of any length", () => {
    const long = `// Generated.\n${"export type A = 1;\n".repeat(500)}`;
    const tree: Tree = {
      ...withRoot("./spec/generated/types.ts"),
      "src/spec/generated/types.ts": long,
      "src/domain/ids.ts": `// Ids.\nexport const sign = () => {\n${"  sign();\n".repeat(68)}};\nexport type Id = "TODO";\n`,
    };
    expect(check(parse(tree))).toEqual([]);
  });
});
