// Time, randomness and the environment come in through ports: nothing but the command line and the root may reach for them.

import ts from "typescript";
import type { Module, Rule, Violation } from "./modules.ts";
import { lineOf, nodesOf } from "./modules.ts";

/** Members of global objects that let the outside world in. */
const ambientMembers: { [object: string]: readonly string[] } = {
  Date: ["now"],
  Math: ["random"],
  process: ["argv", "cwd", "env", "hrtime", "uptime"],
  performance: ["now", "timeOrigin"],
  crypto: ["getRandomValues", "randomUUID"],
};
/** The same as imports; `default` and `*` are used as the global objects above are, and caught there. */
const ambientImports: { [module: string]: readonly string[] } = {
  "node:crypto": [
    "getRandomValues",
    "randomBytes",
    "randomFill",
    "randomFillSync",
    "randomInt",
    "randomUUID",
    "webcrypto",
  ],
  "node:process": ["argv", "cwd", "env", "hrtime", "uptime"],
};

/** Where the outside world comes in. */
const openPlaces = ["src/cli/", "src/index.ts", "src/verify.ts", "src/outside.ts"];

/** What reaches for it elsewhere, and why it has to. An exception that is no longer needed is a violation too. */
const exceptions: { [path: string]: { [name: string]: string } } = {
  "src/engine/runner/main.ts": {
    "process.argv": "a process of its own, told by the server where the two XStates are",
  },
  "src/engine/runner/watchdog.ts": {
    "performance.now": "measures how long a worker really computes, in a process that knows no other clock",
  },
  "src/engine/runner-process.ts": {
    "crypto.randomUUID": "a secret between the server and its sandbox, so it must not come from anything reproducible",
  },
  "src/engine/worker/persistent.ts": {
    "crypto.randomUUID": "watches what machine code draws while it loads; draws nothing itself",
  },
  "src/engine/worker/v5.ts": {
    "crypto.randomUUID": "a name that machine code can't guess, so it must not come from anything reproducible",
  },
  "src/http/authentication.ts": {
    "performance.now":
      "token lifetimes are real time also under the manual clock, since clients compute them from theirs",
    "performance.timeOrigin": "the same",
  },
  "src/store/lowdb/owner.ts": {
    "performance.timeOrigin":
      "tells this process from an earlier one with the same number, where the system doesn't say",
  },
};

export const ambientRule: Rule = (modules) =>
  modules.filter(isClosed).flatMap((module) => check(module, exceptions[module.path] ?? {}));

function isClosed({ path }: Module): boolean {
  return !openPlaces.some((place) => path.startsWith(place));
}

function check(module: Module, excepted: { [name: string]: string }): Violation[] {
  const uses = [...importedUses(module), ...[...nodesOf(module.source)].flatMap(usesAt)];
  const rule = "ambient";
  const { path } = module;
  const broken = uses
    .filter(({ name }) => excepted[name] === undefined)
    .map(({ name, line }) => ({ rule, path, line, message: `${name} must be injected` }));
  const stale = Object.keys(excepted)
    .filter((name) => !uses.some((use) => use.name === name))
    .map((name) => ({ rule, path, line: 1, message: `the exception for ${name} is no longer needed` }));
  return [...broken, ...stale];
}

interface Use {
  name: string;
  line: number;
}

function importedUses({ imports }: Module): Use[] {
  return imports.flatMap(({ target = "", names, line }) =>
    names.filter((name) => ambientImports[target]?.includes(name)).map((name) => ({ name: `${target} ${name}`, line })),
  );
}

function usesAt(node: ts.Node): Use[] {
  const line = () => lineOf(node);
  if (ts.isNewExpression(node) && nameOf(node.expression) === "Date" && !node.arguments?.length)
    return [{ name: "new Date()", line: line() }];
  if (ts.isCallExpression(node) && nameOf(node.expression) === "Date") return [{ name: "Date()", line: line() }];
  const [object, members] = membersTaken(node);
  return members
    .filter((member) => ambientMembers[object]?.includes(member))
    .map((member) => ({ name: `${object}.${member}`, line: line() }));
}

/** `a.b`, `a["b"]` and `const { b } = a`: the object and what is taken from it. */
function membersTaken(node: ts.Node): [string, string[]] {
  if (ts.isPropertyAccessExpression(node)) return [nameOf(node.expression), [node.name.text]];
  if (ts.isElementAccessExpression(node)) {
    return [
      nameOf(node.expression),
      ts.isStringLiteralLike(node.argumentExpression) ? [node.argumentExpression.text] : [],
    ];
  }
  if (ts.isVariableDeclaration(node) && node.initializer && ts.isObjectBindingPattern(node.name)) {
    return [
      nameOf(node.initializer),
      node.name.elements.map(({ name, propertyName }) => (propertyName ?? name).getText()),
    ];
  }
  return ["", []];
}

/** `Date` of both `Date` and `globalThis.Date`. */
function nameOf(node: ts.Expression): string {
  if (ts.isIdentifier(node)) return node.text;
  return ts.isPropertyAccessExpression(node) && nameOf(node.expression) === "globalThis" ? node.name.text : "";
}
