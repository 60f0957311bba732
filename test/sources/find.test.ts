// Which files become machines, and what the user is told about those that can't.

import { symlink } from "node:fs/promises";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import { findMachineSources } from "../../src/sources/find.ts";
import { SourceError } from "../../src/sources/source-error.ts";
import { makeWorkspace } from "./workspace.ts";

const names = async (...paths: string[]) => (await findMachineSources(...paths)).map(({ name }) => name);

describe("sources in a folder", () => {
  test("are its modules and its folders with an index, sorted by name", async () => {
    await using space = await makeWorkspace({
      "m/order.ts": "",
      "m/counter.js": "",
      "m/approval.mjs": "",
      "m/Zebra_1-2.mts": "",
      "m/game/index.ts": "",
      "m/game/board.ts": "",
      "m/survey/index.mjs": "",
    });
    expect(await findMachineSources(space.at("m"))).toEqual([
      { name: "Zebra_1-2", entry: space.at("m/Zebra_1-2.mts") },
      { name: "approval", entry: space.at("m/approval.mjs") },
      { name: "counter", entry: space.at("m/counter.js") },
      { name: "game", entry: space.at("m/game/index.ts") },
      { name: "order", entry: space.at("m/order.ts") },
      { name: "survey", entry: space.at("m/survey/index.mjs") },
    ]);
  });

  test.each([
    ".hidden.ts",
    ".git/index.js",
    "node_modules/index.js",
    "types.d.ts",
    "types.d.mts",
    "order.test.ts",
    "order.spec.js",
    "README.md",
    "package.json",
    "helpers/util.ts",
    "my helpers/util.ts",
  ])("are not %s", async (ignored) => {
    await using space = await makeWorkspace({ "m/order.ts": "", [`m/${ignored}`]: "" });
    expect(await names(space.at("m"))).toEqual(["order"]);
  });

  test("may be none at all", async () => {
    await using space = await makeWorkspace({ "m/README.md": "" });
    expect(await names(space.at("m"))).toEqual([]);
  });

  test("may be reached by a link", async () => {
    await using space = await makeWorkspace({ "m/order.ts": "", "elsewhere/index.ts": "", "elsewhere/one.ts": "" });
    await symlink(space.at("elsewhere"), space.at("m/linked"));
    await symlink(space.at("elsewhere/one.ts"), space.at("m/two.ts"));
    expect(await names(space.at("m"))).toEqual(["linked", "order", "two"]);
  });
});

describe("a path to one machine", () => {
  test.each([
    ["order.ts", "order"],
    ["game", "game"],
    ["game/index.ts", "game"],
  ])("%s is the machine %s", async (path, name) => {
    await using space = await makeWorkspace({ "order.ts": "", "game/index.ts": "", "game/board.ts": "" });
    expect(await names(space.at(path))).toEqual([name]);
  });

  test("may lie beside others", async () => {
    await using space = await makeWorkspace({ "m/order.ts": "", "extra/counter.ts": "" });
    expect(await names(space.at("m"), space.at("extra/counter.ts"), space.at("m/order.ts"))).toEqual([
      "counter",
      "order",
    ]);
  });
});

describe("a clear error", () => {
  const mistakeOf = async (paths: string[]) => {
    const error = await findMachineSources(...paths).catch((reason: unknown) => reason);
    if (!(error instanceof SourceError)) throw new Error(`expected a SourceError, got ${String(error)}`);
    return error.mistakes[0];
  };

  test.each([
    ["my order.ts", "my order.ts"],
    ["order.v2.ts", "order.v2.ts"],
    ["größe.js", "größe.js"],
    [`${"a".repeat(129)}.ts`, `${"a".repeat(129)}.ts`],
    ["my game/index.ts", "my game"],
  ])("for the name of %s", async (file, named) => {
    await using space = await makeWorkspace({ [`m/${file}`]: "" });
    const mistake = await mistakeOf([space.at("m")]);
    expect(basename(mistake?.file ?? "")).toBe(named);
    expect(mistake?.text).toContain("^[a-zA-Z0-9_-]{1,128}$");
  });

  test.each([
    ["a file and a file", ["m/order.js", "m/order.ts"]],
    ["a file and a folder", ["m/order.ts", "m/order/index.ts"]],
    ["two indexes", ["m/order/index.js", "m/order/index.ts"]],
  ])("for two sources of one name: %s", async (_, files) => {
    await using space = await makeWorkspace(Object.fromEntries(files.map((file) => [file, ""])));
    const mistake = await mistakeOf([space.at("m")]);
    const said = `${mistake?.file} ${mistake?.text}`;
    for (const file of files) expect(said).toContain(space.at(file));
  });

  test("for two sources of one name in two folders", async () => {
    await using space = await makeWorkspace({ "a/order.ts": "", "b/order.ts": "" });
    const mistake = await mistakeOf([space.at("b"), space.at("a")]);
    expect(mistake).toMatchObject({ file: space.at("a/order.ts") });
    expect(mistake?.text).toContain(space.at("b/order.ts"));
  });

  test("for a missing path", async () => {
    await using space = await makeWorkspace();
    expect(await mistakeOf([space.at("nowhere")])).toMatchObject({
      file: space.at("nowhere"),
      text: expect.stringContaining("no such file or folder"),
    });
  });

  test.each(["notes.md", "types.d.ts", "order.test.ts"])("for a file that is no machine: %s", async (file) => {
    await using space = await makeWorkspace({ [file]: "" });
    expect(await mistakeOf([space.at(file)])).toMatchObject({
      file: space.at(file),
      text: expect.stringContaining("a .ts, .mts, .js or .mjs file"),
    });
  });
});
