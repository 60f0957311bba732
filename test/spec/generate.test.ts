// The generated files are what openapi.yaml says today.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { generate } from "../../scripts/generate.ts";
import { document } from "../../src/spec/document.ts";

const root = new URL("../../", import.meta.url);
const source = readFileSync(new URL("openapi.yaml", root), "utf8");

it("the committed files are current", { timeout: 30_000 }, async () => {
  for (const [name, content] of await generate(source)) {
    expect(readFileSync(new URL(`src/spec/generated/${name}`, root), "utf8"), name).toBe(content);
  }
});

it("the document is the whole of openapi.yaml", () => {
  expect(document).toEqual(parse(source));
});

it("the types use erasable syntax only: Node loads them", { timeout: 30_000 }, () => {
  const types = new URL("src/spec/generated/types.ts", root).href;
  expect(() =>
    execFileSync(process.execPath, ["--input-type=module", "-e", `await import(${JSON.stringify(types)})`]),
  ).not.toThrow();
});

it("a change of openapi.yaml changes both files", { timeout: 30_000 }, async () => {
  const before = await generate(source);
  const after = await generate(source.replace("required: [ts, state, tags, done]", "required: [state, tags, done]"));
  for (const [name, content] of before) expect(after.get(name), name).not.toBe(content);
});
