// The house's floors: which room may import what, which packages belong to which room, and that no file stands empty.

import { isBuiltin } from "node:module";
import type { Import, Module, Rule, Violation } from "./modules.ts";

const floor0 = ["src/domain", "src/spec"];
const ports = ["src/engine/port.ts", "src/store/port.ts", "src/store/shelf.ts", "src/jwks/port.ts"];
const roots = [
  "src/index.ts",
  "src/outside.ts",
  "src/publisher.ts",
  "src/ruling.ts",
  "src/bootstrap.ts",
  "src/stored.ts",
  "src/store-care.ts",
  "src/crash-points.ts",
  "src/tampering.ts",
];

/**
 * What each room may import beside itself, by path; a file belongs to the room with the longest path that fits. Engine and store each
 * have a port that all may see and adapters that only `src/index.ts` builds, so the two never meet.
 */
const rooms: { [path: string]: readonly string[] } = {
  "src/domain": [],
  "src/spec": [],
  // The server's side of the engine and the two programs of its sandbox share the port and the lines they speak, nothing else.
  "src/engine": [...floor0, "src/engine/port.ts", "src/engine/protocol.ts", "src/engine/lines.ts"],
  "src/engine/port.ts": floor0,
  "src/engine/protocol.ts": [...floor0, "src/engine/port.ts"],
  "src/engine/lines.ts": floor0,
  "src/engine/runner": [...floor0, "src/engine/port.ts", "src/engine/protocol.ts", "src/engine/lines.ts"],
  "src/engine/worker": [...floor0, "src/engine/port.ts", "src/engine/protocol.ts"],
  "src/store/port.ts": ["src/domain"],
  "src/store/shelf.ts": [],
  "src/store/memory-shelf.ts": ["src/domain", "src/store/port.ts", "src/store/shelf.ts"],
  "src/store/core": ["src/domain", "src/store/port.ts"],
  "src/store/memory.ts": ["src/domain", "src/store/port.ts", "src/store/core"],
  "src/store/lowdb": ["src/domain", "src/store/port.ts", "src/store/shelf.ts", "src/store/core"],
  "src/sources": ["src/domain"],
  "src/jwks": ["src/domain", "src/jwks/port.ts"],
  "src/jwks/port.ts": [],
  "src/operations": [...floor0, ...ports],
  "src/http": [...floor0, ...ports, "src/operations"],
  // A judge shares no code with the defendant.
  "src/oracle": ["src/spec"],
  "src/dashboard": floor0,
  "src/cli": [
    ...floor0,
    ...ports,
    "src/sources",
    "src/operations/table.ts",
    "src/http",
    "src/oracle",
    "src/dashboard",
    "src/index.ts",
    "src/stored.ts",
    "src/store-care.ts",
  ],
  "src/outside.ts": floor0,
  // What others judge with is the judge's, and no part of the server.
  "src/verify.ts": ["src/oracle"],
  "src/vitest.ts": ["src/spec"],
  "src/bootstrap.ts": [...floor0, ...ports, "src/operations"],
  "src/store-care.ts": [...floor0, ...ports, "src/store", "src/operations", "src/outside.ts", "src/bootstrap.ts"],
  "src/stored.ts": [...floor0, ...ports, "src/store"],
  "src/crash-points.ts": [...ports, "src/http"],
  "src/tampering.ts": ["src/operations"],
  "src/ruling.ts": [...floor0, ...ports, "src/store", "src/operations", "src/outside.ts", "src/publisher.ts"],
  "src/publisher.ts": [...floor0, ...ports, "src/sources", "src/operations", "src/http"],
  "src/index.ts": [
    ...floor0,
    "src/engine",
    "src/store",
    "src/sources",
    "src/jwks",
    "src/operations",
    "src/http",
    "src/dashboard",
    ...roots,
  ],
};

/** Where each package may be imported. One that is not listed has no place in the house. */
const packageRooms: { [name: string]: readonly string[] } = {
  "@fastify/cors": ["src/http"],
  "@fastify/multipart": ["src/http"],
  ajv: ["src/http", "src/spec", "src/oracle", "src/operations/state/schema.ts"],
  "ajv-formats": ["src/http", "src/spec", "src/oracle"],
  chokidar: ["src/publisher.ts"],
  commander: ["src/cli"],
  esbuild: ["src/sources"],
  "fast-check": ["src/oracle"],
  fastify: ["src/http"],
  jose: ["src/http", "src/jwks", "src/operations", "src/oracle", "src/cli/token.ts", "src/bootstrap.ts"],
  "json-p3": ["src/domain"],
  lowdb: ["src/store/lowdb"],
  "openapi-backend": ["src/http"],
  vitest: ["src/vitest.ts"],
  ws: ["src/http", "src/oracle/proxy"],
  xstate: ["src/engine/worker", "src/oracle/model"],
  xstate4: ["src/engine/worker", "src/oracle/model"],
  yaml: ["src/oracle", "src/cli/check"],
};

/** Sockets belong to the edge and to the oracle's proxy (the root names their types), processes and threads to the sandbox and the command line. */
const builtinRooms: { [name: string]: readonly string[] } = {
  "node:http": ["src/http", "src/index.ts", "src/oracle/proxy", "src/oracle/http-client.ts"],
  "node:https": ["src/http", "src/oracle/proxy", "src/oracle/http-client.ts"],
  "node:http2": ["src/http"],
  "node:net": ["src/http", "src/index.ts", "src/engine/worker", "src/oracle/proxy"],
  "node:tls": ["src/http"],
  "node:dgram": [],
  "node:cluster": [],
  "node:child_process": ["src/engine", "src/cli", "src/oracle/restart.ts"],
  "node:worker_threads": ["src/engine"],
};

/** What pure code may use of Node: no input, no output, no time. */
const pureBuiltins = ["node:assert", "node:buffer", "node:crypto", "node:util"];

/** Programs begin here; everything else must be reached from one of them. */
const entryPoints: { [path: string]: string } = {
  "src/index.ts": "the library",
  "src/cli/main.js": "the command",
  "src/verify.ts": "the oracle as a library",
  "src/vitest.ts": "matchers for test suites",
  "src/engine/runner/main.ts": "the sandbox's process, started by its path",
  "src/engine/worker/boot.ts": "a worker's first module, started as text",
  "src/engine/worker/main.ts": "a worker's program, imported by its URL",
};

export const importRule: Rule = (modules) => {
  const paths = new Set([...modules.map(({ path }) => path), ...modules.flatMap(jsonImports)]);
  return modules.flatMap((module) => {
    if (roomOf(module.path) === undefined) {
      return [
        violation(
          "floors",
          module,
          1,
          "is in no room: taste names where things live, test/structure/floors.ts lists it",
        ),
      ];
    }
    return module.imports.flatMap((found) => {
      const message = judge(module, found, paths);
      return message === undefined ? [] : [violation("floors", module, found.line, message)];
    });
  });
};

export const deadFileRule: Rule = (modules) => {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const reached = new Set<string>();
  const visit = (path: string) => {
    const module = byPath.get(path);
    if (!module || reached.has(path)) return;
    reached.add(path);
    for (const { kind, target } of module.imports) if (kind === "relative" && target !== undefined) visit(target);
  };
  for (const path of Object.keys(entryPoints)) visit(path);
  return modules
    .filter(({ path }) => !reached.has(path))
    .map((module) => violation("dead-file", module, 1, "no program reaches this file"));
};

function judge(
  { path }: Module,
  { kind, target = "", specifier }: Import,
  paths: ReadonlySet<string>,
): string | undefined {
  const room = roomOf(path) ?? "";
  switch (kind) {
    case "computed":
      return room === "src/engine/worker" || path === "src/oracle/model/load.ts"
        ? undefined
        : `imports a computed path (${specifier}), which nobody can check`;
    case "builtin":
      if (floor0.includes(room) && !pureBuiltins.includes(target)) return `is pure and may not use ${target}`;
      return within(room, path, builtinRooms[target])
        ? undefined
        : `${target} belongs to ${builtinRooms[target]?.join(", ") || "no room"}`;
    case "package":
      if (isBuiltin(target)) return `imports ${target} without its node: prefix`;
      return within(room, path, packageRooms[target] ?? [])
        ? undefined
        : `${target} belongs to ${packageRooms[target]?.join(", ") ?? "no room"}`;
    case "relative":
      if (!paths.has(target)) return `imports ${specifier}, which is no file of src (relative imports end in .ts)`;
      // A file outside every room is reported itself.
      if (roomOf(target) === undefined) return undefined;
      return maySee(room, target) ? undefined : `${room} may not import ${target}`;
  }
}

function maySee(room: string, target: string): boolean {
  return roomOf(target) === room || (rooms[room] ?? []).some((path) => contains(path, target));
}

/** A place without a list is open to all. */
function within(room: string, path: string, owners: readonly string[] | undefined): boolean {
  return owners === undefined || owners.some((owner) => contains(owner, room) || contains(owner, path));
}

function roomOf(path: string): string | undefined {
  const fitting = Object.keys(rooms).filter((room) => contains(room, path));
  return fitting.sort((a, b) => b.length - a.length)[0];
}

function contains(folder: string, path: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** JSON files aren't modules; whether they exist is the compiler's business. */
function jsonImports({ imports }: Module): string[] {
  return imports.flatMap(({ target }) => (target?.endsWith(".json") ? [target] : []));
}

function violation(rule: string, { path }: Module, line: number, message: string): Violation {
  return { rule, path, line, message };
}
