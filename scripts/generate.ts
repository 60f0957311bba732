// Derives src/spec/generated from openapi.yaml; with --check it only says whether the committed files are current.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import openapiTS, { astToString } from "openapi-typescript";
import { parse } from "yaml";

const root = new URL("../", import.meta.url);
const outDir = new URL("src/spec/generated/", root);
const origin = "// Generated from openapi.yaml by `npm run generate`; edit that instead.\n";

/** The generated files: name within src/spec/generated and content. */
export async function generate(yaml: string): Promise<Map<string, string>> {
  const ast = await openapiTS(yaml, { alphabetize: false, rootTypes: true, rootTypesNoSchemaPrefix: true });
  return new Map([
    ["document.json", `${JSON.stringify(parse(yaml), null, 1)}\n`],
    ["types.ts", `${origin}\n${astToString(ast)}`],
  ]);
}

function read(url: URL): string | null {
  try {
    return readFileSync(url, "utf8");
  } catch {
    return null;
  }
}

async function main(check: boolean): Promise<number> {
  const files = await generate(readFileSync(new URL("openapi.yaml", root), "utf8"));
  const stale = [...files].filter(([name, content]) => read(new URL(name, outDir)) !== content);
  if (check) {
    for (const [name] of stale) {
      process.stderr.write(`src/spec/generated/${name} does not match openapi.yaml: run \`npm run generate\`.\n`);
    }
    return stale.length === 0 ? 0 : 1;
  }
  mkdirSync(outDir, { recursive: true });
  for (const [name, content] of stale) writeFileSync(new URL(name, outDir), content);
  return 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = await main(process.argv.includes("--check"));
