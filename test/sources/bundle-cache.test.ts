// Kept bundles: used only while every file they were made from is as it was, and never in the way when they are damaged or gone.

import { execFile } from "node:child_process";
import { readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { bundleMachine, stopBundler } from "../../src/sources/bundle.ts";
import { bundleThrough, createBundleCache } from "../../src/sources/bundle-cache.ts";
import { fingerprintFiles } from "../../src/sources/fingerprint.ts";
import { SourceError } from "../../src/sources/source-error.ts";
import { installedXState, makeWorkspace, type Workspace } from "./workspace.ts";

afterAll(stopBundler);

const project = {
  "package.json": "{}",
  "tsconfig.json": "{}",
  "m/lib.ts": "export const lib = 1;",
  "m/order.ts": 'import "xstate"; import { lib } from "./lib.ts"; export default { lib };',
};

const keptFiles = async (space: Workspace) =>
  (await readdir(space.at("cache"))).map((name) => space.at(join("cache", name)));

/** A project with its bundle kept. */
async function kept() {
  const space = await makeWorkspace(project);
  const cache = createBundleCache(space.at("cache"));
  const entry = space.at("m/order.ts");
  const first = await bundleThrough(cache, entry);
  expect(first.kept).toBe(false);
  const again = () => bundleThrough(createBundleCache(space.at("cache")), entry);
  return { space, first, again, [Symbol.asyncDispose]: () => space[Symbol.asyncDispose]() };
}

describe("a kept bundle", () => {
  test("is the bundle that would be made", async () => {
    await using work = await kept();
    expect(await work.again()).toEqual({ ...work.first, kept: true });
    expect(work.first).toEqual({ ...(await bundleMachine(work.space.at("m/order.ts"))), kept: false });
  });

  test("is still good when a file was touched but not changed", async () => {
    await using work = await kept();
    await work.space.write({ "m/lib.ts": project["m/lib.ts"] });
    expect(await work.again()).toMatchObject({ kept: true });
  });

  test.each([
    ["the entry changed", { "m/order.ts": "export default 2;" }],
    ["a module it imports changed", { "m/lib.ts": "export const lib = 2;" }],
    ["package.json changed", { "package.json": '{"sideEffects":false}' }],
    ["tsconfig.json changed", { "tsconfig.json": '{"compilerOptions":{"strict":true}}' }],
    ["a nearer tsconfig.json appeared", { "m/tsconfig.json": "{}" }],
    ["XState 4 was installed", installedXState("4.38.3")],
  ])("is made again when %s", async (_, change) => {
    await using work = await kept();
    await work.space.write(change);
    expect(await work.again()).toMatchObject({ kept: false });
    expect(await work.again()).toMatchObject({ kept: true });
  });

  test("is made again, and fails, when a module went away", async () => {
    await using work = await kept();
    await rm(work.space.at("m/lib.ts"));
    await expect(work.again()).rejects.toThrow(SourceError);
  });

  test("is not taken for one of another module", async () => {
    await using work = await kept();
    await work.space.write({ "m/other.ts": "export default 3;" });
    const other = await bundleThrough(createBundleCache(work.space.at("cache")), work.space.at("m/other.ts"));
    expect(other).toMatchObject({ kept: false });
    expect(await work.again()).toMatchObject({ kept: true, code: work.first.code });
  });

  test("needs no bundler: a start that finds all of them kept doesn't load it", async () => {
    await using work = await kept();
    const cacheModule = new URL("../../src/sources/bundle-cache.ts", import.meta.url).href;
    const bundleModule = new URL("../../src/sources/bundle.ts", import.meta.url).href;
    const script = `
      const { bundleThrough, createBundleCache } = await import(${JSON.stringify(cacheModule)});
      const { kept } = await bundleThrough(createBundleCache(${JSON.stringify(work.space.at("cache"))}), ${JSON.stringify(work.space.at("m/order.ts"))});
      await (await import(${JSON.stringify(bundleModule)})).stopBundler();
      const { default: { _cache } } = await import("node:module");
      console.log(JSON.stringify({ kept, loaded: Object.keys(_cache).filter((path) => path.endsWith("esbuild/lib/main.js")) }));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]);
    expect(JSON.parse(stdout)).toEqual({ kept: true, loaded: [] });
  });
});

describe("a kept bundle on disk", () => {
  test("is for its owner's eyes, and no drafts stay", async () => {
    await using work = await kept();
    const files = await keptFiles(work.space);
    expect(files).toHaveLength(1);
    expect((await stat(files[0] ?? "")).mode & 0o777).toBe(0o600);
    expect((await stat(work.space.at("cache"))).mode & 0o777).toBe(0o700);
  });

  test.each([
    ["deleted", () => undefined],
    ["empty", () => ""],
    ["cut short", (text: string) => text.slice(0, -20)],
    ["some other JSON", () => "[1]"],
    ["changed in its code", (text: string) => text.replace("lib = 1", "lib = 9")],
    ["made by another bundler", (text: string) => text.replace("esbuild ", "esbuild 1.")],
    ["another module's", (text: string) => text.replace('/m/order.ts"', '/m/other.ts"')],
    ["without its files", (text: string) => text.replace(/"watchFiles":\[[^\]]*\]/, '"watchFiles":7')],
  ])("is made again when it is %s", async (_, damage) => {
    await using work = await kept();
    for (const file of await keptFiles(work.space)) {
      const text = await readFile(file, "utf8");
      const damaged = damage(text);
      expect(damaged).not.toBe(text);
      await (damaged === undefined ? rm(file) : writeFile(file, damaged));
    }
    expect(await work.again()).toEqual(work.first);
    expect(await work.again()).toMatchObject({ kept: true });
  });

  test("can be left unwritten: the bundle is made each time", async () => {
    await using space = await makeWorkspace({ ...project, cache: "a file where the folder should be" });
    const cache = createBundleCache(space.at("cache"));
    expect(await bundleThrough(cache, space.at("m/order.ts"))).toMatchObject({ kept: false });
    expect(await bundleThrough(cache, space.at("m/order.ts"))).toMatchObject({ kept: false });
    await expect(cache.write(space.at("m/order.ts"), await bundleMachine(space.at("m/order.ts")))).rejects.toThrow();
  });
});

test("an edit while the bundler runs is never kept as what was bundled", async () => {
  await using space = await makeWorkspace(project);
  // Renamed into place: what is read is one edit or another, never half of one.
  const editLib = async (value: string) => {
    await space.write({ "m/lib.ts.new": `export const lib = ${value};` });
    await rename(space.at("m/lib.ts.new"), space.at("m/lib.ts"));
  };
  const work = { running: true };
  const bundling = bundleMachine(space.at("m/order.ts")).finally(() => {
    work.running = false;
  });
  const edits: string[] = [];
  for (let round = 10; work.running; round++) {
    edits.push(String(round));
    await editLib(String(round));
    await new Promise((resolve) => setImmediate(resolve));
  }
  const bundle = await bundling;
  for (const edit of edits) {
    await editLib(edit);
    const current = await fingerprintFiles([...bundle.watchFiles, ...bundle.absentFiles]);
    if (current === bundle.fingerprint) expect(bundle.code).toContain(`lib = ${edit};`);
  }
});
