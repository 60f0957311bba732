// What a source becomes: one module, the same every time, importing XState only, or an error at its line.

import { symlink } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { bundleMachine, stopBundler } from "../../src/sources/bundle.ts";
import { fingerprintFiles } from "../../src/sources/fingerprint.ts";
import { SourceError } from "../../src/sources/source-error.ts";
import { installedXState, makeWorkspace } from "./workspace.ts";

afterAll(stopBundler);

const importsOf = (code: string) => [...code.matchAll(/from "([^"]+)"/g)].map(([, specifier]) => specifier);
const defaultOf = async (code: string): Promise<unknown> =>
  (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(code)}`)).default;
const machineFrom = (specifier: string) =>
  `import { createMachine } from "${specifier}"; export default createMachine({});`;

describe("XState stays an import", () => {
  test.each([
    ["of version 4 where that is installed", installedXState("4.38.3"), "xstate", "npm:xstate@4"],
    ["of version 5 where that is installed", installedXState("5.33.3"), "xstate", "npm:xstate@5"],
    ["of version 5 where none is installed", {}, "xstate", "npm:xstate@5"],
    ["with its subpath", installedXState("4.38.3"), "xstate/lib/actions", "npm:xstate@4/lib/actions"],
    ["as written, unversioned", installedXState("5.33.3"), "npm:xstate", "npm:xstate"],
    ["as written, versioned", installedXState("5.33.3"), "npm:xstate@^4.20.0", "npm:xstate@^4.20.0"],
    ["as written, with its subpath", {}, "npm:xstate@5/guards", "npm:xstate@5/guards"],
    [
      "of the nearest version",
      { ...installedXState("4.0.0"), ...installedXState("5.0.0", "m") },
      "xstate",
      "npm:xstate@5",
    ],
    [
      "of the version above a damaged one",
      { ...installedXState("4.0.0"), "m/node_modules/xstate/package.json": "{" },
      "xstate",
      "npm:xstate@4",
    ],
  ])("%s", async (_, installed, specifier, expected) => {
    await using space = await makeWorkspace({ ...installed, "m/order.ts": machineFrom(specifier) });
    const { code } = await bundleMachine(space.at("m/order.ts"));
    expect(importsOf(code)).toEqual([expected]);
  });

  test("but a version that nothing here runs is an error", async () => {
    await using space = await makeWorkspace({ ...installedXState("3.3.3"), "order.ts": machineFrom("xstate") });
    await expect(bundleMachine(space.at("order.ts"))).rejects.toThrow(
      /order\.ts:1:31: XState 3\.3\.3 is installed here .*machines run on XState 4 or 5/,
    );
  });

  test("also for a package that requires it", async () => {
    await using space = await makeWorkspace({
      ...installedXState("5.0.0"),
      "node_modules/helper/package.json": '{"name":"helper","main":"main.js"}',
      "node_modules/helper/main.js": 'exports.create = require("xstate").createMachine;',
      "order.ts": 'import { create } from "helper"; export default create({});',
    });
    const { code } = await bundleMachine(space.at("order.ts"));
    expect(importsOf(code)).toEqual(["npm:xstate@5"]);
    expect(code).not.toContain('require("xstate")');
  });

  test("of its own version for a package that brings one, and of the machine's for one that doesn't", async () => {
    const helper = 'import { assign } from "xstate"; export const set = assign({});';
    await using space = await makeWorkspace({
      ...installedXState("4.0.0", "app"),
      ...installedXState("5.0.0", "app/node_modules/new"),
      "app/node_modules/new/index.js": helper,
      "shared/index.ts": helper,
      "app/order.ts":
        'export { set as a } from "new"; export { set as b } from "../shared/index.ts"; export default 1;',
    });
    const { code } = await bundleMachine(space.at("app/order.ts"));
    expect(importsOf(code).sort()).toEqual(["npm:xstate@4", "npm:xstate@5"]);
  });
});

describe("everything else comes along", () => {
  test("own modules, packages, JSON; types go", async () => {
    await using space = await makeWorkspace({
      "node_modules/limits/package.json": '{"name":"limits","exports":{"node":"./node.js","worker":"./web.js"}}',
      "node_modules/limits/node.js": 'import "node:fs"; export const limit = "from node";',
      "node_modules/limits/web.js": 'export const limit = "from the web";',
      "node_modules/events/index.js": 'exports.bus = "an installed package";',
      "shop/prices.json": '{"tea": 450}',
      "shop/text.ts": 'export const greeting: string = process.env.NODE_ENV + "größe";',
      "shop/index.ts": [
        'import type { Absent } from "absent";',
        'import { bus } from "events";',
        'import { limit } from "limits";',
        'import prices from "./prices.json" with { type: "json" };',
        'import { greeting } from "./text.ts";',
        "export default [bus, limit, prices.tea, greeting] satisfies Absent[];",
      ].join("\n"),
    });
    const { code } = await bundleMachine(space.at("shop/index.ts"));
    expect(code).toContain("größe");
    expect(await defaultOf(code)).toEqual(["an installed package", "from the web", 450, "productiongröße"]);
  });

  test("what a package replaces or turns off for browsers is replaced or off", async () => {
    await using space = await makeWorkspace({
      "node_modules/helper/package.json": JSON.stringify({
        main: "main.js",
        browser: { fs: false, "./node.js": false, path: "./path.js" },
      }),
      "node_modules/helper/main.js": 'exports.found = [require("fs"), require("./node.js"), require("path")];',
      "node_modules/helper/node.js": "exports.off = false;",
      "node_modules/helper/path.js": "exports.replaced = true;",
      "order.ts": 'import { found } from "helper"; export default found;',
    });
    const { code } = await bundleMachine(space.at("order.ts"));
    expect(await defaultOf(code)).toEqual([{}, {}, { replaced: true }]);
  });

  test("into the same bytes each time, wherever the project lies", async () => {
    const files = {
      ...installedXState("4.38.3"),
      "node_modules/helper/index.js": "exports.help = 1;",
      "m/shared.ts": "export default { shared: true };",
      "m/order/index.ts":
        'import { help } from "helper"; import a from "../shared.ts"; import "xstate"; export default { help, a };',
    };
    await using one = await makeWorkspace(files);
    await using other = await makeWorkspace({ "readme.md": "", ...files });
    const first = await bundleMachine(one.at("m/order/index.ts"));
    expect((await bundleMachine(one.at("m/order/index.ts"))).code).toBe(first.code);
    expect((await bundleMachine(other.at("m/order/index.ts"))).code).toBe(first.code);
    expect(first.code).not.toContain(one.at(""));
    await symlink(one.at("m"), other.at("link"));
    expect((await bundleMachine(other.at("link/order/index.ts"))).code).toBe(first.code);
  });
});

describe("a mistake is shown where it is:", () => {
  test.each([
    ["a syntax error", 'const a = 1;\nexport default { "größe": 1 + };', /order\.ts:2:31: Unexpected "}"/],
    ["a missing file", 'import "./absent.ts";', /order\.ts:1:8: Could not resolve "\.\/absent\.ts"/],
    ["a missing package", 'import "absent";', /order\.ts:1:8: Could not resolve "absent"/],
    [
      "a part of Node",
      'import { readFile } from "node:fs"; export default readFile;',
      /order\.ts:1:26: "node:fs" is part of Node/,
    ],
    ["the same without its prefix", 'import "fs/promises";', /order\.ts:1:8: "fs\/promises" is part of Node/],
    [
      "another part of Node",
      'import sqlite from "node:sqlite"; export default sqlite;',
      /order\.ts:1:20: "node:sqlite" is part of Node/,
    ],
    ["a URL", 'import "https://esm.sh/xstate@5";', /order\.ts:1:8: "https:\/\/esm\.sh\/xstate@5" is a URL/],
    ["another npm: import", 'import "npm:immer@10";', /order\.ts:1:8: only XState .*"npm:immer@10"/],
    [
      "a missing export",
      'import { b } from "./other.ts"; export default b;',
      /order\.ts:1:10: No matching export in "other\.ts"/,
    ],
  ])("%s", async (_, text, message) => {
    await using space = await makeWorkspace({ "order.ts": text, "other.ts": "export const a = 1;" });
    const error = await bundleMachine(space.at("order.ts")).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SourceError);
    expect(error).toMatchObject({
      message: expect.stringMatching(message),
      mistakes: [{ file: space.at("order.ts") }],
    });
  });

  test("in the module that has it, one line each", async () => {
    await using space = await makeWorkspace({
      "m/order.ts": 'import "./lib/a.ts";\nimport "./lib/b.ts";',
      "m/lib/a.ts": "let a = ;",
      "m/lib/b.ts": "\n\n  const = 2;",
    });
    const error = await bundleMachine(space.at("m/order.ts")).catch((reason: unknown) => reason);
    const lines = error instanceof SourceError ? error.message.split("\n") : [];
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain(`${space.at("m/lib/a.ts")}:1:9: `);
    expect(lines[1]).toContain(`${space.at("m/lib/b.ts")}:3:9: `);
  });
});

describe("what a bundle was made from", () => {
  test("is every file that could change it", async () => {
    await using space = await makeWorkspace({
      "package.json": "{}",
      "node_modules/helper/package.json": '{"main":"main.js"}',
      "node_modules/helper/main.js": "exports.help = 1;",
      "m/lib.ts": "export const lib = 1;",
      "m/order.ts":
        'import "xstate"; import { help } from "helper"; import { lib } from "./lib.ts"; export default { help, lib };',
    });
    const bundle = await bundleMachine(space.at("m/order.ts"));
    expect(bundle.watchFiles).toEqual(
      ["m/lib.ts", "m/order.ts", "node_modules/helper/main.js", "node_modules/helper/package.json", "package.json"].map(
        space.at,
      ),
    );
    expect(bundle.absentFiles).toEqual(
      expect.arrayContaining(["m/node_modules/xstate/package.json", "m/tsconfig.json", "tsconfig.json"].map(space.at)),
    );
    expect(await fingerprintFiles([...bundle.watchFiles, ...bundle.absentFiles])).toBe(bundle.fingerprint);
  });
});
